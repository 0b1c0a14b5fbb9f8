/* SPDX-License-Identifier: MIT */

/* Rows for vertices that have none: the mean of their neighbors' rows. */
#pragma once

#include <stdint.h>

#include "graph_rows.h"

/* Vertices' rows in one or two matrices, and which vertices have them. */
typedef struct h2vi_spread {
    const h2v_graph *graph;
    int stride;
    int num_matrices;   /* 1 or 2 */
    float *matrices[2]; /* of the owned vertices, shape [num_owned, stride] */
    uint8_t *is_known;  /* 0 or 1, shape [num_owned] */
} h2vi_spread;

/* Collective. In each sweep every vertex without rows that arcs lead from to vertices with
 * rows gets the mean of theirs, weighted by the arcs, as they were before the sweep; so its
 * rows do not depend on any order. Until nothing changes, or 64 sweeps. Sums are in double,
 * in the order of the arcs: large weights do not overflow. Error: ERR_NOMEM. If every
 * vertex has rows, nothing is done; else each sweep pulls the rows of ghosts. */
H2V_CHECKED h2v_status h2vi_spread_rows(const h2vi_spread *spread);
