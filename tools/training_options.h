/* SPDX-License-Identifier: MIT */

/* Options that embed, walk and partition share: one row of the table each, with the same
 * words. */
#pragma once

#include "cli.h"
#include "halo2vec/embed.h"

static const char *const partitioner_names[] = {"auto", "metis", "fennel", "hash", 0};

/* clang-format off */
#define WALKS_OPTION(params, what_for)                                                     \
    {.name = "walks", .aliases = "num-walks", .kind = CLI_INT, .target = &(params)->walks, \
     .unit = "N", .min = 1, .max = 1000000, .help = "walks from each vertex (node2vec)",   \
     .uses = (what_for)}
#define WALK_LENGTH_OPTION(params, what_for)                                               \
    {.name = "walk-length", .kind = CLI_INT, .target = &(params)->walk_length,             \
     .unit = "N", .min = 2, .max = H2V_MAX_WALK_LENGTH,                                    \
     .help = "vertices of a walk (node2vec)", .uses = (what_for)}
#define P_OPTION(params, what_for)                                                         \
    {.name = "p", .kind = CLI_NUMBER, .target = &(params)->p, .unit = "X", .min = 0.01,    \
     .max = 100, .help = "node2vec: return parameter", .uses = (what_for)}
#define Q_OPTION(params, what_for)                                                         \
    {.name = "q", .kind = CLI_NUMBER, .target = &(params)->q, .unit = "X", .min = 0.01,    \
     .max = 100, .help = "node2vec: in-out parameter", .uses = (what_for)}
#define PARTITIONER_OPTION(partitioner)                                                    \
    {.name = "partitioner", .kind = CLI_CHOICE, .target = (partitioner),                   \
     .choices = partitioner_names, .default_text = "auto",                                 \
     .help = "how the graph is cut; auto: by Fennel, by METIS where that finds "           \
             "communities"}
#define SEED_OPTION(params)                                                                \
    {.name = "seed", .aliases = "random-seed", .kind = CLI_SEED,                           \
     .target = &(params)->seed, .unit = "N", .help = "of everything that is drawn"}
#define QUIET_OPTION(is_quiet)                                                             \
    {.name = "quiet", .letter = 'q', .kind = CLI_FLAG, .target = (is_quiet),               \
     .help = "errors only"}
#define THREADS_OPTION(num_threads)                                                        \
    {.name = "threads", .aliases = "workers", .kind = CLI_INT, .target = (num_threads),    \
     .unit = "N", .min = 1, .max = 4096,                                                   \
     .default_text = "allowed cores / ranks that share them",                              \
     .help = "threads of each rank"}
#define COMM_TIMEOUT_OPTION(seconds)                                                       \
    {.name = "comm-timeout", .kind = CLI_INT, .target = (seconds), .unit = "SECONDS",      \
     .min = 0, .max = 1000000,                                                             \
     .help = "how long another rank may be silent before this one gives up: longer than "  \
             "a round takes; 0: for ever"}
/* clang-format on */

/* Half an hour: no rank needs it for a round, and no lost job idles for a night. */
enum { DEFAULT_COMM_TIMEOUT = 1800 };

/* Whether --p or --q was given to a method that has none; then one line says so. */
static inline bool has_stray_bias(const cli_command *command, int method,
                                  const h2v_embed_params *params)
{
    if (method == H2V_METHOD_NODE2VEC || (params->p == 1 && params->q == 1)) return false;
    cli_error(command, "--p and --q belong to --method node2vec");
    return true;
}
