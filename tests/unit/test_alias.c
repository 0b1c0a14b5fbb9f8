/* SPDX-License-Identifier: MIT */

/* The chances in an alias table are those of the weights, and draws have these chances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "alias.h"
#include "random.h"

enum { MAX_SLOTS = 1000 };

static double share[MAX_SLOTS];
static uint32_t small[MAX_SLOTS], large[MAX_SLOTS];
static const h2vi_alias_scratch scratch = {share, small, large};
static h2vi_alias table[MAX_SLOTS];
static float weights[MAX_SLOTS];

/* How much of the table's area each index holds. */
static void measure(int n, double *chance)
{
    memset(chance, 0, (size_t)n * sizeof *chance);
    for (int i = 0; i < n; i++) {
        const double own = ((double)table[i].threshold + 1) / 4294967296.0 / n;
        assert_in_range(table[i].other, 0, n - 1);
        chance[i] += own;
        chance[table[i].other] += 1.0 / n - own;
    }
}

static void assert_chances(int n)
{
    static double chance[MAX_SLOTS];
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)weights[i];
    h2vi_alias_build(n, weights, &scratch, table);
    measure(n, chance);
    for (int i = 0; i < n; i++)
        if (!(fabs(chance[i] - (double)weights[i] / sum) < 1e-9))
            fail_msg("%d weights: index %d has chance %.12f, not %.12f", n, i, chance[i],
                     (double)weights[i] / sum);
}

static void one_weight_is_always_drawn(void **state)
{
    (void)state;
    weights[0] = 0.001F;
    assert_chances(1);
    assert_int_equal(h2vi_alias_draw(table, 1, 0), 0);
    assert_int_equal(h2vi_alias_draw(table, 1, UINT32_MAX), 0);
}

static void chances_are_those_of_the_weights(void **state)
{
    (void)state;
    for (int n = 2; n <= MAX_SLOTS; n = n * 3 / 2 + 1) {
        for (int i = 0; i < n; i++) weights[i] = 1.0F; /* equal */
        assert_chances(n);
        for (int i = 0; i < n; i++) weights[i] = (float)(i + 1); /* ascending */
        assert_chances(n);
        for (int i = 0; i < n; i++) weights[i] = i == n / 2 ? 1e6F : 1e-6F; /* one */
        assert_chances(n);
        for (int i = 0; i < n; i++) weights[i] = i % 3 == 1 ? 2.5F : 0; /* many zero */
        assert_chances(n);
    }
}

/* Words spread evenly over their range are drawn as often as the weights say. */
static void draws_have_these_chances(void **state)
{
    (void)state;
    enum { N = 7, DRAWS = 1 << 20 };
    const float given[N] = {5, 0, 1, 0.125F, 30, 1, 2};
    double sum = 0;
    for (int i = 0; i < N; i++) {
        weights[i] = given[i];
        sum += (double)given[i];
    }
    h2vi_alias_build(N, weights, &scratch, table);
    int counts[N] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) counts[h2vi_alias_draw(table, N, i << 12)]++;
    for (int i = 0; i < N; i++) /* each boundary between areas can be off by one */
        assert_true(fabs(counts[i] - DRAWS * (double)given[i] / sum) <= 2 * N);
}

/* The same by the generator, which is what walks use. */
static void random_draws_fit(void **state)
{
    (void)state;
    enum { N = 5, DRAWS = 200000 };
    const float given[N] = {1, 2, 3, 4, 90};
    memcpy(weights, given, sizeof given);
    h2vi_alias_build(N, weights, &scratch, table);
    int counts[N] = {0};
    for (uint32_t i = 0; i < DRAWS; i++)
        counts[h2vi_alias_draw(table, N, h2vi_random(3, H2VI_FOR_WALK, 0, 0, i, 0).w[0])]++;
    double chi_square = 0;
    for (int i = 0; i < N; i++) {
        const double expected = DRAWS * (double)given[i] / 100;
        chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    assert_true(chi_square < 33.4); /* 4 degrees of freedom: one seed in 10^6 fails */
}

static void the_table_is_a_function_of_the_weights(void **state)
{
    (void)state;
    h2vi_alias first[MAX_SLOTS];
    for (int i = 0; i < MAX_SLOTS; i++) weights[i] = (float)(1 + i * 7919 % 101);
    h2vi_alias_build(MAX_SLOTS, weights, &scratch, table);
    memcpy(first, table, sizeof first);
    memset(table, 0xff, sizeof table);
    memset(share, 0xff, sizeof share);
    h2vi_alias_build(MAX_SLOTS, weights, &scratch, table);
    assert_memory_equal(table, first, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_weight_is_always_drawn),
        cmocka_unit_test(chances_are_those_of_the_weights),
        cmocka_unit_test(draws_have_these_chances),
        cmocka_unit_test(random_draws_fit),
        cmocka_unit_test(the_table_is_a_function_of_the_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
