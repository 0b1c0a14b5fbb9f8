/* SPDX-License-Identifier: MIT */

/* Philox4x32-10 for AVX2, eight counters at a time. A 32 x 32 -> 64 bit product takes the
 * low halves of 64-bit lanes, so words lie there, those of even and of odd counters apart;
 * what is in the high halves is never looked at. */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "philox.h"

enum { H2VI_PHILOX_SETS = 2 }; /* even and odd counters */

/* Counters become random numbers in their place: word j of counter 2 i + s is the low half
 * of lane i of words[s][j]. */
static inline void h2vi_philox_avx2(uint64_t seed, __m256i words[H2VI_PHILOX_SETS][4])
{
    const __m256i m0 = _mm256_set1_epi64x((long long)H2VI_PHILOX_M0);
    const __m256i m1 = _mm256_set1_epi64x((long long)H2VI_PHILOX_M1);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int turn = 0; turn < H2VI_PHILOX_TURNS; turn++) {
        const __m256i key0 = _mm256_set1_epi32((int)k0), key1 = _mm256_set1_epi32((int)k1);
#pragma GCC unroll 2
        for (int s = 0; s < H2VI_PHILOX_SETS; s++) {
            __m256i *w = words[s];
            const __m256i a = _mm256_mul_epu32(w[0], m0);
            const __m256i b = _mm256_mul_epu32(w[2], m1);
            w[0] = _mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(w[1], key0));
            w[2] = _mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(w[3], key1));
            w[1] = b;
            w[3] = a;
        }
        k0 += H2VI_PHILOX_W0;
        k1 += H2VI_PHILOX_W1;
    }
}

/* Word j of the eight counters, in their order. */
static inline __m256i h2vi_philox_join_avx2(__m256i evens, __m256i odds)
{
    return _mm256_blend_epi32(evens, _mm256_slli_epi64(odds, 32), 0xAA);
}
