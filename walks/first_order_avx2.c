/* SPDX-License-Identifier: MIT */

/* The turn for AVX2: groups of four lanes. Items are picked by loads, each its own, since
 * gathers are slower than these on some machines, and faster on none that we know. */
#include "first_order.h"

#include <immintrin.h>

enum { GROUP = 4 };
typedef __m256i vec;

static inline vec load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}
static inline void store(void *to, vec x)
{
    _mm256_storeu_si256((__m256i *)to, x);
}
static inline vec widen(const uint32_t *from)
{
    return _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)from));
}
static inline void narrow(uint32_t *to, vec x)
{
    const __m256 numbers = _mm256_castsi256_ps(x);
    _mm_storeu_ps((float *)to, _mm_shuffle_ps(_mm256_castps256_ps128(numbers),
                                              _mm256_extractf128_ps(numbers, 1), 0x88));
}
static inline vec broadcast(uint32_t x)
{
    return _mm256_set1_epi64x((long long)x);
}
static inline vec add(vec x, vec y)
{
    return _mm256_add_epi64(x, y);
}
static inline vec high_halves(vec x)
{
    return _mm256_srli_epi64(x, 32);
}
static inline vec multiply(vec x, vec y)
{
    return _mm256_mul_epu32(x, y);
}
static inline vec join(vec low, vec high)
{
    return _mm256_blend_epi32(high, low, 0x55);
}
static inline vec keep_where_low(vec x, vec y)
{
    const vec low = _mm256_slli_epi64(y, 32);
    return _mm256_andnot_si256(_mm256_cmpeq_epi64(low, _mm256_setzero_si256()), x);
}

static inline vec load_two(const h2vi_walk_row *low, const h2vi_walk_row *high)
{
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
        _mm_loadu_si128((const __m128i *)high), 1);
}
static inline void load_rows(const h2vi_walk_row *rows, const uint32_t *at, vec *offsets,
                             vec *rest)
{
    const vec even = load_two(&rows[at[0]], &rows[at[2]]);
    const vec odd = load_two(&rows[at[1]], &rows[at[3]]);
    *offsets = _mm256_unpacklo_epi64(even, odd);
    *rest = _mm256_unpackhi_epi64(even, odd);
}
static inline vec pick(const uint32_t *items, const int64_t *places)
{
    return _mm256_cvtepu32_epi64(
        _mm_setr_epi32((int)items[places[0]], (int)items[places[1]], (int)items[places[2]],
                       (int)items[places[3]]));
}
static inline vec pick_pairs(const h2vi_alias *items, const int64_t *places)
{
    typedef long long pair __attribute__((may_alias));
    const pair *pairs = (const pair *)items;
    return _mm256_setr_epi64x(pairs[places[0]], pairs[places[1]], pairs[places[2]],
                              pairs[places[3]]);
}
static inline vec toss(vec pairs, vec coins, vec slots)
{
    const vec is_reached = _mm256_cmpeq_epi32(_mm256_max_epu32(pairs, coins), pairs);
    return _mm256_blendv_epi8(high_halves(pairs), slots, is_reached);
}

static inline void turn_group(const h2vi_walk_batch *batch, int i,
                              h2vi_token *const to[GROUP])
{
    const vec a = load(batch->path[0] + i), b = load(batch->path[1] + i);
    const vec c = load(batch->path[2] + i), d = load(batch->path[3] + i);
    const vec ab02 = _mm256_unpacklo_epi64(a, b), ab13 = _mm256_unpackhi_epi64(a, b);
    const vec cd02 = _mm256_unpacklo_epi64(c, d), cd13 = _mm256_unpackhi_epi64(c, d);
    store(to[0], _mm256_permute2x128_si256(ab02, cd02, 0x20));
    store(to[1], _mm256_permute2x128_si256(ab13, cd13, 0x20));
    store(to[2], _mm256_permute2x128_si256(ab02, cd02, 0x31));
    store(to[3], _mm256_permute2x128_si256(ab13, cd13, 0x31));
}

#include "first_order_turn.h"

void h2vi_turn_first_order_avx2(h2vi_walk_worker *worker)
{
    take_turn_of_its_kind(worker);
}
