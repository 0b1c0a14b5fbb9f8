/* SPDX-License-Identifier: MIT */

/* The whole graph on rank 0, as a partitioner wants it: in gid order, symmetric, no loops.
 */
#pragma once

#include "graph_rows.h"
#include "halo2vec/status.h"

typedef struct h2vi_whole_graph {
    int64_t num_vertices;
    int64_t *offsets;  /* shape [num_vertices + 1] */
    uint32_t *targets; /* ascending in each row */
    float *weights;    /* NULL if unweighted; of u - v: both directions added */
    int64_t *vertex_weights;
} h2vi_whole_graph;

/* Collective. On rank 0 `whole` is filled, on the others it is zeroed. Memory on rank 0: 16
 * bytes a vertex and 4 (8 if weighted) an arc; twice the arcs for a moment if directed. */
H2V_CHECKED h2v_status h2vi_gather_whole(const h2v_graph *graph,
                                         const int64_t *vertex_weights,
                                         h2vi_whole_graph *whole);
void h2vi_whole_graph_clear(h2vi_whole_graph *whole);
