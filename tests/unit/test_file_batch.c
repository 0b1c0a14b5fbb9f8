/* SPDX-License-Identifier: MIT */

/* Batches of walks on their way to a file: one after the other, what the ranks have of each
 * follows one another in rank order, and none has more than there is room for. */
#include "file_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAX_RANKS = 5, MAX_WALKS = 64 };

/* Slices as a load makes them, some of them empty. */
static const struct slices {
    int num_ranks;
    int64_t first[MAX_RANKS + 1];
} all_slices[] = {{1, {0, 13}},       {2, {0, 5, 13}},       {3, {0, 0, 12, 13}},
                  {3, {0, 4, 8, 13}}, {4, {0, 6, 6, 7, 13}}, {5, {0, 1, 2, 3, 13, 13}}};
enum { NUM_SLICES = sizeof all_slices / sizeof *all_slices };

static h2vi_file_batch batch_of(const struct slices *slices, int rank, int num_walks,
                                int64_t begin, int64_t room, int64_t room_of_all,
                                h2vi_start *starts)
{
    int64_t first[MAX_RANKS + 1];
    for (int r = 0; r <= slices->num_ranks; r++) first[r] = slices->first[r];
    const h2v_world world = {.rank = rank, .num_ranks = slices->num_ranks};
    const h2v_graph graph = {.world = &world,
                             .num_vertices = first[slices->num_ranks],
                             .first = first,
                             .num_owned = first[rank + 1] - first[rank]};
    const h2vi_file_batch batch = h2vi_file_batch_at(&graph, graph.num_vertices * num_walks,
                                                     begin, room, room_of_all);
    assert_true(batch.num_walks <= room && batch.num_walks <= MAX_WALKS);
    h2vi_file_batch_starts(&graph, &batch, starts);
    for (int64_t i = 0; i < batch.num_walks; i++) {
        const int64_t place = batch.first + i;
        assert_true(starts[i].vertex < graph.num_owned);
        assert_int_equal(first[rank] + starts[i].vertex, place % graph.num_vertices);
        assert_int_equal(starts[i].walk, place / graph.num_vertices);
    }
    return batch;
}

static void check_batches(const struct slices *slices, int num_walks, int64_t room,
                          int64_t room_of_all)
{
    h2vi_start starts[MAX_WALKS];
    const int64_t total = 13 * num_walks;
    for (int64_t begin = 0; begin < total;) {
        int64_t at = begin, end = 0;
        for (int r = 0; r < slices->num_ranks; r++) {
            const h2vi_file_batch batch =
                batch_of(slices, r, num_walks, begin, room, room_of_all, starts);
            if (r == 0) end = batch.end;
            assert_int_equal(batch.begin, begin);
            assert_int_equal(batch.end, end);
            if (batch.num_walks > 0) assert_int_equal(batch.first, at);
            at += batch.num_walks;
        }
        assert_true(end > begin && end - begin <= room_of_all);
        assert_int_equal(at, end);
        begin = end;
    }
}

static void batches_follow_one_another(void **state)
{
    (void)state;
    for (int i = 0; i < NUM_SLICES; i++)
        for (int num_walks = 1; num_walks <= 3; num_walks++)
            for (int64_t room = 1; room <= 40; room++) {
                check_batches(&all_slices[i], num_walks, room, 13 * num_walks);
                check_batches(&all_slices[i], num_walks, room, room);
            }
}

/* One rank goes on from walk number to walk number; several take all vertices at once. */
static void batches_are_as_large_as_can_be(void **state)
{
    h2vi_start starts[MAX_WALKS];
    (void)state;
    assert_int_equal(batch_of(&all_slices[0], 0, 3, 0, 30, 39, starts).end, 30);
    assert_int_equal(batch_of(&all_slices[1], 0, 3, 13, 8, 39, starts).end, 26);
    assert_int_equal(batch_of(&all_slices[1], 0, 3, 13, 7, 39, starts).end, 13 + 5 + 7);
    assert_int_equal(batch_of(&all_slices[1], 1, 3, 25, 7, 39, starts).num_walks, 1);
}

/* Tokens past the end of a walk are none of it. */
static void lengths_are_measured(void **state)
{
    (void)state;
    const h2v_world world = {.num_ranks = 1, .num_threads = 2};
    const h2vi_token none = {H2V_NO_SLOT, H2V_NO_SLOT};
    const h2vi_token tokens[] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}, none,
                                 none,   {5, 0}, {6, 0}, none};
    int64_t starts[4] = {7, 7, 7, 7};
    h2vi_file_batch batch = {
        .num_walks = 3, .walk_length = 3, .tokens = tokens, .starts = starts};
    h2vi_file_batch_measure(&world, &batch);
    assert_int_equal(starts[0], 0);
    assert_int_equal(starts[1], 3);
    assert_int_equal(starts[2], 4);
    assert_int_equal(starts[3], 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_follow_one_another),
        cmocka_unit_test(batches_are_as_large_as_can_be),
        cmocka_unit_test(lengths_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
