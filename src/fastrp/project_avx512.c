/* SPDX-License-Identifier: MIT */

/* Philox for AVX-512 (philox_avx512.h). */
#include "project_rows.h"

#include "philox_avx512.h"

static inline void draw(const h2vi_projection *projection, uint32_t v, uint32_t step,
                        h2vi_drawn *drawn)
{
    const __m512i evens = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    __m512i w[H2VI_PHILOX_SETS][4];
#pragma GCC unroll 2
    for (int p = 0; p < H2VI_PHILOX_SETS; p++) {
        w[p][0] = _mm512_add_epi32(_mm512_set1_epi32((int)step + p), evens);
        w[p][1] = _mm512_setzero_si512();
        w[p][2] = _mm512_set1_epi32((int)v);
        w[p][3] = _mm512_set1_epi32((int)((uint32_t)projection->purpose << 24));
    }
    h2vi_philox_avx512(projection->seed, w);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
        _mm512_store_si512(drawn->words[j], h2vi_philox_join_avx512(w[0][j], w[1][j]));
}

void h2vi_project_row_avx512(const h2vi_projection *projection, uint32_t v, int num_columns,
                             float value, float *row)
{
    h2vi_project(projection, v, num_columns, value, row, draw);
}
