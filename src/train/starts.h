/* SPDX-License-Identifier: MIT */

/* Which walks start in a round: each vertex's walks are spread evenly over the rounds of an
 * epoch, from an offset drawn for the vertex. Where those of a round are few, the walks of
 * a few rounds are made together: every exchange of walkers costs a round trip, and then
 * carries more. */
#pragma once

#include <stdint.h>

#include "halo2vec/embed.h"
#include "walk_engine.h"

enum { H2VI_MOST_ROUNDS_AT_ONCE = 64, H2VI_WALKS_AT_ONCE = 32 << 10 };

typedef struct h2vi_starts {
    h2vi_start *starts;
    h2vi_token *tokens; /* of the walks, shape [capacity, walk_length] */
    int64_t capacity;   /* walks */
    int64_t round_ends[H2VI_MOST_ROUNDS_AT_ONCE]; /* walks up to each round's last */
} h2vi_starts;

/* How many rounds walk together: as many as have WALKS_AT_ONCE walks in all, at least one,
 * and none of the next epoch. Walks that are given are there already: one. */
int h2vi_rounds_at_once(const h2v_embed_params *params, int64_t num_vertices, int round);

/* Local. Room for `count` walks; what was there is forgotten. */
H2V_CHECKED h2v_status h2vi_starts_reserve(h2vi_starts *starts, int64_t count,
                                           int walk_length);

/* Local. Describe the walks of the owned vertices that start in rounds [round, round +
 * num_rounds) of the whole training, all of one epoch, round after round; the memory is of
 * `starts`, and used again by the next call. */
H2V_CHECKED h2v_status h2vi_starts_collect(const h2v_embed_params *params,
                                           const h2v_graph *graph, int round,
                                           int num_rounds, h2vi_starts *starts,
                                           h2vi_walk_run *run);

/* Of what was collected, the walks of the index-th round. */
h2vi_walk_run h2vi_starts_of_round(const h2vi_starts *starts, const h2vi_walk_run *run,
                                   int walk_length, int index);

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
