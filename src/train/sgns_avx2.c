/* SPDX-License-Identifier: MIT */

/* The cell kernel for AVX2 and FMA. The 16 lanes of the specification are two registers; a
 * product is folded to four lanes as soon as it is summed, and four products at a time
 * after that. */
#include "sgns_tiles.h"

#include <immintrin.h>

enum { WIDTH = 8, LANES_KEPT = 4 };
typedef __m256 vec;

static inline vec load(const float *from)
{
    return _mm256_load_ps(from);
}
static inline vec load_once(const float *from)
{
    vec x = load(from);
    __asm__("" : "+x"(x));
    return x;
}
static inline void store(float *to, vec x)
{
    _mm256_store_ps(to, x);
}
static inline vec broadcast(const float *from)
{
    return _mm256_broadcast_ss(from);
}
static inline vec add_product(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* Fold by 8 and by 4. */
static inline void keep_lanes(const vec sums[2], float lanes[LANES_KEPT])
{
    const __m256 eight = _mm256_add_ps(sums[0], sums[1]);
    _mm_store_ps(
        lanes, _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1)));
}

/* Four products from four lanes each: fold by 2 and by 1. */
static inline __m128 fold_four(float lanes[4][LANES_KEPT])
{
    const __m128 a = _mm_load_ps(lanes[0]), b = _mm_load_ps(lanes[1]);
    const __m128 c = _mm_load_ps(lanes[2]), d = _mm_load_ps(lanes[3]);
    const __m128 ab = _mm_add_ps(_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
    const __m128 cd = _mm_add_ps(_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
    return _mm_add_ps(_mm_shuffle_ps(ab, cd, 0x44), _mm_shuffle_ps(ab, cd, 0xEE));
}

static inline vec fold_products(float lanes[WIDTH][LANES_KEPT])
{
    return _mm256_set_m128(fold_four(lanes + 4), fold_four(lanes));
}

static inline __m256 logistic(__m256 x)
{
    x = _mm256_max_ps(x, _mm256_set1_ps(-H2VI_LOGIT_MAX));
    x = _mm256_min_ps(x, _mm256_set1_ps(H2VI_LOGIT_MAX));
    const __m256 t = _mm256_mul_ps(x, _mm256_set1_ps(-H2VI_LOG2_E));
    const __m256 whole = _mm256_round_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 f = _mm256_sub_ps(t, whole);
    __m256 power =
        _mm256_fmadd_ps(_mm256_set1_ps(H2VI_EXP2_5), f, _mm256_set1_ps(H2VI_EXP2_4));
    power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(H2VI_EXP2_3));
    power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(H2VI_EXP2_2));
    power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(H2VI_EXP2_1));
    power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(1.0F));
    const __m256i exponent =
        _mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127));
    const __m256 scale = _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
    return _mm256_div_ps(_mm256_set1_ps(1.0F),
                         _mm256_add_ps(_mm256_mul_ps(power, scale), _mm256_set1_ps(1.0F)));
}

#include "sgns_vectors.h"

void h2vi_train_cell_avx2(const h2vi_cell *cell)
{
    h2vi_train_tiles(cell, train_tile, h2vi_random_many_avx2);
}
