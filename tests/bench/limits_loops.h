/* SPDX-License-Identifier: MIT */

/* The loops of limits.h, for the file of an instruction set to include after it has defined
 * BYTES of a register, `floats`, and fused(): x y + z. */
#pragma once

#include "limits.h"

enum { ROW_REGISTERS = LIMITS_ROW * 8 / BYTES, LINE_WORDS = 8 };

typedef uint64_t words_of_register __attribute__((vector_size(BYTES), may_alias));

/* Vectors tend to 2: nothing overflows, nothing becomes denormal. */
static float fuse(int64_t times)
{
    const floats half = (floats){0} + 0.5F, one = (floats){0} + 1.0F;
    floats all[LIMITS_FUSED];
    GATHER_UNROLL
    for (int i = 0; i < LIMITS_FUSED; i++) all[i] = one * (float)i;
    for (int64_t t = 0; t < times; t++) {
        GATHER_UNROLL
        for (int i = 0; i < LIMITS_FUSED; i++) all[i] = fused(all[i], half, one);
    }
    float sum = 0;
    for (int i = 0; i < LIMITS_FUSED; i++)
        for (int lane = 0; lane < BYTES / 4; lane++) sum += all[i][lane];
    return sum;
}

/* Inlined early, or gcc drops it, as a function without effects. */
static inline __attribute__((always_inline)) void
fetch_rows(const uint64_t *words, const uint32_t *order, gather_ahead ahead)
{
    if (ahead.far > 0) {
        const uint64_t *row = words + (size_t)order[ahead.far] * LIMITS_ROW;
        GATHER_UNROLL
        for (int i = 0; i < LIMITS_ROW; i += LINE_WORDS) __builtin_prefetch(row + i, 0, 2);
    }
    if (ahead.near > 0) {
        const uint64_t *row = words + (size_t)order[ahead.near] * LIMITS_ROW;
        GATHER_UNROLL
        for (int i = 0; i < LIMITS_ROW; i += LINE_WORDS) __builtin_prefetch(row + i);
    }
}

static uint64_t read_all_rows(const uint64_t *words, const uint32_t *order, int64_t count,
                              gather_ahead ahead)
{
    words_of_register sums[2] = {{0}};
    for (int64_t i = 0; i < count; i++) {
        fetch_rows(words, order + i, ahead);
        const words_of_register *row =
            (const words_of_register *)(words + (size_t)order[i] * LIMITS_ROW);
        GATHER_UNROLL
        for (int r = 0; r < ROW_REGISTERS; r++) sums[r % 2] += row[r];
    }
    uint64_t sum = 0;
    sums[0] += sums[1];
    for (int i = 0; i < BYTES / 8; i++) sum += sums[0][i];
    return sum;
}

static void change_all_rows(uint64_t *words, const uint32_t *order, int64_t count,
                            gather_ahead ahead, uint64_t amount)
{
    for (int64_t i = 0; i < count; i++) {
        fetch_rows(words, order + i, ahead);
        words_of_register *row =
            (words_of_register *)(words + (size_t)order[i] * LIMITS_ROW);
        GATHER_UNROLL
        for (int r = 0; r < ROW_REGISTERS; r++) row[r] += amount;
    }
}
