/* SPDX-License-Identifier: MIT */

/* What a graph costs a rank while it trains: computed, for reports and estimates. */
#pragma once

#include <stdint.h>

#include "migrate.h"
#include "walk_engine.h"

/* Local. With so many owned vertices and their arcs. */
static inline int64_t h2vi_graph_bytes(const h2v_graph *graph,
                                       const h2vi_walk_params *walks, int64_t num_owned,
                                       int64_t num_arcs)
{
    const bool is_second_order = walks->p != 1 || walks->q != 1;
    const size_t of_vertex = sizeof *graph->offsets + sizeof *graph->gids +
                             sizeof(h2vi_vertex) + sizeof(h2vi_walk_row) +
                             2 * sizeof(uint32_t) +
                             (is_second_order ? H2VI_BUCKET * sizeof(h2v_slot) : 0);
    const size_t of_arc = sizeof *graph->targets +
                          (graph->weights ? sizeof(float) + sizeof(h2vi_alias) : 0) +
                          (is_second_order ? 2 * sizeof(h2v_slot) : 0);
    return num_owned * (int64_t)of_vertex + num_arcs * (int64_t)of_arc;
}
