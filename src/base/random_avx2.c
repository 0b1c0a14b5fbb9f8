/* SPDX-License-Identifier: MIT */

#include "philox_avx2.h"
#include "random_many.h"

enum { HALF = 8 }; /* counters a register */

static inline void draw_half(uint64_t seed, uint32_t words[4][H2VI_MANY], int first)
{
    __m256i w[H2VI_PHILOX_SETS][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        w[0][j] = _mm256_load_si256((const __m256i *)(words[j] + first));
        w[1][j] = _mm256_srli_epi64(w[0][j], 32);
    }
    h2vi_philox_avx2(seed, w);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
        _mm256_store_si256((__m256i *)(words[j] + first),
                           h2vi_philox_join_avx2(w[0][j], w[1][j]));
}

void h2vi_random_many_avx2(uint64_t seed, int64_t count, h2vi_many *many)
{
    for (int64_t k = 0; k < count; k++) {
        draw_half(seed, many[k].words, 0);
        draw_half(seed, many[k].words, HALF);
    }
}
