/* SPDX-License-Identifier: MIT */

/* Philox for AVX-512, 16 counters at a time; otherwise as project_avx2.c. */
#include "project_rows.h"

#include <immintrin.h>

#include "philox.h"

enum { PAIRS = 2 }; /* even and odd counters */

static inline void draw(const h2vi_projection *projection, uint32_t v, uint32_t step,
                        h2vi_drawn *drawn)
{
    const __m512i m0 = _mm512_set1_epi64((long long)H2VI_PHILOX_M0);
    const __m512i m1 = _mm512_set1_epi64((long long)H2VI_PHILOX_M1);
    const __m512i evens = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    uint32_t k0 = (uint32_t)projection->seed, k1 = (uint32_t)(projection->seed >> 32);
    __m512i w[PAIRS][4];
#pragma GCC unroll 2
    for (int p = 0; p < PAIRS; p++) {
        w[p][0] = _mm512_add_epi32(_mm512_set1_epi32((int)step + p), evens);
        w[p][1] = _mm512_setzero_si512();
        w[p][2] = _mm512_set1_epi32((int)v);
        w[p][3] = _mm512_set1_epi32((int)((uint32_t)projection->purpose << 24));
    }
    for (int turn = 0; turn < H2VI_PHILOX_TURNS; turn++) {
        const __m512i key0 = _mm512_set1_epi32((int)k0), key1 = _mm512_set1_epi32((int)k1);
#pragma GCC unroll 2
        for (int p = 0; p < PAIRS; p++) {
            const __m512i a = _mm512_mul_epu32(w[p][0], m0);
            const __m512i b = _mm512_mul_epu32(w[p][2], m1);
            w[p][0] =
                _mm512_xor_si512(_mm512_srli_epi64(b, 32), _mm512_xor_si512(w[p][1], key0));
            w[p][2] =
                _mm512_xor_si512(_mm512_srli_epi64(a, 32), _mm512_xor_si512(w[p][3], key1));
            w[p][1] = b;
            w[p][3] = a;
        }
        k0 += H2VI_PHILOX_W0;
        k1 += H2VI_PHILOX_W1;
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
        _mm512_store_si512(
            drawn->words[j],
            _mm512_mask_blend_epi32(0xAAAA, w[0][j], _mm512_slli_epi64(w[1][j], 32)));
}

void h2vi_project_row_avx512(const h2vi_projection *projection, uint32_t v, int num_columns,
                             float value, float *row)
{
    h2vi_project(projection, v, num_columns, value, row, draw);
}
