/* SPDX-License-Identifier: MIT */

/* Philox for AVX2, eight counters at a time. A 32 x 32 -> 64 bit product takes the low
 * halves of 64-bit lanes, so words lie there, those of even and of odd counters apart;
 * what is in the high halves is never looked at. */
#include "project_rows.h"

#include <immintrin.h>

#include "philox.h"

enum { HALF = 8, PAIRS = 2 }; /* counters of a call; even and odd */

static inline void draw_half(const h2vi_projection *projection, uint32_t v, uint32_t step,
                             uint32_t *const words[4])
{
    const __m256i m0 = _mm256_set1_epi64x((long long)H2VI_PHILOX_M0);
    const __m256i m1 = _mm256_set1_epi64x((long long)H2VI_PHILOX_M1);
    const __m256i evens = _mm256_set_epi64x(6, 4, 2, 0);
    uint32_t k0 = (uint32_t)projection->seed, k1 = (uint32_t)(projection->seed >> 32);
    __m256i w[PAIRS][4];
#pragma GCC unroll 2
    for (int p = 0; p < PAIRS; p++) {
        w[p][0] = _mm256_add_epi32(_mm256_set1_epi32((int)step + p), evens);
        w[p][1] = _mm256_setzero_si256();
        w[p][2] = _mm256_set1_epi32((int)v);
        w[p][3] = _mm256_set1_epi32((int)((uint32_t)projection->purpose << 24));
    }
    for (int turn = 0; turn < H2VI_PHILOX_TURNS; turn++) {
        const __m256i key0 = _mm256_set1_epi32((int)k0), key1 = _mm256_set1_epi32((int)k1);
#pragma GCC unroll 2
        for (int p = 0; p < PAIRS; p++) {
            const __m256i a = _mm256_mul_epu32(w[p][0], m0);
            const __m256i b = _mm256_mul_epu32(w[p][2], m1);
            w[p][0] =
                _mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(w[p][1], key0));
            w[p][2] =
                _mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(w[p][3], key1));
            w[p][1] = b;
            w[p][3] = a;
        }
        k0 += H2VI_PHILOX_W0;
        k1 += H2VI_PHILOX_W1;
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
        _mm256_store_si256(
            (__m256i *)words[j],
            _mm256_blend_epi32(w[0][j], _mm256_slli_epi64(w[1][j], 32), 0xAA));
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
