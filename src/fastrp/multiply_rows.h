/* SPDX-License-Identifier: MIT */

/* The kernels of multiply.h. Included by the file of each instruction set, so that it is
 * compiled for that; vectors of floats are the compilers' own (gcc, clang: vector_size),
 * as loops over columns do not stay in registers by themselves.
 *
 * As many columns as registers hold are summed at once, over all arcs of the row, two arcs
 * a turn. Rows of later arcs, of this vertex or of the next ones, are fetched twice: far
 * ahead into the second level of caches, which takes many more misses at a time than the
 * first, and shortly before their turn into the first. (Measured: tests/bench/README.md.)
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "multiply.h"

h2vi_sum_row h2vi_sum_row_scalar;
h2vi_sum_row h2vi_sum_row_avx2;
h2vi_sum_row h2vi_sum_row_avx512;
h2vi_finish_row h2vi_finish_row_scalar;
h2vi_finish_row h2vi_finish_row_avx2;
h2vi_finish_row h2vi_finish_row_avx512;

/* Loops over the vectors of a block, which are registers. */
#ifdef __clang__
#define H2VI_UNROLL _Pragma("clang loop unroll(full)")
#else
#define H2VI_UNROLL _Pragma("GCC unroll 8")
#endif

/* Each use has its own constants, and is to be compiled for them. */
#define H2VI_INLINE static inline __attribute__((always_inline))

#if defined __AVX512F__
#define H2VI_VECTOR_BYTES 64
#elif defined __AVX2__
#define H2VI_VECTOR_BYTES 32
#else
#define H2VI_VECTOR_BYTES 16
#endif

/* Floats, and their bits or pairs of bf16: the first one in the low half. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "low halves come first");
typedef float h2vi_floats __attribute__((vector_size(H2VI_VECTOR_BYTES)));
typedef uint32_t h2vi_bits __attribute__((vector_size(H2VI_VECTOR_BYTES)));

enum {
    H2VI_VECTOR = H2VI_VECTOR_BYTES / 4, /* floats of a vector */
    H2VI_BLOCK = 8,                      /* vectors summed at once */
    H2VI_PIECE_COLUMNS = 512, /* of a row in pieces, summed one after the other */
    H2VI_FAR_ARCS = 64,       /* between an arc and those whose rows are fetched */
    H2VI_NEAR_ARCS = 8,
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

H2VI_INLINE int h2vi_entry_bytes(h2v_row_type type)
{
    return type == H2V_ROWS_BF16 ? (int)sizeof(uint16_t) : (int)sizeof(float);
}

/* A constant wherever it is used. */
typedef struct h2vi_kind {
    h2v_row_type type;
    bool is_weighted;
} h2vi_kind;

/* Where rows of X begin, from some column on, and what they weigh. */
typedef struct h2vi_sources {
    const uint32_t *sources;
    const float *weights;
    int64_t num_arcs;
    const char *own;
    ptrdiff_t row_bytes, ghosts; /* what to add for ghosts */
    uint32_t num_owned;
} h2vi_sources;

/* Which branch it is would often be mispredicted: compilers make this a conditional move.
 */
H2VI_INLINE const char *h2vi_row(const h2vi_sources *x, int64_t arc)
{
    const uint32_t source = x->sources[arc];
    return x->own +
           ((ptrdiff_t)source * x->row_bytes + (source >= x->num_owned ? x->ghosts : 0));
}

/* The rows that arcs [a, a + count) prepare for, `num_bytes` of each. */
H2VI_INLINE void h2vi_fetch(int count, const h2vi_sources *x, int64_t a, int num_bytes)
{
    if (a + H2VI_FAR_ARCS + count > x->num_arcs) return;
    H2VI_UNROLL
    for (int k = 0; k < count; k++) {
        const char *far = h2vi_row(x, a + H2VI_FAR_ARCS + k);
        const char *near = h2vi_row(x, a + H2VI_NEAR_ARCS + k);
        H2VI_UNROLL
        for (int i = 0; i < num_bytes; i += H2VI_CACHE_LINE)
            __builtin_prefetch(far + i, 0, 2);
        H2VI_UNROLL
        for (int i = 0; i < num_bytes; i += H2VI_CACHE_LINE)
            __builtin_prefetch(near + i, 0, 3);
    }
}

/* Of bf16 a vector holds pairs of columns: of two vectors of sums the first is of even
 * columns, the second of odd ones. */
H2VI_INLINE void h2vi_add_row(int num_vectors, h2vi_kind kind, const h2vi_sources *x,
                              int64_t arc, h2vi_floats sums[H2VI_BLOCK])
{
    const char *row = h2vi_row(x, arc);
    const float weight = kind.is_weighted ? x->weights[arc] : 1;
    const int step = kind.type == H2V_ROWS_BF16 ? 2 : 1;
    H2VI_UNROLL
    for (int i = 0; i < num_vectors; i += step) {
        h2vi_floats entries, odd_entries;
        if (kind.type == H2V_ROWS_BF16) {
            h2vi_bits pairs, even, odd;
            memcpy(&pairs, row + i / 2 * H2VI_VECTOR_BYTES, sizeof pairs);
            even = pairs << 16;
            odd = pairs & 0xffff0000;
            memcpy(&entries, &even, sizeof entries);
            memcpy(&odd_entries, &odd, sizeof odd_entries);
            sums[i + 1] += kind.is_weighted ? weight * odd_entries : odd_entries;
        } else {
            memcpy(&entries, row + i * H2VI_VECTOR_BYTES, sizeof entries);
        }
        sums[i] += kind.is_weighted ? weight * entries : entries;
    }
}

H2VI_INLINE void h2vi_store_sums(int num_vectors, h2vi_kind kind,
                                 const h2vi_floats sums[H2VI_BLOCK], float *restrict to)
{
    if (kind.type == H2V_ROWS_F32) {
        memcpy(to, sums, (size_t)num_vectors * sizeof *sums);
        return;
    }
    float lanes[H2VI_BLOCK][H2VI_VECTOR];
    memcpy(lanes, sums, (size_t)num_vectors * sizeof *sums);
    H2VI_UNROLL
    for (int i = 0; i < num_vectors; i += 2)
        for (int j = 0; j < H2VI_VECTOR; j++) {
            to[i * H2VI_VECTOR + 2 * j] = lanes[i][j];
            to[i * H2VI_VECTOR + 2 * j + 1] = lanes[i + 1][j];
        }
}

/* Sum arcs [a, end), from the column where `x` begins. */
H2VI_INLINE void h2vi_sum_block(int num_vectors, h2vi_kind kind, const h2vi_sources *x,
                                int64_t a, int64_t end, float *restrict to)
{
    const int num_bytes = num_vectors * H2VI_VECTOR * h2vi_entry_bytes(kind.type);
    h2vi_floats sums[H2VI_BLOCK];
    H2VI_UNROLL
    for (int i = 0; i < num_vectors; i++) sums[i] = (h2vi_floats){0};
    for (; a + 1 < end; a += 2) {
        h2vi_fetch(2, x, a, num_bytes);
        h2vi_add_row(num_vectors, kind, x, a, sums);
        h2vi_add_row(num_vectors, kind, x, a + 1, sums);
    }
    if (a < end) {
        h2vi_fetch(1, x, a, num_bytes);
        h2vi_add_row(num_vectors, kind, x, a, sums);
    }
    h2vi_store_sums(num_vectors, kind, sums, to);
}

/* H2VI_ROW_LANES columns of bf16, where they are only one vector. */
H2VI_INLINE void h2vi_sum_rest(h2vi_kind kind, const h2vi_sources *x, int64_t a,
                               int64_t end, float *restrict to)
{
    float sums[H2VI_ROW_LANES] = {0};
    for (; a < end; a++) {
        uint16_t row[H2VI_ROW_LANES];
        memcpy(row, h2vi_row(x, a), sizeof row);
        for (int c = 0; c < H2VI_ROW_LANES; c++) {
            const float entry = h2vi_widen_bf16(row[c]);
            sums[c] += kind.is_weighted ? x->weights[a] * entry : entry;
        }
    }
    memcpy(to, sums, sizeof sums);
}

/* What is summed: arcs [a, last), columns [begin, end), to to[0 ..]. */
typedef struct h2vi_span {
    int64_t a, last;
    int begin, end;
    float *to;
} h2vi_span;

/* As many blocks of `num_vectors` as there are; the span is what is left. */
H2VI_INLINE void h2vi_sum_blocks(int num_vectors, h2vi_kind kind, const h2vi_sources *x,
                                 h2vi_span *span)
{
    const int num_columns = num_vectors * H2VI_VECTOR;
    for (; span->end - span->begin >= num_columns; span->begin += num_columns) {
        h2vi_sources from = *x;
        from.own += (ptrdiff_t)span->begin * h2vi_entry_bytes(kind.type);
        if (kind.type == H2V_ROWS_BF16 && num_vectors == 1)
            h2vi_sum_rest(kind, &from, span->a, span->last, span->to);
        else
            h2vi_sum_block(num_vectors, kind, &from, span->a, span->last, span->to);
        span->to += num_columns;
    }
}

H2VI_INLINE void h2vi_sum_arcs(h2vi_kind kind, const h2vi_sources *x, h2vi_span span)
{
    h2vi_sum_blocks(8, kind, x, &span);
    h2vi_sum_blocks(4, kind, x, &span);
    h2vi_sum_blocks(2, kind, x, &span);
    if ((int)H2VI_VECTOR == (int)H2VI_ROW_LANES) h2vi_sum_blocks(1, kind, x, &span);
}

/* All pieces, some columns at a time if there are several, so that a piece finds room. */
H2VI_INLINE void h2vi_sum_pieces(h2vi_kind kind, const h2vi_sources *x, int begin, int end,
                                 int64_t a, int64_t last, float *sums)
{
    const int most = last - a > H2VI_PIECE_ARCS ? H2VI_PIECE_COLUMNS : end - begin;
    for (int c = begin; c < end; c += most) {
        const int part_end = end - c < most ? end : c + most;
        int64_t first = a;
        do {
            float piece[H2VI_PIECE_COLUMNS];
            const int64_t next =
                last - first > H2VI_PIECE_ARCS ? first + H2VI_PIECE_ARCS : last;
            h2vi_sum_arcs(
                kind, x,
                (h2vi_span){first, next, c, part_end, first == a ? sums + c : piece});
            if (first > a)
                for (int i = 0; i < part_end - c; i++) sums[c + i] += piece[i];
            first = next;
        } while (first < last);
    }
}

/* A function for each kind of rows. */
#define H2VI_SUM_KIND(NAME, ...)                                                           \
    __attribute__((noinline)) static void NAME(                                            \
        const h2vi_sources *x, int64_t a, int64_t last, int begin, int end, float *sums)   \
    {                                                                                      \
        h2vi_sum_pieces((h2vi_kind){__VA_ARGS__}, x, begin, end, a, last, sums);           \
    }
H2VI_SUM_KIND(h2vi_sum_f32, H2V_ROWS_F32, false)
H2VI_SUM_KIND(h2vi_sum_weighted_f32, H2V_ROWS_F32, true)
H2VI_SUM_KIND(h2vi_sum_bf16, H2V_ROWS_BF16, false)
H2VI_SUM_KIND(h2vi_sum_weighted_bf16, H2V_ROWS_BF16, true)

H2VI_INLINE void h2vi_sum_any(const h2vi_multiplication *m, int64_t v, int begin, int end,
                              float *sums)
{
    const ptrdiff_t row_bytes = (ptrdiff_t)m->stride * h2vi_entry_bytes(m->row_type);
    const h2vi_sources x = {m->sources,
                            m->weights,
                            m->num_arcs,
                            m->own,
                            row_bytes,
                            (intptr_t)m->ghosts - (intptr_t)m->own -
                                (ptrdiff_t)m->num_owned * row_bytes,
                            (uint32_t)m->num_owned};
    const int64_t a = m->offsets[v], last = m->offsets[v + 1];
    if (m->row_type == H2V_ROWS_BF16 && m->weights)
        h2vi_sum_weighted_bf16(&x, a, last, begin, end, sums);
    else if (m->row_type == H2V_ROWS_BF16)
        h2vi_sum_bf16(&x, a, last, begin, end, sums);
    else if (m->weights)
        h2vi_sum_weighted_f32(&x, a, last, begin, end, sums);
    else
        h2vi_sum_f32(&x, a, last, begin, end, sums);
}

/* Of a number of columns: itself, but compilers see that no rest is left. */
H2VI_INLINE int h2vi_whole(int num_columns)
{
    return num_columns & -H2VI_ROW_LANES;
}

/* In double, whose range holds the squares of all floats. */
H2VI_INLINE float h2vi_length(int stride, const float *row)
{
    double lanes[H2VI_ROW_LANES] = {0};
    for (int c = 0; c < stride; c += H2VI_ROW_LANES)
        for (int i = 0; i < H2VI_ROW_LANES; i++)
            lanes[i] += (double)row[c + i] * (double)row[c + i];
    for (int half = H2VI_ROW_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return (float)sqrt(lanes[0]);
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
