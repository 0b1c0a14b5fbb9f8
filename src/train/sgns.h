/* SPDX-License-Identifier: MIT */

/* Skip-gram with negative sampling on one cell (Mikolov et al. 2013, arXiv:1310.4546), with
 * the cell as the batch (tiles of shared negatives as in pWord2Vec, Ji et al. 2016,
 * arXiv:1611.06172).
 *
 * A cell is a part's centers, each with its contexts in one block. It is trained in tiles:
 * two centers at a time, each with up to TILE_POSITIVES of its contexts, and TILE_NEGATIVES
 * negatives that both share, and with it the next tile where the block is large. One center
 * is from the first half of the cell, one from the second: halves by the number of times
 * that their centers fill a side. Let K be the negatives asked for per pair; a center with
 * s positives gives each negative the weight K s / TILE_NEGATIVES. All products of a tile
 * are taken before any row of it changes; then its rows change in a fixed order. Missing
 * positives are what comes next in the list, with weight 0; a missing center is zeros.
 *
 * The scalar kernel in sgns.c is the specification: sums in 16 virtual lanes (column modulo
 * 16), folded by 8, 4, 2, 1; multiplication and addition fused where written so. The others
 * return the same bits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "isa.h"
#include "noise.h"

enum {
    H2VI_LANES = 16, /* a row's stride is a multiple of this; the padding is zero */
    H2VI_TILE_POSITIVES = 6,
    H2VI_TILE_NEGATIVES = 10,
    H2VI_MANY_ROWS = 16 << 10 /* of a block: 8 MiB at 128 dims */
};

typedef struct h2vi_cell {
    int stride;          /* floats a row, a multiple of H2VI_LANES */
    int negatives;       /* K */
    bool is_large;       /* the block, see h2vi_is_large() */
    int64_t num_centers; /* of the part */
    float *centers;      /* `in` rows of the part, shape [num_centers, stride] */
    float *contexts;     /* `out` rows of the block, shape [rows of a block, stride] */
    const uint32_t *pair_starts; /* pairs of center c: [starts[c], starts[c + 1]),
                                    shape [num_centers + 1] */
    const uint32_t *pair_rows;   /* context rows, in the order of training; then
                                    TILE_POSITIVES more, any of the block */
    float rate_begin, rate_end;  /* learning rate at the first and after the last pair */
    h2vi_noise noise;
    const uint32_t *pool; /* the rows that the noise numbers; NULL: it numbers rows */
    float *zeros;         /* scratch: two rows of zeros, shape [2, stride]; left zero */
    float *sums;          /* scratch, shape [2, stride] */
} h2vi_cell;

/* A block far larger than the caches: a pair then costs what its rows from memory take. Its
 * context is fetched long before, and two tiles share their negatives. A function of the
 * graph and the parameters, since it shows in the result. */
static inline bool h2vi_is_large(int64_t rows_per_block)
{
    return rows_per_block >= H2VI_MANY_ROWS;
}

typedef void h2vi_train_cell(const h2vi_cell *cell);

/* The specification, and what other instruction sets have (NULL if not compiled in). */
h2vi_train_cell h2vi_train_cell_scalar;
h2vi_train_cell h2vi_train_cell_avx2;
h2vi_train_cell h2vi_train_cell_avx512;

/* The kernel of an instruction set, or NULL if this machine or build does not have it. */
h2vi_train_cell *h2vi_cell_kernel(h2vi_isa isa);
