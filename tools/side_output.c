/* SPDX-License-Identifier: MIT */

/* The surest way to know is to try. */
#define _POSIX_C_SOURCE 200809L
#include "side_output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Says what is wrong itself. */
static h2v_status try_path(const cli_command *command, const char *path, bool overwrite)
{
    const bool exists = access(path, F_OK) == 0;
    if (exists && !overwrite) {
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

int side_output_check(const cli_command *command, const h2v_world *world, const char *path,
                      bool overwrite)
{
    if (!path) return CLI_EXIT_DONE;
    h2v_status status = H2V_OK;
    if (cli_is_speaking()) status = try_path(command, path, overwrite);
    status = h2v_agree(world, status);
    if (status == H2V_OK) return CLI_EXIT_DONE;
    return status == H2V_ERR_EXISTS ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}
