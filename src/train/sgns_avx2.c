/* SPDX-License-Identifier: MIT */

/* The cell kernel for AVX2 and FMA. The 16 lanes of the specification are two registers; a
 * product is folded to four lanes as soon as it is summed, and four products at a time
 * after that. */
#include "sgns_tiles.h"

#include <immintrin.h>

enum {
    HALF = 8,  /* floats a register */
    GROUP = 3, /* negatives summed at once: 12 registers for two centers */
    NUM_NEGATIVE = 2 * H2VI_TILE_NEGATIVES,
    NUM_PRODUCTS = NUM_NEGATIVE + 2 * H2VI_TILE_POSITIVES
};
_Static_assert(H2VI_TILE_NEGATIVES % GROUP == 0 && NUM_PRODUCTS % HALF == 0 &&
                   H2VI_TILE_POSITIVES == 4,
               "a tile is whole groups");

/* Products and their gradients: negative i with center s at s * TILE_NEGATIVES + i,
 * positive i of center s at NUM_NEGATIVE + s * TILE_POSITIVES + i. */
typedef struct tile_products {
    float lanes[NUM_PRODUCTS][4];
    float gradients[NUM_PRODUCTS];
    float weights[NUM_PRODUCTS];
} __attribute__((aligned(64))) tile_products;

/* Fold by 8 and by 4. */
static inline void keep_lanes(__m256 low, __m256 high, float lanes[4])
{
    const __m256 eight = _mm256_add_ps(low, high);
    _mm_store_ps(
        lanes, _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1)));
}

static inline void multiply_negatives(const h2vi_tile *tile, int first, tile_products *out)
{
    __m256 sums[2][GROUP][2];
#pragma GCC unroll 3
    for (int i = 0; i < GROUP; i++)
        sums[0][i][0] = sums[0][i][1] = sums[1][i][0] = sums[1][i][1] = _mm256_setzero_ps();
    for (int d = 0; d < tile->stride; d += H2VI_LANES) {
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            const __m256 x = _mm256_load_ps(tile->centers[0] + d + HALF * half);
            const __m256 y = _mm256_load_ps(tile->centers[1] + d + HALF * half);
#pragma GCC unroll 3
            for (int i = 0; i < GROUP; i++) {
                const __m256 row =
                    _mm256_load_ps(tile->negatives[first + i] + d + HALF * half);
                sums[0][i][half] = _mm256_fmadd_ps(x, row, sums[0][i][half]);
                sums[1][i][half] = _mm256_fmadd_ps(y, row, sums[1][i][half]);
            }
        }
    }
#pragma GCC unroll 3
    for (int i = 0; i < GROUP; i++) {
        keep_lanes(sums[0][i][0], sums[0][i][1], out->lanes[first + i]);
        keep_lanes(sums[1][i][0], sums[1][i][1],
                   out->lanes[H2VI_TILE_NEGATIVES + first + i]);
    }
}

static inline void multiply_positives(const h2vi_tile *tile, int side, tile_products *out)
{
    __m256 sums[H2VI_TILE_POSITIVES][2];
#pragma GCC unroll 4
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    for (int d = 0; d < tile->stride; d += H2VI_LANES) {
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            const __m256 x = _mm256_load_ps(tile->centers[side] + d + HALF * half);
#pragma GCC unroll 4
            for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
                sums[i][half] = _mm256_fmadd_ps(
                    x, _mm256_load_ps(tile->positives[side][i] + d + HALF * half),
                    sums[i][half]);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
        keep_lanes(sums[i][0], sums[i][1],
                   out->lanes[NUM_NEGATIVE + side * H2VI_TILE_POSITIVES + i]);
}

/* Four products from four lanes each: fold by 2 and by 1. */
static inline __m128 fold_four(float lanes[4][4])
{
    const __m128 a = _mm_load_ps(lanes[0]), b = _mm_load_ps(lanes[1]);
    const __m128 c = _mm_load_ps(lanes[2]), d = _mm_load_ps(lanes[3]);
    const __m128 ab = _mm_add_ps(_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
    const __m128 cd = _mm_add_ps(_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
    return _mm_add_ps(_mm_shuffle_ps(ab, cd, 0x44), _mm_shuffle_ps(ab, cd, 0xEE));
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

static inline void set_weights(const h2vi_tile *tile, float weights[NUM_PRODUCTS])
{
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < H2VI_TILE_NEGATIVES; i++)
            weights[side * H2VI_TILE_NEGATIVES + i] = tile->negative_weights[side];
        for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
            weights[NUM_NEGATIVE + side * H2VI_TILE_POSITIVES + i] =
                tile->positive_weights[side][i];
    }
}

static inline void find_gradients(const h2vi_tile *tile, tile_products *out)
{
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i += GROUP) multiply_negatives(tile, i, out);
    multiply_positives(tile, 0, out);
    multiply_positives(tile, 1, out);
    set_weights(tile, out->weights);
    for (int i = 0; i < NUM_PRODUCTS; i += HALF) {
        const __m256 product =
            _mm256_set_m128(fold_four(&out->lanes[i + 4]), fold_four(&out->lanes[i]));
        const __m256 label = _mm256_set1_ps(i < NUM_NEGATIVE ? 0.0F : 1.0F);
        _mm256_store_ps(out->gradients + i,
                        _mm256_mul_ps(_mm256_load_ps(out->weights + i),
                                      _mm256_sub_ps(label, logistic(product))));
    }
}

static inline void change_positives(float *const *rows, const float *gradients, int d,
                                    __m256 center[2], __m256 sum[2])
{
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
        const __m256 gradient = _mm256_set1_ps(gradients[i]);
#pragma GCC unroll 2
        for (int z = 0; z < 2; z++) {
            const __m256 old = _mm256_load_ps(rows[i] + d + HALF * z);
            sum[z] = _mm256_fmadd_ps(gradient, old, sum[z]);
            _mm256_store_ps(rows[i] + d + HALF * z,
                            _mm256_fmadd_ps(gradient, center[z], old));
        }
    }
}

/* 16 columns: those of both centers stay in registers while the rows pass. */
static inline void change_columns(const h2vi_tile *tile, const float *gradients, int d)
{
    __m256 x[2], y[2], sum_x[2], sum_y[2];
#pragma GCC unroll 2
    for (int z = 0; z < 2; z++) {
        sum_x[z] = x[z] = _mm256_load_ps(tile->centers[0] + d + HALF * z);
        sum_y[z] = y[z] = _mm256_load_ps(tile->centers[1] + d + HALF * z);
    }
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i++) {
        float *row = tile->negatives[i] + d;
        const __m256 gx = _mm256_set1_ps(gradients[i]);
        const __m256 gy = _mm256_set1_ps(gradients[H2VI_TILE_NEGATIVES + i]);
#pragma GCC unroll 2
        for (int z = 0; z < 2; z++) {
            const __m256 old = _mm256_load_ps(row + HALF * z);
            sum_x[z] = _mm256_fmadd_ps(gx, old, sum_x[z]);
            sum_y[z] = _mm256_fmadd_ps(gy, old, sum_y[z]);
            _mm256_store_ps(row + HALF * z,
                            _mm256_fmadd_ps(gy, y[z], _mm256_fmadd_ps(gx, x[z], old)));
        }
    }
    change_positives(tile->positives[0], gradients + NUM_NEGATIVE, d, x, sum_x);
    change_positives(tile->positives[1], gradients + NUM_NEGATIVE + H2VI_TILE_POSITIVES, d,
                     y, sum_y);
#pragma GCC unroll 2
    for (int z = 0; z < 2; z++) {
        _mm256_store_ps(tile->centers[0] + d + HALF * z, sum_x[z]);
        _mm256_store_ps(tile->centers[1] + d + HALF * z, sum_y[z]);
    }
}

static inline __attribute__((always_inline)) void train_tile(const h2vi_tile *tile)
{
    tile_products products;
    find_gradients(tile, &products);
    for (int d = 0; d < tile->stride; d += H2VI_LANES)
        change_columns(tile, products.gradients, d);
}

void h2vi_train_cell_avx2(const h2vi_cell *cell)
{
    h2vi_train_tiles(cell, train_tile, h2vi_random_many_avx2);
}
