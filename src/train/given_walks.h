/* SPDX-License-Identifier: MIT */

/* Walks that are given instead of walked: a run of a file's walks on each rank, in rank
 * order. Each walk is trained in one round of every epoch. In every `rounds` walks that
 * follow one another each round has one, from a place that is drawn for these; so rounds
 * are alike, and a walk's round depends on its place in the file alone. */
#pragma once

#include "halo2vec/embed.h"
#include "migrate.h"

struct h2vi_starts;
struct h2vi_walk_run;

typedef struct h2vi_given_walks {
    int64_t num_walks;                 /* of this rank */
    int64_t *starts;                   /* within visits, shape [num_walks + 1] */
    uint32_t *visits;                  /* gids; slots once they are placed */
    int64_t first;                     /* place in the file of this rank's first walk */
    int64_t total_walks, total_visits; /* of all ranks */
    int longest;
    uint64_t digest;         /* of places and gids */
    uint32_t *context_slots; /* of all slots, once placed */
    uint32_t *keep;          /* likewise; NULL without subsampling */
} h2vi_given_walks;

/* Collective. num_walks, starts and visits are there: find the rest. `path` is for errors:
 * ERR_DATA if there are no walks, or one is longer than H2V_MAX_WALK_LENGTH. */
H2V_CHECKED h2v_status h2vi_given_walks_sum(const h2v_world *world, const char *path,
                                            h2vi_given_walks *given);

/* Collective, before the vertices move. Visits of each owned vertex, shape [num_owned], as
 * H2VI_TRIAL_WALKS walks from every vertex would have as many of. Takes 8 bytes for every
 * vertex of the graph while it counts. */
H2V_CHECKED h2v_status h2vi_given_walks_count(const h2v_graph *graph,
                                              const h2vi_given_walks *given,
                                              int64_t *visits);

/* Collective, after the vertices have moved: from gids to slots. From then on 4 bytes for
 * every vertex of the graph are kept, 8 with subsampling. */
H2V_CHECKED h2v_status h2vi_given_walks_place(const h2vi_moved *moved, bool is_subsampled,
                                              h2vi_given_walks *given);

/* Local. Describe the walks of this rank that are trained in a round, as
 * h2vi_starts_collect() does; tokens are there already. A start is the place of a walk in
 * the file, its high word as `vertex`. */
H2V_CHECKED h2v_status h2vi_given_walks_collect(const h2v_embed_params *params,
                                                const h2vi_given_walks *given, int round,
                                                struct h2vi_starts *starts,
                                                struct h2vi_walk_run *run);

/* Local. Bytes that are held while training. */
int64_t h2vi_given_walks_bytes(const h2v_graph *graph, const h2vi_given_walks *given);

void h2vi_given_walks_clear(h2vi_given_walks *given);
