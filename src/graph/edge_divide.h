/* SPDX-License-Identifier: MIT */

/* Dividing edges by some bits of their keys, stable: the first half of sorting them.
 * Key: source << gid_bits | target. */
#pragma once

#include <stdint.h>

#include "edge_list.h"
#include "halo2vec/status.h"

enum { H2VI_DIVIDE_MAX_BITS = 8 };

/* By which bits of the key; gids are below 2^gid_bits. */
typedef struct h2vi_digit {
    int gid_bits;
    int shift, num_bits;
} h2vi_digit;

/* Where the next edge of a piece goes. */
typedef struct h2vi_open_chunk {
    h2vi_edge_chunk *chunk;
    int64_t count;
} h2vi_open_chunk;

typedef struct h2vi_divider {
    h2vi_edge_pool *pool;
    h2vi_digit digit;
    h2vi_edge_list *pieces; /* borrowed, shape [num_pieces] */
    int num_pieces;
    h2vi_open_chunk open[1 << H2VI_DIVIDE_MAX_BITS];
} h2vi_divider;

/* `pieces` are empty, and can be read after h2vi_divider_end(). */
void h2vi_divider_begin(h2vi_divider *divider, h2vi_edge_pool *pool, h2vi_digit digit,
                        h2vi_edge_list *pieces);

/* Append a chunk's edges to the pieces; the chunk goes back to the pool in any case. */
H2V_CHECKED h2v_status h2vi_divider_add(h2vi_divider *divider, h2vi_edge_chunk *chunk);

void h2vi_divider_end(h2vi_divider *divider);

/* Divide a whole list, which is empty afterwards. */
H2V_CHECKED h2v_status h2vi_edge_list_divide(h2vi_edge_pool *pool, h2vi_digit digit,
                                             h2vi_edge_list *edges, h2vi_edge_list *pieces);
