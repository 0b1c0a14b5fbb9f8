/* SPDX-License-Identifier: MIT */

/* Cells for tests of the kernels: shapes given by the number of pairs of each center, rows
 * filled by random numbers, noise over a few classes; and the plain kernel that sgns.h
 * describes, in double precision, tile by tile, as slow and as clear as it can be. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "alloc.h"
#include "sgns.h"

enum { CELL_MAX_CLASSES = 8 };

typedef struct test_cell {
    h2vi_cell cell;
    int dim;
    int64_t num_rows;
    uint32_t *starts, *rows;
    float *centers, *contexts, *zeros, *sums;
    h2vi_alias alias[CELL_MAX_CLASSES];
    h2vi_noise_class classes[CELL_MAX_CLASSES];
} test_cell;

static inline uint32_t cell_word(uint32_t what, uint32_t i)
{
    return h2vi_random(99, H2VI_FOR_GENERATOR, 0, what, i / 4, 0).w[i % 4];
}

static inline void cell_fill(int64_t num_rows, int dim, int stride, uint32_t what,
                             float *rows)
{
    for (int64_t i = 0; i < num_rows * dim; i++)
        rows[i / dim * stride + i % dim] = h2vi_unit(cell_word(what, (uint32_t)i)) - 0.5F;
}

/* Rows 0, 1-2, 3-6, ... in classes of weights 1/1, 1/2, 1/3, ...: the last takes the rest.
 */
static inline void cell_make_noise(test_cell *test)
{
    float weights[CELL_MAX_CLASSES];
    double shares[CELL_MAX_CLASSES];
    uint32_t small[CELL_MAX_CLASSES], large[CELL_MAX_CLASSES];
    const h2vi_alias_scratch scratch = {shares, small, large};
    uint32_t num_classes = 0, first = 0;
    const uint32_t num_rows = (uint32_t)test->num_rows;
    while (first < num_rows) {
        const uint32_t left = num_rows - first, wanted = 1U << num_classes;
        const int is_last = num_classes == CELL_MAX_CLASSES - 1 || wanted > left;
        test->classes[num_classes] = (h2vi_noise_class){first, is_last ? left : wanted};
        weights[num_classes] = 1.0F / (float)(num_classes + 1);
        first += test->classes[num_classes++].count;
    }
    h2vi_alias_build(num_classes, weights, &scratch, test->alias);
    test->cell.noise = (h2vi_noise){.seed = 0x123456789ABCDEF0,
                                    .round = 77,
                                    .cell = 1234567,
                                    .num_classes = num_classes,
                                    .alias = test->alias,
                                    .classes = test->classes};
}

/* pairs_of[c]: pairs of center c; their rows are drawn from all. */
static inline void cell_init(int dim, int64_t num_centers, const int *pairs_of,
                             int64_t num_rows, test_cell *test)
{
    const int stride = (dim + H2VI_LANES - 1) / H2VI_LANES * H2VI_LANES;
    *test = (test_cell){.dim = dim, .num_rows = num_rows};
    test->starts = h2vi_alloc_n(num_centers + 1, sizeof *test->starts);
    for (int64_t c = 0; c < num_centers; c++)
        test->starts[c + 1] = test->starts[c] + (uint32_t)pairs_of[c];
    const uint32_t num_pairs = test->starts[num_centers];
    test->rows = h2vi_alloc(num_pairs + H2VI_TILE_POSITIVES, sizeof *test->rows);
    for (uint32_t i = 0; i < num_pairs; i++)
        test->rows[i] = h2vi_below(cell_word(1, i), (uint32_t)num_rows);
    test->centers = h2vi_alloc_n(num_centers * stride, sizeof *test->centers);
    test->contexts = h2vi_alloc_n(num_rows * stride, sizeof *test->contexts);
    test->zeros = h2vi_alloc_n((int64_t)2 * stride, sizeof *test->zeros);
    test->sums = h2vi_alloc_n((int64_t)2 * stride, sizeof *test->sums);
    cell_fill(num_centers, dim, stride, 2, test->centers);
    cell_fill(num_rows, dim, stride, 3, test->contexts);
    test->cell = (h2vi_cell){.stride = stride,
                             .negatives = 5,
                             .is_large = h2vi_is_large(num_rows),
                             .num_centers = num_centers,
                             .centers = test->centers,
                             .contexts = test->contexts,
                             .pair_starts = test->starts,
                             .pair_rows = test->rows,
                             .rate_begin = 0.05F,
                             .rate_end = 0.03F,
                             .zeros = test->zeros,
                             .sums = test->sums};
    cell_make_noise(test);
}

static inline void cell_clear(test_cell *test)
{
    free(test->starts);
    free(test->rows);
    free(test->centers);
    free(test->contexts);
    free(test->zeros);
    free(test->sums);
}

/* ---- the plain kernel */

/* Up to TILE_POSITIVES pairs of one center. */
typedef struct plain_side {
    int64_t center; /* -1: none */
    uint32_t first;
    int count;
} plain_side;

/* Tiles that have a share of centers [begin, end). */
static inline int64_t plain_num_tiles(const test_cell *test, int64_t begin, int64_t end)
{
    int64_t num_tiles = 0;
    for (int64_t c = begin; c < end; c++)
        for (uint32_t i = test->starts[c]; i < test->starts[c + 1];
             i += H2VI_TILE_POSITIVES)
            num_tiles++;
    return num_tiles;
}

/* The n-th tile's share of centers [begin, end). */
static inline plain_side plain_take(const test_cell *test, int64_t begin, int64_t end,
                                    int64_t n)
{
    for (int64_t c = begin; c < end; c++) {
        const uint32_t num_pairs = test->starts[c + 1] - test->starts[c];
        const int64_t num_tiles =
            (num_pairs + H2VI_TILE_POSITIVES - 1) / H2VI_TILE_POSITIVES;
        if (n >= num_tiles) {
            n -= num_tiles;
            continue;
        }
        const uint32_t used = (uint32_t)n * H2VI_TILE_POSITIVES, left = num_pairs - used;
        return (plain_side){c, test->starts[c] + used,
                            left < H2VI_TILE_POSITIVES ? (int)left : H2VI_TILE_POSITIVES};
    }
    return (plain_side){.center = -1};
}

/* The n-th negative of the cell: noise.h. */
static inline int64_t plain_negative(const test_cell *test, uint32_t n)
{
    const h2vi_noise *noise = &test->cell.noise;
    const uint32_t batch = n / 32, i = n % 32;
    const h2vi_words random = h2vi_random(noise->seed, H2VI_FOR_NEGATIVE, noise->round,
                                          noise->cell, 0, 16 * batch + i % 16);
    const uint32_t class =
        h2vi_alias_draw(test->alias, noise->num_classes, random.w[i < 16 ? 0 : 2]);
    return noise->classes[class].first +
           h2vi_below(random.w[i < 16 ? 1 : 3], noise->classes[class].count);
}

typedef struct plain_pair {
    int64_t center, row;
    double gradient;
} plain_pair;

/* Weight * (label - logistic(product)). */
static inline plain_pair plain_gradient(const test_cell *test, const double *centers,
                                        const double *contexts, int64_t center, int64_t row,
                                        double label, double weight)
{
    double product = 0;
    for (int d = 0; d < test->dim; d++)
        product += centers[center * test->dim + d] * contexts[row * test->dim + d];
    return (plain_pair){center, row, weight * (label - 1 / (1 + exp(-product)))};
}

/* The pairs of a tile in the order in which its rows change; returns how many. */
static inline int plain_tile(const test_cell *test, const plain_side sides[2],
                             uint32_t negative, double rate, const double *centers,
                             const double *contexts, plain_pair *pairs)
{
    int num_pairs = 0;
    for (uint32_t i = 0; i < H2VI_TILE_NEGATIVES; i++)
        for (int s = 0; s < 2; s++)
            if (sides[s].count > 0)
                pairs[num_pairs++] = plain_gradient(
                    test, centers, contexts, sides[s].center,
                    plain_negative(test, negative + i), 0,
                    rate * test->cell.negatives * sides[s].count / H2VI_TILE_NEGATIVES);
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < sides[s].count; i++)
            pairs[num_pairs++] =
                plain_gradient(test, centers, contexts, sides[s].center,
                               test->rows[sides[s].first + (uint32_t)i], 1, rate);
    return num_pairs;
}

/* Change the rows by the gradients, column by column; the centers last. Both centers see a
 * negative as it was before either changed it. */
static inline void plain_change(const test_cell *test, int num_pairs,
                                const plain_pair *pairs, double *centers, double *contexts)
{
    for (int d = 0; d < test->dim; d++) {
        double sums[2 * (H2VI_TILE_NEGATIVES + H2VI_TILE_POSITIVES)];
        double before = 0;
        for (int i = 0; i < num_pairs; i++) {
            double *y = &contexts[pairs[i].row * test->dim + d];
            const int is_second =
                i % 2 == 1 && i < 2 * H2VI_TILE_NEGATIVES &&
                pairs[0].center != pairs[1].center; /* there are two centers */
            if (!is_second) before = *y;
            sums[i] = pairs[i].gradient * before;
            *y += pairs[i].gradient * centers[pairs[i].center * test->dim + d];
        }
        for (int i = 0; i < num_pairs; i++)
            centers[pairs[i].center * test->dim + d] += sums[i];
    }
}

/* Train centers [num_centers, dim] and contexts [num_rows, dim]. */
static inline void plain_train(const test_cell *test, double *centers, double *contexts)
{
    const h2vi_cell *cell = &test->cell;
    const uint32_t num_pairs = test->starts[cell->num_centers];
    int64_t middle = 0;
    while (2 * plain_num_tiles(test, 0, middle) <
           plain_num_tiles(test, 0, cell->num_centers))
        middle++;
    uint32_t done = 0, negative = 0;
    for (int64_t n = 0; done < num_pairs; n++) {
        if (n > 0 && (!cell->is_large || n % 2 == 0)) negative += H2VI_TILE_NEGATIVES;
        const plain_side sides[2] = {plain_take(test, 0, middle, n),
                                     plain_take(test, middle, cell->num_centers, n)};
        const double slope = ((double)cell->rate_end - cell->rate_begin) / num_pairs;
        const double rate = cell->rate_begin + slope * done;
        plain_pair pairs[2 * (H2VI_TILE_NEGATIVES + H2VI_TILE_POSITIVES)];
        const int count = plain_tile(test, sides, negative, rate, centers, contexts, pairs);
        plain_change(test, count, pairs, centers, contexts);
        done += (uint32_t)(sides[0].count + sides[1].count);
    }
}
