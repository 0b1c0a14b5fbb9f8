/* SPDX-License-Identifier: MIT */

/* The kernels of multiply.h: loops over columns without dependences, which compilers turn
 * into vectors. Included by the file of each instruction set, so that it is compiled for
 * that.
 *
 * Several arcs are taken in one pass over the columns, so that a sum is loaded and stored
 * once for all of them; the rows of arcs that come later, of this vertex or of the next
 * ones, are on their way meanwhile. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "multiply.h"

h2vi_sum_row h2vi_sum_row_scalar;
h2vi_sum_row h2vi_sum_row_avx2;
h2vi_sum_row h2vi_sum_row_avx512;
h2vi_finish_row h2vi_finish_row_scalar;
h2vi_finish_row h2vi_finish_row_avx2;
h2vi_finish_row h2vi_finish_row_avx512;

/* Each use has its own constants, and is to be compiled for them. */
#define H2VI_INLINE static inline __attribute__((always_inline))

enum {
    H2VI_PASS_ARCS = 8,       /* taken in one pass */
    H2VI_AHEAD_ARCS = 16,     /* between an arc and the one whose row is fetched */
    H2VI_PIECE_COLUMNS = 512, /* of a row in pieces, summed at once */
    H2VI_CACHE_LINE = 64
};

H2VI_INLINE float h2vi_widen_bf16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, ties to even; what is too large to infinity, what is no number to none.
 */
H2VI_INLINE uint16_t h2vi_round_bf16(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

/* Columns of rows of one kind. */
typedef struct h2vi_columns {
    const char *bases[2]; /* owned rows, ghosts */
    uint32_t firsts[2];   /* the sources that are their first rows */
    size_t row_bytes;
    int begin, end;
} h2vi_columns;

/* A lookup, as a branch would often be mispredicted. */
H2VI_INLINE const void *h2vi_row(const h2vi_columns *columns, uint32_t source)
{
    const int is_ghost = source >= columns->firsts[1];
    return columns->bases[is_ghost] +
           (size_t)(source - columns->firsts[is_ghost]) * columns->row_bytes;
}

H2VI_INLINE void h2vi_fetch_row(h2v_row_type type, const h2vi_columns *columns,
                                uint32_t source)
{
    const size_t size = type == H2V_ROWS_BF16 ? sizeof(uint16_t) : sizeof(float);
    const char *row = h2vi_row(columns, source);
    for (size_t i = (size_t)columns->begin * size; i < (size_t)columns->end * size;
         i += H2VI_CACHE_LINE)
        __builtin_prefetch(row + i);
}

/* Of a number of columns: itself, but compilers see that no rest is left. */
H2VI_INLINE int h2vi_whole(int num_columns)
{
    return num_columns & -H2VI_ROW_LANES;
}

/* Add the rows of arcs [a, a + count), one after the other. */
H2VI_INLINE void h2vi_add_arcs(int count, h2v_row_type type, const float *weights,
                               const h2vi_multiplication *m, const h2vi_columns *columns,
                               int64_t a, float *restrict sums)
{
    const float *floats[H2VI_PASS_ARCS] = {0};
    const uint16_t *halves[H2VI_PASS_ARCS] = {0};
    float own_weights[H2VI_PASS_ARCS] = {0};
#pragma GCC unroll 8
    for (int k = 0; k < count; k++) {
        const void *row = h2vi_row(columns, m->sources[a + k]);
        floats[k] = (const float *)row + columns->begin;
        halves[k] = (const uint16_t *)row + columns->begin;
        own_weights[k] = weights ? weights[a + k] : 1;
        if (a + k + H2VI_AHEAD_ARCS < m->num_arcs)
            h2vi_fetch_row(type, columns, m->sources[a + k + H2VI_AHEAD_ARCS]);
    }
    const int num_columns = h2vi_whole(columns->end - columns->begin);
    for (int c = 0; c < num_columns; c++) {
        float sum = sums[c];
#pragma GCC unroll 8
        for (int k = 0; k < count; k++) {
            const float x =
                type == H2V_ROWS_BF16 ? h2vi_widen_bf16(halves[k][c]) : floats[k][c];
            sum += weights ? own_weights[k] * x : x;
        }
        sums[c] = sum;
    }
}

/* Sum the rows of arcs [a, end); `sums` begins with column columns->begin. */
H2VI_INLINE void h2vi_sum_arcs(h2v_row_type type, const float *weights,
                               const h2vi_multiplication *m, const h2vi_columns *columns,
                               int64_t a, int64_t end, float *restrict sums)
{
    memset(sums, 0, (size_t)(columns->end - columns->begin) * sizeof *sums);
    for (; end - a >= H2VI_PASS_ARCS; a += H2VI_PASS_ARCS)
        h2vi_add_arcs(H2VI_PASS_ARCS, type, weights, m, columns, a, sums);
    if (end - a >= 4) {
        h2vi_add_arcs(4, type, weights, m, columns, a, sums);
        a += 4;
    }
    if (end - a >= 2) {
        h2vi_add_arcs(2, type, weights, m, columns, a, sums);
        a += 2;
    }
    if (end - a >= 1) h2vi_add_arcs(1, type, weights, m, columns, a, sums);
}

/* A row in pieces: some columns at a time, so that a piece's sum finds room. */
static inline void h2vi_sum_pieces(h2v_row_type type, const float *weights,
                                   const h2vi_multiplication *m,
                                   const h2vi_columns *columns, int64_t a, int64_t end,
                                   float *restrict sums)
{
    h2vi_columns part = *columns;
    for (; part.begin < columns->end; part.begin = part.end) {
        part.end = columns->end - part.begin < H2VI_PIECE_COLUMNS
                       ? columns->end
                       : part.begin + H2VI_PIECE_COLUMNS;
        float *const all = sums + (part.begin - columns->begin);
        const int num_columns = h2vi_whole(part.end - part.begin);
        memset(all, 0, (size_t)num_columns * sizeof *all);
        for (int64_t first = a; first < end; first += H2VI_PIECE_ARCS) {
            float piece[H2VI_PIECE_COLUMNS];
            const int64_t last =
                end - first < H2VI_PIECE_ARCS ? end : first + H2VI_PIECE_ARCS;
            h2vi_sum_arcs(type, weights, m, &part, first, last, piece);
            for (int c = 0; c < num_columns; c++) all[c] += piece[c];
        }
    }
}

H2VI_INLINE void h2vi_sum_typed(h2v_row_type type, const float *weights,
                                const h2vi_multiplication *m, const h2vi_columns *columns,
                                int64_t v, float *sums)
{
    const int64_t a = m->offsets[v], end = m->offsets[v + 1];
    if (end - a <= H2VI_PIECE_ARCS)
        h2vi_sum_arcs(type, weights, m, columns, a, end, sums + columns->begin);
    else
        h2vi_sum_pieces(type, weights, m, columns, a, end, sums + columns->begin);
}

H2VI_INLINE void h2vi_sum_any(const h2vi_multiplication *m, int64_t v, int begin, int end,
                              float *sums)
{
    const size_t size = m->row_type == H2V_ROWS_BF16 ? sizeof(uint16_t) : sizeof(float);
    const h2vi_columns columns = {{m->own, m->ghosts},
                                  {0, (uint32_t)m->num_owned},
                                  (size_t)m->stride * size,
                                  begin,
                                  end};
    if (m->row_type == H2V_ROWS_BF16 && m->weights)
        h2vi_sum_typed(H2V_ROWS_BF16, m->weights, m, &columns, v, sums);
    else if (m->row_type == H2V_ROWS_BF16)
        h2vi_sum_typed(H2V_ROWS_BF16, NULL, m, &columns, v, sums);
    else if (m->weights)
        h2vi_sum_typed(H2V_ROWS_F32, m->weights, m, &columns, v, sums);
    else
        h2vi_sum_typed(H2V_ROWS_F32, NULL, m, &columns, v, sums);
}

/* The square of the length, in lanes of one column modulo 16 each. */
H2VI_INLINE float h2vi_length(int stride, const float *row)
{
    float lanes[H2VI_ROW_LANES] = {0};
    for (int c = 0; c < stride; c += H2VI_ROW_LANES)
        for (int i = 0; i < H2VI_ROW_LANES; i++) lanes[i] += row[c + i] * row[c + i];
    for (int half = H2VI_ROW_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return sqrtf(lanes[0]);
}

H2VI_INLINE void h2vi_divide(int stride, float divisor, float *restrict row)
{
    for (int c = 0; c < stride; c++) row[c] /= divisor;
}

/* Leaves in `row` what was stored. */
H2VI_INLINE void h2vi_store(h2v_row_type type, int stride, float *restrict row,
                            void *restrict to)
{
    if (type == H2V_ROWS_F32) {
        memcpy(to, row, (size_t)stride * sizeof *row);
        return;
    }
    uint16_t *const halves = to;
    for (int c = 0; c < stride; c++) {
        halves[c] = h2vi_round_bf16(row[c]);
        row[c] = h2vi_widen_bf16(halves[c]);
    }
}

H2VI_INLINE void h2vi_finish(const h2vi_finishing *how, float divisor, float *sums,
                             void *to, float *restrict result)
{
    const int stride = h2vi_whole(how->stride);
    if (divisor != 0)
        h2vi_divide(stride, divisor, sums);
    else
        memset(sums, 0, (size_t)stride * sizeof *sums);
    if (how->unit_rows == H2V_UNIT_ROWS_ITERATED) {
        const float length = h2vi_length(stride, sums);
        if (length > 0) h2vi_divide(stride, length, sums);
    }
    h2vi_store(how->row_type, stride, sums, to);
    if (how->weight == 0) return;
    float weight = how->weight;
    if (how->unit_rows == H2V_UNIT_ROWS_ADDED) {
        const float length = h2vi_length(stride, sums);
        weight = length > 0 ? weight / length : 0;
    }
    for (int c = 0; c < stride; c++) result[c] += weight * sums[c];
}
