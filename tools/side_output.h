/* SPDX-License-Identifier: MIT */

/* Files that are written after long work: whether they can be is asked before it. */
#pragma once

#include <stdbool.h>

#include "cli.h"
#include "halo2vec/world.h"

/* Collective. CLI_EXIT_DONE if rank 0 can make `path` (NULL: nothing to make); else one
 * line and the exit code, the same on all ranks. Nothing is left behind. */
int side_output_check(const cli_command *command, const h2v_world *world, const char *path,
                      bool overwrite);
