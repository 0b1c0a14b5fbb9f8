/* SPDX-License-Identifier: MIT */

/* The only door to METIS: our integers in, parts out. */
#pragma once

#include <stdbool.h>

#include "gather.h"
#include "halo2vec/status.h"

/* Local. Whether METIS's indices count to this graph's vertices and arcs, with both arcs
 * of an edge. */
bool h2vi_metis_counts_to(int64_t num_vertices, int64_t num_arcs);

/* Local (rank 0). Cut `whole` into num_parts > 1 parts by multilevel k-way partitioning,
 * minimizing the cut, parts of equal vertex weight, more than `most_work` counting as that.
 * `parts`: shape [num_vertices]. The arrays of `whole` are released on the way, as METIS's
 * own copies take their place. `num_bytes` out: what the caller's side of METIS held at its
 * peak. Errors: ERR_PARTITION, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_metis_partition(h2vi_whole_graph *whole, int num_parts,
                                            int64_t most_work, uint64_t seed,
                                            int32_t *parts, int64_t *num_bytes);
