/* SPDX-License-Identifier: MIT */

/* The surest way to know is to try. */
#define _POSIX_C_SOURCE 200809L
#include "side_output.h"

#include <errno.h>
#include <mpi.h>
#include <string.h>
#include <unistd.h>

static int try_path(const cli_command *command, const char *path, bool overwrite)
{
    const bool exists = access(path, F_OK) == 0;
    if (exists && !overwrite) {
        cli_error(command, "Output '%s' exists; name another or add --overwrite", path);
        return CLI_EXIT_USAGE;
    }
    FILE *file = fopen(path, "ab"); /* an existing file keeps what it holds */
    if (!file) {
        cli_error(command, "Cannot create '%s': %s", path, strerror(errno));
        return CLI_EXIT_FAILED;
    }
    (void)fclose(file);
    if (!exists) (void)unlink(path);
    return CLI_EXIT_DONE;
}

int side_output_check(const cli_command *command, const char *path, bool overwrite)
{
    int code = CLI_EXIT_DONE;
    if (!path) return code;
    if (cli_is_speaking()) code = try_path(command, path, overwrite);
    MPI_Bcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return code;
}
