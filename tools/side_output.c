/* SPDX-License-Identifier: MIT */

/* The surest way to know is to try. */
#define _POSIX_C_SOURCE 200809L
#include "side_output.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_inode(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* Where the name within its directory begins. */
static size_t name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Whether files that need not be there yet would be one: the same name in one directory. */
static bool is_same_file(const char *a, const char *b)
{
    char directory_of_a[PATH_MAX], directory_of_b[PATH_MAX];
    if (is_same_inode(a, b)) return true;
    if (strcmp(a + name_of(a), b + name_of(b)) != 0) return false;
    (void)snprintf(directory_of_a, sizeof directory_of_a, "%.*s.", (int)name_of(a), a);
    (void)snprintf(directory_of_b, sizeof directory_of_b, "%.*s.", (int)name_of(b), b);
    return is_same_inode(directory_of_a, directory_of_b);
}

/* Says what is wrong itself. */
static h2v_status try_output(const cli_command *command, const side_output *output)
{
    const char *path = output->path;
    for (size_t i = 0; i < sizeof output->others / sizeof *output->others; i++)
        if (output->others[i] && is_same_file(path, output->others[i])) {
            cli_error(command, "'%s' and '%s' are one file; name another", path,
                      output->others[i]);
            return H2V_ERR_ARGUMENT;
        }
    const bool exists = access(path, F_OK) == 0;
    if (exists && !output->overwrite) {
        cli_error(command, "Output '%s' exists; name another or add --overwrite", path);
        return H2V_ERR_EXISTS;
    }
    FILE *file = fopen(path, "ab"); /* an existing file keeps what it holds */
    if (!file) {
        cli_error(command, "Cannot create '%s': %s", path, strerror(errno));
        return H2V_ERR_IO;
    }
    (void)fclose(file);
    if (!exists) (void)unlink(path);
    return H2V_OK;
}

int side_output_check(const cli_command *command, const h2v_world *world,
                      const side_output *output)
{
    if (!output->path) return CLI_EXIT_DONE;
    h2v_status status = H2V_OK;
    if (cli_is_speaking()) status = try_output(command, output);
    status = h2v_agree(world, status);
    if (status == H2V_OK) return CLI_EXIT_DONE;
    return status == H2V_ERR_IO ? CLI_EXIT_FAILED : CLI_EXIT_USAGE;
}
