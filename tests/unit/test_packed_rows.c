/* SPDX-License-Identifier: MIT */

/* Packed rows follow their rule, number by number, for finite floats of all sizes; they are
 * right on average, exact once rounded, and no bytes but their own are written. */
#include "packed_rows.h"
#include "random.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_DIM = 128, MAX_WORDS = MAX_DIM + 1, NUM_PRECISIONS = 4, NUM_RANDOM_WORDS = 8 };

static const int dims[] = {1, 7, 100, 128};
enum { NUM_DIMS = sizeof dims / sizeof *dims };

static float float_of(uint32_t bits)
{
    float x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t random_word(uint32_t i, uint32_t d)
{
    return h2vi_random(1, H2VI_FOR_ROUNDING, 0, 0, i, d).w[0];
}

/* Kinds of rows: what number d is. */
typedef float number_of(int d);

static float usual(int d)
{
    return h2vi_unit(random_word(1, (uint32_t)d)) - 0.5F;
}

static float any_finite(int d)
{
    const float x = float_of(random_word(2, (uint32_t)d));
    return isfinite(x) ? x : 1.0F;
}

/* Over 45 octaves, more than the halves of a row have. */
static float far_apart(int d)
{
    return ldexpf(usual(d), -(int)(random_word(3, (uint32_t)d) % 45));
}

static float subnormal(int d)
{
    return float_of(random_word(4, (uint32_t)d) & 0x807FFFFFU);
}

/* Around 2^-112, where a half's e stops. */
static float near_lowest_e(int d)
{
    return ldexpf(usual(d), -110);
}

static float tiny(int d)
{
    return d % 3 ? -1e-42F : 1e-42F;
}

static float huge(int d)
{
    return d % 2 ? -FLT_MAX : 3e38F;
}

static float zero(int d)
{
    return d % 2 ? -0.0F : 0.0F;
}

static float lone(int d)
{
    return d == 5 ? -0.3F : 0.0F;
}

/* The last place below 8: rounding up brings it to the next octave. */
static float below_octave(int d)
{
    return d % 7 ? ldexpf(usual(d), -20) : nextafterf(8.0F, 0.0F);
}

static number_of *const kinds[] = {usual, any_finite, far_apart, subnormal, near_lowest_e,
                                   tiny,  huge,       zero,      lone,      below_octave};
enum { NUM_KINDS = sizeof kinds / sizeof *kinds };

typedef void check_row(h2v_precision precision, int dim, const float *row, uint32_t word);

/* Among the words are those that round up, or do not, whatever can be in number 0 or in the
 * last one. */
static void check_all(h2v_precision precision, check_row *check)
{
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        for (int i = 0; i < NUM_DIMS; i++) {
            float row[MAX_DIM];
            for (int d = 0; d < dims[i]; d++) row[d] = kinds[kind](d);
            const uint32_t last = (uint32_t)(dims[i] - 1) * 0x9E3779B9U;
            check(precision, dims[i], row, 0);
            check(precision, dims[i], row, UINT32_MAX);
            check(precision, dims[i], row, 0 - last);
            check(precision, dims[i], row, UINT32_MAX - last);
            for (uint32_t w = 0; w < NUM_RANDOM_WORDS; w++)
                check(precision, dims[i], row, random_word(5, w));
        }
    }
}

static void check_all_precisions(check_row *check)
{
    for (int p = 0; p < NUM_PRECISIONS; p++) check_all((h2v_precision)p, check);
}

/* e or the unit. */
static void read_end(h2v_precision precision, int dim, const uint32_t *packed, void *end)
{
    memcpy(end, packed + h2vi_packed_bytes(precision, dim) / 4 - 1, 4);
}

/* What number d counts in, and the largest number of such units. */
typedef struct grid {
    double unit, most_units;
    double doubt; /* so near to the threshold, either is right */
} grid;

/* The unit of a number with `digits` significant bits, and no finer than `finest`. */
static double unit_of(double magnitude, int digits, double finest)
{
    int exponent = 0;
    (void)frexp(magnitude, &exponent);
    return fmax(magnitude > 0 ? ldexp(1, exponent - digits) : 0, finest);
}

static grid grid_of(h2v_precision precision, int dim, float x, const uint32_t *packed)
{
    grid g = {0};
    const double magnitude = fabs((double)x);
    if (precision == H2V_PRECISION_INT8) {
        float unit = 0;
        read_end(precision, dim, packed, &unit);
        g = (grid){.unit = (double)unit, .most_units = 127, .doubt = 0x1p-15};
    } else if (precision == H2V_PRECISION_F16) {
        int32_t e = 0;
        read_end(precision, dim, packed, &e);
        g.unit = unit_of(magnitude, 11, ldexp(1, e - 24));
        g.doubt = magnitude < ldexp(1, e - 14) ? 0x1p-13 : 0;
        g.most_units =
            (e == 114 ? ldexp(1, 128) - ldexp(1, 117) : ldexp(1, e + 14)) / g.unit;
    } else {
        g.unit = unit_of(magnitude, 8, 0x1p-133);
        g.most_units = 0xFF * 0x1p120 / g.unit;
    }
    return g;
}

/* Away from zero if what is cut off stands above the threshold. */
static void check_rule(h2v_precision precision, int dim, const float *row, uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    float rounded[MAX_DIM];
    h2vi_pack_row(precision, dim, row, word, packed);
    h2vi_unpack_row(precision, dim, packed, rounded);
    for (int d = 0; d < dim; d++) {
        const double threshold = (uint32_t)(word + (uint32_t)d * 0x9E3779B9U) * 0x1p-32;
        const grid g = grid_of(precision, dim, row[d], packed);
        const double units = fmin(fabs((double)row[d]) / g.unit, g.most_units);
        const double whole = floor(units), cut = units - whole;
        const double up = fmin(whole + 1, g.most_units);
        const double low = cut - g.doubt > threshold ? up : whole;
        const double high = cut > 0 && cut + g.doubt > threshold ? up : whole;
        const double actual = (double)(rounded[d] * copysignf(1, row[d]));
        assert_true(isfinite(rounded[d]));
        assert_true(actual == (double)(float)(low * g.unit) ||
                    actual == (double)(float)(high * g.unit));
    }
}

static void bf16_follows_the_rule(void **state)
{
    (void)state;
    check_all(H2V_PRECISION_BF16, check_rule);
}

static void check_f16(h2v_precision precision, int dim, const float *row, uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    float rounded[MAX_DIM];
    int32_t e = 0;
    double largest = 0;
    h2vi_pack_row(precision, dim, row, word, packed);
    h2vi_unpack_row(precision, dim, packed, rounded);
    read_end(precision, dim, packed, &e);
    for (int d = 0; d < dim; d++) largest = fmax(largest, fabs((double)rounded[d]));
    assert_in_range(e + 125, 0, 114 + 125);
    assert_true(largest < ldexp(1, e + 14));
    if (e > -125) assert_true(largest >= ldexp(1, e + 13));
    check_rule(precision, dim, row, word);
}

static void f16_follows_the_rule(void **state)
{
    (void)state;
    check_all(H2V_PRECISION_F16, check_f16);
}

static void check_int8(h2v_precision precision, int dim, const float *row, uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    int8_t numbers[MAX_DIM];
    float unit = 0, largest = 0;
    h2vi_pack_row(precision, dim, row, word, packed);
    memcpy(numbers, packed, (size_t)dim);
    read_end(precision, dim, packed, &unit);
    for (int d = 0; d < dim; d++) {
        assert_in_range(numbers[d] + 127, 0, 254);
        largest = fmaxf(largest, fabsf(row[d]));
    }
    const double expected = fmin((double)largest, 0x1.FFCp127) / 127;
    assert_true(fabs((double)unit - expected) <= fmax(expected * 0x1p-24, 0x1p-148));
    check_rule(precision, dim, row, word);
}

static void int8_follows_the_rule(void **state)
{
    (void)state;
    check_all(H2V_PRECISION_INT8, check_int8);
}

static void check_rounding(h2v_precision precision, int dim, const float *row,
                           uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    float unpacked[MAX_DIM], rounded[MAX_DIM];
    h2vi_pack_row(precision, dim, row, word, packed);
    h2vi_unpack_row(precision, dim, packed, unpacked);
    memcpy(rounded, row, (size_t)dim * sizeof *row);
    h2vi_round_row(precision, dim, rounded, word);
    assert_memory_equal(rounded, unpacked, (size_t)dim * sizeof *row);
}

static void rounding_is_packing_and_unpacking(void **state)
{
    (void)state;
    check_all_precisions(check_rounding);
}

static void check_again(h2v_precision precision, int dim, const float *row, uint32_t word)
{
    uint32_t packed[MAX_WORDS], again[MAX_WORDS];
    float rounded[MAX_DIM];
    h2vi_pack_row(precision, dim, row, word, packed);
    h2vi_unpack_row(precision, dim, packed, rounded);
    for (uint32_t w = 0; w < NUM_RANDOM_WORDS; w++) {
        h2vi_pack_row(precision, dim, rounded, w == 0 ? 0 : random_word(6, w), again);
        assert_memory_equal(again, packed, h2vi_packed_bytes(precision, dim));
    }
}

static void packing_again_changes_nothing(void **state)
{
    (void)state;
    check_all(H2V_PRECISION_F32, check_again);
    check_all(H2V_PRECISION_F16, check_again);
    check_all(H2V_PRECISION_BF16, check_again);
}

static void check_f32(h2v_precision precision, int dim, const float *row, uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    h2vi_pack_row(precision, dim, row, word, packed);
    assert_memory_equal(packed, row, (size_t)dim * sizeof *row);
}

static void f32_stays_as_it_is(void **state)
{
    (void)state;
    check_all(H2V_PRECISION_F32, check_f32);
}

/* Thresholds in steps of 2^-16 of a unit, all of them: the mean is off by less than a step
 * and what int8 and subnormal halves lose. Nearest rounding would be off by up to 2^-1. */
static void check_mean(h2v_precision precision, int dim, const float *row)
{
    enum { NUM_STEPS = 1 << 16 };
    uint32_t packed[MAX_WORDS];
    double sums[MAX_DIM] = {0};
    for (uint32_t i = 0; i < NUM_STEPS; i++) {
        float rounded[MAX_DIM];
        memcpy(rounded, row, (size_t)dim * sizeof *row);
        h2vi_round_row(precision, dim, rounded, i * (UINT32_MAX / NUM_STEPS + 1));
        for (int d = 0; d < dim; d++) sums[d] += (double)rounded[d];
    }
    h2vi_pack_row(precision, dim, row, UINT32_MAX, packed);
    for (int d = 0; d < dim; d++) {
        const grid g = grid_of(precision, dim, row[d], packed);
        assert_true(fabs(sums[d] / NUM_STEPS - (double)row[d]) <= 0x1p-13 * g.unit);
    }
}

/* 127 is the row's largest; other numbers are a little beside whole units, whatever the
 * precision's unit: 2^-10 of one from it, and 2^-10 below half of one. */
static void means_are_right(void **state)
{
    (void)state;
    static const double units[NUM_PRECISIONS] = {[H2V_PRECISION_F16] = 0x1p-10,
                                                 [H2V_PRECISION_BF16] = 0x1p-7,
                                                 [H2V_PRECISION_INT8] = 1};
    for (int p = H2V_PRECISION_F16; p < NUM_PRECISIONS; p++) {
        const double u = units[p];
        const float row[] = {127.0F,
                             (float)(1 + u * 0x1p-10),
                             (float)(-1 - u * 0x1p-10),
                             (float)(1 + u * (0.5 - 0x1p-10)),
                             (float)(1 + u * 0.75),
                             0,
                             0x1p-23F * 1.0009765625F};
        check_mean((h2v_precision)p, 7, row);
    }
}

static void means_of_odd_rows_are_right(void **state)
{
    (void)state;
    static const int some_kinds[] = {0, 2, 3, 4, 5, 9};
    for (size_t i = 0; i < sizeof some_kinds / sizeof *some_kinds; i++) {
        float row[7];
        for (int d = 0; d < 7; d++) row[d] = kinds[some_kinds[i]](d);
        for (int p = H2V_PRECISION_F16; p < NUM_PRECISIONS; p++)
            check_mean((h2v_precision)p, 7, row);
    }
}

/* 3200 times a 64th of a unit: the number of units is binomial, of mean 50 and deviation 7;
 * five of them are left with a chance of 6 in ten million. */
static void small_changes_add_up(void **state)
{
    (void)state;
    static const double units[NUM_PRECISIONS] = {[H2V_PRECISION_F16] = 0x1p-10,
                                                 [H2V_PRECISION_BF16] = 0x1p-7,
                                                 [H2V_PRECISION_INT8] = 1};
    for (int p = H2V_PRECISION_F16; p < NUM_PRECISIONS; p++) {
        float row[2] = {1.0F, 127.0F};
        for (uint32_t i = 0; i < 3200; i++) {
            row[0] += (float)(units[p] / 64);
            h2vi_round_row((h2v_precision)p, 2, row, random_word(7, i));
        }
        assert_true(fabs((double)(row[0] - 1.0F) / units[p] - 50) <= 35);
        assert_true(row[1] == 127.0F);
    }
}

static void check_not_finite(h2v_precision precision, int dim, int place, uint32_t bits,
                             uint32_t word)
{
    uint32_t packed[MAX_WORDS];
    float row[MAX_DIM], unpacked[MAX_DIM];
    int num_others = 0;
    for (int d = 0; d < dim; d++) row[d] = usual(d);
    memcpy(row + place, &bits, sizeof bits);
    h2vi_pack_row(precision, dim, row, word, packed);
    h2vi_unpack_row(precision, dim, packed, unpacked);
    for (int d = 0; d < dim; d++) num_others += isfinite(unpacked[d]) ? 0 : 1;
    const bool all = precision == H2V_PRECISION_F16 || precision == H2V_PRECISION_INT8;
    assert_int_equal(num_others, all ? dim : 1);
    check_rounding(precision, dim, row, word);
}

static void what_is_not_finite_is_not_hidden(void **state)
{
    (void)state;
    static const uint32_t others[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000,
                                      0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF};
    for (int p = 0; p < NUM_PRECISIONS; p++) {
        for (int i = 0; i < NUM_DIMS; i++) {
            for (int place = 0; place < dims[i]; place++) {
                for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
                    check_not_finite((h2v_precision)p, dims[i], place, others[k], 0);
                    check_not_finite((h2v_precision)p, dims[i], place, others[k],
                                     UINT32_MAX);
                }
            }
        }
    }
}

static void sizes_are_known(void **state)
{
    (void)state;
    static const size_t sizes[NUM_PRECISIONS][NUM_DIMS] = {
        [H2V_PRECISION_F32] = {4, 28, 400, 512},
        [H2V_PRECISION_F16] = {8, 20, 204, 260},
        [H2V_PRECISION_BF16] = {4, 16, 200, 256},
        [H2V_PRECISION_INT8] = {8, 12, 104, 132}};
    for (int p = 0; p < NUM_PRECISIONS; p++)
        for (int i = 0; i < NUM_DIMS; i++)
            assert_int_equal(h2vi_packed_bytes((h2v_precision)p, dims[i]), sizes[p][i]);
}

/* Three numbers, a padding of zeros, and e or the unit; nothing behind them. */
static void bytes_are_known(void **state)
{
    (void)state;
    const float row[3] = {1.0F, -2.0F, 0.75F}, whole[3] = {127.0F, -1.0F, 63.0F};
    static const uint16_t bf16[4] = {0x3F80, 0xC000, 0x3F40, 0};
    static const uint16_t f16[4] = {0x6C00, 0xF000, 0x6A00, 0};
    static const int8_t int8[4] = {127, -1, 63, 0};
    const int32_t e = -12;
    const float unit = 1.0F;
    uint32_t packed[4];
    memset(packed, 0xA5, sizeof packed);
    h2vi_pack_row(H2V_PRECISION_BF16, 3, row, 0, packed);
    assert_memory_equal(packed, bf16, sizeof bf16);
    assert_int_equal(packed[2], 0xA5A5A5A5);
    h2vi_pack_row(H2V_PRECISION_F16, 3, row, 0, packed);
    assert_memory_equal(packed, f16, sizeof f16);
    assert_memory_equal(packed + 2, &e, sizeof e);
    assert_int_equal(packed[3], 0xA5A5A5A5);
    memset(packed, 0xA5, sizeof packed);
    h2vi_pack_row(H2V_PRECISION_INT8, 3, whole, 0, packed);
    assert_memory_equal(packed, int8, sizeof int8);
    assert_memory_equal(packed + 1, &unit, sizeof unit);
    assert_int_equal(packed[2], 0xA5A5A5A5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_known),
        cmocka_unit_test(bytes_are_known),
        cmocka_unit_test(f32_stays_as_it_is),
        cmocka_unit_test(f16_follows_the_rule),
        cmocka_unit_test(bf16_follows_the_rule),
        cmocka_unit_test(int8_follows_the_rule),
        cmocka_unit_test(rounding_is_packing_and_unpacking),
        cmocka_unit_test(packing_again_changes_nothing),
        cmocka_unit_test(means_are_right),
        cmocka_unit_test(means_of_odd_rows_are_right),
        cmocka_unit_test(small_changes_add_up),
        cmocka_unit_test(what_is_not_finite_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
