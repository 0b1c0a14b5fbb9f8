/* SPDX-License-Identifier: MIT */

/* gather.h for AVX2: 16 registers of 8 columns; what is loaded is an operand. */
#include "gather.h"

#include <immintrin.h>

enum { LANES = 8, NUM_SUMS = GATHER_COLUMNS / LANES, LINE = 64 };

/* Inlined early, or gcc drops it, as a function without effects. */
static inline __attribute__((always_inline)) void
fetch(const h2vi_multiplication *a, int64_t arc, gather_ahead ahead, size_t row_bytes)
{
    const char *rows = a->own;
    if (ahead.far > 0 && arc + ahead.far < a->num_arcs) {
        const char *row = rows + a->sources[arc + ahead.far] * row_bytes;
        GATHER_UNROLL
        for (size_t i = 0; i < row_bytes; i += LINE) _mm_prefetch(row + i, _MM_HINT_T1);
    }
    if (arc + ahead.near < a->num_arcs) {
        const char *row = rows + a->sources[arc + ahead.near] * row_bytes;
        GATHER_UNROLL
        for (size_t i = 0; i < row_bytes; i += LINE) _mm_prefetch(row + i, _MM_HINT_T0);
    }
}

static void gather_f32(const h2vi_multiplication *a, int64_t num_vertices,
                       gather_ahead ahead, float *sums)
{
    const float *const rows = a->own;
    for (int64_t v = 0; v < num_vertices; v++) {
        __m256 all[NUM_SUMS];
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) all[i] = _mm256_setzero_ps();
        for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
            fetch(a, arc, ahead, GATHER_COLUMNS * sizeof *rows);
            const float *row = rows + (size_t)a->sources[arc] * GATHER_COLUMNS;
            GATHER_UNROLL
            for (int i = 0; i < NUM_SUMS; i++)
                all[i] = _mm256_add_ps(all[i], _mm256_load_ps(row + LANES * i));
        }
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) _mm256_storeu_ps(sums + LANES * i, all[i]);
    }
}

/* A float is a bf16 and 16 zeros: even columns are shifted there, odd ones lie there. */
static void gather_bf16(const h2vi_multiplication *a, int64_t num_vertices,
                        gather_ahead ahead, float *sums)
{
    const uint16_t *const rows = a->own;
    const __m256i odd = _mm256_set1_epi32((int)0xffff0000);
    for (int64_t v = 0; v < num_vertices; v++) {
        __m256 all[NUM_SUMS];
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) all[i] = _mm256_setzero_ps();
        for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
            fetch(a, arc, ahead, GATHER_COLUMNS * sizeof *rows);
            const uint16_t *row = rows + (size_t)a->sources[arc] * GATHER_COLUMNS;
            GATHER_UNROLL
            for (int i = 0; i < NUM_SUMS; i += 2) {
                const __m256i pairs = _mm256_load_si256((const __m256i *)(row + LANES * i));
                all[i] = _mm256_add_ps(all[i],
                                       _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)));
                all[i + 1] = _mm256_add_ps(
                    all[i + 1], _mm256_castsi256_ps(_mm256_and_si256(pairs, odd)));
            }
        }
        GATHER_UNROLL
        for (int i = 0; i < NUM_SUMS; i++) _mm256_storeu_ps(sums + LANES * i, all[i]);
    }
}

static uint64_t read_all(size_t num_words, const uint64_t *words)
{
    enum { REGISTERS = 8, WORDS = 4 };
    __m256i sums[REGISTERS];
    GATHER_UNROLL
    for (int i = 0; i < REGISTERS; i++) sums[i] = _mm256_setzero_si256();
    for (size_t w = 0; w < num_words; w += (size_t)REGISTERS * WORDS) {
        GATHER_UNROLL
        for (int i = 0; i < REGISTERS; i++)
            sums[i] = _mm256_add_epi64(
                sums[i], _mm256_load_si256((const __m256i *)(words + w + WORDS * i)));
    }
    uint64_t lanes[WORDS], sum = 0;
    for (int i = 1; i < REGISTERS; i++) sums[0] = _mm256_add_epi64(sums[0], sums[i]);
    _mm256_storeu_si256((__m256i *)lanes, sums[0]);
    for (int i = 0; i < WORDS; i++) sum += lanes[i];
    return sum;
}

const gather_loops gather_avx2 = {gather_f32, gather_bf16, read_all};
