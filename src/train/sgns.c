/* SPDX-License-Identifier: MIT */

/* The scalar kernel, which is the specification of all (see sgns.h), and the choice among
 * them. Lanes are written as loops over 16 numbers; each fused operation as fmaf. */
#include "sgns.h"

#include "sgns_tiles.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static float dot(int stride, const float *x, const float *y)
{
    float lanes[H2VI_LANES] = {0};
    for (int d = 0; d < stride; d += H2VI_LANES)
        for (int i = 0; i < H2VI_LANES; i++) lanes[i] = fmaf(x[d + i], y[d + i], lanes[i]);
    for (int half = H2VI_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

/* 1 / (1 + e^-x) */
static float logistic(float x)
{
    x = x > -H2VI_LOGIT_MAX ? x : -H2VI_LOGIT_MAX;
    x = x < H2VI_LOGIT_MAX ? x : H2VI_LOGIT_MAX;
    const float t = x * -H2VI_LOG2_E;
    const float whole = rintf(t); /* ties to even */
    const float f = t - whole;
    float power = fmaf(H2VI_EXP2_5, f, H2VI_EXP2_4);
    power = fmaf(power, f, H2VI_EXP2_3);
    power = fmaf(power, f, H2VI_EXP2_2);
    power = fmaf(power, f, H2VI_EXP2_1);
    power = fmaf(power, f, 1.0F);
    const uint32_t bits = (uint32_t)((int32_t)whole + 127) << 23; /* 2^whole, exact */
    float scale = 0;
    memcpy(&scale, &bits, sizeof scale);
    return 1.0F / (power * scale + 1.0F);
}

/* Weight * (label - logistic(product)), in the order of the tile's products. */
static void find_gradients(const h2vi_tile *tile, int stride, float *gradients)
{
    for (int side = 0; side < 2; side++) {
        const float *x = tile->centers[side];
        const int negatives = side * H2VI_TILE_NEGATIVES;
        const int positives = H2VI_TILE_FIRST_POSITIVE + side * H2VI_TILE_POSITIVES;
        for (int i = 0; i < H2VI_TILE_NEGATIVES; i++) {
            const float p = logistic(dot(stride, x, tile->negatives[i]));
            gradients[negatives + i] = tile->weights[negatives + i] * (0.0F - p);
        }
        for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
            const float p = logistic(dot(stride, x, tile->positives[side][i]));
            gradients[positives + i] = tile->weights[positives + i] * (1.0F - p);
        }
    }
}

/* Column by column: the negatives, then the first center's positives, then the second's; a
 * row that occurs twice is changed twice. Centers change last. */
static void change_rows(const h2vi_tile *tile, int stride, const float *gradients)
{
    const float *const negatives[2] = {gradients, gradients + H2VI_TILE_NEGATIVES};
    const float *const positives[2] = {gradients + H2VI_TILE_FIRST_POSITIVE,
                                       gradients + H2VI_TILE_FIRST_POSITIVE +
                                           H2VI_TILE_POSITIVES};
    for (int d = 0; d < stride; d++) {
        const float x[2] = {tile->centers[0][d], tile->centers[1][d]};
        float sum[2] = {x[0], x[1]};
        for (int i = 0; i < H2VI_TILE_NEGATIVES; i++) {
            const float y = tile->negatives[i][d];
            sum[0] = fmaf(negatives[0][i], y, sum[0]);
            sum[1] = fmaf(negatives[1][i], y, sum[1]);
            tile->negatives[i][d] =
                fmaf(negatives[1][i], x[1], fmaf(negatives[0][i], x[0], y));
        }
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
                const float y = tile->positives[side][i][d];
                sum[side] = fmaf(positives[side][i], y, sum[side]);
                tile->positives[side][i][d] = fmaf(positives[side][i], x[side], y);
            }
        }
        tile->centers[0][d] = sum[0];
        tile->centers[1][d] = sum[1];
    }
}

static void train_tile(const h2vi_tile *tile, int stride)
{
    float gradients[H2VI_TILE_PRODUCTS];
    find_gradients(tile, stride, gradients);
    change_rows(tile, stride, gradients);
}

void h2vi_train_cell_scalar(const h2vi_cell *cell)
{
    h2vi_train_tiles(cell, train_tile, h2vi_random_many_scalar);
}

h2vi_train_cell *h2vi_cell_kernel(h2vi_isa isa)
{
    static h2vi_train_cell *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_train_cell_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_train_cell_avx2,
        [H2VI_AVX512] = h2vi_train_cell_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}
