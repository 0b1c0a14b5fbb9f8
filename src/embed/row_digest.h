/* SPDX-License-Identifier: MIT */

/* A digest of rows that lie with their owners: equal for equal rows, on whatever ranks. */
#pragma once

#include <stdint.h>

#include "graph_rows.h"

/* Collective. `rows`: of the owned vertices in slot order, shape [num_owned, stride], of
 * which `dim` columns count. The sum of a hash of each vertex's gid and row. */
uint64_t h2vi_row_digest(const h2v_graph *graph, int dim, int stride, const float *rows);
