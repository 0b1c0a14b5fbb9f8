/* SPDX-License-Identifier: MIT */

/* The blocks of context rows that are on this rank, and buffers for those on their way.
 *
 * A block has a home: the part that trains it first in a rotation and where it is between
 * rotations. Homes number the blocks: block b of group g has home g * (parts / groups) + b;
 * with one group the home is the block's number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"

typedef struct h2vi_block_set {
    int num_homes;    /* parts */
    int stride;       /* floats a row */
    bool has_updates; /* whether a number a row travels behind the rows of a block */
    int64_t
        *num_rows;    /* of each block of a group that has a part here, shape [num_homes] */
    float **rows;     /* the block's rows if it is on this rank, else NULL; [num_homes]:
                         num_rows * stride floats, then num_rows more if has_updates */
    float *memory;    /* of all buffers */
    int64_t capacity; /* rows that each buffer has room for */
    float **spare;    /* buffers for blocks on the move, NULL where in use, [num_places] */
    int num_places;
} h2vi_block_set;

/* Local. This rank's homes are those of parts [first, end); `num_spare` buffers more. All
 * blocks have `num_rows` rows, of zeros. */
H2V_CHECKED h2v_status h2vi_block_set_init(int num_homes, int first, int end, int num_spare,
                                           int64_t num_rows, int stride, bool has_updates,
                                           h2vi_block_set *set);
void h2vi_block_set_clear(h2vi_block_set *set);

/* Local. Make room for `capacity` rows in every buffer; what they held is lost. All blocks
 * of this rank are at home. */
H2V_CHECKED h2v_status h2vi_block_set_reserve(h2vi_block_set *set, int64_t capacity);

/* Where the updates of a block that is here are, shape [num_rows[home]]. */
static inline float *h2vi_block_updates(const h2vi_block_set *set, int home)
{
    return set->rows[home] + set->num_rows[home] * set->stride;
}

/* Bytes of all buffers. */
int64_t h2vi_block_set_bytes(const h2vi_block_set *set);
