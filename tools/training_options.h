/* SPDX-License-Identifier: MIT */

/* Choices that embed and partition share. */
#pragma once

#include "cli.h"
#include "halo2vec/embed.h"

static const char *const method_names[] = {"deepwalk", "node2vec", 0};
static const char *const partitioner_names[] = {"metis", "hash", 0};

/* Whether --p or --q was given to a method that has none; then one line says so. */
static inline bool has_stray_bias(const cli_command *command, int method,
                                  const h2v_embed_params *params)
{
    if (method == H2V_METHOD_NODE2VEC || (params->p == 1 && params->q == 1)) return false;
    cli_error(command, "--p and --q belong to --method node2vec");
    return true;
}
