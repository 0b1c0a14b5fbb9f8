/* SPDX-License-Identifier: MIT */

/* A block as it travels: its rows, as they are or packed (packed_rows.h), then its updates
 * as they are. */
#pragma once

#include <stddef.h>

#include "block_set.h"
#include "halo2vec/embed.h"

typedef struct h2vi_block_wire {
    h2v_precision precision;
    int dim;             /* numbers of a row that are packed */
    size_t packed_bytes; /* of a row */
    int row_bytes;       /* of a row and its update, if it has one */
} h2vi_block_wire;

/* Rows of 8 bits are for the way to and from their owners: between cells they would be
 * rounded too often, so blocks go as f16 instead. */
static inline h2v_precision h2vi_block_precision(h2v_precision precision)
{
    return precision == H2V_PRECISION_INT8 ? H2V_PRECISION_F16 : precision;
}

/* The wire of blocks where rows are asked to travel with this precision. */
h2vi_block_wire h2vi_block_wire_of(const h2vi_block_set *set, h2v_precision precision,
                                   int dim);

/* Whether the wire needs a buffer beside the block's own. */
static inline bool h2vi_block_wire_packs(const h2vi_block_wire *wire)
{
    return wire->precision != H2V_PRECISION_F32;
}

/* Local. `rows` are those of `home` and were rounded to the precision: nothing is lost.
 * `packed`: num_rows[home] * row_bytes bytes, 4-byte aligned. */
void h2vi_block_pack(const h2vi_block_wire *wire, const h2vi_block_set *set, int home,
                     const float *rows, void *packed);
void h2vi_block_unpack(const h2vi_block_wire *wire, const h2vi_block_set *set, int home,
                       const void *packed, float *rows);
