/* SPDX-License-Identifier: MIT */

/* What a graph costs a rank while it trains: computed, for reports and estimates. */
#pragma once

#include <stdint.h>

#include "migrate.h"
#include "walk_engine.h"

/* Local. On one of `num_ranks`, with so many owned vertices and their arcs. `walks`: NULL
 * if they are given, and nothing is walked here. */
static inline int64_t h2vi_graph_bytes(const h2v_graph *graph, int num_ranks,
                                       const h2vi_walk_params *walks, int64_t num_owned,
                                       int64_t num_arcs)
{
    const int64_t vertex_bytes = (int64_t)(sizeof *graph->offsets + sizeof *graph->gids +
                                           sizeof(h2vi_vertex) + 2 * sizeof(uint32_t));
    const int64_t arc_bytes =
        (int64_t)(sizeof *graph->targets + (graph->weights ? sizeof(float) : 0));
    const int64_t num_bytes = num_owned * vertex_bytes + num_arcs * arc_bytes;
    if (!walks) return num_bytes;
    const h2vi_walked_graph walked = h2vi_walked_graph_of(graph, num_ranks, walks);
    return num_bytes + h2vi_walk_engine_bytes(&walked, num_owned, num_arcs);
}
