/* SPDX-License-Identifier: MIT */

/* From a list of edges in any order to sorted rows, each edge once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "csr.h"
#include "edge_block.h"
#include "halo2vec/status.h"
#include "ids.h"

typedef struct h2vi_rows_plan {
    int64_t num_vertices; /* at least 1 */
    bool directed;        /* else edges u v and v u are one, kept in the row of the lower */
    bool weighted;
    const uint32_t *new_gids; /* NULL, or what each gid becomes, shape [num_vertices] */
    const h2vi_ids *ids;      /* in the new order, for messages */
    int num_threads;
} h2vi_rows_plan;

/* Sort, and join equal edges: their weights are added in the order of the list, as doubles,
 * and rounded once. The list is empty afterwards. Errors: ERR_DATA if a sum of weights is
 * no finite float; ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_edge_list_to_rows(h2vi_edge_list *edges,
                                              const h2vi_rows_plan *plan, h2vi_csr *rows,
                                              int64_t *num_duplicates);
