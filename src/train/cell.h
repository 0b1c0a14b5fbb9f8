/* SPDX-License-Identifier: MIT */

/* A cell made ready for the kernel: its pairs sorted by center, stably, in a thread's
 * scratch that stays in cache. */
#pragma once

#include "blocks.h"
#include "needed_rows.h"
#include "route.h"
#include "sgns.h"

typedef struct h2vi_cell_scratch {
    uint32_t *starts; /* shape [centers of the largest part + 2] */
    uint32_t *rows;
    int64_t capacity;    /* of rows */
    float *zeros, *sums; /* shape [2, stride] each */
    h2vi_noise_tables tables;
    double seconds; /* thread CPU time in cells */
} h2vi_cell_scratch;

H2V_CHECKED h2v_status h2vi_cell_scratch_init(const h2vi_blocks *blocks,
                                              int64_t max_centers, int stride,
                                              h2vi_cell_scratch *scratch);
void h2vi_cell_scratch_clear(h2vi_cell_scratch *scratch);

/* Local. Room for cells of up to `max_pairs` pairs. */
H2V_CHECKED h2v_status h2vi_cell_scratch_reserve(h2vi_cell_scratch *scratch,
                                                 int64_t max_pairs);

/* Local. Sort `pairs` by center and point the cell at the result; num_centers is set.
 * Where not all rows of the block are here, `needed` numbers those that are; else NULL. */
void h2vi_cell_sort(const h2vi_pair *pairs, int64_t num_pairs,
                    const h2vi_needed_rows *needed, h2vi_cell_scratch *scratch,
                    h2vi_cell *cell);
