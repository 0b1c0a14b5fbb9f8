/* SPDX-License-Identifier: MIT */

/* Philox4x32-10 for AVX-512, 16 counters at a time; otherwise as philox_avx2.h. */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "philox.h"

enum { H2VI_PHILOX_SETS = 2 }; /* even and odd counters */

/* Counters become random numbers in their place: word j of counter 2 i + s is the low half
 * of lane i of words[s][j]. */
static inline void h2vi_philox_avx512(uint64_t seed, __m512i words[H2VI_PHILOX_SETS][4])
{
    const __m512i m0 = _mm512_set1_epi64((long long)H2VI_PHILOX_M0);
    const __m512i m1 = _mm512_set1_epi64((long long)H2VI_PHILOX_M1);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int turn = 0; turn < H2VI_PHILOX_TURNS; turn++) {
        const __m512i key0 = _mm512_set1_epi32((int)k0), key1 = _mm512_set1_epi32((int)k1);
#pragma GCC unroll 2
        for (int s = 0; s < H2VI_PHILOX_SETS; s++) {
            __m512i *w = words[s];
            const __m512i a = _mm512_mul_epu32(w[0], m0);
            const __m512i b = _mm512_mul_epu32(w[2], m1);
            w[0] = _mm512_xor_si512(_mm512_srli_epi64(b, 32), _mm512_xor_si512(w[1], key0));
            w[2] = _mm512_xor_si512(_mm512_srli_epi64(a, 32), _mm512_xor_si512(w[3], key1));
            w[1] = b;
            w[3] = a;
        }
        k0 += H2VI_PHILOX_W0;
        k1 += H2VI_PHILOX_W1;
    }
}

/* Word j of the 16 counters, in their order. */
static inline __m512i h2vi_philox_join_avx512(__m512i evens, __m512i odds)
{
    return _mm512_mask_blend_epi32(0xAAAA, evens, _mm512_slli_epi64(odds, 32));
}
