/* SPDX-License-Identifier: MIT */

/* The generator is Philox4x32-10 with the documented counter: known answers of the
 * reference implementation, and every argument matters. */
#include "random_many.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Random123's kat_vectors: philox4x32, 10 rounds, all-zero and all-one counter and key. */
static void known_answers(void **state)
{
    (void)state;
    const h2vi_words zero = h2vi_random(0, (h2vi_purpose)0, 0, 0, 0, 0);
    assert_int_equal(zero.w[0], 0x6627e8d5);
    assert_int_equal(zero.w[1], 0xe169c58d);
    assert_int_equal(zero.w[2], 0xbc57ac4c);
    assert_int_equal(zero.w[3], 0x9b00dbd8);

    const h2vi_words ones = h2vi_random(UINT64_MAX, (h2vi_purpose)0xff, 0xffffff,
                                        UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_int_equal(ones.w[0], 0x408f276d);
    assert_int_equal(ones.w[1], 0x41c83b0e);
    assert_int_equal(ones.w[2], 0xa20bc7c6);
    assert_int_equal(ones.w[3], 0x6d5451fd);
}

/* The layout is a promise (results of old versions): third known answer, split by fields.
 */
static void the_counter_is_laid_out_as_documented(void **state)
{
    (void)state;
    const h2vi_words pi = h2vi_random(0x299f31d0a4093822, (h2vi_purpose)0x03, 0x707344,
                                      0x85a308d3, 0x13198a2e, 0x243f6a88);
    assert_int_equal(pi.w[0], 0xd16cfe09);
    assert_int_equal(pi.w[1], 0x94fdcceb);
    assert_int_equal(pi.w[2], 0x5001e420);
    assert_int_equal(pi.w[3], 0x24126ea1);
}

/* Every instruction set, on counters that have nothing in common. */
static void many_are_the_same_numbers(void **state)
{
    (void)state;
    enum { COUNT = 3 };
    const uint64_t seed = UINT64_C(0xfedcba9876543210);
    assert_non_null(h2vi_random_many_of(H2VI_SCALAR));
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        h2vi_random_many *random_many = h2vi_random_many_of((h2vi_isa)isa);
        if (!random_many) continue;
        h2vi_many many[COUNT], counters[COUNT];
        for (int k = 0; k < COUNT * 4 * H2VI_MANY; k++)
            many[k / (4 * H2VI_MANY)].words[k / H2VI_MANY % 4][k % H2VI_MANY] =
                h2vi_random(1, H2VI_FOR_WALK, 0, 0, 0, (uint32_t)k).w[0];
        memcpy(counters, many, sizeof many);
        random_many(seed, COUNT, many);
        for (int i = 0; i < COUNT * H2VI_MANY; i++) {
            uint32_t(*counter)[H2VI_MANY] = counters[i / H2VI_MANY].words;
            const int at = i % H2VI_MANY;
            const h2vi_words expected = h2vi_random(
                seed, (h2vi_purpose)(counter[3][at] >> 24), counter[3][at] & 0xffffff,
                counter[1][at], counter[2][at], counter[0][at]);
            for (int j = 0; j < 4; j++)
                assert_int_equal(many[i / H2VI_MANY].words[j][at], expected.w[j]);
        }
    }
}

static void below_covers_its_range_evenly(void **state)
{
    (void)state;
    enum { N = 10, DRAWS = 100000 };
    int counts[N] = {0};
    for (uint32_t i = 0; i < DRAWS; i++)
        counts[h2vi_below(h2vi_random(1, H2VI_FOR_WALK, 0, 0, i, 0).w[0], N)]++;
    double chi_square = 0;
    for (int i = 0; i < N; i++) {
        const double difference = counts[i] - (double)DRAWS / N;
        chi_square += difference * difference / ((double)DRAWS / N);
    }
    assert_true(chi_square < 27.88); /* 9 degrees of freedom: one seed in 1000 fails */
    assert_int_equal(h2vi_below(0, N), 0);
    assert_int_equal(h2vi_below(UINT32_MAX, N), N - 1);
    assert_int_equal(h2vi_below(UINT32_MAX, 1), 0);
}

static void below64_covers_its_range(void **state)
{
    (void)state;
    const uint64_t n = (uint64_t)1 << 40;
    assert_int_equal(h2vi_below64(0, 0, n), 0);
    assert_int_equal(h2vi_below64(UINT32_MAX, UINT32_MAX, n), n - 1);
    assert_int_equal(h2vi_below64(0x80000000, 0, n), n / 2);
}

static void units_are_below_one(void **state)
{
    (void)state;
    assert_true(h2vi_unit(0) == 0.0F);
    assert_true(h2vi_unit(UINT32_MAX) < 1.0F);
    assert_true(h2vi_unit(0x80000000) == 0.5F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(the_counter_is_laid_out_as_documented),
        cmocka_unit_test(many_are_the_same_numbers),
        cmocka_unit_test(below_covers_its_range_evenly),
        cmocka_unit_test(below64_covers_its_range),
        cmocka_unit_test(units_are_below_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
