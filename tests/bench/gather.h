/* SPDX-License-Identifier: MIT */

/* What a machine's memory gives to one thread: loops by hand that do nothing but read. Sums
 * of gathered rows stay in registers, as many as 128 columns need, while all arcs of a row
 * pass; rows that come later are prefetched, far ahead into the second level of caches and
 * shortly before their turn into the first. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "multiply.h"

enum { GATHER_COLUMNS = 128 };

/* Loops whose turns are known, and are to be written out. */
#ifdef __clang__
#define GATHER_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GATHER_UNROLL _Pragma("GCC unroll 16")
#endif

/* Between an arc and those whose rows are prefetched; far 0: none there. */
typedef struct gather_ahead {
    int64_t far, near;
} gather_ahead;

/* One vertex after the other. The stride is GATHER_COLUMNS, all rows are owned, all arcs
 * weigh 1. `sums`: shape [GATHER_COLUMNS], those of the last vertex, columns in any order.
 */
typedef void gather_rows(const h2vi_multiplication *a, int64_t num_vertices,
                         gather_ahead ahead, float *sums);

/* The sum of `num_words` words, a multiple of 64. */
typedef uint64_t read_words(size_t num_words, const uint64_t *words);

typedef struct gather_loops {
    gather_rows *f32, *bf16;
    read_words *read;
} gather_loops;

extern const gather_loops gather_avx2, gather_avx512;
