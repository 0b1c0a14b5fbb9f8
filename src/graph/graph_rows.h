/* SPDX-License-Identifier: MIT */

/* The inside of h2v_graph, for the layers that walk and move it. Invariants: first[0] = 0,
 * first[num_ranks] = num_vertices; offsets[0] = 0, non-decreasing; the targets of a row are
 * slots, in ascending order of their gids; gids ascend within a part and within a slice. */
#pragma once

#include "halo2vec/graph.h"

struct h2v_graph {
    const h2v_world *world;
    int64_t num_vertices, num_arcs; /* of the whole graph */
    bool directed;
    h2v_digest digest;
    int64_t *first;    /* first slot of each rank, shape [num_ranks + 1] */
    int64_t num_owned; /* first[rank + 1] - first[rank] */
    int64_t *offsets;  /* shape [num_owned + 1] */
    h2v_slot *targets; /* shape [offsets[num_owned]] */
    float *weights;    /* NULL if unweighted, else as targets */
    uint32_t *gids;    /* of the owned vertices, shape [num_owned] */
};

/* Local. The rank that owns a slot: binary search in first. */
int h2vi_graph_owner(const h2v_graph *graph, h2v_slot slot);

/* Where a slice begins that h2v_graph_load() reads: rank r of num_ranks has the vertices
 * from the first one with offsets[v] + v >= this on. */
static inline int64_t h2vi_slice_cost(int64_t num_vertices, int64_t num_arcs, int num_ranks,
                                      int rank)
{
    return (num_vertices + num_arcs) * rank / num_ranks;
}

/* Local. Allocate an empty graph of the same kind (directed, sizes, digest) as `like`. */
H2V_CHECKED h2v_status h2vi_graph_new_like(const h2v_graph *like, h2v_graph **graph);
