/* SPDX-License-Identifier: MIT */

/* The kernels: the scalar one does what sgns.h says (against a plain one in double
 * precision), and every other one returns its bits. */
#include "cells.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX_CENTERS = 64 };

/* What parts and blocks may look like. */
typedef struct shape {
    const char *name;
    int num_rows, num_centers;
    bool is_large;
    int pairs_of[MAX_CENTERS];
} shape;

static const shape shapes[] = {
    {"no center", 5, 0, false, {0}},
    {"no pair", 5, 3, false, {0, 0, 0}},
    {"one pair", 40, 1, false, {1}},
    {"one center", 40, 1, false, {13}},
    {"first center only", 40, 4, false, {9, 0, 0, 0}},
    {"last center only", 40, 4, false, {0, 0, 0, 9}},
    {"partial tiles", 100, 7, false, {1, 2, 3, 5, 6, 7, 4}},
    {"hub", 100, 9, false, {2, 0, 3, 250, 1, 0, 0, 4, 1}},
    {"hub, large", 100, 9, true, {2, 0, 3, 250, 1, 0, 0, 4, 1}},
    {"one row", 1, 5, false, {3, 8, 0, 1, 4}},
    {"two rows, repeated", 2, 6, false, {8, 4, 4, 1, 0, 9}},
    {"many", 300, MAX_CENTERS, false, {4, 0, 1, 17, 3, 3, 8, 0, 0, 2, 5, 1, 4, 40, 6, 2,
                                       1, 1, 1, 1,  0, 7, 9, 4, 4, 0, 0, 0, 0, 3,  2, 1,
                                       8, 8, 8, 31, 2, 1, 0, 5, 4, 1, 6, 7, 0, 2,  1, 9,
                                       0, 0, 3, 12, 4, 4, 4, 4, 1, 2, 3, 1, 0, 5,  6, 2}},
    {"many, large", 300, MAX_CENTERS, true, {4,  0, 1, 17, 3, 3, 8, 0, 0, 2,  5, 1, 4,
                                             40, 6, 2, 1,  1, 1, 1, 0, 7, 9,  4, 4, 0,
                                             0,  0, 0, 3,  2, 1, 8, 8, 8, 31, 2, 1, 0,
                                             5,  4, 1, 6,  7, 0, 2, 1, 9, 0,  0, 3, 12,
                                             4,  4, 4, 4,  1, 2, 3, 1, 0, 5,  6, 2}}};

static const int dims[] = {1, 7, 16, 64, 100, 128, 200};

enum { NUM_SHAPES = sizeof shapes / sizeof *shapes, NUM_DIMS = sizeof dims / sizeof *dims };

static void init(const shape *form, int dim, test_cell *test)
{
    cell_init(dim, form->num_centers, form->pairs_of, form->num_rows, test);
    test->cell.is_large = form->is_large;
}

static void assert_same_bits(const test_cell *a, const test_cell *b, const char *name,
                             int isa)
{
    const size_t row_bytes = (size_t)a->cell.stride * sizeof(float);
    const int differ =
        memcmp(a->centers, b->centers, (size_t)a->cell.num_centers * row_bytes) != 0 ||
        memcmp(a->contexts, b->contexts, (size_t)a->num_rows * row_bytes) != 0;
    if (differ) fail_msg("%s: dim %d, kernel %d has other bits", name, a->dim, isa);
}

static void all_kernels_return_the_same_bits(void **state)
{
    (void)state;
    assert_non_null(h2vi_cell_kernel(H2VI_SCALAR));
    for (int i = 0; i < NUM_SHAPES * NUM_DIMS; i++) {
        const shape *form = &shapes[i / NUM_DIMS];
        test_cell scalar;
        init(form, dims[i % NUM_DIMS], &scalar);
        h2vi_train_cell_scalar(&scalar.cell);
        for (int isa = H2VI_SCALAR + 1; isa < H2VI_NUM_ISAS; isa++) {
            h2vi_train_cell *kernel = h2vi_cell_kernel((h2vi_isa)isa);
            if (!kernel) continue;
            test_cell other;
            init(form, dims[i % NUM_DIMS], &other);
            kernel(&other.cell);
            assert_same_bits(&scalar, &other, form->name, isa);
            cell_clear(&other);
        }
        cell_clear(&scalar);
    }
}

/* Also where products are far beyond the range of the logistic function, and with many
 * negatives. */
static void all_kernels_agree_on_extremes(void **state)
{
    (void)state;
    for (int isa = H2VI_SCALAR + 1; isa < H2VI_NUM_ISAS; isa++) {
        h2vi_train_cell *kernel = h2vi_cell_kernel((h2vi_isa)isa);
        if (!kernel) continue;
        test_cell cells[2];
        for (int i = 0; i < 2; i++) {
            init(&shapes[NUM_SHAPES - 1], 24, &cells[i]);
            cells[i].cell.negatives = 1000;
            cells[i].cell.rate_begin = cells[i].cell.rate_end = 1e-4F;
            for (int64_t k = 0; k < cells[i].num_rows * cells[i].cell.stride; k++)
                cells[i].contexts[k] *= k % 3 == 0 ? 1e4F : 1e-20F;
        }
        h2vi_train_cell_scalar(&cells[0].cell);
        kernel(&cells[1].cell);
        assert_same_bits(&cells[0], &cells[1], "extremes", isa);
        cell_clear(&cells[0]);
        cell_clear(&cells[1]);
    }
}

/* The padding of rows and the rows of zeros, which stand for what a tile has not. */
static void what_is_zero_stays_zero(void **state)
{
    (void)state;
    for (int i = 0; i < NUM_SHAPES * H2VI_NUM_ISAS; i++) {
        h2vi_train_cell *kernel = h2vi_cell_kernel((h2vi_isa)(i % H2VI_NUM_ISAS));
        if (!kernel) continue;
        test_cell test;
        init(&shapes[i / H2VI_NUM_ISAS], 7, &test);
        kernel(&test.cell);
        const int stride = test.cell.stride;
        for (int k = 0; k < 2 * stride; k++) assert_true(test.zeros[k] == 0);
        for (int64_t k = 0; k < test.cell.num_centers * stride; k++)
            if (k % stride >= test.dim) assert_true(test.centers[k] == 0);
        for (int64_t k = 0; k < test.num_rows * stride; k++)
            if (k % stride >= test.dim) assert_true(test.contexts[k] == 0);
        cell_clear(&test);
    }
}

static double *widen(const test_cell *test, int64_t num_rows, const float *rows)
{
    double *wide = calloc((size_t)(num_rows * test->dim) + 1, sizeof *wide);
    for (int64_t i = 0; i < num_rows * test->dim; i++)
        wide[i] = rows[i / test->dim * test->cell.stride + i % test->dim];
    return wide;
}

/* Within `tolerance` of the largest value, which is about 1/2. */
static void assert_near(const test_cell *test, int64_t num_rows, const double *expected,
                        const float *rows, double tolerance, const char *name)
{
    for (int64_t i = 0; i < num_rows * test->dim; i++) {
        const double got = rows[i / test->dim * test->cell.stride + i % test->dim];
        if (fabs(got - expected[i]) > tolerance)
            fail_msg("%s: dim %d, row %d, column %d is %.9g, expected %.9g", name,
                     test->dim, (int)(i / test->dim), (int)(i % test->dim), got,
                     expected[i]);
    }
}

static void assert_is_plain(const shape *form, int dim, float rate, double tolerance)
{
    test_cell test;
    init(form, dim, &test);
    test.cell.rate_begin = rate;
    test.cell.rate_end = rate / 2;
    const int64_t num_centers = test.cell.num_centers;
    double *centers = widen(&test, num_centers, test.centers);
    double *contexts = widen(&test, test.num_rows, test.contexts);
    plain_train(&test, centers, contexts);
    h2vi_train_cell_scalar(&test.cell);
    assert_near(&test, num_centers, centers, test.centers, tolerance, form->name);
    assert_near(&test, test.num_rows, contexts, test.contexts, tolerance, form->name);
    free(centers);
    free(contexts);
    cell_clear(&test);
}

/* One tile at a high rate, so that every gradient shows: rows of about 1/2 change by as
 * much and more, and are right to 4e-6; those that change many times each to 1e-5. */
static void one_tile_is_skip_gram(void **state)
{
    (void)state;
    static const shape tiles[] = {{"full tile", 100, 2, false, {6, 6}},
                                  {"uneven tile", 100, 2, false, {5, 2}},
                                  {"one center", 100, 1, false, {5}},
                                  {"repeated rows", 2, 2, false, {5, 6}}};
    for (int i = 0; i < 4 * NUM_DIMS; i++)
        assert_is_plain(&tiles[i / NUM_DIMS], dims[i % NUM_DIMS], 0.5F,
                        tiles[i / NUM_DIMS].num_rows > 2 ? 4e-6 : 1e-5);
}

/* Whole cells: tiles, negatives and learning rates are those of the headers. */
static void cells_are_skip_gram(void **state)
{
    (void)state;
    for (int i = 0; i < NUM_SHAPES * NUM_DIMS; i++)
        assert_is_plain(&shapes[i / NUM_DIMS], dims[i % NUM_DIMS], 0.05F, 6e-6);
}

/* The negatives of a cell of one center: the rows that change, and how often. All products
 * are 0, so each gradient is the same. */
static void negatives_are_those_of_the_generator(void **state)
{
    (void)state;
    static const int pairs_of[1] = {6 * 24}; /* 24 tiles: 240 negatives, 7.5 batches */
    for (int isa = H2VI_SCALAR; isa < H2VI_NUM_ISAS; isa++) {
        h2vi_train_cell *kernel = h2vi_cell_kernel((h2vi_isa)isa);
        if (!kernel) continue;
        test_cell test;
        cell_init(2, 1, pairs_of, 300, &test);
        memset(test.contexts, 0, (size_t)test.num_rows * 16 * sizeof(float));
        test.centers[0] = 0x1p-6F; /* so small that products stay nothing */
        test.centers[1] = 0;
        test.cell.rate_begin = test.cell.rate_end = 5 * 0x1p-13F;
        test.cell.negatives = 1;
        int expected[300] = {0};
        for (uint32_t n = 0; n < 240; n++) expected[plain_negative(&test, n)] -= 3;
        for (int i = 0; i < pairs_of[0]; i++) expected[test.rows[i]] += 5;
        kernel(&test.cell);
        /* A negative's weight is rate * 6 / 10, its gradient half of that. */
        for (int row = 0; row < 300; row++)
            assert_true(fabs((double)test.contexts[(ptrdiff_t)row * 16] * 0x1p20 -
                             expected[row]) < 0.1);
        cell_clear(&test);
    }
}

/* The gradient of a product x for a center (x, 1) and a row (1, 0), which no negative
 * touches: at rate 1 the row's second column becomes 1 - logistic(x). */
static float one_minus_logistic(h2vi_train_cell *kernel, test_cell *test, float x)
{
    memset(test->contexts, 0, 2 * 16 * sizeof(float));
    test->contexts[0] = 1;
    test->centers[0] = x;
    test->centers[1] = 1;
    kernel(&test->cell);
    return test->contexts[1];
}

static double largest_logistic_error(h2vi_train_cell *kernel, test_cell *test, int begin,
                                     int end)
{
    double largest = 0;
    for (int i = begin; i <= end; i++) {
        const float x = (float)i * 0.001F;
        const double error = one_minus_logistic(kernel, test, x) - 1 / (1 + exp(x));
        if (fabs(error) > largest) largest = fabs(error);
    }
    return largest;
}

static void the_logistic_function_is_within_its_bounds(void **state)
{
    (void)state;
    static const int pairs_of[1] = {1};
    for (int isa = H2VI_SCALAR; isa < H2VI_NUM_ISAS; isa++) {
        h2vi_train_cell *kernel = h2vi_cell_kernel((h2vi_isa)isa);
        if (!kernel) continue;
        test_cell test;
        cell_init(2, 1, pairs_of, 2, &test);
        test.rows[0] = 0;
        test.classes[0] = (h2vi_noise_class){.first = 1, .count = 1};
        test.cell.noise.num_classes = 1;
        test.alias[0].threshold = UINT32_MAX;
        test.cell.rate_begin = test.cell.rate_end = 1;
        assert_true(largest_logistic_error(kernel, &test, -15000, 15000) < 2e-7);
        assert_true(largest_logistic_error(kernel, &test, -30000, -15000) < 4e-7);
        assert_true(largest_logistic_error(kernel, &test, 15000, 30000) < 4e-7);
        assert_true(one_minus_logistic(kernel, &test, FLT_MAX) ==
                    one_minus_logistic(kernel, &test, 15));
        assert_true(one_minus_logistic(kernel, &test, -FLT_MAX) ==
                    one_minus_logistic(kernel, &test, -15));
        cell_clear(&test);
    }
}

static void the_best_set_is_here(void **state)
{
    (void)state;
    const h2vi_isa best = h2vi_best_isa();
    assert_non_null(h2vi_cell_kernel(best));
    for (int isa = (int)best + 1; isa <= H2VI_NUM_ISAS; isa++)
        assert_null(h2vi_cell_kernel((h2vi_isa)isa));
    assert_string_equal(h2vi_isa_name(H2VI_AVX512), "avx512");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kernels_return_the_same_bits),
        cmocka_unit_test(all_kernels_agree_on_extremes),
        cmocka_unit_test(what_is_zero_stays_zero),
        cmocka_unit_test(one_tile_is_skip_gram),
        cmocka_unit_test(cells_are_skip_gram),
        cmocka_unit_test(negatives_are_those_of_the_generator),
        cmocka_unit_test(the_logistic_function_is_within_its_bounds),
        cmocka_unit_test(the_best_set_is_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
