/* SPDX-License-Identifier: MIT */

/* The turn for AVX-512: groups of eight lanes. */
#include "first_order.h"

#include <immintrin.h>

enum { GROUP = 8 };
typedef __m512i vec;

static inline vec load(const void *from)
{
    return _mm512_loadu_si512(from);
}
static inline void store(void *to, vec x)
{
    _mm512_storeu_si512(to, x);
}
static inline vec widen(const uint32_t *from)
{
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)from));
}
static inline void narrow(uint32_t *to, vec x)
{
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi64_epi32(x));
}
static inline vec broadcast(uint32_t x)
{
    return _mm512_set1_epi64((long long)x);
}
static inline vec add(vec x, vec y)
{
    return _mm512_add_epi64(x, y);
}
static inline vec high_halves(vec x)
{
    return _mm512_srli_epi64(x, 32);
}
static inline vec multiply(vec x, vec y)
{
    return _mm512_mul_epu32(x, y);
}
static inline vec join(vec low, vec high)
{
    return _mm512_mask_blend_epi32(0x5555, high, low);
}
static inline vec keep_where_low(vec x, vec y)
{
    return _mm512_maskz_mov_epi64(_mm512_test_epi64_mask(y, _mm512_set1_epi64(UINT32_MAX)),
                                  x);
}

static inline vec load_four(const h2vi_walk_row *rows, const uint32_t *at)
{
    const __m128i a = _mm_loadu_si128((const __m128i *)&rows[at[0]]);
    const __m128i b = _mm_loadu_si128((const __m128i *)&rows[at[2]]);
    const __m128i c = _mm_loadu_si128((const __m128i *)&rows[at[4]]);
    const __m128i d = _mm_loadu_si128((const __m128i *)&rows[at[6]]);
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_set_m128i(b, a)),
                              _mm256_set_m128i(d, c), 1);
}
static inline void load_rows(const h2vi_walk_row *rows, const uint32_t *at, vec *offsets,
                             vec *rest)
{
    const vec even = load_four(rows, at), odd = load_four(rows, at + 1);
    *offsets = _mm512_unpacklo_epi64(even, odd);
    *rest = _mm512_unpackhi_epi64(even, odd);
}
static inline vec pick(const uint32_t *items, const int64_t *places)
{
#define ITEM(g) (int)items[places[g]]
    return _mm512_cvtepu32_epi64(_mm256_setr_epi32(ITEM(0), ITEM(1), ITEM(2), ITEM(3),
                                                   ITEM(4), ITEM(5), ITEM(6), ITEM(7)));
#undef ITEM
}
static inline vec pick_pairs(const h2vi_alias *items, const int64_t *places)
{
    typedef long long pair __attribute__((may_alias));
    const pair *pairs = (const pair *)items;
#define PAIR(g) pairs[places[g]]
    return _mm512_setr_epi64(PAIR(0), PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
                             PAIR(7));
#undef PAIR
}
static inline vec toss(vec pairs, vec coins, vec slots)
{
    const __mmask16 is_reached = _mm512_cmple_epu32_mask(coins, pairs);
    return _mm512_mask_blend_epi32(is_reached, high_halves(pairs), slots);
}

/* Lanes of four phases: pairs of tokens are joined, then pairs of these. */
static inline void turn_group(const h2vi_walk_batch *batch, int i,
                              h2vi_token *const to[GROUP])
{
    const vec a = load(batch->path[0] + i), b = load(batch->path[1] + i);
    const vec c = load(batch->path[2] + i), d = load(batch->path[3] + i);
    const vec ab[2] = {_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)};
    const vec cd[2] = {_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d)};
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
        const vec low = _mm512_permutex2var_epi64(
            ab[odd], _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), cd[odd]);
        const vec high = _mm512_permutex2var_epi64(
            ab[odd], _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), cd[odd]);
        _mm256_storeu_si256((__m256i *)to[odd], _mm512_castsi512_si256(low));
        _mm256_storeu_si256((__m256i *)to[2 + odd], _mm512_extracti64x4_epi64(low, 1));
        _mm256_storeu_si256((__m256i *)to[4 + odd], _mm512_castsi512_si256(high));
        _mm256_storeu_si256((__m256i *)to[6 + odd], _mm512_extracti64x4_epi64(high, 1));
    }
}

#include "first_order_turn.h"

void h2vi_turn_first_order_avx512(h2vi_walk_worker *worker)
{
    take_turn_of_its_kind(worker);
}
