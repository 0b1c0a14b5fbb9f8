/* SPDX-License-Identifier: MIT */

/* The pool: the rows that a group's negatives of one round come from, so that not every row
 * of the graph must travel for them. Drawn afresh for each round, group and block.
 *
 * A class of rows that all weigh the same (blocks.h) gives its share of the pool, and is
 * drawn as often as without a pool; only which of its rows stand for it changes from round
 * to round. So hubs, which are few in a class, are always all there, and the noise has the
 * same distribution over classes as over the whole block. Within a class the rows are a
 * stratified sample: one from each of equal runs of its rows, from a turn drawn for all. */
#pragma once

#include "blocks.h"

typedef struct h2vi_pool_draw {
    uint64_t seed;
    uint32_t round, group, block;
} h2vi_pool_draw;

/* Local. Rows of the block in the order of the classes listed in `tables`; `rows` has room
 * for the sum of their num_pooled, which is returned. Rows of a class are not sorted. */
int64_t h2vi_draw_pool(const h2vi_pool_draw *draw, const h2vi_noise_tables *tables,
                       uint32_t *rows);

/* Rows that a group's pool needs if `draws` negatives of a round come from it. */
int64_t h2vi_choose_pool(double draws, int64_t num_vertices);
