/* SPDX-License-Identifier: MIT */

/* Rows that training starts from, out of an embedding file of another run or graph.
 * Vertices are matched by id. A vertex that is not there becomes the mean of its
 * neighbours' rows (weighted by the arcs), first of those whose neighbours are there, then
 * of theirs, and so on; what no such way leads to keeps the noise that it has. */
#pragma once

#include "migrate.h"
#include "model.h"

typedef struct h2vi_init_counts {
    int64_t num_matched, num_from_neighbours, num_noise; /* of all ranks */
} h2vi_init_counts;

/* Collective. The model is initialized; changes `in`, and `out` where the file has
 * /contexts (new vertices' likewise by their neighbours, else zero). Errors: ERR_IO,
 * ERR_NOMEM; ERR_DATA if the file is no embedding, has another dim, or ids of the other
 * kind. Memory for a moment: on rank 0 what match_ids.h says; everywhere 9 bytes for every
 * owned vertex, 8 MiB, the contexts of the owned vertices if blocks hold them, and the rows
 * of ghosts if there are new vertices. */
H2V_CHECKED h2v_status h2vi_init_from_file(const char *path, const char *graph_path,
                                           const h2vi_moved *moved,
                                           const h2vi_blocks *blocks, h2vi_model *model,
                                           h2vi_init_counts *counts);
