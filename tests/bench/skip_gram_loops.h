/* SPDX-License-Identifier: MIT */

/* The loops of skip_gram.h, plain C that compilers turn into vectors, for the file of an
 * instruction set to include. Sums are in lanes, since compilers may not reorder them. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "skip_gram.h"

/* splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195). */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
}

static inline float dot(int stride, const float *x, const float *y)
{
    float lanes[SKIP_GRAM_LANES] = {0};
    for (int d = 0; d < stride; d += SKIP_GRAM_LANES)
        for (int i = 0; i < SKIP_GRAM_LANES; i++) lanes[i] += x[d + i] * y[d + i];
    float sums[4] = {0};
    for (int i = 0; i < SKIP_GRAM_LANES; i++) sums[i % 4] += lanes[i];
    return sums[0] + sums[1] + (sums[2] + sums[3]);
}

/* A step: the row of the target changes at once, the center's later. */
static inline void take_step(int stride, float step, const float *restrict center,
                             float *restrict row, float *restrict change)
{
    for (int d = 0; d < stride; d++) {
        change[d] += step * row[d];
        row[d] += step * center[d];
    }
}

static inline float *row_of(const skip_gram *model, float *matrix, uint32_t vertex)
{
    return matrix + (size_t)vertex * (size_t)model->stride;
}

/* Draw a negative. Its row is far from the caches as a rule, and is fetched. */
static inline uint32_t draw_negative(skip_gram *model)
{
    const uint32_t word = (uint32_t)(next_random(&model->random) >> 32);
    const uint32_t target = h2vi_alias_draw(model->noise, model->num_vertices, word);
    const float *row = row_of(model, model->out, target);
    for (int d = 0; d < model->stride; d += SKIP_GRAM_LANES) __builtin_prefetch(row + d, 1);
    return target;
}

static inline void train_target(const skip_gram *model, const float *center,
                                uint32_t target, float label, float rate)
{
    float *row = row_of(model, model->out, target);
    const float logit = dot(model->stride, center, row);
    const float step = rate * (label - 1 / (1 + expf(-logit)));
    take_step(model->stride, step, center, row, model->change);
}

static inline void train_pair(skip_gram *model, uint32_t center, uint32_t context,
                              float rate)
{
    float *row = row_of(model, model->in, center);
    memset(model->change, 0, (size_t)model->stride * sizeof *model->change);
    for (int i = 0; i < model->negatives; i++) model->targets[i] = draw_negative(model);
    train_target(model, row, context, 1, rate);
    for (int i = 0; i < model->negatives; i++)
        if (model->targets[i] != context)
            train_target(model, row, model->targets[i], 0, rate);
    for (int d = 0; d < model->stride; d++) row[d] += model->change[d];
}
