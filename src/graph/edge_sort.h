/* SPDX-License-Identifier: MIT */

/* Sorting one piece of all blocks by (source, target), stable, joining equal edges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge_block.h"
#include "halo2vec/status.h"

/* A thread's arrays. Zeroed, they are empty. */
typedef struct h2vi_sort_scratch {
    int64_t leaf;     /* keys and weights there is room for while they are sorted */
    int64_t num_wide; /* keys of 64 bits: of a whole piece, before it is divided */
    void *keys;
    float *weights;
    void *divided;
} h2vi_sort_scratch;

void h2vi_sort_scratch_clear(h2vi_sort_scratch *scratch);

/* What is sorted, and where distinct edges go. */
typedef struct h2vi_sort_job {
    h2vi_edge_block *const *blocks; /* in the order of the text; of fewer bits or as many */
    int64_t num_blocks;
    h2vi_edge_layout layout;
    int64_t piece;
    int64_t count;        /* edges of the piece, in all blocks */
    uint32_t *targets;    /* out: room for all edges; distinct ones come first */
    float *weights;       /* the same; NULL if unweighted */
    int64_t *row_lengths; /* out: of the piece's first row and those behind it, from 0 */
    int64_t num_distinct;
    bool has_overflow;  /* a sum of weights is no finite float: */
    h2vi_edge overflow; /* the first such edge */
} h2vi_sort_job;

/* ERR_DATA if the rows of a piece that differ in its low bits alone have more than 2^32
 * edges, those that come twice included; ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_edge_sort(h2vi_sort_job *job, h2vi_sort_scratch *scratch);

/* Where the edges of a piece of `layout` begin in a block of fewer bits or as many: pieces
 * of the block from there on to where the next begins. */
static inline int64_t h2vi_edge_block_piece(const h2vi_edge_block *block,
                                            h2vi_edge_layout layout, int64_t piece)
{
    const int64_t first = piece << (layout.row_bits - block->layout.row_bits);
    return first < block->num_pieces ? first : block->num_pieces;
}
