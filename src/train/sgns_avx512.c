/* SPDX-License-Identifier: MIT */

/* The cell kernel for AVX-512: 16 products of a tile at once, each in one register, folded
 * together by a transpose; then all rows change, 64 columns at a time. */
#include "sgns_tiles.h"

#include <immintrin.h>
#include <stddef.h>

enum { HALF = 16, SHARED = H2VI_TILE_NEGATIVES - 8 /* negatives of the second half */ };
_Static_assert(2 * (SHARED + H2VI_TILE_POSITIVES) == HALF && 2 * 8 == HALF,
               "a tile is two halves of 16 products");

/* Sums of 16 registers, fold by 8, 4, 2, 1; lane i is the sum of sums[i]. */
static inline __m512 fold(const __m512 sums[HALF])
{
    __m512 quarters[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const __m512 a = sums[i], b = sums[4 + i], c = sums[8 + i], d = sums[12 + i];
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

/* Gradients in the order of the products. First half: negative 0..7 for center 0, 1 in
 * turn. Second half: negatives 8.. for center 0, 1 in turn, positives of center 0, of
 * center 1. */
typedef struct tile_gradients {
    float first[HALF], second[HALF];
} __attribute__((aligned(64))) tile_gradients;

static inline __m512 first_products(const h2vi_tile *tile)
{
    __m512 sums[HALF];
#pragma GCC unroll 16
    for (int i = 0; i < HALF; i++) sums[i] = _mm512_setzero_ps();
    for (int d = 0; d < tile->stride; d += H2VI_LANES) {
        const __m512 x = _mm512_load_ps(tile->centers[0] + d);
        const __m512 y = _mm512_load_ps(tile->centers[1] + d);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            const __m512 row = _mm512_load_ps(tile->negatives[i] + d);
            sums[2 * i] = _mm512_fmadd_ps(x, row, sums[2 * i]);
            sums[2 * i + 1] = _mm512_fmadd_ps(y, row, sums[2 * i + 1]);
        }
    }
    return fold(sums);
}

static inline __m512 second_products(const h2vi_tile *tile)
{
    __m512 sums[HALF];
#pragma GCC unroll 16
    for (int i = 0; i < HALF; i++) sums[i] = _mm512_setzero_ps();
    for (int d = 0; d < tile->stride; d += H2VI_LANES) {
        const __m512 x = _mm512_load_ps(tile->centers[0] + d);
        const __m512 y = _mm512_load_ps(tile->centers[1] + d);
#pragma GCC unroll 4
        for (int i = 0; i < SHARED; i++) {
            const __m512 row = _mm512_load_ps(tile->negatives[8 + i] + d);
            sums[2 * i] = _mm512_fmadd_ps(x, row, sums[2 * i]);
            sums[2 * i + 1] = _mm512_fmadd_ps(y, row, sums[2 * i + 1]);
        }
#pragma GCC unroll 4
        for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
            const int at = 2 * SHARED + i;
            sums[at] =
                _mm512_fmadd_ps(x, _mm512_load_ps(tile->positives[0][i] + d), sums[at]);
            sums[at + H2VI_TILE_POSITIVES] =
                _mm512_fmadd_ps(y, _mm512_load_ps(tile->positives[1][i] + d),
                                sums[at + H2VI_TILE_POSITIVES]);
        }
    }
    return fold(sums);
}

static inline void find_gradients(const h2vi_tile *tile, tile_gradients *g)
{
    const float n0 = tile->negative_weights[0], n1 = tile->negative_weights[1];
    const float *p0 = tile->positive_weights[0], *p1 = tile->positive_weights[1];
    const __m512 both =
        _mm512_set_ps(n1, n0, n1, n0, n1, n0, n1, n0, n1, n0, n1, n0, n1, n0, n1, n0);
    const __m512 weights = _mm512_set_ps(p1[3], p1[2], p1[1], p1[0], p0[3], p0[2], p0[1],
                                         p0[0], n1, n0, n1, n0, n1, n0, n1, n0);
    const __m512 labels = _mm512_maskz_mov_ps(0xFF00, _mm512_set1_ps(1.0F));
    const __m512 first = logistic(first_products(tile));
    const __m512 second = logistic(second_products(tile));
    _mm512_store_ps(g->first,
                    _mm512_mul_ps(both, _mm512_sub_ps(_mm512_setzero_ps(), first)));
    _mm512_store_ps(g->second, _mm512_mul_ps(weights, _mm512_sub_ps(labels, second)));
}

static inline __attribute__((always_inline)) void
change_positives(float *const *rows, const float *gradients, int d, const int num,
                 const __m512 *center, __m512 *sum)
{
#pragma GCC unroll 1
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
        float *row = rows[i] + d;
        const __m512 gradient = _mm512_set1_ps(gradients[i]);
#pragma GCC unroll 4
        for (int z = 0; z < num; z++) {
            const __m512 old = _mm512_load_ps(row + H2VI_LANES * z);
            sum[z] = _mm512_fmadd_ps(gradient, old, sum[z]);
            _mm512_store_ps(row + H2VI_LANES * z,
                            _mm512_fmadd_ps(gradient, center[z], old));
        }
    }
}

/* `num` registers of columns: those of both centers stay in registers while the rows pass.
 */
static inline __attribute__((always_inline)) void
change_columns(const h2vi_tile *tile, const tile_gradients *g, int d, const int num)
{
    __m512 x[4], y[4], sum_x[4], sum_y[4];
#pragma GCC unroll 4
    for (int z = 0; z < num; z++) {
        sum_x[z] = x[z] = _mm512_load_ps(tile->centers[0] + d + H2VI_LANES * z);
        sum_y[z] = y[z] = _mm512_load_ps(tile->centers[1] + d + H2VI_LANES * z);
    }
#pragma GCC unroll 1
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i++) {
        float *row = tile->negatives[i] + d;
        const float *pair =
            i < 8 ? g->first + 2 * (ptrdiff_t)i : g->second + 2 * (ptrdiff_t)(i - 8);
        const __m512 gx = _mm512_set1_ps(pair[0]), gy = _mm512_set1_ps(pair[1]);
#pragma GCC unroll 4
        for (int z = 0; z < num; z++) {
            const __m512 old = _mm512_load_ps(row + H2VI_LANES * z);
            sum_x[z] = _mm512_fmadd_ps(gx, old, sum_x[z]);
            sum_y[z] = _mm512_fmadd_ps(gy, old, sum_y[z]);
            _mm512_store_ps(row + H2VI_LANES * z,
                            _mm512_fmadd_ps(gy, y[z], _mm512_fmadd_ps(gx, x[z], old)));
        }
    }
    change_positives(tile->positives[0], g->second + 2 * SHARED, d, num, x, sum_x);
    change_positives(tile->positives[1], g->second + 2 * SHARED + H2VI_TILE_POSITIVES, d,
                     num, y, sum_y);
#pragma GCC unroll 4
    for (int z = 0; z < num; z++) {
        _mm512_store_ps(tile->centers[0] + d + H2VI_LANES * z, sum_x[z]);
        _mm512_store_ps(tile->centers[1] + d + H2VI_LANES * z, sum_y[z]);
    }
}

static inline __attribute__((always_inline)) void train_tile(const h2vi_tile *tile)
{
    tile_gradients g;
    find_gradients(tile, &g);
    int d = 0;
    for (; d + 4 * H2VI_LANES <= tile->stride; d += 4 * H2VI_LANES)
        change_columns(tile, &g, d, 4);
    for (; d < tile->stride; d += H2VI_LANES) change_columns(tile, &g, d, 1);
}

void h2vi_train_cell_avx512(const h2vi_cell *cell)
{
    h2vi_train_tiles(cell, train_tile, h2vi_random_many_avx512);
}
