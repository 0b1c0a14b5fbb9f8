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

/* Local. Describe the walks of the owned vertices that start in a round of the whole
 * training; the memory is of `starts`, and used again in the next round. */
H2V_CHECKED h2v_status h2vi_starts_collect(const h2v_embed_params *params,
                                           const h2v_graph *graph, int round,
                                           h2vi_starts *starts, h2vi_walk_run *run);
void h2vi_starts_clear(h2vi_starts *starts);

int64_t h2vi_starts_bytes(const h2v_embed_params *params, const h2vi_starts *starts);
