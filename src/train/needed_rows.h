/* SPDX-License-Identifier: MIT */

/* The rows of one block that a group needs, and their numbers: how many needed rows come
 * before. */
#pragma once

#include <stdint.h>

typedef struct h2vi_needed_rows {
    uint64_t *bits;   /* a bit for each row of the block, shape [num_words] */
    uint32_t *before; /* bits set before each word, shape [num_words] */
    int64_t num_rows;
    uint32_t *pool; /* numbers of the pool's rows, in the order of noise tables */
    int64_t num_pooled;
} h2vi_needed_rows;

/* Bits set in a word, without an instruction that not every processor has. */
static inline uint32_t h2vi_count_bits(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + (word >> 2 & 0x3333333333333333U);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return (uint32_t)(word * 0x0101010101010101U >> 56);
}

/* The number of a needed row. */
static inline uint32_t h2vi_row_number(const h2vi_needed_rows *needed, uint32_t row)
{
    const uint64_t below = ((uint64_t)1 << row % 64) - 1;
    return needed->before[row / 64] + h2vi_count_bits(needed->bits[row / 64] & below);
}
