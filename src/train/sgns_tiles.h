/* SPDX-License-Identifier: MIT */

/* How a cell is cut into tiles: the same for every kernel, which only brings the function
 * for one tile. Included by each kernel's file, so that it is compiled for its instruction
 * set. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "sgns.h"

/* Products come in this order: negative i with center s at s * TILE_NEGATIVES + i, positive
 * i of center s at TILE_FIRST_POSITIVE + s * TILE_POSITIVES + i. */
enum {
    H2VI_TILE_FIRST_POSITIVE = 2 * H2VI_TILE_NEGATIVES,
    H2VI_TILE_PRODUCTS = H2VI_TILE_FIRST_POSITIVE + 2 * H2VI_TILE_POSITIVES
};

typedef struct h2vi_tile {
    float weights[H2VI_TILE_PRODUCTS]; /* learning rate, 0 where a positive is missing;
                                          learning rate * K s / TILE_NEGATIVES */
    float *centers[2];
    float *positives[2][H2VI_TILE_POSITIVES];
    float *const *negatives;      /* shape [TILE_NEGATIVES] */
    float *const *next_negatives; /* of the tile after: to be fetched */
    float *sums;                  /* scratch, shape [2, stride] */
} __attribute__((aligned(64))) h2vi_tile;

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
 * return how many. What is missing stands next in the list, and is soon to be trained: it
 * is near then, and its weight is 0 now. */
static inline int h2vi_take(const h2vi_cell *cell, h2vi_cursor *cursor, int side,
                            float rate, h2vi_tile *tile)
{
    static const float is_there[H2VI_TILE_POSITIVES + 1][H2VI_TILE_POSITIVES] = {
        {0}, {1}, {1, 1}, {1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}};
    _Static_assert(H2VI_TILE_POSITIVES == 6, "the table says who is there");
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
    const uint32_t *rows = cell->pair_rows + cursor->pair;
    float *const contexts = cell->contexts;
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++)
        tile->positives[side][i] = contexts + rows[i] * stride;
    float *weights = tile->weights + H2VI_TILE_FIRST_POSITIVE + side * H2VI_TILE_POSITIVES;
    for (int i = 0; i < H2VI_TILE_POSITIVES; i++) weights[i] = rate * is_there[count][i];
    const float negative =
        rate * ((float)(cell->negatives * count) / (float)H2VI_TILE_NEGATIVES);
    for (int i = 0; i < H2VI_TILE_NEGATIVES; i++)
        tile->weights[side * H2VI_TILE_NEGATIVES + i] = negative;
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

/* Negatives drawn and not used yet, by batches (noise.h): those of a tile and of the next
 * stand together. */
typedef struct h2vi_negatives_ahead {
    h2vi_many words;
    float *rows[2 * H2VI_TILE_NEGATIVES + H2VI_NOISE_BATCH];
    int used, drawn; /* rows */
    uint32_t next_batch;
} h2vi_negatives_ahead;

/* (What is read in loops is copied first: pointers that are written might be the cell's.)
 */
static inline void h2vi_draw_negatives(const h2vi_cell *cell, h2vi_random_many *random_many,
                                       h2vi_negatives_ahead *ahead)
{
    const h2vi_noise noise = cell->noise;
    const uint32_t *const pool = cell->pool;
    float *const contexts = cell->contexts;
    const size_t stride = (size_t)cell->stride;
    uint32_t(*words)[H2VI_MANY] = ahead->words.words;
    for (uint32_t i = 0; i < H2VI_MANY; i++) {
        words[0][i] = ahead->next_batch * H2VI_MANY + i;
        words[1][i] = noise.cell;
        words[2][i] = 0;
        words[3][i] = h2vi_purpose_word(H2VI_FOR_NEGATIVE, noise.round);
    }
    random_many(noise.seed, 1, &ahead->words);
    float **rows = ahead->rows + ahead->drawn;
    for (int half = 0; half < 2; half++) {
        const uint32_t *class_words = words[2 * half], *row_words = words[2 * half + 1];
        for (int i = 0; i < H2VI_MANY; i++) {
            const h2vi_noise_class class = noise.classes[h2vi_alias_draw(
                noise.alias, noise.num_classes, class_words[i])];
            uint32_t row = class.first + h2vi_below(row_words[i], class.count);
            if (pool) row = pool[row];
            *rows++ = contexts + row * stride;
        }
    }
    ahead->next_batch++;
    ahead->drawn += H2VI_NOISE_BATCH;
}

/* What came next is now; and what comes next? */
static inline void h2vi_take_negatives(const h2vi_cell *cell, h2vi_random_many *random_many,
                                       h2vi_negatives_ahead *ahead, h2vi_tile *tile)
{
    ahead->used += H2VI_TILE_NEGATIVES;
    if (ahead->drawn - ahead->used < 2 * H2VI_TILE_NEGATIVES) {
        ahead->drawn -= ahead->used;
        memmove(ahead->rows, ahead->rows + ahead->used,
                (size_t)ahead->drawn * sizeof *ahead->rows);
        ahead->used = 0;
        h2vi_draw_negatives(cell, random_many, ahead);
    }
    tile->negatives = ahead->rows + ahead->used;
    tile->next_negatives = tile->negatives + H2VI_TILE_NEGATIVES;
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
    h2vi_negatives_ahead ahead; /* its words and rows are written before they are read */
    ahead.used = -H2VI_TILE_NEGATIVES;
    ahead.drawn = 0;
    ahead.next_batch = 0;
    h2vi_tile tile = {.sums = cell->sums};
    const float slope = (cell->rate_end - cell->rate_begin) / (float)num_pairs;
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
