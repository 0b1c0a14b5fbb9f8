/* SPDX-License-Identifier: MIT */

/* The buffers of a rank's blocks: where they are, how many bytes they hold, and that every
 * failed allocation leaves something that can be cleared. */
#include "alloc.h"
#include "block_set.h"
#include "halo2vec/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_HOMES = 7, FIRST = 2, END = 5, NUM_SPARE = 2, STRIDE = 16, NUM_ROWS = 3 };

static void check_buffers(const h2vi_block_set *set, int64_t capacity)
{
    int num_spare = 0;
    for (int home = 0; home < NUM_HOMES; home++)
        assert_int_equal(set->rows[home] != NULL, home >= FIRST && home < END);
    for (int i = 0; i < set->num_places; i++) num_spare += set->spare[i] != NULL;
    assert_int_equal(num_spare, NUM_SPARE);
    assert_int_equal(set->num_places, END - FIRST + NUM_SPARE);
    assert_int_equal(set->capacity, capacity);
    const int64_t floats = capacity * (STRIDE + (set->has_updates ? 1 : 0));
    assert_int_equal(h2vi_block_set_bytes(set), (END - FIRST + NUM_SPARE) * floats * 4);
}

static void blocks_begin_at_home_and_zero(void **state)
{
    (void)state;
    for (int has_updates = 0; has_updates < 2; has_updates++) {
        h2vi_block_set set;
        assert_int_equal(h2vi_block_set_init(NUM_HOMES, FIRST, END, NUM_SPARE, NUM_ROWS,
                                             STRIDE, has_updates, &set),
                         H2V_OK);
        check_buffers(&set, NUM_ROWS);
        for (int home = 0; home < NUM_HOMES; home++)
            assert_int_equal(set.num_rows[home], NUM_ROWS);
        for (int home = FIRST; home < END; home++)
            for (int i = 0; i < NUM_ROWS * (STRIDE + has_updates); i++)
                assert_true(set.rows[home][i] == 0);
        assert_ptr_equal(h2vi_block_updates(&set, FIRST),
                         set.rows[FIRST] + NUM_ROWS * STRIDE);
        h2vi_block_set_clear(&set);
        assert_null(set.rows);
        h2vi_block_set_clear(&set);
    }
}

static void check_bytes(const float *buffer, int value, size_t num_bytes)
{
    const unsigned char *bytes = (const unsigned char *)buffer;
    for (size_t i = 0; i < num_bytes; i++) assert_int_equal(bytes[i], value);
}

/* Every buffer can be written to its end, and no other changes. */
static void room_is_made_for_more_rows(void **state)
{
    (void)state;
    h2vi_block_set set;
    assert_int_equal(
        h2vi_block_set_init(NUM_HOMES, FIRST, END, NUM_SPARE, 0, STRIDE, true, &set),
        H2V_OK);
    const int64_t capacities[] = {0, 5, 1000, 1000};
    for (size_t k = 0; k < sizeof capacities / sizeof *capacities; k++) {
        const size_t bytes = (size_t)capacities[k] * (STRIDE + 1) * sizeof(float);
        assert_int_equal(h2vi_block_set_reserve(&set, capacities[k]), H2V_OK);
        check_buffers(&set, capacities[k]);
        for (int home = FIRST; home < END; home++) memset(set.rows[home], home, bytes);
        for (int i = 0; i < set.num_places; i++)
            if (set.spare[i]) memset(set.spare[i], END + i, bytes);
        for (int home = FIRST; home < END; home++) check_bytes(set.rows[home], home, bytes);
        for (int i = 0; i < set.num_places; i++)
            if (set.spare[i]) check_bytes(set.spare[i], END + i, bytes);
    }
    assert_int_equal(h2vi_block_set_reserve(&set, 10), H2V_OK);
    check_buffers(&set, 1000);
    h2vi_block_set_clear(&set);
}

static void failed_allocations_leave_what_can_be_cleared(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    enum { NUM_ARRAYS = 3, NUM_ALLOCATIONS = NUM_ARRAYS + 2 /* all buffers, twice */ };
    for (int64_t count = 0; count <= NUM_ALLOCATIONS; count++) {
        h2vi_block_set set;
        h2vi_alloc_fail_after(count);
        h2v_status status = h2vi_block_set_init(NUM_HOMES, FIRST, END, NUM_SPARE, NUM_ROWS,
                                                STRIDE, true, &set);
        if (status == H2V_OK) status = h2vi_block_set_reserve(&set, 2 * NUM_ROWS);
        h2vi_alloc_fail_after(-1);
        const int is_enough = count == NUM_ALLOCATIONS;
        assert_int_equal(status, is_enough ? H2V_OK : H2V_ERR_NOMEM);
        h2vi_block_set_clear(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_begin_at_home_and_zero),
        cmocka_unit_test(room_is_made_for_more_rows),
        cmocka_unit_test(failed_allocations_leave_what_can_be_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
