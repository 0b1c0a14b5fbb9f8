/* SPDX-License-Identifier: MIT */

/* Sums of gathered rows and what becomes of them: the scalar kernels do what multiply.h
 * says, number by number and within rounding of sums in double; every other instruction
 * set, and every split of the columns, returns their bits. */
#include "alloc.h"
#include "multiply.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_STRIDE = 1040, NUM_KINDS = 8 };

static const int degrees[] = {0,  1, 2, 3,    4,    5,    6,    7,    8,    9,  10, 11,
                              12, 0, 0, 1023, 1024, 1025, 1031, 2048, 3000, 17, 1,  0};
static const int strides[] = {16, 32, 48, 128, 240, 512, MAX_STRIDE};

enum {
    NUM_ROWS = sizeof degrees / sizeof *degrees,
    NUM_STRIDES = sizeof strides / sizeof *strides
};

/* A multiplication and its arrays. */
typedef struct test_product {
    h2vi_multiplication a;
    int64_t *offsets;
    uint32_t *sources;
    float *weights;
    void *own, *ghosts;
    int64_t num_sources;
} test_product;

/* Rows may be of float or bf16, weighted or not, and may have ghosts: bits of `kind`. */
enum { KIND_BF16 = 1, KIND_WEIGHTED = 2, KIND_GHOSTS = 4 };

static uint32_t word(uint32_t i, uint32_t use)
{
    return h2vi_random(3, H2VI_FOR_GENERATOR, 0, use, i, 0).w[0];
}

/* From -1 to 1, of many magnitudes. */
static float number(uint32_t i, uint32_t use)
{
    return ldexpf(2 * h2vi_unit(word(i, use)) - 1, -(int)(word(i, use + 1) % 20));
}

static float widen(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void *make_rows(h2v_row_type type, int64_t num_rows, int stride, uint32_t use)
{
    const int64_t num_entries = num_rows * stride;
    if (type == H2V_ROWS_F32) {
        float *rows = h2vi_alloc_n(num_entries, sizeof *rows);
        for (int64_t i = 0; i < num_entries; i++) rows[i] = number((uint32_t)i, use);
        return rows;
    }
    uint16_t *rows = h2vi_alloc_n(num_entries, sizeof *rows);
    for (int64_t i = 0; i < num_entries; i++) {
        const float value = number((uint32_t)i, use);
        uint32_t bits = 0;
        memcpy(&bits, &value, sizeof bits);
        rows[i] = (uint16_t)(bits >> 16);
    }
    return rows;
}

static void init(int kind, int stride, test_product *test)
{
    const h2v_row_type type = kind & KIND_BF16 ? H2V_ROWS_BF16 : H2V_ROWS_F32;
    const int64_t num_owned = 37, num_ghosts = kind & KIND_GHOSTS ? 23 : 0;
    *test = (test_product){.num_sources = num_owned + num_ghosts};
    test->offsets = h2vi_alloc_n(NUM_ROWS + 1, sizeof *test->offsets);
    for (int v = 0; v < NUM_ROWS; v++) test->offsets[v + 1] = test->offsets[v] + degrees[v];
    const int64_t num_arcs = test->offsets[NUM_ROWS];
    test->sources = malloc((size_t)num_arcs * sizeof *test->sources);
    test->weights = malloc((size_t)num_arcs * sizeof *test->weights);
    for (int64_t i = 0; i < num_arcs; i++) {
        test->sources[i] = h2vi_below(word((uint32_t)i, 10), (uint32_t)test->num_sources);
        test->weights[i] = fabsf(number((uint32_t)i, 11));
    }
    test->own = make_rows(type, num_owned, stride, 20);
    if (num_ghosts > 0) test->ghosts = make_rows(type, num_ghosts, stride, 22);
    test->a = (h2vi_multiplication){
        test->offsets, test->sources, kind & KIND_WEIGHTED ? test->weights : NULL,
        num_owned,     num_arcs,      stride,
        type,          test->own,     test->ghosts};
}

static void clear(test_product *test)
{
    free(test->offsets);
    free(test->sources);
    free(test->weights);
    free(test->own);
    free(test->ghosts);
}

static float entry(const h2vi_multiplication *a, int64_t arc, int c)
{
    const uint32_t source = a->sources[arc];
    const int is_owned = source < a->num_owned;
    const void *rows = is_owned ? a->own : a->ghosts;
    const int64_t i = (source - (is_owned ? 0 : a->num_owned)) * a->stride + c;
    return a->row_type == H2V_ROWS_F32 ? ((const float *)rows)[i]
                                       : widen(((const uint16_t *)rows)[i]);
}

/* As multiply.h says it. */
static float expected_sum(const h2vi_multiplication *a, int64_t v, int c)
{
    float sum = 0, piece = 0;
    for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
        const float x = entry(a, arc, c);
        const float product = a->weights ? a->weights[arc] * x : x;
        piece += product;
        if ((arc + 1 - a->offsets[v]) % H2VI_PIECE_ARCS != 0) continue;
        sum += piece;
        piece = 0;
    }
    return sum + piece;
}

/* Whether `sum` is within the rounding that sums of pieces may have: each addition errs by
 * at most 2^-24 of the sum of magnitudes. */
static int is_near(const h2vi_multiplication *a, int64_t v, int c, float sum)
{
    double exact = 0, magnitude = 0;
    for (int64_t arc = a->offsets[v]; arc < a->offsets[v + 1]; arc++) {
        const double product =
            (double)entry(a, arc, c) * (a->weights ? (double)a->weights[arc] : 1);
        exact += product;
        magnitude += fabs(product);
    }
    const double num_roundings = 2 + H2VI_PIECE_ARCS;
    return fabs((double)sum - exact) <= magnitude * num_roundings * 0x1p-24;
}

static void scalar_sums_are_those_of_the_contract(void **state)
{
    (void)state;
    h2vi_sum_row *sum_row = h2vi_sum_row_of(H2VI_SCALAR);
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        test_product test;
        init(kind, 48, &test);
        for (int v = 0; v < NUM_ROWS; v++) {
            float sums[48];
            sum_row(&test.a, v, 0, 48, sums);
            for (int c = 0; c < 48; c++) {
                const float expected = expected_sum(&test.a, v, c);
                if (sums[c] != expected || !is_near(&test.a, v, c, sums[c]))
                    fail_msg("kind %d, degree %d, column %d: %.9g, not %.9g", kind,
                             degrees[v], c, (double)sums[c], (double)expected);
            }
        }
        clear(&test);
    }
}

/* Columns [begin, end) are those of `all`, and the others stay. */
static void check_split(h2vi_sum_row *sum_row, const h2vi_multiplication *a, int v,
                        int begin, int end, const float *all)
{
    float sums[MAX_STRIDE];
    for (int c = 0; c < a->stride; c++) sums[c] = 77;
    sum_row(a, v, begin, end, sums);
    for (int c = 0; c < a->stride; c++) {
        const float expected = c >= begin && c < end ? all[c] : 77;
        if (memcmp(&sums[c], &expected, sizeof expected) != 0)
            fail_msg("degree %d, columns %d..%d of %d, column %d: %.9g, not %.9g",
                     degrees[v], begin, end, a->stride, c, (double)sums[c],
                     (double)expected);
    }
}

static void check_product(const h2vi_multiplication *a)
{
    const int stride = a->stride, middle = stride / 2 & -H2VI_ROW_LANES;
    for (int v = 0; v < NUM_ROWS; v++) {
        float all[MAX_STRIDE];
        h2vi_sum_row_of(H2VI_SCALAR)(a, v, 0, stride, all);
        for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
            h2vi_sum_row *sum_row = h2vi_sum_row_of((h2vi_isa)isa);
            if (!sum_row) continue;
            check_split(sum_row, a, v, 0, stride, all);
            check_split(sum_row, a, v, 0, middle, all);
            check_split(sum_row, a, v, middle, stride, all);
            check_split(sum_row, a, v, stride - H2VI_ROW_LANES, stride, all);
        }
    }
}

static void all_kernels_and_splits_sum_the_same_bits(void **state)
{
    (void)state;
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        const bool is_here = h2vi_isa_is_here((h2vi_isa)isa);
        assert_true(is_here == (h2vi_sum_row_of((h2vi_isa)isa) != NULL));
        assert_true(is_here == (h2vi_finish_row_of((h2vi_isa)isa) != NULL));
    }
    for (int kind = 0; kind < NUM_KINDS; kind++)
        for (int s = 0; s < NUM_STRIDES; s++) {
            test_product test;
            init(kind, strides[s], &test);
            check_product(&test.a);
            clear(&test);
        }
}

/* The square of the length as multiply.h says it. */
static float length_of(int stride, const float *row)
{
    double lanes[16] = {0};
    for (int c = 0; c < stride; c++) lanes[c % 16] += (double)row[c] * (double)row[c];
    for (int i = 0; i < 8; i++) lanes[i] += lanes[i + 8];
    for (int i = 0; i < 4; i++) lanes[i] += lanes[i + 4];
    for (int i = 0; i < 2; i++) lanes[i] += lanes[i + 2];
    return (float)sqrt(lanes[0] + lanes[1]);
}

/* The nearest of the two bf16 around a finite value; of two equally near the even one. */
static float nearest_bf16(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    const uint16_t below = (uint16_t)(bits >> 16), above = (uint16_t)(below + 1);
    const double low = fabs((double)value - (double)widen(below));
    const double high = fabs((double)widen(above) - (double)value);
    return low < high || (low == high && below % 2 == 0) ? widen(below) : widen(above);
}

/* What finishing a row is to leave. */
typedef struct finished {
    float stored[MAX_STRIDE], result[MAX_STRIDE];
} finished;

static void finish_plainly(const h2vi_finishing *how, float divisor, const float *sums,
                           finished *out)
{
    const int stride = how->stride;
    float *row = out->stored;
    for (int c = 0; c < stride; c++) row[c] = divisor != 0 ? sums[c] / divisor : 0;
    const float length = length_of(stride, row);
    if (how->unit_rows == H2V_UNIT_ROWS_ITERATED && length > 0)
        for (int c = 0; c < stride; c++) row[c] /= length;
    if (how->row_type == H2V_ROWS_BF16)
        for (int c = 0; c < stride; c++) row[c] = nearest_bf16(row[c]);
    const float added_length = length_of(stride, row);
    float weight = how->weight;
    if (how->unit_rows == H2V_UNIT_ROWS_ADDED)
        weight = added_length > 0 ? weight / added_length : 0;
    if (how->weight != 0)
        for (int c = 0; c < stride; c++) out->result[c] += weight * row[c];
}

static void finish(h2vi_isa isa, const h2vi_finishing *how, float divisor,
                   const float *sums, finished *out)
{
    float scratch[MAX_STRIDE];
    memcpy(scratch, sums, (size_t)how->stride * sizeof *sums);
    if (how->row_type == H2V_ROWS_F32) {
        h2vi_finish_row_of(isa)(how, divisor, scratch, out->stored, out->result);
        return;
    }
    uint16_t halves[MAX_STRIDE];
    h2vi_finish_row_of(isa)(how, divisor, scratch, halves, out->result);
    for (int c = 0; c < how->stride; c++) out->stored[c] = widen(halves[c]);
}

static void check_finishing(const h2vi_finishing *how, float divisor, const float *sums)
{
    const size_t num_bytes = (size_t)how->stride * sizeof(float);
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        if (!h2vi_finish_row_of((h2vi_isa)isa)) continue;
        finished expected = {.stored = {0}}, actual = {.stored = {0}};
        for (int c = 0; c < how->stride; c++)
            expected.result[c] = actual.result[c] = number((uint32_t)c, 30);
        finish_plainly(how, divisor, sums, &expected);
        finish((h2vi_isa)isa, how, divisor, sums, &actual);
        if (memcmp(expected.stored, actual.stored, num_bytes) != 0 ||
            memcmp(expected.result, actual.result, num_bytes) != 0)
            fail_msg("instruction set %d, stride %d, rule %d, type %d, weight %g, "
                     "divisor %g",
                     isa, how->stride, (int)how->unit_rows, (int)how->row_type,
                     (double)how->weight, (double)divisor);
    }
}

static void rows_are_finished_by_their_rule(void **state)
{
    (void)state;
    static const float weights[] = {0, 1, -0.37F}, divisors[] = {0, 1, 7, 0.3F};
    for (int i = 0; i < 2 * 3 * 3 * 4 * NUM_STRIDES; i++) {
        const h2vi_finishing how = {strides[i / 72], (h2v_unit_rows)(i / 24 % 3),
                                    (h2v_row_type)(i / 12 % 2), weights[i / 4 % 3]};
        float sums[MAX_STRIDE] = {0};
        check_finishing(&how, divisors[i % 4], sums);
        for (int c = 0; c < how.stride; c++) sums[c] = number((uint32_t)c, 40);
        check_finishing(&how, divisors[i % 4], sums);
    }
}

static void unit_rows_have_length_1(void **state)
{
    (void)state;
    float sums[128];
    for (int c = 0; c < 128; c++) sums[c] = 1000 * number((uint32_t)c, 50);
    const h2vi_finishing iterated = {128, H2V_UNIT_ROWS_ITERATED, H2V_ROWS_F32, 2};
    finished out = {.stored = {0}};
    finish(h2vi_best_isa(), &iterated, 3, sums, &out);
    assert_true(fabs((double)length_of(128, out.stored) - 1) < 1e-6);
    assert_true(fabs((double)length_of(128, out.result) - 2) < 1e-6);
    const h2vi_finishing added = {128, H2V_UNIT_ROWS_ADDED, H2V_ROWS_F32, 2};
    memset(&out, 0, sizeof out);
    finish(h2vi_best_isa(), &added, 3, sums, &out);
    assert_true(out.stored[5] == sums[5] / 3);
    assert_true(fabs((double)length_of(128, out.result) - 2) < 1e-6);
}

/* Whose squares no float holds. */
static void long_and_short_rows_have_a_length(void **state)
{
    (void)state;
    static const float scales[] = {0x1p100F, 0x1p-100F};
    for (int i = 0; i < 2 * H2VI_NUM_ISAS; i++) {
        if (!h2vi_finish_row_of((h2vi_isa)(i / 2))) continue;
        float sums[32];
        for (int c = 0; c < 32; c++) sums[c] = scales[i % 2];
        const h2vi_finishing how = {32, H2V_UNIT_ROWS_ITERATED, H2V_ROWS_F32, 2};
        finished out = {.stored = {0}};
        finish((h2vi_isa)(i / 2), &how, 1, sums, &out);
        assert_true(fabs((double)length_of(32, out.stored) - 1) < 1e-6);
        assert_true(fabs((double)length_of(32, out.result) - 2) < 1e-6);
    }
}

static void bf16_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    static const struct {
        float value, rounded;
    } cases[16] = {
        {1, 1},
        {0x1.01p0F, 0x1p0F},        /* halfway, down to even */
        {0x1.03p0F, 0x1.04p0F},     /* halfway, up to even */
        {0x1.010002p0F, 0x1.02p0F}, /* above halfway */
        {0x1.02fffep0F, 0x1.02p0F}, /* below halfway */
        {-0x1.03p0F, -0x1.04p0F},
        {0x1.ffp0F, 0x1p1F}, /* carries into the exponent */
        {0x1p-149F, 0},
        {0x1.8p-134F, 0x1p-133F}, /* subnormal */
        {0x1.fep127F, 0x1.fep127F},
        {0x1.fffffep127F, INFINITY},
        {INFINITY, INFINITY},
        {-INFINITY, -INFINITY},
        {NAN, NAN},
        {-0.0F, -0.0F},
        {0x1.234p-7F, 0x1.24p-7F},
    };
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        if (!h2vi_finish_row_of((h2vi_isa)isa)) continue;
        const h2vi_finishing how = {16, H2V_UNIT_ROWS_NONE, H2V_ROWS_BF16, 0};
        float sums[16];
        for (int i = 0; i < 16; i++) sums[i] = cases[i].value;
        const uint32_t all_ones = 0x7fffffff; /* a NaN that must not carry into the sign */
        memcpy(&sums[13], &all_ones, sizeof all_ones);
        uint16_t halves[16];
        h2vi_finish_row_of((h2vi_isa)isa)(&how, 1, sums, halves, NULL);
        for (int i = 0; i < 16; i++) {
            const float rounded = widen(halves[i]);
            const int is_right =
                isnan(cases[i].rounded) ? isnan(rounded) : rounded == cases[i].rounded;
            if (!is_right) fail_msg("%a is %a", (double)cases[i].value, (double)rounded);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalar_sums_are_those_of_the_contract),
        cmocka_unit_test(all_kernels_and_splits_sum_the_same_bits),
        cmocka_unit_test(rows_are_finished_by_their_rule),
        cmocka_unit_test(unit_rows_have_length_1),
        cmocka_unit_test(long_and_short_rows_have_a_length),
        cmocka_unit_test(bf16_is_rounded_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
