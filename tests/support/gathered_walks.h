/* SPDX-License-Identifier: MIT */

/* All walks on rank 0, in (walk number, start gid) order and in gids: what must not depend
 * on ranks, threads or parts. */
#pragma once

#include "halo2vec/types.h"
#include "walk_engine.h"

typedef struct gathered_walks {
    int64_t num_vertices, num_walks; /* walks from each vertex */
    int walk_length;
    h2vi_token *tokens; /* slots are gids; shape [num_walks, num_vertices, walk_length];
                           NULL but on rank 0 */
    double seconds, cpu_seconds; /* of walking alone, on this rank; of all its threads */
} gathered_walks;

/* Collective. Walk walks [first_walk, first_walk + num_walks) from every vertex. */
H2V_CHECKED h2v_status gather_walks(h2vi_walk_engine *engine, uint32_t first_walk,
                                    int64_t num_walks, gathered_walks *walks);

/* The walk that starts at `gid`; tokens of slot H2V_NO_SLOT are past its end. */
static inline const h2vi_token *gathered_walk(const gathered_walks *walks, int64_t walk,
                                              int64_t gid)
{
    return walks->tokens + (walk * walks->num_vertices + gid) * walks->walk_length;
}

/* Number of bytes of `tokens`, and their hash. Rank 0. */
size_t gathered_bytes(const gathered_walks *walks);
h2v_digest gathered_digest(const gathered_walks *walks);

void gathered_clear(gathered_walks *walks);
