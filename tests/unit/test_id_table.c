/* SPDX-License-Identifier: MIT */

/* Ids get gids in the order of insertion, are found again, survive growth and the turn from
 * numbers to strings, and come out in order; sorting puts them in theirs. */
#include "id_table.h"

#include "alloc.h"
#include "id_order.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 200000, TEXT_BYTES = 32 };

static h2vi_token number_token(int64_t number)
{
    return (h2vi_token){.text = "?", .length = 1, .number = number};
}

static h2vi_token text_token(const char *text)
{
    return (h2vi_token){.text = text, .length = (uint32_t)strlen(text)};
}

static uint32_t find(const h2vi_id_table *table, h2vi_token token)
{
    uint32_t gid = 0;
    h2vi_id_table_find(table, 1, &token, &gid);
    return gid;
}

static uint32_t insert(h2vi_id_table *table, h2vi_token token)
{
    uint32_t gid = 0;
    h2vi_id_table_find(table, 1, &token, &gid); /* for the hash */
    assert_int_equal(h2vi_id_table_insert(table, &token, &gid), H2V_OK);
    return gid;
}

/* Numbers that are spread over the whole range, negative ones among them. */
static int64_t nth_number(int64_t i)
{
    return (int64_t)((uint64_t)i * 0x9e3779b97f4a7c15U) / (1 + i % 5);
}

static void numbers_are_found_again(void **state)
{
    (void)state;
    h2vi_id_table *table = NULL;
    assert_int_equal(h2vi_id_table_create(&table), H2V_OK);
    assert_int_equal(find(table, number_token(5)), H2V_NO_SLOT);
    for (int64_t i = 0; i < MANY; i++)
        assert_int_equal(insert(table, number_token(nth_number(i))), i);
    for (int64_t i = 0; i < MANY; i++) {
        assert_int_equal(insert(table, number_token(nth_number(i))), i);
        assert_int_equal(find(table, number_token(nth_number(i))), i);
    }
    assert_int_equal(find(table, number_token(nth_number(MANY))), H2V_NO_SLOT);
    assert_int_equal(h2vi_id_table_num_ids(table), MANY);
    h2vi_ids ids;
    assert_int_equal(h2vi_id_table_take(table, &ids), H2V_OK);
    assert_int_equal(ids.num_ids, MANY);
    for (int64_t i = 0; i < MANY; i++) assert_int_equal(ids.numbers[i], nth_number(i));
    h2vi_ids_clear(&ids);
    h2vi_id_table_destroy(&table);
}

static void numbers_turn_to_strings(void **state)
{
    (void)state;
    h2vi_id_table *table = NULL;
    assert_int_equal(h2vi_id_table_create(&table), H2V_OK);
    for (int64_t i = 0; i < MANY; i++) (void)insert(table, number_token(nth_number(i)));
    (void)insert(table, number_token(INT64_MIN));
    assert_int_equal(h2vi_id_table_turn_to_strings(table), H2V_OK);
    assert_false(h2vi_id_table_holds_numbers(table));
    for (int64_t i = 0; i < MANY; i++) {
        char text[TEXT_BYTES];
        (void)snprintf(text, sizeof text, "%" PRId64, nth_number(i));
        assert_int_equal(find(table, text_token(text)), i);
    }
    assert_int_equal(find(table, text_token("-9223372036854775808")), MANY);
    assert_int_equal(find(table, text_token("-922337203685477580")), H2V_NO_SLOT);
    assert_int_equal(insert(table, text_token("x")), MANY + 1);
    h2vi_id_table_destroy(&table);
}

/* Also a string that fills most of a block, and prefixes of one another. */
static void strings_come_out_in_order(void **state)
{
    (void)state;
    char *long_text = calloc(H2V_MAX_ID_BYTES + 1, 1);
    assert_non_null(long_text);
    memset(long_text, 'z', H2V_MAX_ID_BYTES);
    h2vi_id_table *table = NULL;
    assert_int_equal(h2vi_id_table_create(&table), H2V_OK);
    assert_int_equal(h2vi_id_table_turn_to_strings(table), H2V_OK);
    for (uint32_t i = 0; i < 40; i++) {
        h2vi_token token = text_token(long_text);
        token.length = H2V_MAX_ID_BYTES - i;
        assert_int_equal(insert(table, token), i);
    }
    for (uint32_t i = 0; i < 40; i++) {
        h2vi_token token = text_token(long_text);
        token.length = H2V_MAX_ID_BYTES - i;
        assert_int_equal(find(table, token), i);
    }
    h2vi_ids ids;
    assert_int_equal(h2vi_id_table_take(table, &ids), H2V_OK);
    assert_false(h2vi_ids_are_numbers(&ids));
    for (int64_t i = 0; i < 40; i++) {
        assert_int_equal(ids.starts[i + 1] - ids.starts[i], H2V_MAX_ID_BYTES - i + 1);
        assert_int_equal(strlen(ids.text + ids.starts[i]), H2V_MAX_ID_BYTES - i);
    }
    h2vi_ids_clear(&ids);
    h2vi_id_table_destroy(&table);
    free(long_text);
}

static void numbers_sort_by_value(void **state)
{
    (void)state;
    h2vi_ids ids = {.num_ids = MANY};
    ids.numbers = h2vi_alloc(MANY, sizeof *ids.numbers);
    assert_non_null(ids.numbers);
    for (int64_t i = 0; i < MANY; i++) ids.numbers[i] = nth_number(i);
    uint32_t *places = NULL;
    assert_int_equal(h2vi_ids_sort(&ids, &places), H2V_OK);
    for (int64_t i = 1; i < MANY; i++) assert_true(ids.numbers[i - 1] < ids.numbers[i]);
    for (int64_t i = 0; i < MANY; i++)
        assert_int_equal(ids.numbers[places[i]], nth_number(i));
    free(places);
    h2vi_ids_clear(&ids);
}

static void strings_sort_by_bytes(void **state)
{
    (void)state;
    static const char text[] = "b\0"
                               "\xc3\xa9\0"
                               "ab\0"
                               "\0"
                               "a\0"
                               "abc\0"
                               "B\0"
                               "aa";
    static const int64_t starts[] = {0, 2, 5, 8, 9, 11, 15, 17, 20};
    static const char sorted[] = "\0"
                                 "B\0"
                                 "a\0"
                                 "aa\0"
                                 "ab\0"
                                 "abc\0"
                                 "b\0"
                                 "\xc3\xa9";
    static const uint32_t expected[] = {6, 7, 4, 0, 2, 5, 1, 3};
    h2vi_ids ids = {.num_ids = 8};
    ids.text = h2vi_alloc(sizeof text, 1);
    ids.starts = h2vi_alloc(9, sizeof *ids.starts);
    assert_true(ids.text && ids.starts);
    memcpy(ids.text, text, sizeof text);
    memcpy(ids.starts, starts, sizeof starts);
    uint32_t *places = NULL;
    assert_int_equal(h2vi_ids_sort(&ids, &places), H2V_OK);
    assert_memory_equal(ids.text, sorted, sizeof sorted);
    assert_memory_equal(places, expected, sizeof expected);
    free(places);
    h2vi_ids_clear(&ids);
}

static h2v_status fill_and_take(void)
{
    h2vi_id_table *table = NULL;
    h2vi_ids ids = {0};
    h2v_status status = h2vi_id_table_create(&table);
    for (int64_t i = 0; status == H2V_OK && i < 3000; i++) {
        uint32_t gid = 0;
        h2vi_token token = number_token(i);
        h2vi_id_table_find(table, 1, &token, &gid);
        status = h2vi_id_table_insert(table, &token, &gid);
    }
    if (status == H2V_OK) status = h2vi_id_table_turn_to_strings(table);
    if (status == H2V_OK) status = h2vi_id_table_take(table, &ids);
    h2vi_ids_clear(&ids);
    h2vi_id_table_destroy(&table);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        h2vi_alloc_fail_after(k);
        status = fill_and_take();
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) assert_int_equal(status, H2V_ERR_NOMEM);
    }
    assert_true(num_failures > 30);
}

/* Dense numbers come in any order and between others: those found late move. */
static void dense_numbers_are_found_again(void **state)
{
    (void)state;
    enum { DENSE = 700001 };
    h2vi_id_table *table = NULL;
    int64_t *numbers = h2vi_alloc(DENSE, sizeof *numbers), count = 0;
    assert_non_null(numbers);
    assert_int_equal(h2vi_id_table_create(&table), H2V_OK);
    for (int64_t i = 0; i < DENSE; i++) {
        const int64_t number = i % 7 == 6 ? nth_number(i) : i * 300007 % DENSE;
        const h2vi_token token = number_token(number);
        uint32_t gid = 0;
        assert_int_equal(h2vi_id_table_insert(table, &token, &gid), H2V_OK);
        assert_true((int64_t)gid <= count);
        if ((int64_t)gid == count) numbers[count++] = number;
        assert_int_equal(numbers[gid], number);
    }
    assert_int_equal(h2vi_id_table_num_ids(table), count);
    for (int64_t v = 0; v < count; v++) {
        uint32_t gid = 0;
        h2vi_id_table_find_numbers(table, 1, &numbers[v], &gid);
        assert_int_equal(gid, v);
        assert_int_equal(find(table, number_token(numbers[v])), v);
    }
    h2vi_ids ids;
    assert_int_equal(h2vi_id_table_take(table, &ids), H2V_OK);
    assert_int_equal(ids.num_ids, count);
    assert_memory_equal(ids.numbers, numbers, (size_t)count * sizeof *numbers);
    h2vi_ids_clear(&ids);
    free(numbers);
    h2vi_id_table_destroy(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_found_again),
        cmocka_unit_test(dense_numbers_are_found_again),
        cmocka_unit_test(numbers_turn_to_strings),
        cmocka_unit_test(strings_come_out_in_order),
        cmocka_unit_test(numbers_sort_by_value),
        cmocka_unit_test(strings_sort_by_bytes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
