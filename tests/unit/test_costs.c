/* SPDX-License-Identifier: MIT */

/* From counts to costs, and from costs to a choice: by hand. */
#include "costs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_RANKS = 4, NUM_VERTICES = 1001 };

/* 8 parts, 4 ranks, dim 20: a row is 20 floats, 32 with padding. */
static h2v_embed_params some_params(int groups, int rounds)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.dim = 20;
    params.walk_length = 10;
    params.epochs = 2;
    params.walks = 32; /* as many as an epoch's rounds: a walk of each vertex a round */
    params.parts = 8;
    params.groups = groups;
    params.rounds = rounds;
    params.pool = 100;
    params.exchange_precision = H2V_PRECISION_F32;
    return params;
}

static const h2vi_rank_counts counts[NUM_RANKS] = {
    {.num_owned = 300,
     .num_arcs = 3000,
     .pulled = 100,
     .served = 10,
     .needed = 150,
     .largest_block = 80,
     .walks = 700,
     .walkers_out = 7,
     .visits_out = 3,
     .copies_in = 2,
     .pairs = 1000},
    {.num_owned = 301,
     .num_arcs = 2000,
     .pulled = 200,
     .served = 20,
     .needed = 250,
     .walks = 301},
    {.num_owned = 200, .num_arcs = 1000, .pulled = 300, .served = 570, .needed = 450},
    {.num_owned = 200, .num_arcs = 1000, .pulled = 400, .served = 400, .needed = 450}};

static void cost(const h2v_embed_params *measured, const h2v_embed_params *params,
                 h2v_rank_report *ranks)
{
    const h2vi_costing costing = {
        .measured = measured,
        .params = params,
        .counts = counts,
        .shape = {.num_vertices = NUM_VERTICES, .num_ranks = NUM_RANKS},
        .num_threads = 2};
    h2vi_cost_ranks(&costing, ranks);
}

/* Every block, of rows as they are, once a round: 126 rows in 8 blocks. */
static void a_rotation_takes_all_blocks_round(void **state)
{
    (void)state;
    const h2v_embed_params measured = some_params(NUM_RANKS, 64);
    h2v_embed_params params = some_params(1, 32);
    h2v_rank_report ranks[NUM_RANKS];
    cost(&measured, &params, ranks);
    for (int r = 0; r < NUM_RANKS; r++) {
        assert_int_equal(ranks[r].rows_sent[H2V_PHASE_TRAIN], 16 * 8 * 126);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_TRAIN], 16 * 8 * 126 * 32 * 4);
        assert_int_equal(ranks[r].bytes_received[H2V_PHASE_TRAIN], 16 * 8 * 126 * 32 * 4);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_PULL], 0);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_PUSH], 0);
        /* its own rows, two blocks, and two that are on their way */
        assert_int_equal(ranks[r].row_bytes, (counts[r].num_owned + 4 * 126) * 32 * 4);
    }
    params.exchange_precision = H2V_PRECISION_F16; /* two bytes a number, and a scale */
    cost(&measured, &params, ranks);
    assert_int_equal(ranks[0].bytes_sent[H2V_PHASE_TRAIN], 16 * 8 * 126 * (2 * 20 + 4));
}

/* 32 rounds an epoch: 4 bytes ask for a row of 80, which comes and goes back with 12. */
static void groups_ask_and_answer(void **state)
{
    (void)state;
    const h2v_embed_params params = some_params(NUM_RANKS, 64);
    h2v_rank_report ranks[NUM_RANKS];
    cost(&params, &params, ranks);
    for (int r = 0; r < NUM_RANKS; r++) {
        const int64_t pulled = 32 * counts[r].pulled, served = 32 * counts[r].served;
        assert_int_equal(ranks[r].rows_received[H2V_PHASE_PULL], pulled);
        assert_int_equal(ranks[r].rows_sent[H2V_PHASE_PULL], served);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_PULL], pulled * 4 + served * 80);
        assert_int_equal(ranks[r].bytes_received[H2V_PHASE_PULL], served * 4 + pulled * 80);
        assert_int_equal(ranks[r].rows_sent[H2V_PHASE_PUSH], pulled);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_PUSH], pulled * 92);
        assert_int_equal(ranks[r].bytes_received[H2V_PHASE_PUSH], served * 92);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_TRAIN], 0);
    }
    /* Both rows of a vertex; two blocks of up to 80 rows, a sixteenth more, with updates.
     */
    assert_int_equal(ranks[0].row_bytes, (2 * 300 * 32 + 2 * 85 * 33) * 4);
}

/* Walks do not care: an epoch has as many of them in any number of rounds. */
static void walks_cost_the_same(void **state)
{
    (void)state;
    const h2v_embed_params measured = some_params(NUM_RANKS, 64);
    const h2v_embed_params rotation = some_params(1, 16);
    h2v_rank_report ranks[NUM_RANKS], others[NUM_RANKS];
    cost(&measured, &measured, ranks);
    cost(&measured, &rotation, others);
    assert_int_equal(ranks[0].bytes_sent[H2V_PHASE_WALK], 32 * (7 * 32 + 3 * 20));
    assert_int_equal(ranks[0].bytes_received[H2V_PHASE_ROUTE], 32 * 2 * 11 * 8);
    assert_int_equal(ranks[0].num_pairs, 32 * 1000);
    for (int r = 0; r < NUM_RANKS; r++) {
        assert_int_equal(ranks[r].num_pairs, others[r].num_pairs);
        assert_int_equal(ranks[r].bytes_sent[H2V_PHASE_WALK],
                         others[r].bytes_sent[H2V_PHASE_WALK]);
        assert_int_equal(ranks[r].bytes_received[H2V_PHASE_ROUTE],
                         others[r].bytes_received[H2V_PHASE_ROUTE]);
    }
    /* Four times the walks in a round: more is held. */
    const h2v_embed_params longer = some_params(1, 64);
    cost(&measured, &longer, ranks);
    assert_true(others[0].round_bytes > ranks[0].round_bytes);
}

/* ---- the choice */

static void choose(int rounds, int64_t rotation_bytes, int64_t group_bytes,
                   h2v_estimate *estimate)
{
    static h2v_rank_report ranks[H2V_NUM_SETTINGS][NUM_RANKS];
    *estimate = (h2v_estimate){.num_ranks = NUM_RANKS};
    for (int s = 0; s < H2V_NUM_SETTINGS; s++) {
        estimate->settings[s].params = some_params(s == 0 ? 1 : NUM_RANKS, rounds);
        estimate->settings[s].rounds_needed = s == 0 ? 16 : 32;
        estimate->settings[s].ranks = ranks[s];
    }
    ranks[0][1].bytes_sent[H2V_PHASE_TRAIN] = rotation_bytes;
    ranks[1][2].bytes_sent[H2V_PHASE_PULL] = group_bytes / 2;
    ranks[1][3].bytes_sent[H2V_PHASE_PUSH] = group_bytes - group_bytes / 2;
    ranks[0][0].bytes_sent[H2V_PHASE_WALK] = INT32_MAX; /* of no account */
    h2vi_choose_setting(estimate);
}

static void check_choice(int rounds, int64_t rotation_bytes, int64_t group_bytes,
                         h2v_setting expected, const char *because)
{
    h2v_estimate estimate;
    choose(rounds, rotation_bytes, group_bytes, &estimate);
    assert_int_equal(estimate.choice, expected);
    assert_string_equal(estimate.because, because);
}

static void the_cheaper_one_is_taken(void **state)
{
    (void)state;
    check_choice(32, 40000000, 4000000, H2V_SETTING_GROUPS,
                 "a rank sends 1.000 MB of rows in an epoch, with one group 10 MB");
    check_choice(32, 4000000, 4000400, H2V_SETTING_ROTATION,
                 "a rank sends 1.000 MB of rows in an epoch, with 4 groups 1.000 MB");
    check_choice(32, 4000000, 4000000, H2V_SETTING_ROTATION,
                 "a rank sends 1.000 MB of rows in an epoch, with 4 groups 1.000 MB");
}

static void quality_comes_first(void **state)
{
    (void)state;
    check_choice(31, 40000000, 4000000, H2V_SETTING_ROTATION,
                 "4 groups need 32 rounds, there are 31");
    check_choice(15, 40000000, 4000000, H2V_SETTING_ROTATION,
                 "15 rounds are few for one group, which needs 16, and 4 groups need 32");
}

static void reasons_without_an_estimate(void **state)
{
    (void)state;
    char because[H2V_REASON_BYTES];
    h2vi_say_why_one(7, 3, because);
    assert_string_equal(because, "7 parts do not make 3 equal groups");
    h2vi_say_why_one(7, 1, because);
    assert_string_equal(because, "one rank sends nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_takes_all_blocks_round),
        cmocka_unit_test(groups_ask_and_answer),
        cmocka_unit_test(walks_cost_the_same),
        cmocka_unit_test(the_cheaper_one_is_taken),
        cmocka_unit_test(quality_comes_first),
        cmocka_unit_test(reasons_without_an_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
