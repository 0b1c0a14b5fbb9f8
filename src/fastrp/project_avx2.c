/* SPDX-License-Identifier: MIT */

/* Philox for AVX2 (philox_avx2.h). */
#include "project_rows.h"

#include "philox_avx2.h"

enum { HALF = 8 }; /* counters of a call */

static inline void draw_half(const h2vi_projection *projection, uint32_t v, uint32_t step,
                             uint32_t *const words[4])
{
    const __m256i evens = _mm256_set_epi64x(6, 4, 2, 0);
    __m256i w[H2VI_PHILOX_SETS][4];
#pragma GCC unroll 2
    for (int p = 0; p < H2VI_PHILOX_SETS; p++) {
        w[p][0] = _mm256_add_epi32(_mm256_set1_epi32((int)step + p), evens);
        w[p][1] = _mm256_setzero_si256();
        w[p][2] = _mm256_set1_epi32((int)v);
        w[p][3] = _mm256_set1_epi32((int)((uint32_t)projection->purpose << 24));
    }
    h2vi_philox_avx2(projection->seed, w);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
        _mm256_store_si256((__m256i *)words[j], h2vi_philox_join_avx2(w[0][j], w[1][j]));
}

static inline void draw(const h2vi_projection *projection, uint32_t v, uint32_t step,
                        h2vi_drawn *drawn)
{
    for (uint32_t i = 0; i < H2VI_COUNTERS; i += HALF) {
        uint32_t *const words[4] = {drawn->words[0] + i, drawn->words[1] + i,
                                    drawn->words[2] + i, drawn->words[3] + i};
        draw_half(projection, v, step + i, words);
    }
}

void h2vi_project_row_avx2(const h2vi_projection *projection, uint32_t v, int num_columns,
                           float value, float *row)
{
    h2vi_project(projection, v, num_columns, value, row, draw);
}
