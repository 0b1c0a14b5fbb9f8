/* SPDX-License-Identifier: MIT */

#include "philox_avx512.h"
#include "random_many.h"

void h2vi_random_many_avx512(uint64_t seed, int64_t count, h2vi_many *many)
{
    for (int64_t k = 0; k < count; k++) {
        uint32_t(*words)[H2VI_MANY] = many[k].words;
        __m512i w[H2VI_PHILOX_SETS][4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            w[0][j] = _mm512_load_si512(words[j]);
            w[1][j] = _mm512_srli_epi64(w[0][j], 32);
        }
        h2vi_philox_avx512(seed, w);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            _mm512_store_si512(words[j], h2vi_philox_join_avx512(w[0][j], w[1][j]));
    }
}
