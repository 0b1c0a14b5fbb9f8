/* SPDX-License-Identifier: MIT */

/* XXH3's 128 bits of 8 and of 40 bytes, four at a time (Collet, xxHash's
 * doc/xxhash_spec.md, version 0.2.0: "XXH3 Algorithm for Small Inputs", "for Medium
 * Inputs"). Names of constants are from there. Registers hold 64 bits of four items. */
#include "hash_many.h"

#include <immintrin.h>

enum { LANES = 4, NUMBER_BYTES = 8, EDGE_BYTES = 40 };

static const uint64_t PRIME64_1 = 0x9e3779b185ebca87U;
static const uint64_t PRIME64_2 = 0xc2b2ae3d27d4eb4fU;
static const uint64_t PRIME64_4 = 0x85ebca77c2b2ae63U;
static const uint64_t PRIME_MX1 = 0x165667919e3779f9U;
static const uint64_t PRIME_MX2 = 0x9fb21c651e98df25U;

/* The first words of the default secret. */
static const uint64_t secret[] = {
    0xbe4ba423396cfeb8U, 0x1cad21f72c81017cU, 0xdb979083e96dd4deU, 0x1f67b3b7a4a44072U,
    0x78e5c0cc4ee679cbU, 0x2172ffcc7dd05a82U, 0x8e2443f7744608b8U, 0x4c263a81e69035e0U};

/* Products of 128 bits. */
typedef struct product {
    __m256i low, high;
} product;

static inline __m256i all(uint64_t value)
{
    return _mm256_set1_epi64x((long long)value);
}

static inline __m256i load(const void *from)
{
    return _mm256_loadu_si256(from);
}

static inline __m256i shift_xor(__m256i x, int shift)
{
    return _mm256_xor_si256(x, _mm256_srli_epi64(x, shift));
}

/* The low halves of x * y. */
static inline __m256i multiply(__m256i x, uint64_t y)
{
    const __m256i cross =
        _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), all(y)),
                         _mm256_mul_epu32(x, all(y >> 32)));
    return _mm256_add_epi64(_mm256_mul_epu32(x, all(y)), _mm256_slli_epi64(cross, 32));
}

static inline product multiply_wide(__m256i x, __m256i y)
{
    const __m256i x_high = _mm256_srli_epi64(x, 32), y_high = _mm256_srli_epi64(y, 32);
    const __m256i low = _mm256_mul_epu32(x, y);
    const __m256i middle = _mm256_mul_epu32(x_high, y);
    const __m256i cross =
        _mm256_add_epi64(_mm256_add_epi64(_mm256_srli_epi64(low, 32),
                                          _mm256_and_si256(middle, all(UINT32_MAX))),
                         _mm256_mul_epu32(x, y_high));
    const __m256i high = _mm256_add_epi64(
        _mm256_mul_epu32(x_high, y_high),
        _mm256_add_epi64(_mm256_srli_epi64(middle, 32), _mm256_srli_epi64(cross, 32)));
    return (product){_mm256_blend_epi32(low, _mm256_slli_epi64(cross, 32), 0xaa), high};
}

static inline __m256i avalanche(__m256i x)
{
    return shift_xor(multiply(shift_xor(x, 37), PRIME_MX1), 32);
}

static void hash_numbers(const int64_t *numbers, int count, h2vi_hashes *hashes)
{
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        const __m256i keyed =
            _mm256_xor_si256(load(numbers + i), all(secret[2] ^ secret[3]));
        const product p = multiply_wide(keyed, all(PRIME64_1 + (NUMBER_BYTES << 2)));
        const __m256i high = _mm256_add_epi64(p.high, _mm256_slli_epi64(p.low, 1));
        __m256i low = _mm256_xor_si256(p.low, _mm256_srli_epi64(high, 3));
        low = shift_xor(multiply(shift_xor(low, 35), PRIME_MX2), 28);
        _mm256_storeu_si256((__m256i *)(void *)(hashes->low + i), low);
        _mm256_storeu_si256((__m256i *)(void *)(hashes->high + i), avalanche(high));
    }
    if (i == count) return;
    h2vi_hashes rest;
    h2vi_hash_scalar.hash_numbers(numbers + i, count - i, &rest);
    for (int j = 0; i + j < count; j++) {
        hashes->low[i + j] = rest.low[j];
        hashes->high[i + j] = rest.high[j];
    }
}

/* The hashes of one end of four edges. */
typedef struct ends {
    __m256i low, high;
} ends;

static inline __m256i is_above_u64(__m256i x, __m256i y)
{
    const __m256i sign = all((uint64_t)1 << 63);
    return _mm256_cmpgt_epi64(_mm256_xor_si256(x, sign), _mm256_xor_si256(y, sign));
}

static inline void put_in_order(ends *a, ends *b)
{
    const __m256i is_above =
        _mm256_or_si256(is_above_u64(a->high, b->high),
                        _mm256_and_si256(_mm256_cmpeq_epi64(a->high, b->high),
                                         is_above_u64(a->low, b->low)));
    const ends first = {_mm256_blendv_epi8(a->low, b->low, is_above),
                        _mm256_blendv_epi8(a->high, b->high, is_above)};
    const ends second = {_mm256_blendv_epi8(b->low, a->low, is_above),
                         _mm256_blendv_epi8(b->high, a->high, is_above)};
    *a = first;
    *b = second;
}

/* The specification's mixing of 16 bytes. */
static inline __m256i mix(__m256i x, __m256i y, int word)
{
    const product p = multiply_wide(_mm256_xor_si256(x, all(secret[word])),
                                    _mm256_xor_si256(y, all(secret[word + 1])));
    return _mm256_xor_si256(p.low, p.high);
}

/* The five words of four edges are a.low, a.high, b.low, b.high, weight. */
static inline ends hash_edges(ends a, ends b, __m256i weight)
{
    __m256i low = all(EDGE_BYTES * PRIME64_1);
    low = _mm256_add_epi64(low, mix(b.low, b.high, 4));
    low = _mm256_xor_si256(low, _mm256_add_epi64(a.high, b.low));
    __m256i high = mix(a.high, b.low, 6);
    high = _mm256_xor_si256(high, _mm256_add_epi64(b.low, b.high));

    low = _mm256_add_epi64(low, mix(a.low, a.high, 0));
    low = _mm256_xor_si256(low, _mm256_add_epi64(b.high, weight));
    high = _mm256_add_epi64(high, mix(b.high, weight, 2));
    high = _mm256_xor_si256(high, _mm256_add_epi64(a.low, a.high));

    const __m256i last = _mm256_add_epi64(
        _mm256_add_epi64(multiply(low, PRIME64_1), multiply(high, PRIME64_4)),
        all(EDGE_BYTES * PRIME64_2));
    return (ends){avalanche(_mm256_add_epi64(low, high)),
                  _mm256_sub_epi64(_mm256_setzero_si256(), avalanche(last))};
}

static uint64_t add_lanes(__m256i x)
{
    uint64_t lanes[LANES];
    _mm256_storeu_si256((__m256i *)(void *)lanes, x);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

static void add_edges(const h2vi_hashed_edges *edges, int first, h2v_digest *sum)
{
    const h2vi_hashes *sources = &edges->sources, *targets = &edges->targets;
    ends total = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    int i = first;
    for (; i + LANES <= edges->count; i += LANES) {
        ends a = {load(sources->low + i), load(sources->high + i)};
        ends b = {load(targets->low + i), load(targets->high + i)};
        if (!edges->directed) put_in_order(&a, &b);
        const ends hash = hash_edges(a, b, load(edges->weights + i));
        total.low = _mm256_add_epi64(total.low, hash.low);
        total.high = _mm256_add_epi64(total.high, hash.high);
    }
    sum->low += add_lanes(total.low);
    sum->high += add_lanes(total.high);
    h2vi_hash_scalar.add_edges(edges, i, sum);
}

const h2vi_hash_kernels h2vi_hash_avx2 = {hash_numbers, add_edges};
