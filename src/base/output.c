/* SPDX-License-Identifier: MIT */

/* Temporary name, fsync, rename: see output.h. A directory holds files only, one level
 * deep. */
#define _GNU_SOURCE /* getdents64, fallocate */
#include "output.h"

#include "fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of temporaries, where a signal handler can read them. A name longer than a path can
 * be has no file. */
enum { MAX_GUARDED = 8 }; /* a command makes one output, or two */
static struct {
    atomic_bool is_used;
    char path[PATH_MAX];
} guarded[MAX_GUARDED];

static h2v_status fail_io(const char *verb, const char *path)
{
    return h2v_fail(H2V_ERR_IO, "Cannot %s '%s': %s", verb, path, strerror(errno));
}

static char *join(const char *first, const char *separator, const char *second)
{
    const size_t num_bytes = strlen(first) + strlen(separator) + strlen(second) + 1;
    char *text = malloc(num_bytes);
    if (text) (void)snprintf(text, num_bytes, "%s%s%s", first, separator, second);
    return text;
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Remove what a directory holds. System calls only: readdir would take memory. */
static void empty_directory(int directory)
{
    char entries[4096] __attribute__((aligned(8)));
    ssize_t num_bytes = getdents64(directory, entries, sizeof entries);
    for (; num_bytes > 0; num_bytes = getdents64(directory, entries, sizeof entries)) {
        for (ssize_t at = 0; at < num_bytes;) {
            const struct dirent64 *entry =
                (const struct dirent64 *)(const void *)(entries + at);
            if (!is_dots(entry->d_name)) (void)unlinkat(directory, entry->d_name, 0);
            at += entry->d_reclen;
        }
    }
}

/* Remove a file, or a directory and the files in it. Safe in a signal handler. */
static void remove_tree(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT) return;
    const int directory = open(path, O_RDONLY | O_DIRECTORY);
    if (directory < 0) return;
    empty_directory(directory);
    (void)close(directory);
    (void)rmdir(path);
}

void h2vi_output_guard(const char *temporary)
{
    const size_t num_bytes = strlen(temporary) + 1;
    int i = 0;
    while (i < MAX_GUARDED && atomic_load(&guarded[i].is_used)) i++;
    H2V_ASSERT(i < MAX_GUARDED);
    if (i == MAX_GUARDED || num_bytes > sizeof guarded[i].path) return;
    memcpy(guarded[i].path, temporary, num_bytes);
    atomic_store(&guarded[i].is_used, true);
}

void h2vi_output_unguard(const char *temporary)
{
    for (int i = 0; i < MAX_GUARDED; i++)
        if (atomic_load(&guarded[i].is_used) && strcmp(guarded[i].path, temporary) == 0)
            atomic_store(&guarded[i].is_used, false);
}

void h2vi_output_remove_guarded(void)
{
    for (int i = 0; i < MAX_GUARDED; i++)
        if (atomic_exchange(&guarded[i].is_used, false)) remove_tree(guarded[i].path);
}

static h2v_status choose_names(const char *path, h2vi_overwrite overwrite,
                               h2vi_output *output)
{
    *output = (h2vi_output){0};
    if (overwrite == H2VI_REFUSE_EXISTING && access(path, F_OK) == 0)
        return h2v_fail(H2V_ERR_EXISTS,
                        "Output '%s' exists; name another or add --overwrite", path);

    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    char suffix[32];
    (void)snprintf(suffix, sizeof suffix, ".tmp.%ld", (long)getpid());
    output->path = strndup(path, length);
    output->temporary = output->path ? join(output->path, suffix, "") : NULL;
    return output->temporary ? H2V_OK : h2vi_fail_memory("an output's name");
}

static void forget_temporary(h2vi_output *output)
{
    if (output->temporary) h2vi_output_unguard(output->temporary);
    free(output->temporary);
    output->temporary = NULL;
}

h2v_status h2vi_output_begin(const char *path, h2vi_overwrite overwrite,
                             h2vi_output *output)
{
    h2v_status status = choose_names(path, overwrite, output);
    if (status != H2V_OK) goto failed;

    struct stat existing;
    if (stat(output->path, &existing) == 0 && S_ISDIR(existing.st_mode)) {
        status = h2v_fail(H2V_ERR_IO, "Output '%s' is a directory", path);
        goto failed;
    }
    h2vi_output_guard(output->temporary);
    const int file = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) {
        status = h2v_fail(H2V_ERR_IO, "Cannot create '%s': %s", path, strerror(errno));
        forget_temporary(output); /* nothing was made: nothing to remove */
        goto failed;
    }
    (void)close(file);
    return H2V_OK;

failed:
    h2vi_output_discard(output);
    return status;
}

h2v_status h2vi_output_begin_directory(const char *path, h2vi_overwrite overwrite,
                                       h2vi_output *output)
{
    h2v_status status = choose_names(path, overwrite, output);
    if (status != H2V_OK) goto failed;
    h2vi_output_guard(output->temporary);
    if (mkdir(output->temporary, 0777) != 0) {
        status =
            h2v_fail(H2V_ERR_IO, "Cannot create directory '%s': %s", path, strerror(errno));
        forget_temporary(output);
        goto failed;
    }
    return H2V_OK;

failed:
    h2vi_output_discard(output);
    return status;
}

bool h2vi_output_is_same(const h2vi_output *a, const h2vi_output *b)
{
    struct stat of_a, of_b;
    return stat(a->temporary, &of_a) == 0 && stat(b->temporary, &of_b) == 0 &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

h2v_status h2vi_output_spare(const h2vi_output *output, const char *input)
{
    struct stat target, source;
    if (!input || stat(output->path, &target) != 0 || stat(input, &source) != 0 ||
        target.st_dev != source.st_dev || target.st_ino != source.st_ino)
        return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT, "'%s' is an input; name another file for the output",
                    output->path);
}

h2v_status h2vi_output_make_room(const char *path, int64_t more)
{
    struct stat file;
    const int descriptor = open(path, O_WRONLY);
    if (descriptor < 0) return fail_io("open", path);
    int outcome = fstat(descriptor, &file);
    if (outcome == 0 && file.st_size + more > 0)
        outcome = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, file.st_size + more);
    const bool is_full =
        outcome != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
    const h2v_status status = is_full ? fail_io("write", path) : H2V_OK;
    (void)close(descriptor);
    return status;
}

static h2v_status flush_one(const char *path)
{
    const int file = open(path, O_RDONLY);
    if (file < 0) return fail_io("open", path);
    const int outcome = fsync(file);
    (void)close(file);
    return outcome == 0 ? H2V_OK : fail_io("flush", path);
}

/* A file, or the files of a directory and itself. */
static h2v_status flush(const char *path)
{
    h2v_status status = H2V_OK;
    DIR *directory = opendir(path);
    if (!directory && errno != ENOTDIR) return fail_io("open", path);
    struct dirent *entry = directory ? readdir(directory) : NULL;
    for (; status == H2V_OK && entry; entry = readdir(directory)) {
        if (is_dots(entry->d_name)) continue;
        char *name = join(path, "/", entry->d_name);
        status = name ? flush_one(name) : h2vi_fail_memory("a file's name");
        free(name);
    }
    if (directory) (void)closedir(directory);
    return status == H2V_OK ? flush_one(path) : status;
}

/* Rename replaces a file, but not a directory with files: the old one goes first, and from
 * then on nothing may remove the new one, whatever it is called. */
static h2v_status replace_directory(h2vi_output *output)
{
    h2v_status status = H2V_OK;
    h2vi_output_unguard(output->temporary);
    remove_tree(output->path);
    if (rename(output->temporary, output->path) != 0)
        status = h2v_fail(H2V_ERR_IO, "Cannot create '%s': %s; it is there as '%s'",
                          output->path, strerror(errno), output->temporary);
    forget_temporary(output);
    return status;
}

h2v_status h2vi_output_commit(h2vi_output *output)
{
    h2v_status status = flush(output->temporary);
    if (status != H2V_OK) goto cleanup;

    struct stat existing;
    if (stat(output->path, &existing) == 0 && S_ISDIR(existing.st_mode)) {
        status = replace_directory(output);
        goto cleanup;
    }
    if (rename(output->temporary, output->path) != 0) {
        status = fail_io("create", output->path);
        goto cleanup;
    }
    forget_temporary(output);

cleanup:
    h2vi_output_discard(output);
    return status;
}

void h2vi_output_discard(h2vi_output *output)
{
    if (output->temporary) remove_tree(output->temporary);
    forget_temporary(output);
    free(output->path);
    *output = (h2vi_output){0};
}
