/* SPDX-License-Identifier: MIT */

/* Row by row. A buffer that took another block before may have had its updates where this
 * one has the padding of rows, so the padding is cleared with every block. */
#include "block_wire.h"

#include "packed_rows.h"

#include <string.h>

enum { ANY_WORD = 0 /* rounded rows are packed exactly, whatever the word */ };

h2vi_block_wire h2vi_block_wire_of(const h2vi_block_set *set, h2v_precision precision,
                                   int dim)
{
    h2vi_block_wire wire = {.precision = h2vi_block_precision(precision), .dim = dim};
    wire.packed_bytes = h2vi_block_wire_packs(&wire)
                            ? h2vi_packed_bytes(wire.precision, dim)
                            : (size_t)set->stride * sizeof(float);
    wire.row_bytes = (int)(wire.packed_bytes + (set->has_updates ? sizeof(float) : 0));
    return wire;
}

void h2vi_block_pack(const h2vi_block_wire *wire, const h2vi_block_set *set, int home,
                     const float *rows, void *packed)
{
    const int64_t num_rows = set->num_rows[home];
    char *at = packed;
    for (int64_t i = 0; i < num_rows; i++, at += wire->packed_bytes)
        h2vi_pack_row(wire->precision, wire->dim, rows + i * set->stride, ANY_WORD, at);
    if (set->has_updates)
        memcpy(at, rows + num_rows * set->stride, (size_t)num_rows * sizeof *rows);
}

void h2vi_block_unpack(const h2vi_block_wire *wire, const h2vi_block_set *set, int home,
                       const void *packed, float *rows)
{
    const int64_t num_rows = set->num_rows[home];
    const size_t padding = (size_t)(set->stride - wire->dim) * sizeof *rows;
    const char *at = packed;
    for (int64_t i = 0; i < num_rows; i++, at += wire->packed_bytes) {
        float *row = rows + i * set->stride;
        h2vi_unpack_row(wire->precision, wire->dim, at, row);
        memset(row + wire->dim, 0, padding);
    }
    if (set->has_updates)
        memcpy(rows + num_rows * set->stride, at, (size_t)num_rows * sizeof *rows);
}
