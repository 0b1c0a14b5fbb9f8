/* SPDX-License-Identifier: MIT */

/* Which given walks are trained in a round: in an epoch each in exactly one, rounds alike,
 * and the same whatever share of the file a rank has. */
#include "alloc.h"
#include "given_walks.h"
#include "starts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_WALKS = 1000, LONGEST = 3, NUM_VERTICES = 7 };

/* Walk i visits i % 7, i + 1 % 7, ..., 1 to 3 of them. */
static h2vi_given_walks make(int64_t first, int64_t num_walks)
{
    h2vi_given_walks given = {.num_walks = num_walks, .first = first, .longest = LONGEST};
    given.starts = h2vi_alloc_n(num_walks + 1, sizeof *given.starts);
    given.visits = h2vi_alloc_n(num_walks * LONGEST, sizeof *given.visits);
    given.context_slots = h2vi_alloc_n(NUM_VERTICES, sizeof *given.context_slots);
    for (uint32_t v = 0; v < NUM_VERTICES; v++) given.context_slots[v] = 100 + v;
    for (int64_t i = 0; i < num_walks; i++) {
        const int64_t length = 1 + (first + i) % LONGEST;
        given.starts[i + 1] = given.starts[i] + length;
        for (int64_t at = 0; at < length; at++)
            given.visits[given.starts[i] + at] =
                (uint32_t)((first + i + at) % NUM_VERTICES);
    }
    return given;
}

static void check_tokens(const h2vi_walk_run *run, int64_t i, int64_t place)
{
    const h2vi_token *tokens = run->tokens + i * LONGEST;
    for (int64_t at = 0; at < LONGEST; at++) {
        const bool is_there = at < 1 + place % LONGEST;
        const uint32_t vertex = (uint32_t)((place + at) % NUM_VERTICES);
        assert_int_equal(tokens[at].slot, is_there ? vertex : H2V_NO_SLOT);
        assert_int_equal(tokens[at].context_slot, is_there ? 100 + vertex : H2V_NO_SLOT);
    }
}

/* Count how often each walk of a share is trained in each epoch. */
static void collect(const h2v_embed_params *params, int64_t first, int64_t num_walks,
                    int *rounds_of)
{
    h2vi_given_walks given = make(first, num_walks);
    h2vi_starts starts = {0};
    const int rounds = params->rounds / params->epochs;
    for (int round = 0; round < params->rounds; round++) {
        h2vi_walk_run run;
        int64_t before = -1;
        assert_int_equal(h2vi_given_walks_collect(params, &given, round, &starts, &run), 0);
        assert_int_equal(run.epoch, round / rounds);
        assert_true(run.num_walks >= num_walks / rounds - 1);
        assert_true(run.num_walks <= num_walks / rounds + 2);
        for (int64_t i = 0; i < run.num_walks; i++) {
            const int64_t place =
                (int64_t)((uint64_t)run.starts[i].vertex << 32 | run.starts[i].walk);
            assert_true(place > before && place >= first && place < first + num_walks);
            before = place;
            check_tokens(&run, i, place);
            int *of = &rounds_of[(int64_t)run.epoch * NUM_WALKS + place % NUM_WALKS];
            assert_int_equal(*of, 0);
            *of = 1 + round % rounds;
        }
    }
    h2vi_starts_clear(&starts);
    h2vi_given_walks_clear(&given);
}

static void each_walk_has_a_round(void **state)
{
    static const int kinds[][2] = {{1, 1}, {1, 16}, {1, 7}, {2, 32}, {3, 9}, {1, 400}};
    static const int64_t firsts[] = {0, (int64_t)3 << 32};
    (void)state;
    for (size_t k = 0; k < 2 * sizeof kinds / sizeof *kinds; k++) {
        const int64_t first = firsts[k % 2];
        const h2v_embed_params params = {
            .seed = 5, .epochs = kinds[k / 2][0], .rounds = kinds[k / 2][1]};
        int whole[3 * NUM_WALKS] = {0}, shares[3 * NUM_WALKS] = {0};
        collect(&params, first, NUM_WALKS, whole);
        collect(&params, first, 401, shares);
        collect(&params, first + 401, 0, shares);
        collect(&params, first + 401, NUM_WALKS - 401, shares);
        for (int i = 0; i < params.epochs * NUM_WALKS; i++) assert_true(whole[i] > 0);
        assert_memory_equal(whole, shares, sizeof whole);
    }
}

/* A walk's round is drawn anew in each epoch, and for each seed. */
static void rounds_are_drawn(void **state)
{
    int one[3 * NUM_WALKS] = {0}, other[3 * NUM_WALKS] = {0}, num_alike = 0;
    (void)state;
    collect(&(h2v_embed_params){.seed = 5, .epochs = 2, .rounds = 32}, 0, NUM_WALKS, one);
    collect(&(h2v_embed_params){.seed = 6, .epochs = 2, .rounds = 32}, 0, NUM_WALKS, other);
    assert_memory_not_equal(one, other, sizeof one);
    for (int i = 0; i < NUM_WALKS; i++) num_alike += one[i] == one[NUM_WALKS + i];
    assert_true(num_alike < NUM_WALKS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_walk_has_a_round),
        cmocka_unit_test(rounds_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
