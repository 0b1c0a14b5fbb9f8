/* SPDX-License-Identifier: MIT */

/* Powers within what power.h says, against powl() where long double is longer than double;
 * and their very bits, which no machine or compiler may change. */
#include "power.h"
#include "random.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TOLERANCE 1e-14

static void check(double x, double y)
{
    const double power = h2vi_power(x, y);
    const long double truth = powl((long double)x, (long double)y);
    const long double error = fabsl((long double)power / truth - 1);
    if (!(error <= (long double)TOLERANCE))
        fail_msg("%.17g ^ %.17g is %.17g, off by %.2Lg", x, y, power, error);
}

/* A number in [0, 1) for every i and use. */
static double unit(uint32_t i, uint32_t use)
{
    const h2vi_words random = h2vi_random(7, H2VI_FOR_GENERATOR, 0, use, i, 0);
    return (double)h2vi_below64(random.w[0], random.w[1], UINT64_C(1) << 53) * 0x1p-53;
}

/* From 2^-limit to 2^limit, evenly in the exponent. */
static double spread(uint32_t i, uint32_t use, double limit)
{
    return (double)exp2l((long double)limit * (2 * (long double)unit(i, use) - 1));
}

static void degrees_have_powers(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200000; i++)
        check(spread(i, 0, 40), 16 * unit(i, 1) - 8); /* 1e-12 .. 1e12 */
}

static void the_whole_range_has_powers(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        const double x = spread(i, 2, 1022), limit = 1021.5 / fabs(log2(x));
        check(x, limit * (2 * unit(i, 3) - 1));
    }
}

/* Logarithms that are small, or lose their first bits. */
static void bases_near_one_have_powers(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        const double x = 1 + (2 * unit(i, 4) - 1) * spread(i, 5, 40) * 0x1p-41;
        check(x, 2 * unit(i, 6) - 1);
        if (x != 1) check(x, 1000 * (2 * unit(i, 6) - 1) / fabs(log2(x)));
    }
    check(0x1.6a09e667f3bcdp0, 2000.5);
    check(0x1.6a09e667f3bccp0, 2000.5);
    check(0x1.6a09e667f3bcdp-1, 2000.5);
    check(0x1.6a09e667f3bccp-1, 2000.5);
}

static void exact_powers_are_exact(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(h2vi_power(spread(i, 7, 1000), 0) == 1);
        assert_true(h2vi_power(1, (2 * unit(i, 8) - 1) * 1e300) == 1);
    }
    for (int n = -1022; n < 1024; n++) assert_true(h2vi_power(2, n) == ldexp(1, n));
    assert_true(h2vi_power(4, 0.5) == 2);
    check(DBL_MAX, 0.99);
    check(DBL_MAX, -0.99);
    check(DBL_MIN, 1);
    check(0x1p-1074, 0.5);
    check(0x1.23p-1060, -0.9);
}

static void the_ends_are_0_and_infinity(void **state)
{
    (void)state;
    assert_true(h2vi_power(2, 1024) == (double)INFINITY);
    assert_true(h2vi_power(0.5, -1e300) == (double)INFINITY);
    assert_true(h2vi_power(10, 309) == (double)INFINITY);
    assert_true(h2vi_power(DBL_MAX, DBL_MAX) == (double)INFINITY);
    assert_true(h2vi_power(DBL_MAX, -DBL_MAX) == 0);
    assert_true(h2vi_power(2, -1023) == 0);
    assert_true(h2vi_power(0x1p-1074, 2) == 0);
}

/* FNV-1a of the bits of many powers. */
static void bits_are_those_of_every_machine(void **state)
{
    (void)state;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 1; i <= 10000; i++) {
        const double x = i * 0x1p-13, y = (i % 257 - 128.0) / 16;
        const double power = h2vi_power(x, y);
        uint64_t bits = 0;
        memcpy(&bits, &power, sizeof bits);
        hash = (hash ^ bits) * UINT64_C(0x100000001b3);
    }
    if (hash != UINT64_C(0x4067c761449cb914))
        fail_msg("the bits hash to %#llx", (unsigned long long)hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(degrees_have_powers),
        cmocka_unit_test(the_whole_range_has_powers),
        cmocka_unit_test(bases_near_one_have_powers),
        cmocka_unit_test(exact_powers_are_exact),
        cmocka_unit_test(the_ends_are_0_and_infinity),
        cmocka_unit_test(bits_are_those_of_every_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
