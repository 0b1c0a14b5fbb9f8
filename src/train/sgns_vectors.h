/* SPDX-License-Identifier: MIT */

/* One tile in vectors, for the file of an instruction set to include after it has defined
 *
 *     vec, WIDTH          a register of WIDTH floats
 *     load, store         at aligned addresses
 *     load_once           the same, into a register that serves all uses: compilers would
 *                         load again for each, and loads are what is short
 *     broadcast           of the float at an address
 *     add_product         a * b + c, fused
 *     LANES_KEPT, keep_lanes
 *                         of the 16 lanes of a product (16 / WIDTH registers) so many
 *                         floats, folded as sgns.h has it
 *     fold_products       WIDTH products from what was kept of each
 *     logistic            of sgns.c
 *
 * Rows pass by groups of 5 negatives and of 6 positives: the sums of a group, or its
 * gradients, stay in registers, and a row's numbers are loaded once for both centers. */
#pragma once

enum {
    REGISTERS = H2VI_LANES / WIDTH, /* that hold the 16 lanes of a product */
    GROUP = 5,
    NUM_PRODUCTS = H2VI_TILE_PRODUCTS
};
_Static_assert(H2VI_TILE_NEGATIVES == 2 * GROUP && NUM_PRODUCTS % H2VI_LANES == 0 &&
                   H2VI_TILE_POSITIVES == 6,
               "a tile is whole groups, and its products whole registers");

typedef struct tile_products {
    float lanes[NUM_PRODUCTS][LANES_KEPT];
    float gradients[NUM_PRODUCTS];
} __attribute__((aligned(64))) tile_products;

/* ---- products
 * ----------------------------------------------------------------------------------- */

/* Negatives [first, first + GROUP) with both centers. */
static inline void multiply_negatives(const h2vi_tile *tile, int stride, int first,
                                      tile_products *out)
{
    const float *const centers[2] = {tile->centers[0], tile->centers[1]};
    const float *rows[GROUP];
    vec sums[2][GROUP][REGISTERS];
#pragma GCC unroll 5
    for (int i = 0; i < GROUP; i++) rows[i] = tile->negatives[first + i];
#pragma GCC unroll 2
    for (int z = 0; z < REGISTERS; z++) {
#pragma GCC unroll 5
        for (int i = 0; i < GROUP; i++) sums[0][i][z] = sums[1][i][z] = (vec){0};
        for (int d = z * WIDTH; d < stride; d += H2VI_LANES) {
            const vec x = load_once(centers[0] + d), y = load_once(centers[1] + d);
#pragma GCC unroll 5
            for (int i = 0; i < GROUP; i++) {
                const vec row = load_once(rows[i] + d);
                sums[0][i][z] = add_product(x, row, sums[0][i][z]);
                sums[1][i][z] = add_product(y, row, sums[1][i][z]);
            }
        }
    }
#pragma GCC unroll 2
    for (int s = 0; s < 2; s++) {
#pragma GCC unroll 5
        for (int i = 0; i < GROUP; i++)
            keep_lanes(sums[s][i], out->lanes[s * H2VI_TILE_NEGATIVES + first + i]);
    }
}

/* Meanwhile negatives of the next tile come near: half of them for each side. What is drawn
 * is seldom in the caches, unlike what neighbors share. */
static inline void multiply_positives(const h2vi_tile *tile, int stride, int side,
                                      tile_products *out)
{
    const float *const center = tile->centers[side];
    const float *rows[H2VI_TILE_POSITIVES];
    vec sums[H2VI_TILE_POSITIVES][REGISTERS];
#pragma GCC unroll 6
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
        rows[i] = tile->positives[side][i];
#pragma GCC unroll 2
        for (int z = 0; z < REGISTERS; z++) sums[i][z] = (vec){0};
    }
    for (int d = 0; d < stride; d += H2VI_LANES) {
#pragma GCC unroll 5
        for (int i = 0; i < GROUP; i++)
            __builtin_prefetch(tile->next_negatives[side * GROUP + i] + d);
#pragma GCC unroll 2
        for (int z = 0; z < REGISTERS; z++) {
            const vec x = load_once(center + d + z * WIDTH);
#pragma GCC unroll 6
            for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
                sums[i][z] = add_product(x, load(rows[i] + d + z * WIDTH), sums[i][z]);
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
        keep_lanes(sums[i],
                   out->lanes[H2VI_TILE_FIRST_POSITIVE + side * H2VI_TILE_POSITIVES + i]);
}

static const float labels[NUM_PRODUCTS] __attribute__((aligned(64))) = {
    [H2VI_TILE_FIRST_POSITIVE] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static inline void find_gradients(const h2vi_tile *tile, int stride, tile_products *out)
{
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i += GROUP)
        multiply_negatives(tile, stride, i, out);
    multiply_positives(tile, stride, 0, out);
    multiply_positives(tile, stride, 1, out);
    for (int i = 0; i < NUM_PRODUCTS; i += WIDTH) {
        const vec label = load(labels + i), weight = load(tile->weights + i);
        store(out->gradients + i,
              weight * (label - logistic(fold_products(out->lanes + i))));
    }
}

/* ---- changes
 * ----------------------------------------------------------------------------------- */

/* Negatives [first, first + GROUP): they change by the centers as they were, and what they
 * do to those is added to `sums`, on the way to `to`. */
static inline void change_negatives(const h2vi_tile *tile, int stride, int first,
                                    const float *gradients, float *const sums[2],
                                    float *const to[2])
{
    const float *const centers[2] = {tile->centers[0], tile->centers[1]};
    float *rows[GROUP];
    vec gx[GROUP], gy[GROUP];
#pragma GCC unroll 5
    for (int i = 0; i < GROUP; i++) {
        rows[i] = tile->negatives[first + i];
        gx[i] = broadcast(gradients + first + i);
        gy[i] = broadcast(gradients + H2VI_TILE_NEGATIVES + first + i);
    }
    for (int d = 0; d < stride; d += WIDTH) {
        const vec x = load_once(centers[0] + d), y = load_once(centers[1] + d);
        vec sum_x = load(sums[0] + d), sum_y = load(sums[1] + d);
#pragma GCC unroll 5
        for (int i = 0; i < GROUP; i++) {
            const vec old = load_once(rows[i] + d);
            sum_x = add_product(gx[i], old, sum_x);
            sum_y = add_product(gy[i], old, sum_y);
            store(rows[i] + d, add_product(gy[i], y, add_product(gx[i], x, old)));
        }
        store(to[0] + d, sum_x);
        store(to[1] + d, sum_y);
    }
}

/* The last to change a center: it takes its sums. */
static inline void change_positives(float *center, float *const *positives, int stride,
                                    const float *gradients, const float *sums)
{
    float *rows[H2VI_TILE_POSITIVES];
    vec g[H2VI_TILE_POSITIVES];
#pragma GCC unroll 6
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
        rows[i] = positives[i];
        g[i] = broadcast(gradients + i);
    }
    for (int d = 0; d < stride; d += WIDTH) {
        const vec x = load_once(center + d);
        vec sum = load(sums + d);
#pragma GCC unroll 6
        for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
            const vec old = load_once(rows[i] + d);
            sum = add_product(g[i], old, sum);
            store(rows[i] + d, add_product(g[i], x, old));
        }
        store(center + d, sum);
    }
}

static inline __attribute__((always_inline)) void train_tile(const h2vi_tile *tile,
                                                             int stride)
{
    tile_products products;
    float *const sums[2] = {tile->sums, tile->sums + stride};
    find_gradients(tile, stride, &products);
    change_negatives(tile, stride, 0, products.gradients, tile->centers, sums);
    for (int i = GROUP; i < H2VI_TILE_NEGATIVES; i += GROUP)
        change_negatives(tile, stride, i, products.gradients, sums, sums);
    for (int s = 0; s < 2; s++)
        change_positives(tile->centers[s], tile->positives[s], stride,
                         products.gradients + H2VI_TILE_FIRST_POSITIVE +
                             s * H2VI_TILE_POSITIVES,
                         sums[s]);
}
