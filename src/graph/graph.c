/* SPDX-License-Identifier: MIT */

/* What can be asked of a distributed graph. */
#include "graph_rows.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

int64_t h2v_graph_num_vertices(const h2v_graph *graph)
{
    return graph->num_vertices;
}

int64_t h2v_graph_num_arcs(const h2v_graph *graph)
{
    return graph->num_arcs;
}

bool h2v_graph_is_directed(const h2v_graph *graph)
{
    return graph->directed;
}

bool h2v_graph_is_weighted(const h2v_graph *graph)
{
    return graph->weights != NULL;
}

h2v_digest h2v_graph_digest(const h2v_graph *graph)
{
    return graph->digest;
}

int64_t h2v_graph_num_owned(const h2v_graph *graph)
{
    return graph->num_owned;
}

int h2vi_graph_owner(const h2v_graph *graph, h2v_slot slot)
{
    int low = 0, high = graph->world->num_ranks - 1; /* the owner is in low..high */
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if ((int64_t)slot < graph->first[middle + 1])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

h2v_status h2vi_graph_new_like(const h2v_graph *like, h2v_graph **out)
{
    *out = NULL;
    h2v_graph *graph = h2vi_alloc(1, sizeof *graph);
    if (!graph) return h2vi_fail_memory("a graph");
    graph->world = like->world;
    graph->num_vertices = like->num_vertices;
    graph->num_arcs = like->num_arcs;
    graph->directed = like->directed;
    graph->digest = like->digest;
    graph->first = h2vi_alloc((size_t)like->world->num_ranks + 1, sizeof *graph->first);
    if (!graph->first) {
        h2v_graph_destroy(&graph);
        return h2vi_fail_memory("a graph");
    }
    *out = graph;
    return H2V_OK;
}

void h2v_graph_destroy(h2v_graph **graph)
{
    if (!*graph) return;
    free((*graph)->first);
    free((*graph)->offsets);
    free((*graph)->targets);
    free((*graph)->weights);
    free((*graph)->gids);
    free(*graph);
    *graph = NULL;
}
