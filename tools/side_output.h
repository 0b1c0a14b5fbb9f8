/* SPDX-License-Identifier: MIT */

/* Files that are written after long work: whether they can be is asked before it. */
#pragma once

#include <stdbool.h>

#include "cli.h"
#include "halo2vec/world.h"

typedef struct side_output {
    const char *path;      /* NULL: nothing to make */
    const char *others[2]; /* outputs that it may not replace; NULL: none */
    bool overwrite;
} side_output;

/* Collective. CLI_EXIT_DONE if rank 0 can make it, and it is none of the others, however
 * they are spelled; else one line and the exit code, the same on all ranks. Nothing is left
 * behind. */
int side_output_check(const cli_command *command, const h2v_world *world,
                      const side_output *output);
