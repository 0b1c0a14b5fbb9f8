/* SPDX-License-Identifier: MIT */

/* Memory comes zeroed and aligned, impossible sizes are refused, and in checked builds any
 * allocation can be made to fail. */
#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void is_zeroed_and_aligned(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 63, 64, 1000, (size_t)3 << 20};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned char *memory = h2vi_alloc(counts[i], 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t j = 0; j < counts[i]; j++) assert_int_equal(memory[j], 0);
        free(memory);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    assert_null(h2vi_alloc(SIZE_MAX, 2));
    assert_null(h2vi_alloc(SIZE_MAX / 2 + 2, 2)); /* the product wraps to a small number */
    assert_null(h2vi_alloc(SIZE_MAX, 1));
    assert_null(h2vi_alloc_n(-1, 8));
    assert_null(h2vi_alloc_small_pages(SIZE_MAX, 2));
    assert_null(h2vi_alloc_small_pages(SIZE_MAX, 1));
}

static void small_pages_hold_what_was_asked_for(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 63, 64, (size_t)3 << 20};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned char *memory = h2vi_alloc_small_pages(counts[i], 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        memset(memory, 1, counts[i]);
        free(memory);
    }
}

static void regrow_keeps_what_it_is_told(void **state)
{
    (void)state;
    int *numbers = h2vi_alloc(4, sizeof *numbers);
    assert_non_null(numbers);
    for (int i = 0; i < 4; i++) numbers[i] = i + 1;
    int *more = h2vi_regrow(numbers, 3, 8, sizeof *more);
    assert_non_null(more);
    const int expected[8] = {1, 2, 3};
    assert_memory_equal(more, expected, sizeof expected);

    assert_null(h2vi_regrow(more, 8, SIZE_MAX, sizeof *more));
    assert_int_equal(more[0], 1); /* the old one is still ours */
    free(more);

    int *fresh = h2vi_regrow(NULL, 0, 2, sizeof *fresh);
    assert_non_null(fresh);
    free(fresh);
}

static void can_be_made_to_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    h2vi_alloc_fail_after(1);
    void *first = h2vi_alloc(1, 1), *second = h2vi_alloc(1, 1), *third = h2vi_alloc(1, 1);
    h2vi_alloc_fail_after(-1);
    void *fourth = h2vi_alloc(1, 1);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    assert_non_null(fourth);
    free(first);
    free(fourth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_zeroed_and_aligned),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(small_pages_hold_what_was_asked_for),
        cmocka_unit_test(regrow_keeps_what_it_is_told),
        cmocka_unit_test(can_be_made_to_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
