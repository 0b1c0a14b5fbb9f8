/* SPDX-License-Identifier: MIT */

/* The loops of gather.h in the compilers' vectors, for the file of an instruction set to
 * include after it has defined BYTES, those of a register. */
#pragma once

#include <string.h>

#include "gather.h"

enum { LANES = BYTES / 4, NUM_SUMS = GATHER_COLUMNS / LANES, LINE = 64 };

typedef float floats __attribute__((vector_size(BYTES), may_alias));
typedef uint32_t pairs __attribute__((vector_size(BYTES), may_alias)); /* of bf16 */
typedef uint64_t words __attribute__((vector_size(BYTES), may_alias));

/* Inlined early, or gcc drops it, as a function without effects. */
static inline __attribute__((always_inline)) void
fetch(const h2vi_multiplication *a, int64_t arc, gather_ahead ahead, size_t row_bytes)
{
    const char *rows = a->own;
    if (ahead.far > 0 && arc + ahead.far < a->num_arcs) {
        const char *row = rows + a->sources[arc + ahead.far] * row_bytes;
        GATHER_UNROLL
        for (size_t i = 0; i < row_bytes; i += LINE) __builtin_prefetch(row + i, 0, 2);
    }
    if (arc + ahead.near < a->num_arcs) {
        const char *row = rows + a->sources[arc + ahead.near] * row_bytes;
        GATHER_UNROLL
        for (size_t i = 0; i < row_bytes; i += LINE) __builtin_prefetch(row + i);
    }
}

static void gather_f32(const h2vi_multiplication *a, int64_t num_vertices,
                       gather_ahead ahead, float *sums)
{
    const float *const rows = a->own;
    for (int64_t v = 0; v < num_vertices; v++) {
        floats all[NUM_SUMS];
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) all[i] = (floats){0};
        for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
            fetch(a, arc, ahead, GATHER_COLUMNS * sizeof *rows);
            const floats *row =
                (const floats *)(rows + (size_t)a->sources[arc] * GATHER_COLUMNS);
            GATHER_UNROLL
            for (int i = 0; i < NUM_SUMS; i++) all[i] += row[i];
        }
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) memcpy(sums + LANES * i, &all[i], sizeof all[i]);
    }
}

/* A float is a bf16 and 16 zeros: even columns are shifted there, odd ones lie there. */
static void gather_bf16(const h2vi_multiplication *a, int64_t num_vertices,
                        gather_ahead ahead, float *sums)
{
    const uint16_t *const rows = a->own;
    for (int64_t v = 0; v < num_vertices; v++) {
        floats all[NUM_SUMS];
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) all[i] = (floats){0};
        for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
            fetch(a, arc, ahead, GATHER_COLUMNS * sizeof *rows);
            const pairs *row =
                (const pairs *)(rows + (size_t)a->sources[arc] * GATHER_COLUMNS);
            GATHER_UNROLL
            for (int i = 0; i < NUM_SUMS / 2; i++) {
                all[2 * i] += (floats)(row[i] << 16);
                all[2 * i + 1] += (floats)(row[i] & 0xffff0000U);
            }
        }
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) memcpy(sums + LANES * i, &all[i], sizeof all[i]);
    }
}

static uint64_t read_all(size_t num_words, const uint64_t *from)
{
    enum { REGISTERS = 8, WORDS = BYTES / 8 };
    words sums[REGISTERS] = {{0}};
    const words *all = (const words *)from;
    for (size_t i = 0; i < num_words / WORDS; i += REGISTERS) {
        GATHER_UNROLL
        for (int r = 0; r < REGISTERS; r++) sums[r] += all[i + (size_t)r];
    }
    uint64_t sum = 0;
    for (int r = 1; r < REGISTERS; r++) sums[0] += sums[r];
    for (int i = 0; i < WORDS; i++) sum += sums[0][i];
    return sum;
}
