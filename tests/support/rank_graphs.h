/* SPDX-License-Identifier: MIT */

/* A graph in memory as a graph over ranks, without a file: every rank holds all of it and
 * keeps its part. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "csr.h"
#include "migrate.h"

/* Local. Rank r owns an equal slice, in gid order; to be destroyed. */
static inline h2v_graph *rank_graph(const h2v_world *world, const h2vi_csr *csr)
{
    const int64_t n = csr->num_vertices;
    const int64_t begin = n * world->rank / world->num_ranks;
    const int64_t num_owned = n * (world->rank + 1) / world->num_ranks - begin;
    const int64_t first_arc = csr->offsets[begin];
    const int64_t num_arcs = csr->offsets[begin + num_owned] - first_arc;
    h2v_graph *graph = calloc(1, sizeof *graph);
    graph->world = world;
    graph->num_vertices = n;
    graph->num_arcs = csr->num_arcs;
    graph->directed = csr->directed;
    graph->num_owned = num_owned;
    graph->first = calloc((size_t)world->num_ranks + 1, sizeof *graph->first);
    for (int r = 0; r <= world->num_ranks; r++) graph->first[r] = n * r / world->num_ranks;
    graph->offsets = calloc((size_t)num_owned + 1, sizeof *graph->offsets);
    graph->gids = calloc((size_t)num_owned + 1, sizeof *graph->gids);
    graph->targets = calloc((size_t)num_arcs + 1, sizeof *graph->targets);
    memcpy(graph->targets, csr->targets + first_arc,
           (size_t)num_arcs * sizeof *graph->targets);
    for (int64_t v = 0; v < num_owned; v++) {
        graph->gids[v] = (uint32_t)(begin + v);
        graph->offsets[v + 1] = csr->offsets[begin + v + 1] - first_arc;
    }
    if (csr->weights) {
        graph->weights = calloc((size_t)num_arcs + 1, sizeof *graph->weights);
        memcpy(graph->weights, csr->weights + first_arc,
               (size_t)num_arcs * sizeof *graph->weights);
    }
    return graph;
}

/* Collective. The same on other ranks, in other slots: hash parts, five on a rank. */
static inline h2v_graph *rank_graph_scattered(const h2v_world *world, const h2vi_csr *csr)
{
    h2v_graph *slices = rank_graph(world, csr);
    const int num_parts =
        csr->num_vertices < 5 * world->num_ranks ? 1 : 5 * world->num_ranks;
    h2v_partition partition = {0};
    h2v_partition_quality quality;
    h2vi_moved moved = {0};
    int64_t *weights = calloc((size_t)slices->num_owned + 1, sizeof *weights);
    h2vi_vertex *vertices = calloc((size_t)slices->num_owned + 1, sizeof *vertices);
    CHECK_STATUS(h2v_partition_create(slices, num_parts, H2V_PARTITIONER_HASH, 1, weights,
                                      &partition, &quality),
                 H2V_OK, "");
    CHECK_STATUS(h2vi_migrate(slices, &partition, vertices, &moved), H2V_OK, "");
    h2v_graph *graph = moved.graph;
    moved.graph = NULL;
    h2vi_moved_clear(&moved);
    h2v_partition_clear(&partition);
    free(weights);
    free(vertices);
    h2v_graph_destroy(&slices);
    return graph;
}
