/* SPDX-License-Identifier: MIT */

/* Temporary name, fsync, rename: see output.h. A directory holds files only, one level
 * deep. */
#include "output.h"

#include "fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    const int file = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) {
        status = h2v_fail(H2V_ERR_IO, "Cannot create '%s': %s", path, strerror(errno));
        free(output->temporary); /* nothing was made: nothing to remove */
        output->temporary = NULL;
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
    if (mkdir(output->temporary, 0777) != 0) {
        status =
            h2v_fail(H2V_ERR_IO, "Cannot create directory '%s': %s", path, strerror(errno));
        free(output->temporary);
        output->temporary = NULL;
        goto failed;
    }
    return H2V_OK;

failed:
    h2vi_output_discard(output);
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

/* Remove a file, or a directory and the files in it. */
static void remove_tree(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT) return;
    DIR *directory = opendir(path);
    if (!directory) return;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (is_dots(entry->d_name)) continue;
        char *name = join(path, "/", entry->d_name);
        if (name) (void)unlink(name);
        free(name);
    }
    (void)closedir(directory);
    (void)rmdir(path);
}

h2v_status h2vi_output_commit(h2vi_output *output)
{
    h2v_status status = flush(output->temporary);
    if (status != H2V_OK) goto cleanup;

    struct stat existing;
    if (stat(output->path, &existing) == 0 && S_ISDIR(existing.st_mode))
        remove_tree(output->path); /* rename replaces a file, not a directory with files */
    if (rename(output->temporary, output->path) != 0) {
        status = fail_io("create", output->path);
        goto cleanup;
    }
    free(output->temporary);
    output->temporary = NULL;

cleanup:
    h2vi_output_discard(output);
    return status;
}

void h2vi_output_discard(h2vi_output *output)
{
    if (output->temporary) remove_tree(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (h2vi_output){0};
}
