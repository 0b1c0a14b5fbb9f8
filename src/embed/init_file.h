/* SPDX-License-Identifier: MIT */

/* Rows that training starts from, out of an embedding file of another run or graph.
 * Vertices are matched by id. A vertex that is not there becomes the mean of its
 * neighbors' rows (weighted by the arcs), first of those whose neighbors are there, then
 * of theirs, and so on; what no such way leads to keeps the noise that it has. */
#pragma once

#include "migrate.h"
#include "model.h"

typedef struct h2vi_init_counts {
    int64_t num_matched, num_from_neighbors, num_noise; /* of all ranks */
    uint64_t digest; /* of the rows and contexts that came of it */
} h2vi_init_counts;

/* Local. Whether there is such a file with rows of `dim` numbers. ERR_IO, ERR_DATA. */
H2V_CHECKED h2v_status h2vi_try_init_file(const char *path, int dim);

/* Collective. The model is initialized; changes `in`, and `out` where the file has
 * /contexts (new vertices' likewise by their neighbors, else zero). Errors: ERR_IO,
 * ERR_NOMEM; ERR_DATA if the file is no embedding, has another dim, or ids of the other
 * kind. Memory for a moment: on rank 0 what match_ids.h says; everywhere 9 bytes for every
 * owned vertex, 8 MiB, the contexts of the owned vertices if blocks hold them, and 32 MiB
 * while they go there; if there are new vertices, 4 bytes for every arc, the rows of ghosts
 * and those that are ghosts elsewhere. */
H2V_CHECKED h2v_status h2vi_init_from_file(const char *path, const char *graph_path,
                                           const h2vi_moved *moved,
                                           const h2vi_blocks *blocks, h2vi_model *model,
                                           h2vi_init_counts *counts);
