/* SPDX-License-Identifier: MIT */

/* One 32-bit value of every vertex on every rank, for a moment: how a rank learns the new
 * numbers of its targets, or their parts. 4 bytes a vertex; released right after use. */
#pragma once

#include "graph_rows.h"

/* Collective. `values`: of the owned vertices, shape [num_owned]; `map` out: of all slots
 * of `graph`, shape [num_vertices], to be freed by the caller; NULL on failure. */
H2V_CHECKED h2v_status h2vi_slot_map_create(const h2v_graph *graph, const uint32_t *values,
                                            uint32_t **map);
