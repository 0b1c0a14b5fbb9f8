/* SPDX-License-Identifier: MIT */

/* An undirected graph, every edge at its lower end, read as rows that lead both ways, a
 * range of vertices at a time: the adjacency is never in memory whole. */
#pragma once

#include <stdint.h>

#include "csr.h"
#include "halo2vec/status.h"

/* Zeroed, it is empty. */
typedef struct h2vi_mirror {
    h2vi_csr rows;    /* of lower ends */
    int64_t *offsets; /* of rows that lead both ways, shape [num_vertices + 1] */
    uint32_t *taken;  /* of each row, how many arcs are mirrored, shape [num_vertices] */
} h2vi_mirror;

/* Take `rows` over (it is empty afterwards, in any case) and count. */
H2V_CHECKED h2v_status h2vi_mirror_create(h2vi_csr *rows, int num_threads,
                                          h2vi_mirror *mirror);
void h2vi_mirror_clear(h2vi_mirror *mirror);

/* The rows of the vertices in [low, high), end to end; `weights` is NULL if there are none.
 * Ranges are asked for once, in ascending order without gaps. `offsets` changes meanwhile,
 * and is afterwards as before. */
void h2vi_mirror_read(h2vi_mirror *mirror, int64_t low, int64_t high, uint32_t *targets,
                      float *weights);
