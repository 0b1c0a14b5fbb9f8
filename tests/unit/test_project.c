/* SPDX-License-Identifier: MIT */

/* Rows of the random matrices: every instruction set draws what project.h says of
 * h2vi_random(), and nothing behind the row's end. */
#include "project.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_COLUMNS = 600, GUARD = 8 };

static const int dims[] = {0, 1, 2, 3, 4, 5, 63, 64, 65, 100, 127, 128, 129, 200, 512, 599};
static const h2vi_projection projections[] = {
    {0, H2VI_FOR_PROJECTION, 1},
    {1, H2VI_FOR_PROJECTION, 3},
    {UINT64_C(0xfedcba9876543210), H2VI_FOR_PROJECTION, 1.7},
    {UINT64_MAX, H2VI_FOR_PROPERTY, 100},
    {UINT64_C(0x8000000080000000), H2VI_FOR_PROPERTY, 1e12},
};
static const uint32_t vertices[] = {0, 1, 12345, 0x80000000, UINT32_MAX};

enum {
    NUM_DIMS = sizeof dims / sizeof *dims,
    NUM_PROJECTIONS = sizeof projections / sizeof *projections,
    NUM_VERTICES = sizeof vertices / sizeof *vertices
};

static float expected_entry(const h2vi_projection *p, uint32_t v, int c, float value)
{
    const h2vi_words random = h2vi_random(p->seed, p->purpose, 0, 0, v, (uint32_t)(c / 4));
    const uint64_t word = random.w[c % 4];
    const uint64_t threshold = (uint64_t)(0x1p32 / (2 * p->sparsity) + 0.5);
    if (word < threshold) return value;
    return word >= (UINT64_C(1) << 32) - threshold ? -value : 0.0F;
}

static void check_row(h2vi_project_row *project, const h2vi_projection *p, uint32_t v,
                      int num_columns)
{
    float row[MAX_COLUMNS + GUARD];
    for (int c = 0; c < num_columns + GUARD; c++) row[c] = 77;
    project(p, v, num_columns, 2.5F, row);
    for (int c = 0; c < num_columns; c++) {
        const float expected = expected_entry(p, v, c, 2.5F);
        if (row[c] != expected)
            fail_msg("vertex %u, column %d of %d: %g, not %g", v, c, num_columns,
                     (double)row[c], (double)expected);
    }
    for (int c = 0; c < GUARD; c++) assert_true(row[num_columns + c] == 77);
}

static void rows_are_what_the_generator_says(void **state)
{
    (void)state;
    assert_non_null(h2vi_project_row_of(H2VI_SCALAR));
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        h2vi_project_row *project = h2vi_project_row_of((h2vi_isa)isa);
        assert_true(h2vi_isa_is_here((h2vi_isa)isa) == (project != NULL));
        if (!project) continue;
        for (int p = 0; p < NUM_PROJECTIONS; p++)
            for (int v = 0; v < NUM_VERTICES; v++)
                for (int d = 0; d < NUM_DIMS; d++)
                    check_row(project, &projections[p], vertices[v], dims[d]);
    }
}

typedef struct entry_counts {
    int positive, negative, zero;
} entry_counts;

static entry_counts count(double sparsity, int num_rows)
{
    const h2vi_projection projection = {5, H2VI_FOR_PROJECTION, sparsity};
    h2vi_project_row *project = h2vi_project_row_of(h2vi_best_isa());
    entry_counts counts = {0};
    for (int v = 0; v < num_rows; v++) {
        float row[100];
        project(&projection, (uint32_t)v, 100, 1, row);
        for (int c = 0; c < 100; c++) {
            counts.positive += row[c] == 1;
            counts.negative += row[c] == -1;
            counts.zero += row[c] == 0;
        }
    }
    assert_int_equal(counts.positive + counts.negative + counts.zero, 100 * num_rows);
    return counts;
}

/* 100,000 entries; five standard deviations. */
static void signs_have_their_probabilities(void **state)
{
    (void)state;
    const entry_counts dense = count(1, 1000);
    assert_int_equal(dense.zero, 0);
    assert_in_range(dense.positive, 50000 - 791, 50000 + 791);
    const entry_counts third = count(3, 1000);
    assert_in_range(third.positive, 16667 - 590, 16667 + 590);
    assert_in_range(third.negative, 16667 - 590, 16667 + 590);
    const entry_counts empty = count(1e300, 1000);
    assert_int_equal(empty.zero, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_the_generator_says),
        cmocka_unit_test(signs_have_their_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
