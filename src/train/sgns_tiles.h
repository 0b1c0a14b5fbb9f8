/* SPDX-License-Identifier: MIT */

/* How a cell is cut into tiles: the same for every kernel, which only brings the function
 * for one tile. Included by each kernel's file, so that it is compiled for its instruction
 * set. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "sgns.h"

typedef struct h2vi_tile {
    float *centers[2];
    float *positives[2][H2VI_TILE_POSITIVES];
    float *negatives[H2VI_TILE_NEGATIVES];
    float positive_weights[2][H2VI_TILE_POSITIVES]; /* learning rate, or 0 where missing */
    float negative_weights[2];                  /* learning rate * K s / TILE_NEGATIVES */
    float *sums;                                /* scratch, shape [2, stride] */
    float *next_negatives[H2VI_TILE_NEGATIVES]; /* of the tile after: to be fetched */
} h2vi_tile;

/* A run of centers, and how far their pairs are used. */
typedef struct h2vi_cursor {
    int64_t center, end; /* centers */
    uint32_t pair, pair_end;
} h2vi_cursor;

/* What stands a few tiles after pairs [first, first + count) comes to the second level:
 * memory takes longer than a tile, and the first level's misses are few at a time. (A
 * function that only fetches has no effect, and gcc drops it unless it is inlined early.)
 */
static inline __attribute__((always_inline)) void
h2vi_fetch_contexts(const h2vi_cell *cell, uint32_t first, int count)
{
    enum { PAIRS_AHEAD = 24, LINE = 64 / sizeof(float), SECOND_LEVEL = 2 };
    const uint32_t last = cell->pair_starts[cell->num_centers] - 1;
    for (uint32_t i = first; i < first + (uint32_t)count; i++) {
        const uint32_t pair = i + PAIRS_AHEAD < last ? i + PAIRS_AHEAD : last;
        const float *row =
            cell->contexts + (size_t)cell->pair_rows[pair] * (size_t)cell->stride;
        for (int d = 0; d < cell->stride; d += LINE)
            __builtin_prefetch(row + d, 0, SECOND_LEVEL);
    }
}

/* Put up to TILE_POSITIVES pairs of the cursor's next center into side `side` of the tile;
 * return how many. */
static inline int h2vi_take(const h2vi_cell *cell, h2vi_cursor *cursor, int side,
                            float rate, h2vi_tile *tile)
{
    const size_t stride = (size_t)cell->stride;
    while (cursor->pair == cursor->pair_end && cursor->center + 1 < cursor->end) {
        cursor->center++;
        cursor->pair = cell->pair_starts[cursor->center];
        cursor->pair_end = cell->pair_starts[cursor->center + 1];
    }
    const uint32_t left = cursor->pair_end - cursor->pair;
    const int count = left < H2VI_TILE_POSITIVES ? (int)left : H2VI_TILE_POSITIVES;
    tile->centers[side] = count > 0 ? cell->centers + (size_t)cursor->center * stride
                                    : cell->zeros + (size_t)side * stride;
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) {
        const int is_there = i < count;
        tile->positives[side][i] =
            is_there ? cell->contexts +
                           (size_t)cell->pair_rows[cursor->pair + (uint32_t)i] * stride
                     : cell->zeros + (size_t)side * stride;
        tile->positive_weights[side][i] = is_there ? rate : 0;
    }
    tile->negative_weights[side] =
        rate * ((float)(cell->negatives * count) / (float)H2VI_TILE_NEGATIVES);
    if (cell->is_large) h2vi_fetch_contexts(cell, cursor->pair, count);
    cursor->pair += (uint32_t)count;
    return count;
}

/* How many tiles of one side the pairs of centers [begin, end) fill. */
static inline int64_t h2vi_sides(const h2vi_cell *cell, int64_t begin, int64_t end)
{
    int64_t sides = 0;
    for (int64_t c = begin; c < end; c++)
        sides +=
            (cell->pair_starts[c + 1] - cell->pair_starts[c] + H2VI_TILE_POSITIVES - 1) /
            H2VI_TILE_POSITIVES;
    return sides;
}

/* The first center that has as many sides before it as stand from it on, or more: those of
 * the two halves run side by side. */
static inline int64_t h2vi_middle_center(const h2vi_cell *cell)
{
    const int64_t half = (h2vi_sides(cell, 0, cell->num_centers) + 1) / 2;
    int64_t center = 0;
    for (int64_t before = 0; before < half; center++)
        before += h2vi_sides(cell, center, center + 1);
    return center;
}

/* What a kernel brings: one tile. */
typedef void h2vi_train_tile(const h2vi_tile *tile, int stride);

/* Rows of negatives drawn and not used yet; a batch of them (noise.h) at a time. */
typedef struct h2vi_negatives_ahead {
    h2vi_many words;
    uint32_t rows[H2VI_NOISE_BATCH];
    int used;
    uint32_t next_batch;
} h2vi_negatives_ahead;

static inline uint32_t h2vi_noise_row(const h2vi_noise *noise, uint32_t class_word,
                                      uint32_t row_word)
{
    const uint64_t product = (uint64_t)class_word * noise->num_classes;
    const uint32_t class = (uint32_t)(product >> 32);
    const uint32_t drawn =
        (uint32_t)product <= noise->thresholds[class] ? class : noise->others[class];
    return noise->firsts[drawn] + h2vi_below(row_word, noise->counts[drawn]);
}

static inline void h2vi_draw_negatives(const h2vi_cell *cell, h2vi_random_many *random_many,
                                       h2vi_negatives_ahead *ahead)
{
    const h2vi_noise *noise = &cell->noise;
    uint32_t(*words)[H2VI_MANY] = ahead->words.words;
    for (uint32_t i = 0; i < H2VI_MANY; i++) {
        words[0][i] = ahead->next_batch * H2VI_MANY + i;
        words[1][i] = noise->cell;
        words[2][i] = 0;
        words[3][i] = h2vi_purpose_word(H2VI_FOR_NEGATIVE, noise->round);
    }
    random_many(noise->seed, 1, &ahead->words);
    for (int i = 0; i < H2VI_MANY; i++) {
        ahead->rows[i] = h2vi_noise_row(noise, words[0][i], words[1][i]);
        ahead->rows[H2VI_MANY + i] = h2vi_noise_row(noise, words[2][i], words[3][i]);
    }
    if (cell->pool)
        for (int i = 0; i < H2VI_NOISE_BATCH; i++)
            ahead->rows[i] = cell->pool[ahead->rows[i]];
    ahead->next_batch++;
    ahead->used = 0;
}

/* What came next is now; and what comes next? */
static inline void h2vi_take_negatives(const h2vi_cell *cell, h2vi_random_many *random_many,
                                       h2vi_negatives_ahead *ahead, h2vi_tile *tile)
{
    memcpy(tile->negatives, tile->next_negatives, sizeof tile->negatives);
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i++) {
        if (ahead->used == H2VI_NOISE_BATCH) h2vi_draw_negatives(cell, random_many, ahead);
        const uint32_t row = ahead->rows[ahead->used++];
        tile->next_negatives[i] = cell->contexts + (size_t)row * (size_t)cell->stride;
    }
}

static inline __attribute__((always_inline)) void
h2vi_train_tiles(const h2vi_cell *cell, h2vi_train_tile *train_tile,
                 h2vi_random_many *random_many)
{
    const uint32_t num_pairs = cell->pair_starts[cell->num_centers] - cell->pair_starts[0];
    if (num_pairs == 0) return;
    const int64_t middle = h2vi_middle_center(cell);
    h2vi_cursor cursors[2] = {{.center = -1, .end = middle},
                              {.center = middle - 1, .end = cell->num_centers}};
    h2vi_negatives_ahead ahead = {.used = H2VI_NOISE_BATCH};
    h2vi_tile tile = {.sums = cell->sums};
    const float slope = (cell->rate_end - cell->rate_begin) / (float)num_pairs;
    h2vi_take_negatives(cell, random_many, &ahead, &tile);
    const int tiles_per_draw = cell->is_large ? 2 : 1;
    uint32_t done = 0;
    for (int n = 0; done < num_pairs; n++) {
        const float rate = fmaf(slope, (float)done, cell->rate_begin);
        done += (uint32_t)h2vi_take(cell, &cursors[0], 0, rate, &tile);
        done += (uint32_t)h2vi_take(cell, &cursors[1], 1, rate, &tile);
        if (n % tiles_per_draw == 0) h2vi_take_negatives(cell, random_many, &ahead, &tile);
        train_tile(&tile, cell->stride);
    }
}

/* exp2 on [-1/2, 1/2] by the polynomial of degree 5 through (0, 1) whose largest relative
 * error is smallest, 1.1e-7. The logistic function made from it is right to 2e-7, and to
 * 4e-7 beyond LOGIT_MAX, where it is flat. */
#define H2VI_EXP2_1 0.6931470037F
#define H2VI_EXP2_2 0.2402224243F
#define H2VI_EXP2_3 0.0555073395F
#define H2VI_EXP2_4 0.0096715111F
#define H2VI_EXP2_5 0.0013264653F
#define H2VI_LOG2_E 1.44269504F
#define H2VI_LOGIT_MAX 15.0F
