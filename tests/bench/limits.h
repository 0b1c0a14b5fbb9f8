/* SPDX-License-Identifier: MIT */

/* What one core allows: loops that do one thing each, in one file an instruction set. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gather.h"

enum {
    LIMITS_ROW = 64,  /* words of a row: 512 bytes, 128 columns of float32 */
    LIMITS_FUSED = 12 /* multiply-adds that do not wait for each other */
};

/* LIMITS_FUSED vectors, so many times multiplied and added to; a sum of them all. */
typedef float fuse_vectors(int64_t times);

/* Rows of `words` in the order listed: shape [count + the greater distance ahead]. A row is
 * fetched `far` places before its turn into the second level of caches, and `near` places
 * before into the first; 0: not. The sum of all words. */
typedef uint64_t read_rows(const uint64_t *words, const uint32_t *order, int64_t count,
                           gather_ahead ahead);

/* The same, `amount` added to every word. */
typedef void change_rows(uint64_t *words, const uint32_t *order, int64_t count,
                         gather_ahead ahead, uint64_t amount);

typedef struct limits_loops {
    fuse_vectors *fuse;
    read_rows *read;
    change_rows *change;
} limits_loops;

extern const limits_loops limits_avx2, limits_avx512;
