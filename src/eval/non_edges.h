/* SPDX-License-Identifier: MIT */

/* Pairs of vertices that are not edges: the negatives of link prediction. Ordered pairs in
 * a directed graph; in an undirected one the smaller gid stands first. */
#pragma once

#include <stdint.h>

#include "csr.h"
#include "halo2vec/evaluate.h"
#include "halo2vec/status.h"
#include "random.h"

/* All pairs u != v without an edge. */
uint64_t h2vi_count_non_edges(const h2vi_csr *csr);

/* The vertex whose row holds this arc. O(log num_vertices). */
uint32_t h2vi_arc_source(const h2vi_csr *csr, int64_t arc);

/* Draw pairs: both ends uniform, or both in proportion to their degree (directed: the
 * source to its out-degree, the target to its in-degree). A function of (csr, kind, seed,
 * purpose). A pair comes twice only where 1000 attempts found no new one. `pairs`: shape
 * [num_pairs, 2]. Errors: ERR_DATA if there are fewer non-edges than that, or if so many
 * attempts found none; ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_draw_non_edges(const h2vi_csr *csr, h2v_negatives kind,
                                           uint64_t seed, h2vi_purpose purpose,
                                           int64_t num_pairs, uint32_t *pairs);
