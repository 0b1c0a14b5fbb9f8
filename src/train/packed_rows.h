/* SPDX-License-Identifier: MIT */

/* Rows as they travel: dim numbers of 32, 16 or 8 bits.
 *
 *     f32    as they are
 *     f16    IEEE half precision of row / 2^e, then e (int32): 2^e puts the largest
 *            magnitude of the rounded row into [2^13, 2^14), so 27 octaves below it are
 *            kept; e is -125 or more, as floats have nothing finer than such a row
 *     bf16   the upper halves of the floats
 *     int8   row / unit in -127..127, then the unit (float): the largest magnitude / 127
 *
 * Rounding is stochastic, so that changes below half a unit are kept on average: the
 * magnitude of number d is rounded up if what is cut off stands above word + d * 0x9E3779B9
 * (mod 2^32, as a fraction of a unit). `word` comes from the counter-based generator
 * (H2VI_FOR_ROUNDING): the result is a function of the row and the word. What is cut off is
 * exact for bf16 and f16, but for subnormal halves, where it counts in 2^-13 of a unit; for
 * int8 it counts in 2^-16. Nothing is rounded up to infinity.
 *
 * Numbers of bf16 and f16 rows are exact once rounded: packing them again changes nothing,
 * whatever the word. Values that are not finite stay so in some number of the row; in f16
 * and int8 all numbers become NaN. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "halo2vec/embed.h"

/* Bytes of a packed row, a multiple of 4. Numbers are padded with zeros. */
size_t h2vi_packed_bytes(h2v_precision precision, int dim);

/* Local. `packed` is 4-byte aligned, dim at least 1. */
void h2vi_pack_row(h2v_precision precision, int dim, const float *row, uint32_t word,
                   void *packed);
void h2vi_unpack_row(h2v_precision precision, int dim, const void *packed, float *row);

/* Local. Round in place: what packing and unpacking would leave. */
void h2vi_round_row(h2v_precision precision, int dim, float *row, uint32_t word);
