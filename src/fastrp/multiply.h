/* SPDX-License-Identifier: MIT */

/* Rows of A X, X dense: sums of a sparse matrix's rows over gathered rows.
 *
 *     to[v][c] = (sum over arcs a of v, in their order, of w_a from[source_a][c]) /
 * divisor_v
 *
 * in f32, one column like the other, so that how columns are grouped into vectors changes
 * no bit. The sum of a row with more than H2VI_PIECE_ARCS arcs is one of pieces of so many,
 * each summed from zero and added to what was before: less rounding at hubs. Products are
 * rounded before they are added.
 *
 * The text is multiply_rows.h, compiled once for each instruction set. */
#pragma once

#include <stdint.h>

#include "halo2vec/fastrp.h"
#include "isa.h"

enum {
    H2VI_ROW_LANES = 16, /* a row's stride is a multiple of this; the padding is zero */
    H2VI_PIECE_ARCS = 1024
};

typedef struct h2vi_multiplication {
    const int64_t *offsets;  /* of the rows of A */
    const uint32_t *sources; /* rows of X: below num_owned in `own`, then in `ghosts` */
    const float *weights;    /* as sources; NULL: all 1 */
    int64_t num_owned;
    int64_t num_arcs; /* sources there are, so that what comes next may be prefetched */
    int stride;
    h2v_row_type row_type; /* of own and ghosts */
    const void *own;       /* shape [num_owned, stride], float or uint16_t (bf16) */
    const void *ghosts;    /* likewise */
} h2vi_multiplication;

/* Local. Columns [begin, end), multiples of H2VI_ROW_LANES, of row v; not yet divided.
 * `sums`: shape [stride], of which these columns are written. */
typedef void h2vi_sum_row(const h2vi_multiplication *a, int64_t v, int begin, int end,
                          float *sums);
h2vi_sum_row *h2vi_sum_row_of(h2vi_isa isa); /* NULL if it is not here */

/* What becomes of a sum. */
typedef struct h2vi_finishing {
    int stride;
    h2v_unit_rows unit_rows;
    h2v_row_type row_type;
    float weight; /* alpha_i */
} h2vi_finishing;

/* Local. `sums` (overwritten): shape [stride]. Divides by `divisor` (0: the row has no
 * arcs, and is zeros); in ITERATED brings to unit length; stores in `to` (row_type), where
 * bf16 is rounded; adds weight times the stored row, in ADDED at unit length, to `result`.
 * The square of a length is a sum of doubles in 16 lanes (column modulo 16), folded by 8,
 * 4, 2, 1. */
typedef void h2vi_finish_row(const h2vi_finishing *how, float divisor, float *sums,
                             void *to, float *result);
h2vi_finish_row *h2vi_finish_row_of(h2vi_isa isa);
