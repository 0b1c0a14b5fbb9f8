/* SPDX-License-Identifier: MIT */

/* What a turn of the second order asks of an instruction set, by AVX2, in groups of eight;
 * AVX-512 has no better way. Items are picked by loads, as first_order_avx2.c does. */
#pragma once

#include "second_order.h"

#include <immintrin.h>

enum { GROUP = 8 };
typedef __m256i vec;

static inline vec pick_group(const uint32_t *items, const int64_t *places)
{
#define ITEM(g) (int)items[places[g]]
    return _mm256_setr_epi32(ITEM(0), ITEM(1), ITEM(2), ITEM(3), ITEM(4), ITEM(5), ITEM(6),
                             ITEM(7));
#undef ITEM
}
static inline void pick(const uint32_t *items, const int64_t *places,
                        uint32_t found[H2VI_MANY])
{
    for (int j = 0; j < H2VI_MANY; j += GROUP)
        _mm256_storeu_si256((vec *)(found + j), pick_group(items, places + j));
}

/* Low halves of the one, then of the other, four each, in order. */
static inline vec join_halves(__m256 x, __m256 y, const int which)
{
    const __m256 mixed =
        which ? _mm256_shuffle_ps(x, y, 0xDD) : _mm256_shuffle_ps(x, y, 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xD8);
}
static inline void pick_pairs(const h2vi_alias *items, const int64_t *places,
                              uint32_t thresholds[H2VI_MANY], uint32_t others[H2VI_MANY])
{
    typedef long long pair __attribute__((may_alias));
    const pair *pairs = (const pair *)items;
#define FOUR(g)                                                                            \
    _mm256_castsi256_ps(_mm256_setr_epi64x(pairs[places[g]], pairs[places[(g) + 1]],       \
                                           pairs[places[(g) + 2]],                         \
                                           pairs[places[(g) + 3]]))
    for (int j = 0; j < H2VI_MANY; j += GROUP) {
        const __m256 x = FOUR(j), y = FOUR(j + 4);
        _mm256_storeu_si256((vec *)(thresholds + j), join_halves(x, y, 0));
        _mm256_storeu_si256((vec *)(others + j), join_halves(x, y, 1));
    }
#undef FOUR
}

static inline vec matches(const h2v_slot *bucket, h2v_slot target)
{
    return _mm256_cmpeq_epi32(_mm256_loadu_si256((const vec *)bucket),
                              _mm256_set1_epi32((int)target));
}
/* The lanes' comparisons, of eight keys each, become one of eight lanes: those without. */
static inline vec lacks(const vec m[GROUP])
{
    const vec low =
        _mm256_packs_epi16(_mm256_packs_epi32(m[0], m[1]), _mm256_packs_epi32(m[2], m[3]));
    const vec high =
        _mm256_packs_epi16(_mm256_packs_epi32(m[4], m[5]), _mm256_packs_epi32(m[6], m[7]));
    return _mm256_cmpeq_epi32(_mm256_or_si256(_mm256_permute2x128_si256(low, high, 0x20),
                                              _mm256_permute2x128_si256(low, high, 0x31)),
                              _mm256_setzero_si256());
}
static inline void look_up(const h2v_slot *keys, const int64_t *places,
                           const h2v_slot *targets, uint32_t is_there[H2VI_MANY],
                           uint32_t is_unsettled[H2VI_MANY])
{
    for (int j = 0; j < H2VI_MANY; j += GROUP) {
        vec m[GROUP];
#pragma GCC unroll 8
        for (int g = 0; g < GROUP; g++)
            m[g] = matches(keys + places[j + g], targets[j + g]);
        const vec is_not = lacks(m), ones = _mm256_set1_epi32(-1);
#define LAST(g) (int)keys[places[j + (g)] + H2VI_BUCKET - 1]
        const vec last = _mm256_setr_epi32(LAST(0), LAST(1), LAST(2), LAST(3), LAST(4),
                                           LAST(5), LAST(6), LAST(7));
#undef LAST
        const vec has_room = _mm256_cmpeq_epi32(last, ones);
        _mm256_storeu_si256((vec *)(is_there + j), _mm256_xor_si256(is_not, ones));
        _mm256_storeu_si256((vec *)(is_unsettled + j),
                            _mm256_andnot_si256(has_room, is_not));
    }
}

/* The bits that are set in m, the lowest first, a byte for each. */
#define PUT(m, b)                                                                          \
    ((uint64_t)((m) >> (b)&1) * (b) << 8 * __builtin_popcount((m) & ((1 << (b)) - 1)))
#define BITS(m)                                                                            \
    PUT(m, 1) | PUT(m, 2) | PUT(m, 3) | PUT(m, 4) | PUT(m, 5) | PUT(m, 6) | PUT(m, 7)
#define BITS_4(m) BITS(m), BITS((m) + 1), BITS((m) + 2), BITS((m) + 3)
#define BITS_16(m) BITS_4(m), BITS_4((m) + 4), BITS_4((m) + 8), BITS_4((m) + 12)
#define BITS_64(m) BITS_16(m), BITS_16((m) + 16), BITS_16((m) + 32), BITS_16((m) + 48)
static const uint64_t bits_of[1 << GROUP] = {BITS_64(0), BITS_64(64), BITS_64(128),
                                             BITS_64(192)};

static inline int append(const uint32_t *masks, int i, h2vi_lane *lanes, int count)
{
    for (int j = 0; j < H2VI_MANY; j += GROUP) {
        const int bits = _mm256_movemask_ps(_mm256_loadu_ps((const float *)(masks + j)));
        const __m128i places =
            _mm_cvtepu8_epi16(_mm_cvtsi64_si128((long long)bits_of[bits]));
        _mm_storeu_si128((__m128i *)(lanes + count),
                         _mm_add_epi16(places, _mm_set1_epi16((short)(i + j))));
        count += __builtin_popcount((unsigned)bits);
    }
    return count;
}
