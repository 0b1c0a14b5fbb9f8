/* SPDX-License-Identifier: MIT */

/// @file graph.h
/// A graph over the ranks: each vertex is owned by one rank, which holds its adjacency.
///
/// Vertices have two numbers. The *gid* is the place in the graph file. The *slot* is the
/// place in the order of the ranks: rank r owns the slots first[r] .. first[r + 1] - 1.
/// After loading they are the same; after the vertices moved to their parts' ranks
/// they are not. The order within an adjacency row is ascending gid for ever, so that what
/// is drawn and summed in that order never depends on where vertices live.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "halo2vec/world.h"

typedef struct h2v_graph h2v_graph;

/// Load a graph file, each rank a slice of consecutive vertices with about equal shares of
/// vertices plus arcs. **Collective on @p world.**
///
/// @param world  kept; must outlive the graph
/// @param graph  out: to be released with h2v_graph_destroy(); NULL on failure
/// @return H2V_OK; H2V_ERR_IO if it cannot be opened; H2V_ERR_DATA if it is not a graph
///         file or breaks an invariant; H2V_ERR_NOMEM
/// Memory per rank: 20 bytes per owned vertex, 4 per arc, 4 more per arc if weighted.
H2V_CHECKED h2v_status h2v_graph_load(const h2v_world *world, const char *path,
                                      h2v_graph **graph);

/// Release @p *graph, if any, and set it to NULL. **Local.**
void h2v_graph_destroy(h2v_graph **graph);

/// Of the whole graph. **Local.**
int64_t h2v_graph_num_vertices(const h2v_graph *graph);
int64_t h2v_graph_num_arcs(const h2v_graph *graph);
bool h2v_graph_is_directed(const h2v_graph *graph);
bool h2v_graph_is_weighted(const h2v_graph *graph);
h2v_digest h2v_graph_digest(const h2v_graph *graph);

/// Vertices owned by this rank. **Local.**
int64_t h2v_graph_num_owned(const h2v_graph *graph);
