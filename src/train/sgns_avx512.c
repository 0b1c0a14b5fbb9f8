/* SPDX-License-Identifier: MIT */

/* The cell kernel for AVX-512: a product is one register until 16 of them are folded
 * together by a transpose. */
#include "sgns_tiles.h"

#include <immintrin.h>

enum { WIDTH = 16, LANES_KEPT = 16 };
typedef __m512 vec;

static inline vec load(const float *from)
{
    return _mm512_load_ps(from);
}
static inline vec load_once(const float *from)
{
    vec x = load(from);
    __asm__("" : "+v"(x));
    return x;
}
static inline void store(float *to, vec x)
{
    _mm512_store_ps(to, x);
}
static inline vec broadcast(const float *from)
{
    return _mm512_set1_ps(*from);
}
static inline vec add_product(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline void keep_lanes(const vec sums[1], float lanes[LANES_KEPT])
{
    _mm512_store_ps(lanes, sums[0]);
}

/* Fold by 8, 4, 2, 1. */
static inline vec fold_products(float lanes[WIDTH][LANES_KEPT])
{
    __m512 quarters[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const __m512 a = load(lanes[i]), b = load(lanes[4 + i]);
        const __m512 c = load(lanes[8 + i]), d = load(lanes[12 + i]);
        const __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44),
                                        _mm512_shuffle_f32x4(a, b, 0xEE));
        const __m512 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44),
                                        _mm512_shuffle_f32x4(c, d, 0xEE));
        quarters[i] = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88),
                                    _mm512_shuffle_f32x4(ab, cd, 0xDD));
    }
    const __m512 low = _mm512_add_ps(_mm512_unpacklo_ps(quarters[0], quarters[1]),
                                     _mm512_unpackhi_ps(quarters[0], quarters[1]));
    const __m512 high = _mm512_add_ps(_mm512_unpacklo_ps(quarters[2], quarters[3]),
                                      _mm512_unpackhi_ps(quarters[2], quarters[3]));
    return _mm512_add_ps(_mm512_shuffle_ps(low, high, 0x44),
                         _mm512_shuffle_ps(low, high, 0xEE));
}

static inline __m512 logistic(__m512 x)
{
    x = _mm512_max_ps(x, _mm512_set1_ps(-H2VI_LOGIT_MAX));
    x = _mm512_min_ps(x, _mm512_set1_ps(H2VI_LOGIT_MAX));
    const __m512 t = _mm512_mul_ps(x, _mm512_set1_ps(-H2VI_LOG2_E));
    const __m512 whole = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT);
    const __m512 f = _mm512_sub_ps(t, whole);
    __m512 power =
        _mm512_fmadd_ps(_mm512_set1_ps(H2VI_EXP2_5), f, _mm512_set1_ps(H2VI_EXP2_4));
    power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(H2VI_EXP2_3));
    power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(H2VI_EXP2_2));
    power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(H2VI_EXP2_1));
    power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(1.0F));
    power = _mm512_scalef_ps(power, whole);
    return _mm512_div_ps(_mm512_set1_ps(1.0F), _mm512_add_ps(power, _mm512_set1_ps(1.0F)));
}

#include "sgns_vectors.h"

void h2vi_train_cell_avx512(const h2vi_cell *cell)
{
    h2vi_train_tiles(cell, train_tile, h2vi_random_many_avx512);
}
