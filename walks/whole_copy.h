/* SPDX-License-Identifier: MIT */

/* A copy of the whole graph on every rank, for walking: then no walker ever leaves, and no
 * rank waits for another while it walks. A walk depends on draws and on the graph alone, so
 * it is the same on a copy. Only small graphs are held so; what a rank needs of a large one
 * must fall as ranks rise. Whether a graph is small is a matter of the graph and of the
 * order of its walks, never of the memory that is there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "graph_rows.h"

/* What a rank takes for it at most: 5 M arcs, or 2 M of the second order. */
enum { H2VI_WHOLE_COPY_BYTES = 64 << 20 };

/* What decides. */
typedef struct h2vi_walked_graph {
    int64_t num_vertices, num_arcs; /* of all ranks */
    int num_ranks;
    bool is_weighted, is_second_order;
} h2vi_walked_graph;

/* Local. Bytes of a copy while it is walked on, the engine's tables included. */
int64_t h2vi_whole_copy_bytes(const h2vi_walked_graph *graph);

/* Local. Whether every rank holds a copy: not if there is one rank, which has all. */
bool h2vi_is_held_whole(const h2vi_walked_graph *graph);

/* Local. For tests, which have small graphs only, of what large ones are for: hold copies
 * of at most so many bytes from now on, alike on all ranks; negative: the number above. */
void h2vi_whole_copy_allow(int64_t bytes);

typedef struct h2vi_whole_copy {
    h2v_world alone; /* this rank with its threads, as if there were no other */
    h2v_traffic traffic;
    h2v_graph graph; /* of `alone`, in the slots of all ranks */
    int64_t first[2];
    uint32_t *context_slots, *keep; /* of all vertices; NULL where none were handed in */
} h2vi_whole_copy;

/* Collective. `context_slots` and `keep` are of the owned vertices; NULL on all ranks or on
 * none. `*copy` is to be released; NULL on failure. Cost: every rank's rows go to every
 * other one, which counts as traffic. Errors: ERR_NOMEM, on all ranks. */
H2V_CHECKED h2v_status h2vi_whole_copy_make(const h2v_graph *graph,
                                            const uint32_t *context_slots,
                                            const uint32_t *keep, h2vi_whole_copy **copy);

/* Local. Release `*copy`, if any, and set it to NULL. */
void h2vi_whole_copy_destroy(h2vi_whole_copy **copy);
