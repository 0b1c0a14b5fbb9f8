/* SPDX-License-Identifier: MIT */

/* The metrics against their definitions, computed the slow way: over all pairs, and over
 * all thresholds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "metrics.h"
#include "random.h"

enum { MAX_SCORES = 200 };

/* cmocka compares floats only. */
static void assert_near(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-12))
        fail_msg("%.17g is not %.17g", actual, expected);
}

static double slow_roc_auc(int num_p, const double *p, int num_n, const double *n)
{
    double wins = 0.0;
    for (int i = 0; i < num_p; i++)
        for (int j = 0; j < num_n; j++)
            wins += p[i] > n[j] ? 1.0 : p[i] == n[j] ? 0.5 : 0.0;
    return wins / num_p / num_n;
}

static int count_from(double threshold, int num_scores, const double *scores)
{
    int count = 0;
    for (int i = 0; i < num_scores; i++) count += scores[i] >= threshold;
    return count;
}

/* Each positive adds the precision at its own score as threshold: the same sum, regrouped.
 */
static double slow_average_precision(int num_p, const double *p, int num_n, const double *n)
{
    double sum = 0.0;
    for (int i = 0; i < num_p; i++) {
        const int above = count_from(p[i], num_p, p);
        sum += (double)above / (above + count_from(p[i], num_n, n));
    }
    return sum / num_p;
}

static h2vi_link_metrics measure(int num_p, double *p, int num_n, double *n)
{
    h2vi_sort_scores(num_p, p);
    h2vi_sort_scores(num_n, n);
    return h2vi_measure_links(num_p, p, num_n, n);
}

static void textbook_values(void **state)
{
    (void)state;
    double p[] = {0.35, 0.8}, n[] = {0.1, 0.4};
    const h2vi_link_metrics found = measure(2, p, 2, n);
    assert_near(found.roc_auc, 0.75);
    assert_near(found.average_precision, 0.5 * 1.0 + 0.5 * (2.0 / 3.0));
}

static void perfect_and_inverted(void **state)
{
    (void)state;
    double high[] = {5.0, 3.0, 4.0}, low[] = {-1.0, 0.0};
    h2vi_link_metrics found = measure(3, high, 2, low);
    assert_true(found.roc_auc == 1.0);
    assert_true(found.average_precision == 1.0);
    found = measure(2, low, 3, high);
    assert_true(found.roc_auc == 0.0);
    assert_near(found.average_precision, 0.5 * (1.0 / 4.0) + 0.5 * (2.0 / 5.0));
}

static void all_tied(void **state)
{
    (void)state;
    double p[] = {0.0, -0.0, 0.0}, n[] = {-0.0}; /* zeros are equal, whatever their sign */
    const h2vi_link_metrics found = measure(3, p, 1, n);
    assert_true(found.roc_auc == 0.5);
    assert_true(found.average_precision == 0.75);
}

static void one_of_each(void **state)
{
    (void)state;
    double p[] = {1.0}, n[] = {2.0};
    const h2vi_link_metrics found = measure(1, p, 1, n);
    assert_true(found.roc_auc == 0.0);
    assert_true(found.average_precision == 0.5);
}

/* From nearly all tied to nearly all different, with more of one kind than of the other. */
static void random_scores_with_ties(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 300; trial++) {
        double scores[2][MAX_SCORES];
        const h2vi_words shape = h2vi_random(7, H2VI_FOR_GENERATOR, 0, 0, trial, 0);
        const int num_p = 1 + (int)h2vi_below(shape.w[0], MAX_SCORES);
        const int num_n = 1 + (int)h2vi_below(shape.w[1], MAX_SCORES);
        const uint32_t num_values = 1 + h2vi_below(shape.w[2], trial + 1);
        for (uint32_t i = 0; i < MAX_SCORES; i++) {
            const h2vi_words random = h2vi_random(7, H2VI_FOR_GENERATOR, 0, 1, trial, i);
            scores[0][i] = (double)h2vi_below(random.w[0], num_values) - 3.0;
            scores[1][i] = (double)h2vi_below(random.w[1], num_values) - 4.0;
        }
        const h2vi_link_metrics found = measure(num_p, scores[0], num_n, scores[1]);
        assert_near(found.roc_auc, slow_roc_auc(num_p, scores[0], num_n, scores[1]));
        assert_near(found.average_precision,
                    slow_average_precision(num_p, scores[0], num_n, scores[1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(textbook_values),
        cmocka_unit_test(perfect_and_inverted),
        cmocka_unit_test(all_tied),
        cmocka_unit_test(one_of_each),
        cmocka_unit_test(random_scores_with_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
