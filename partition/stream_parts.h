/* SPDX-License-Identifier: MIT */

/* Fennel (Tsourakakis et al. 2014, doi:10.1145/2556195.2556213), streamed several times
 * (Nishimura and Ugander 2013, doi:10.1145/2487575.2487696): vertices come in gid order,
 * and each goes to the part that holds most of its neighbors, less what the part's load
 * costs there. Work takes the place of vertex counts. */
#pragma once

#include "graph_rows.h"
#include "halo2vec/status.h"

/* Collective. Cut the graph, as loaded, into num_parts > 1 parts. `weights`: work of the
 * owned vertices, >= 0, shape [num_owned]; more than `most_work` counts as that. `part_of`
 * out: of all vertices of the graph, on every rank; shape [num_vertices], to be freed by
 * the caller; NULL on failure.
 *
 * Ranks take turns, and the result does not depend on how many there are. No rank holds
 * more of the graph than it did: 4 bytes for every vertex. A vertex sees where its arcs
 * lead; in a directed graph not who leads to it. Time: passes times (arcs + vertices times
 * parts), by one rank at a time. Errors: ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_stream_partition(const h2v_graph *graph, int num_parts,
                                             const int64_t *weights, int64_t most_work,
                                             uint32_t **part_of);
