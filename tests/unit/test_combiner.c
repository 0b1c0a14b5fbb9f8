/* SPDX-License-Identifier: MIT */

/* The combiner's rules: examples worked out by hand, what must hold for all changes, and
 * plain references in long double. Numbers of examples are multiples of 2^-36 unless what
 * is lost below that is the point. */
#include "combiner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_DIMS = 3, MAX_GROUPS = 4096, MAX_DIM = 100, GUARD = 64 };

#define LN2 0x1.62e42fefa39efp-1

static const int dims[NUM_DIMS] = {1, 7, 100};

/* Combine into `row` with scratch of the promised size, full of ones before: neither what
 * it holds nor what lies behind it may matter. */
static bool combine_with(h2v_combiner rule, double curvature, int dim, int num_groups,
                         int num_changes, const h2vi_change *changes, float *row)
{
    const size_t size = (size_t)h2vi_combiner_scratch_bytes(rule, dim, num_groups);
    unsigned char *scratch = malloc(size + GUARD);
    assert_non_null(scratch);
    memset(scratch, 0xff, size + GUARD);
    const h2vi_combiner combiner = {rule, dim, num_groups, curvature, scratch};
    const bool is_combined = h2vi_combine(&combiner, num_changes, changes, row);
    for (size_t i = 0; i < GUARD; i++) assert_int_equal(scratch[size + i], 0xff);
    free(scratch);
    return is_combined;
}

static void check_row(int dim, const float *row, const float *expected)
{
    for (int d = 0; d < dim; d++)
        if (!(row[d] == expected[d]))
            fail_msg("column %d is %.9g, not %.9g", d, (double)row[d], (double)expected[d]);
}

static void check_combined(h2v_combiner rule, double curvature, int dim, int num_groups,
                           int num_changes, const h2vi_change *changes,
                           const float *expected)
{
    float row[MAX_DIM] = {0};
    assert_true(combine_with(rule, curvature, dim, num_groups, num_changes, changes, row));
    check_row(dim, row, expected);
}

/* Whole numbers of 2^-20 with up to 22 bits, from a generator of Knuth's. */
static void fill(uint64_t *state, int dim, float *change)
{
    for (int d = 0; d < dim; d++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        change[d] = (float)((int)(*state >> 42) - (1 << 21)) * 0x1p-20f;
    }
}

static void changes_add_up(void **state)
{
    (void)state;
    const float a[] = {1, 2}, b[] = {3, -1}, c[] = {0, 5};
    const h2vi_change changes[] = {{a, 1, 0}, {b, 1, 2}, {c, 1, 3}};
    check_combined(H2V_COMBINER_SUM, 0, 2, 4, 2, changes, (float[]){4, 1});
    check_combined(H2V_COMBINER_SUM, 0, 2, 4, 3, changes, (float[]){4, 6});
    check_combined(H2V_COMBINER_AVERAGE, 0, 2, 4, 2, changes, (float[]){2, .5f});
    check_combined(H2V_COMBINER_AVERAGE, 0, 2, 4, 3, changes, (float[]){4 / 3.f, 2});
    float row[] = {10, -20};
    assert_true(combine_with(H2V_COMBINER_SUM, 0, 2, 4, 3, changes, row));
    check_row(2, row, (float[]){14, -14});
}

/* e^-a = 1/2: one update is worth 1/2, two 3/4, three 7/8. */
static void changes_saturate(void **state)
{
    (void)state;
    const float a[] = {4, -8}, b[] = {4, 0};
    const h2vi_change once[] = {{a, 1, 0}, {b, 1, 1}};
    check_combined(H2V_COMBINER_SATURATING, LN2, 2, 2, 2, once, (float[]){6, -6});
    const h2vi_change twice[] = {{a, 2, 0}, {b, 1, 1}}; /* 7/8 of 3/4 + 1/2 */
    check_combined(H2V_COMBINER_SATURATING, LN2, 2, 2, 2, twice, (float[]){5.6f, -5.6f});
}

static void few_updates_add_up(void **state)
{
    (void)state;
    const float a[] = {4, -8}, b[] = {4, 1};
    const float updates[][2] = {{1, 1}, {0, 0}, {1e-20f, 3e38f}, {0, 1e-45f}};
    const double curvatures[] = {0, 4.94e-324, 1e-300, 1e-60};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const h2vi_change changes[] = {{a, updates[i][0], 0}, {b, updates[i][1], 1}};
            check_combined(H2V_COMBINER_SATURATING, curvatures[j], 2, 2, 2, changes,
                           (float[]){8, -7});
        }
    /* A change without updates weighs nothing and is added. */
    const h2vi_change one_sided[] = {{a, 50, 0}, {b, 0, 1}};
    check_combined(H2V_COMBINER_SATURATING, 1, 2, 2, 2, one_sided, (float[]){8, -7});
}

static void many_updates_average(void **state)
{
    (void)state;
    const float a[] = {4, -8}, b[] = {4, 1};
    const h2vi_change changes[] = {{a, 40, 0}, {b, 3e38f, 1}};
    for (double curvature = 1; curvature < 1e300; curvature *= 1e10)
        check_combined(H2V_COMBINER_SATURATING, curvature, 2, 2, 2, changes,
                       (float[]){4, -3.5f});
}

/* (1, 2) loses (1, 0) along (2, 0); (2, 2) loses (0, 2) along (0, 4). */
static void later_changes_replace_what_they_cover(void **state)
{
    (void)state;
    const float a[] = {1, 2}, b[] = {2, 0}, c[] = {0, 4}, none[] = {0, 0};
    const h2vi_change changes[] = {{a, 1, 0}, {b, 1, 1}, {none, 1, 2}, {c, 1, 3}};
    const float expected[][2] = {{1, 2}, {2, 2}, {2, 2}, {2, 4}};
    for (int n = 1; n <= 4; n++)
        check_combined(H2V_COMBINER_PROJECTION, 0, 2, 4, n, changes, expected[n - 1]);
    /* (2, 0) loses 2/5 (1, 2) */
    const h2vi_change reversed[] = {{b, 1, 0}, {a, 1, 1}};
    check_combined(H2V_COMBINER_PROJECTION, 0, 2, 4, 2, reversed, (float[]){2.6f, 1.2f});
}

/* a.b = 2, |a|^2 = 5, |b|^2 = 4: 4/5 (1, 2) + 3/4 (2, 0) */
static void adasum_of_two(void **state)
{
    (void)state;
    const float none[] = {0, 0}, a[] = {1, 2}, b[] = {2, 0}, back[] = {-2, 0},
                half_back[] = {-1, 0}; /* (1 + 1/4) 2 - (1 + 1) 1 */
    const struct {
        const float *first, *second, expected[2];
    } cases[] = {{a, b, {2.3f, 1.6f}},
                 {b, back, {0, 0}},
                 {b, half_back, {.5f, 0}},
                 {none, none, {0, 0}}};
    for (int i = 0; i < 4; i++) {
        const h2vi_change changes[] = {{cases[i].first, 1, 0}, {cases[i].second, 1, 1}};
        check_combined(H2V_COMBINER_ADASUM, 0, 2, 2, 2, changes, cases[i].expected);
    }
}

/* Three changes a, a, b, where b is orthogonal to a: who meets whom first is a matter of
 * their numbers. */
static void adasum_goes_by_halves_of_the_groups(void **state)
{
    (void)state;
    const float a[] = {1, 0}, b[] = {0, 1};
    const float first_two[] = {1, 1};        /* a, then with b */
    const float last_two[] = {1.25f, 0.75f}; /* a with (1, 1): 1/2 a + 3/4 (1, 1) */
    const struct {
        int groups[3], num_groups;
        const float *expected;
    } cases[] = {{{0, 1, 2}, 3, first_two},         {{0, 1, 3}, 4, first_two},
                 {{0, 2, 3}, 4, last_two},          {{1, 2, 3}, 4096, last_two},
                 {{2, 3, 4}, 5, first_two},         {{0, 4, 7}, 8, last_two},
                 {{1, 3, 5}, 6, first_two},         {{3, 4, 5}, 6, last_two},
                 {{0, 2047, 2048}, 4096, first_two}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *groups = cases[i].groups;
        const h2vi_change changes[] = {
            {a, 1, groups[0]}, {a, 1, groups[1]}, {b, 1, groups[2]}};
        check_combined(H2V_COMBINER_ADASUM, 0, 2, cases[i].num_groups, 3, changes,
                       cases[i].expected);
    }
}

/* Also what is far below the unit of sums. */
static void one_change_is_itself(void **state)
{
    (void)state;
    const int group_counts[] = {1, 2, MAX_GROUPS};
    uint64_t seed = 1;
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        for (int i = 0; i < NUM_DIMS * 3; i++) {
            const int dim = dims[i / 3], num_groups = group_counts[i % 3];
            float change[MAX_DIM] = {0}, row[MAX_DIM] = {0}, expected[MAX_DIM];
            fill(&seed, dim, change);
            fill(&seed, dim, row);
            change[dim - 1] *= 1e-20f;
            row[dim - 1] = 0;
            for (int d = 0; d < dim; d++) expected[d] = row[d] + change[d];
            const h2vi_change alone = {change, 3, num_groups - 1};
            assert_true(combine_with(rule, .01, dim, num_groups, 1, &alone, row));
            check_row(dim, row, expected);
        }
}

static void a_change_of_nothing_changes_nothing(void **state)
{
    (void)state;
    const float none[MAX_DIM] = {0};
    uint64_t seed = 2;
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        for (int i = 0; i < NUM_DIMS; i++) {
            const int dim = dims[i];
            float change[MAX_DIM];
            fill(&seed, dim, change);
            const h2vi_change changes[] = {{none, 0, 0}, {change, 3, 1}, {none, 0, 2}};
            if (rule == H2V_COMBINER_AVERAGE) continue; /* it counts */
            check_combined(rule, .3, dim, 4, 2, changes, change);
            check_combined(rule, .3, dim, 4, 2, changes + 1, change);
        }
}

static void equal_changes(void **state)
{
    (void)state;
    static h2vi_change changes[MAX_GROUPS];
    const int counts[] = {2, 3, 5, 64, MAX_GROUPS};
    uint64_t seed = 3;
    for (int i = 0; i < NUM_DIMS; i++)
        for (int j = 0; j < 5; j++) {
            const int dim = dims[i], num = counts[j];
            float change[MAX_DIM], times[MAX_DIM];
            fill(&seed, dim, change);
            for (int d = 0; d < dim; d++) times[d] = (float)num * change[d];
            for (int g = 0; g < num; g++) changes[g] = (h2vi_change){change, 1e6f, g};
            for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
                check_combined(rule, 1, dim, num, num, changes,
                               rule == H2V_COMBINER_SUM ? times : change);
        }
}

/* Every group changes one column. */
static void orthogonal_changes_add_up(void **state)
{
    (void)state;
    static float columns[MAX_DIM][MAX_DIM];
    h2vi_change changes[MAX_DIM];
    float expected[MAX_DIM];
    uint64_t seed = 4;
    for (int i = 0; i < NUM_DIMS; i++) {
        const int dim = dims[i];
        memset(columns, 0, sizeof columns);
        fill(&seed, dim, expected);
        for (int d = 0; d < dim; d++) {
            columns[d][d] = expected[d];
            changes[d] = (h2vi_change){columns[d], 1, d};
        }
        check_combined(H2V_COMBINER_PROJECTION, 0, dim, dim, dim, changes, expected);
        check_combined(H2V_COMBINER_ADASUM, 0, dim, dim, dim, changes, expected);
    }
}

/* Large changes cancel and leave small ones: a sum of doubles would depend on the order, in
 * which parts of the small ones are lost beside a large one. Updates are the same. */
static void sums_have_no_order(void **state)
{
    (void)state;
    enum { NUM = 501, DIM = 7 };
    static float values[NUM][DIM];
    const h2v_combiner rules[] = {H2V_COMBINER_SUM, H2V_COMBINER_AVERAGE,
                                  H2V_COMBINER_SATURATING};
    h2vi_change forward[NUM], strided[NUM];
    uint64_t seed = 5;
    for (int i = 0; i < NUM; i++) {
        fill(&seed, DIM, values[i]);
        for (int d = 0; d < DIM; d++)
            values[i][d] = i % 3 == 0   ? values[i][d] * 0x1p12f
                           : i % 3 == 1 ? -values[i - 1][d]
                                        : values[i][d] * 0x1p-29f;
    }
    for (int i = 0; i < NUM; i++) {
        forward[i] = (h2vi_change){values[i], 3, i};
        strided[i] = (h2vi_change){values[i * 125 % NUM], 3, i};
    }
    for (int i = 0; i < 3; i++) {
        float expected[DIM] = {0};
        assert_true(combine_with(rules[i], .01, DIM, NUM, NUM, forward, expected));
        check_combined(rules[i], .01, DIM, NUM, NUM, strided, expected);
    }
}

static void sums_round_to_nearest(void **state)
{
    (void)state;
    const float none[] = {0, 0, 0, 0};
    const float change[] = {0x.4p-36f, 0x.cp-36f, -0x.cp-36f, 0x64.cp-36f};
    const float expected[] = {0, 0x1p-36f, -0x1p-36f, 0x65p-36f};
    const h2vi_change changes[] = {{change, 1, 0}, {none, 1, 1}};
    check_combined(H2V_COMBINER_SUM, 0, 4, 2, 2, changes, expected);
}

static void the_largest_sum_fits(void **state)
{
    (void)state;
    enum { NUM = MAX_GROUPS };
    static h2vi_change changes[NUM];
    const float largest = nextafterf(0x1p14f, 0);
    const float change[] = {largest, -largest}, sum[] = {NUM * largest, -NUM * largest};
    for (int g = 0; g < NUM; g++) changes[g] = (h2vi_change){change, 3e38f, g};
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        check_combined(rule, 1e300, 2, NUM, NUM, changes,
                       rule == H2V_COMBINER_SUM ? sum : change);
}

static void check_refused(h2v_combiner rule, double curvature, int dim, int num_changes,
                          const h2vi_change *changes)
{
    float row[MAX_DIM], kept[MAX_DIM];
    for (int d = 0; d < dim; d++) kept[d] = row[d] = (float)d + 1;
    assert_false(combine_with(rule, curvature, dim, 3, num_changes, changes, row));
    assert_memory_equal(row, kept, (size_t)dim * sizeof *row);
}

static void changes_out_of_range_are_refused(void **state)
{
    (void)state;
    const float wrong[] = {NAN, INFINITY, -INFINITY, 0x1p14f, -0x1p14f, 3e38f};
    const float good[MAX_DIM] = {1, -2, 3};
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        for (int i = 0; i < NUM_DIMS * 6 * 3; i++) {
            const int dim = dims[i / 18], place = i % 3;
            float bad[MAX_DIM] = {4, 5};
            bad[place * (dim - 1) / 2] = wrong[i / 3 % 6];
            h2vi_change changes[] = {{good, 1, 0}, {good, 1, 1}, {good, 1, 2}};
            changes[place].change = bad;
            check_refused(rule, 1, dim, 3, changes);
            check_refused(rule, 1, dim, 1, changes + place);
        }
}

static void updates_and_curvature_out_of_range_are_refused(void **state)
{
    (void)state;
    const float change[] = {1, 2}, wrong[] = {NAN, INFINITY, -1};
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        for (int i = 0; i < 3; i++) {
            const h2vi_change bad[] = {{change, 1, 0}, {change, wrong[i], 1}};
            const h2vi_change good[] = {{change, 1, 0}, {change, 1, 1}};
            check_refused(rule, 1, 2, 2, bad);
            check_refused(rule, 1, 2, 1, bad + 1);
            check_refused(rule, (double)wrong[i], 2, 2, good);
        }
}

/* By the book, every group's vector written out. */
static void adasum_reference(int dim, int num_groups, long double *vectors)
{
    for (int width = 1; width < num_groups; width *= 2)
        for (int g = 0; g + width < num_groups; g += 2 * width) {
            long double *a = vectors + (ptrdiff_t)g * dim, *b = a + (ptrdiff_t)width * dim;
            long double dot = 0, norm2_a = 0, norm2_b = 0;
            for (int d = 0; d < dim; d++) {
                dot += a[d] * b[d];
                norm2_a += a[d] * a[d];
                norm2_b += b[d] * b[d];
            }
            for (int d = 0; d < dim; d++)
                a[d] = (norm2_a > 0 ? 1 - dot / (2 * norm2_a) : 1) * a[d] +
                       (norm2_b > 0 ? 1 - dot / (2 * norm2_b) : 1) * b[d];
        }
}

static void projection_reference(int dim, int num_changes, const h2vi_change *changes,
                                 long double *u)
{
    for (int i = 0; i < num_changes; i++) {
        const float *g = changes[i].change;
        long double dot = 0, norm2 = 0;
        for (int d = 0; d < dim; d++) {
            dot += u[d] * (long double)g[d];
            norm2 += (long double)g[d] * (long double)g[d];
        }
        for (int d = 0; d < dim; d++)
            u[d] += (long double)g[d] - dot / norm2 * (long double)g[d];
    }
}

static void check_near(int dim, const float *row, const long double *expected)
{
    long double largest = 0;
    for (int d = 0; d < dim; d++) largest = fmaxl(largest, fabsl(expected[d]));
    for (int d = 0; d < dim; d++)
        if (!(fabsl((long double)row[d] - expected[d]) < 1e-7L * largest))
            fail_msg("column %d is %.9g, not %.9Lg", d, (double)row[d], expected[d]);
}

/* Every third group or so changed the row. */
static void vectors_are_combined_as_written(void **state)
{
    (void)state;
    static float values[MAX_GROUPS][MAX_DIM];
    static h2vi_change changes[MAX_GROUPS];
    const int group_counts[] = {2, 3, 5, 6, 31, MAX_GROUPS};
    uint64_t seed = 7;
    for (int i = 0; i < NUM_DIMS; i++)
        for (int j = 0; j < 6; j++) {
            const int dim = dims[i], num_groups = group_counts[j];
            long double *dense = calloc((size_t)num_groups * (size_t)dim, sizeof *dense);
            long double projected[MAX_DIM] = {0};
            assert_non_null(dense);
            int num = 0;
            for (int g = 0; g < num_groups; g++) {
                if (g > 1 && (seed >> 40) % 3) continue;
                fill(&seed, dim, values[g]);
                for (int d = 0; d < dim; d++)
                    dense[(ptrdiff_t)g * dim + d] = (long double)values[g][d];
                changes[num++] = (h2vi_change){values[g], 1, g};
            }
            float row[MAX_DIM] = {0};
            adasum_reference(dim, num_groups, dense);
            assert_true(
                combine_with(H2V_COMBINER_ADASUM, 0, dim, num_groups, num, changes, row));
            check_near(dim, row, dense);
            memset(row, 0, sizeof row);
            projection_reference(dim, num, changes, projected);
            assert_true(combine_with(H2V_COMBINER_PROJECTION, 0, dim, num_groups, num,
                                     changes, row));
            check_near(dim, row, projected);
            free(dense);
        }
}

/* From a sum to an average, in steps of a tenth. */
static void changes_saturate_as_written(void **state)
{
    (void)state;
    enum { NUM = 7, DIM = 7 };
    float values[NUM][DIM];
    h2vi_change changes[NUM];
    long double sum[DIM] = {0}, expected[DIM];
    uint64_t seed = 8;
    for (int i = 0; i < NUM; i++) {
        fill(&seed, DIM, values[i]);
        changes[i] = (h2vi_change){values[i], (float)(1 + 3 * i) / 4, i};
        for (int d = 0; d < DIM; d++) sum[d] += (long double)values[i][d];
    }
    for (double curvature = 1e-19; curvature < 100; curvature *= 1.1) {
        long double updates = 0, alone = 0;
        for (int i = 0; i < NUM; i++) {
            updates += (long double)changes[i].updates;
            alone -= expm1l(-(long double)curvature * (long double)changes[i].updates);
        }
        const long double together = -expm1l(-(long double)curvature * updates);
        for (int d = 0; d < DIM; d++) expected[d] = sum[d] * together / alone;
        float row[DIM] = {0};
        assert_true(
            combine_with(H2V_COMBINER_SATURATING, curvature, DIM, NUM, NUM, changes, row));
        check_near(DIM, row, expected);
    }
}

static void saturation_is_that_of_libm(void **state)
{
    (void)state;
    for (int exponent = -1000; exponent < 7; exponent++)
        for (int i = 0; i < 64; i++) {
            const double x = ldexp(1 + i / 64.0, exponent);
            const double expected = -expm1(-x), y = h2vi_one_minus_exp(x);
            if (!(fabs(y - expected) <= 1e-15 * expected && y <= 1))
                fail_msg("1 - e^-%.17g is %.17g, not %.17g", x, y, expected);
        }
    for (double x = 40; x < 1e307; x *= 10) assert_true(h2vi_one_minus_exp(x) == 1);
    assert_true(h2vi_one_minus_exp(INFINITY) == 1);
    assert_true(h2vi_one_minus_exp(0) == 0);
    assert_true(h2vi_one_minus_exp(4.94e-324) == 4.94e-324);
}

static void rules_have_names(void **state)
{
    (void)state;
    const char *names[] = {"saturating", "projection", "adasum", "sum", "average"};
    for (h2v_combiner rule = 0; rule <= H2V_COMBINER_AVERAGE; rule++)
        assert_string_equal(h2vi_combiner_name(rule), names[rule]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_add_up),
        cmocka_unit_test(changes_saturate),
        cmocka_unit_test(few_updates_add_up),
        cmocka_unit_test(many_updates_average),
        cmocka_unit_test(later_changes_replace_what_they_cover),
        cmocka_unit_test(adasum_of_two),
        cmocka_unit_test(adasum_goes_by_halves_of_the_groups),
        cmocka_unit_test(one_change_is_itself),
        cmocka_unit_test(a_change_of_nothing_changes_nothing),
        cmocka_unit_test(equal_changes),
        cmocka_unit_test(orthogonal_changes_add_up),
        cmocka_unit_test(sums_have_no_order),
        cmocka_unit_test(sums_round_to_nearest),
        cmocka_unit_test(the_largest_sum_fits),
        cmocka_unit_test(changes_out_of_range_are_refused),
        cmocka_unit_test(updates_and_curvature_out_of_range_are_refused),
        cmocka_unit_test(vectors_are_combined_as_written),
        cmocka_unit_test(changes_saturate_as_written),
        cmocka_unit_test(saturation_is_that_of_libm),
        cmocka_unit_test(rules_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
