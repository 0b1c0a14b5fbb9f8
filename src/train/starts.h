/* SPDX-License-Identifier: MIT */

/* Which walks start in a round: each vertex's walks are spread evenly over the rounds of an
 * epoch, from an offset drawn for the vertex. */
#pragma once

#include <stdint.h>

#include "halo2vec/embed.h"
#include "walk_engine.h"

typedef struct h2vi_starts {
    h2vi_start *starts;
    h2vi_token *tokens; /* of the walks, shape [capacity, walk_length] */
    int64_t capacity;   /* walks */
} h2vi_starts;

/* Local. Room for `count` walks; what was there is forgotten. */
H2V_CHECKED h2v_status h2vi_starts_reserve(h2vi_starts *starts, int64_t count,
                                           int walk_length);

/* Local. Describe the walks of the owned vertices that start in a round of the whole
 * training; the memory is of `starts`, and used again in the next round. */
H2V_CHECKED h2v_status h2vi_starts_collect(const h2v_embed_params *params,
                                           const h2v_graph *graph, int round,
                                           h2vi_starts *starts, h2vi_walk_run *run);
/* What the walks of a training are. */
static inline h2vi_walk_params h2vi_walks_of(const h2v_embed_params *params)
{
    const bool is_biased = params->method == H2V_METHOD_NODE2VEC;
    return (h2vi_walk_params){.walk_length = params->walk_length,
                              .p = is_biased ? params->p : 1,
                              .q = is_biased ? params->q : 1,
                              .seed = params->seed};
}

void h2vi_starts_clear(h2vi_starts *starts);

int64_t h2vi_starts_bytes(const h2v_embed_params *params, const h2vi_starts *starts);
