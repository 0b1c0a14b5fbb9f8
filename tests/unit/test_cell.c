/* SPDX-License-Identifier: MIT */

/* A cell made ready: pairs by center, and within a center in the order in which they came.
 */
#include "alloc.h"
#include "cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STRIDE = 16, MAX_CENTERS = 50, MAX_PAIRS = 5000 };

/* One class: enough for scratch. */
static const h2vi_blocks blocks = {.num_blocks = 1, .num_classes = 1};

/* Pair i: center by a rule, row i, so that the order shows. */
static void sort(h2vi_cell_scratch *scratch, int64_t num_centers, int64_t num_pairs,
                 h2vi_cell *cell)
{
    h2vi_pair pairs[MAX_PAIRS];
    for (int64_t i = 0; i < num_pairs; i++)
        pairs[i] = (h2vi_pair){(uint32_t)(i * i * 31 % num_centers), (uint32_t)i};
    *cell = (h2vi_cell){.num_centers = num_centers};
    assert_int_equal(h2vi_cell_scratch_reserve(scratch, num_pairs), H2V_OK);
    h2vi_cell_sort(pairs, num_pairs, NULL, scratch, cell);
}

static void assert_sorted(const h2vi_cell *cell, int64_t num_pairs)
{
    int64_t total = 0;
    assert_int_equal(cell->pair_starts[0], 0);
    assert_int_equal(cell->pair_starts[cell->num_centers], num_pairs);
    for (int64_t c = 0; c < cell->num_centers; c++) {
        int64_t at = cell->pair_starts[c];
        for (int64_t i = 0; i < num_pairs; i++)
            if (i * i * 31 % cell->num_centers == c)
                assert_int_equal(cell->pair_rows[at++], i);
        assert_int_equal(at, cell->pair_starts[c + 1]);
        total += at - cell->pair_starts[c];
    }
    assert_int_equal(total, num_pairs);
}

static void pairs_are_sorted_stably(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{1, 0},   {1, 1},   {1, 9},  {2, 7},
                                       {50, 10}, {50, 50}, {7, 20}, {50, MAX_PAIRS},
                                       {13, 99}, {1, 2}};
    h2vi_cell_scratch scratch;
    assert_int_equal(h2vi_cell_scratch_init(&blocks, MAX_CENTERS, STRIDE, &scratch),
                     H2V_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        h2vi_cell cell;
        sort(&scratch, sizes[i][0], sizes[i][1], &cell);
        assert_sorted(&cell, sizes[i][1]);
        for (int k = 0; k < 2 * STRIDE; k++) assert_true(cell.zeros[k] == 0);
    }
    h2vi_cell_scratch_clear(&scratch);
}

static void a_part_may_be_empty(void **state)
{
    (void)state;
    h2vi_cell_scratch scratch;
    h2vi_cell cell = {.num_centers = 0};
    assert_int_equal(h2vi_cell_scratch_init(&blocks, 0, STRIDE, &scratch), H2V_OK);
    assert_int_equal(h2vi_cell_scratch_reserve(&scratch, 0), H2V_OK);
    h2vi_cell_sort(NULL, 0, NULL, &scratch, &cell);
    assert_int_equal(cell.pair_starts[0], 0);
    assert_non_null(cell.pair_rows);
    h2vi_cell_scratch_clear(&scratch);
    assert_null(scratch.rows);
}

static void too_many_pairs_are_refused(void **state)
{
    (void)state;
    h2vi_cell_scratch scratch;
    assert_int_equal(h2vi_cell_scratch_init(&blocks, 1, STRIDE, &scratch), H2V_OK);
    assert_int_equal(h2vi_cell_scratch_reserve(&scratch, UINT32_MAX), H2V_ERR_ARGUMENT);
    assert_non_null(strstr(h2v_error_message(), "more --rounds make it smaller"));
    h2vi_cell_scratch_clear(&scratch);
}

static void memory_may_be_out(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    h2vi_cell_scratch scratch;
    for (int count = 0; count < 6; count++) {
        h2vi_alloc_fail_after(count);
        assert_int_equal(h2vi_cell_scratch_init(&blocks, 4, STRIDE, &scratch),
                         H2V_ERR_NOMEM);
        assert_null(scratch.starts);
    }
    h2vi_alloc_fail_after(-1);
    assert_int_equal(h2vi_cell_scratch_init(&blocks, 4, STRIDE, &scratch), H2V_OK);
    h2vi_alloc_fail_after(0);
    assert_int_equal(h2vi_cell_scratch_reserve(&scratch, 10), H2V_ERR_NOMEM);
    h2vi_alloc_fail_after(-1);
    assert_int_equal(h2vi_cell_scratch_reserve(&scratch, 10), H2V_OK);
    h2vi_cell_scratch_clear(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_sorted_stably),
        cmocka_unit_test(a_part_may_be_empty),
        cmocka_unit_test(too_many_pairs_are_refused),
        cmocka_unit_test(memory_may_be_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
