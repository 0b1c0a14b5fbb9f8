/* SPDX-License-Identifier: MIT */

/* Ids are numbers only if their text can be had back from the number; weights are the
 * nearest float, as strtof() finds it. */
#include "number_text.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void canonical_numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {{"0", 0},
                 {"7", 7},
                 {"-1", -1},
                 {"1234567890123", 1234567890123},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 99;
        assert_true(
            h2vi_number_from_text(cases[i].text, (int64_t)strlen(cases[i].text), &number));
        assert_int_equal(number, cases[i].number);
    }
}

static void all_else_is_no_number(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "-",
                                        "-0",
                                        "00",
                                        "01",
                                        "-01",
                                        "+1",
                                        "1.0",
                                        "1e3",
                                        "0x1",
                                        "1 ",
                                        " 1",
                                        "a",
                                        "12a",
                                        "--1",
                                        "1-",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551616",
                                        "99999999999999999999",
                                        "00000000000000000001"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 0;
        if (h2vi_number_from_text(cases[i], (int64_t)strlen(cases[i]), &number))
            fail_msg("'%s' was taken for a number", cases[i]);
    }
}

static void assert_outcome(const char *text, h2vi_weight_outcome expected)
{
    float weight = -1;
    const h2vi_weight_outcome outcome =
        h2vi_weight_from_text(text, (int64_t)strlen(text), &weight);
    if (outcome != expected) fail_msg("'%s' gives %d, not %d", text, outcome, expected);
}

static void weights_that_are_none_are_told_apart(void **state)
{
    (void)state;
    static const char *const not_numbers[] = {
        "", "x", "1x", ".", "e5", "1e", "1e+", "0x1", "1,5", "1..2", "--1", "nano", "- 1"};
    static const char *const not_finite[] = {
        "nan",       "NaN",  "inf",    "-inf",
        "+Infinity", "1e39", "3.5e38", "1e999999999999999999999"};
    static const char *const not_positive[] = {"0",     "-0",     "0.000",
                                               "-1",    "-2.5e3", "0e9",
                                               "1e-60", "-1e99",  "1e-999999999999999999"};
    for (size_t i = 0; i < sizeof not_numbers / sizeof not_numbers[0]; i++)
        assert_outcome(not_numbers[i], H2VI_WEIGHT_NOT_NUMBER);
    for (size_t i = 0; i < sizeof not_finite / sizeof not_finite[0]; i++)
        assert_outcome(not_finite[i], H2VI_WEIGHT_NOT_FINITE);
    for (size_t i = 0; i < sizeof not_positive / sizeof not_positive[0]; i++)
        assert_outcome(not_positive[i], H2VI_WEIGHT_NOT_POSITIVE);
}

static void assert_nearest(const char *text)
{
    float weight = -1;
    const float expected = strtof(text, NULL);
    assert_int_equal(h2vi_weight_from_text(text, (int64_t)strlen(text), &weight),
                     H2VI_WEIGHT_OK);
    if (weight != expected)
        fail_msg("'%s' gives %.9g, not %.9g", text, (double)weight, (double)expected);
}

/* The last two lie between two floats, at the middle and beside it: rounding to double
 * first would lose which. */
static void hard_weights_are_rounded_once(void **state)
{
    (void)state;
    static const char *const cases[] = {"1",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "0.1",
                                        "16777217",
                                        "3.4028234e38",
                                        "1.17549435e-38",
                                        "1e-45",
                                        "123456789012345678901234567890",
                                        "0.000000000000000000000000000000000001234567",
                                        "1.00000005960464477539062500",
                                        "1.00000005960464477539062501"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) assert_nearest(cases[i]);
}

static void random_weights_are_nearest(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        const h2vi_words r = h2vi_random(1, H2VI_FOR_GENERATOR, 0, 0, i, 0);
        const int num_digits = 1 + (int)(r.w[0] % 17);
        char text[64];
        (void)snprintf(
            text, sizeof text, "%u.%0*lluE%d", r.w[1] % 1000, num_digits,
            (unsigned long long)(((uint64_t)r.w[2] << 32 | r.w[3]) % 100000000000),
            (int)(r.w[0] / 17 % 60) - 30);
        if (strtof(text, NULL) > 0) assert_nearest(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_numbers_are_read),
        cmocka_unit_test(all_else_is_no_number),
        cmocka_unit_test(weights_that_are_none_are_told_apart),
        cmocka_unit_test(hard_weights_are_rounded_once),
        cmocka_unit_test(random_weights_are_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
