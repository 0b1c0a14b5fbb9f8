/* SPDX-License-Identifier: MIT */

/* What parameters may be, and what is chosen where the user left it open: by the rules that
 * plan.h states, not by the numbers that come out. */
#include "plan.h"
#include "sgns.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- pairs of a walk */

/* Mean over half-widths of the pairs (i, j), 0 < |i - j| <= width. */
static double count_pairs(int length, int window)
{
    int64_t count = 0;
    for (int width = 1; width <= window; width++)
        for (int i = 0; i < length; i++)
            for (int j = 0; j < length; j++)
                count += i != j && i - j <= width && j - i <= width;
    return (double)count / window;
}

static void pairs_of_a_walk_are_counted(void **state)
{
    (void)state;
    static const int lengths[] = {1, 2, 3, 7, 10, 40, 80};
    static const int windows[] = {1, 2, 5, 10, 39, 100};
    for (int i = 0; i < 7 * 6; i++) {
        const int length = lengths[i / 6], window = windows[i % 6];
        const double expected = count_pairs(length, window);
        assert_true(fabs(h2vi_pairs_per_walk(length, window) - expected) <=
                    1e-9 * expected);
    }
}

/* ---- choices */

/* Let all walks on a graph of n vertices have `length` vertices. */
static void choose(int64_t n, double length, h2v_embed_params *params)
{
    h2v_world *world = NULL;
    assert_int_equal(h2v_world_create(MPI_COMM_SELF, 1, &world), H2V_OK);
    const h2v_graph graph = {.world = world, .num_vertices = n, .num_owned = 1};
    const int64_t visits = (int64_t)((double)n * length * H2VI_TRIAL_WALKS);
    h2vi_choose(&graph, &visits, params);
    h2v_world_destroy(&world);
}

static h2v_embed_params with_walks(int walks, int epochs)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.walks = walks;
    params.epochs = epochs;
    return params;
}

static double pairs_per_center(const h2v_embed_params *params, double length)
{
    return h2vi_pairs_per_walk(length, params->window) * params->walks * params->epochs;
}

/* The pairs that a center finds in a cell, if there were `parts` and `rounds`. */
static double pairs_per_cell(const h2v_embed_params *params, double length, int parts,
                             int rounds)
{
    return pairs_per_center(params, length) / parts / rounds;
}

static void small_graphs_are_one_part(void **state)
{
    (void)state;
    for (int64_t n = 2; n <= H2VI_ROWS_PER_PART; n *= 2) {
        h2v_embed_params params = with_walks(10, 1);
        choose(n, 40, &params);
        assert_int_equal(params.parts, 1);
    }
}

static void parts_fit_the_cache_where_pairs_are_many(void **state)
{
    (void)state;
    for (int parts = 2; parts <= 16; parts *= 2) {
        h2v_embed_params params = with_walks(1000, 1);
        choose((int64_t)parts * H2VI_ROWS_PER_PART, 40, &params);
        assert_int_equal(params.parts, parts);
    }
    h2v_embed_params params = with_walks(1000, 1);
    choose((int64_t)1 << 30, 40, &params);
    assert_int_equal(params.parts, H2VI_PAIRS_PER_VERTEX / H2VI_PAIRS_PER_CENTER);
}

/* So that ranks and threads, mostly 2, 4, 8, find equal shares. */
static void more_than_two_parts_come_in_fours(void **state)
{
    (void)state;
    static const int fours[] = {0, 1, 2, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 16};
    for (int parts = 1; parts < (int)(sizeof fours / sizeof *fours); parts++) {
        h2v_embed_params params = with_walks(1000, 1);
        choose((int64_t)parts * H2VI_ROWS_PER_PART, 40, &params);
        assert_int_equal(params.parts, fours[parts]);
    }
}

/* Few walks: so many parts, to the nearest four, that tiles are just full in the least
 * number of rounds. */
static void parts_are_as_many_as_pairs_fill(void **state)
{
    (void)state;
    static const int walks[] = {1, 4, 10};
    for (int i = 0; i < 3; i++) {
        h2v_embed_params params = with_walks(walks[i], 1);
        choose(10 * 1000 * 1000, 40, &params);
        assert_true(params.parts > 1);
        assert_true(pairs_per_cell(&params, 40, params.parts - 2, H2VI_MIN_ROUNDS) >=
                    H2VI_PAIRS_PER_CENTER);
        assert_true(pairs_per_cell(&params, 40, params.parts + 2, H2VI_MIN_ROUNDS) <
                    H2VI_PAIRS_PER_CENTER);
        assert_true(pairs_per_cell(&params, 40, params.parts, H2VI_MIN_ROUNDS) >=
                    H2VI_TILE_POSITIVES);
    }
}

static void few_pairs_still_get_one_part(void **state)
{
    (void)state;
    h2v_embed_params params = with_walks(1, 1);
    choose(10 * 1000 * 1000, 1.5, &params);
    assert_int_equal(params.parts, 1);
    assert_int_equal(params.rounds, H2VI_MIN_ROUNDS);
}

/* A round's pairs fit the memory that is meant for them; more rounds only while tiles fill.
 */
static void rounds_are_enough_and_fit(void **state)
{
    (void)state;
    static const int walks[] = {1, 4, 10, 80, 1000};
    for (int i = 0; i < 5 * 7; i++) {
        const int64_t n = (int64_t)100 << (3 * (i / 5));
        h2v_embed_params params = with_walks(walks[i % 5], 1);
        choose(n, 40, &params);
        assert_true(params.rounds >= H2VI_MIN_ROUNDS);
        assert_true(pairs_per_center(&params, 40) / params.rounds <= H2VI_PAIRS_PER_VERTEX);
        if (params.rounds > H2VI_MIN_ROUNDS)
            assert_true(pairs_per_cell(&params, 40, params.parts, params.rounds) >=
                        H2VI_TILE_POSITIVES);
    }
}

/* At least as many as one group needs, more with more groups, up to where more are chosen
 * only to save memory. */
static void groups_need_rounds(void **state)
{
    (void)state;
    assert_int_equal(h2vi_rounds_for_groups(1), H2VI_MIN_ROUNDS);
    assert_int_equal(h2vi_rounds_for_groups(H2V_MAX_PARTS), H2VI_ENOUGH_ROUNDS);
    assert_true(h2vi_rounds_for_groups(32) > H2VI_MIN_ROUNDS);
    for (int groups = 2; groups <= H2V_MAX_PARTS; groups++)
        assert_true(h2vi_rounds_for_groups(groups) >= h2vi_rounds_for_groups(groups - 1));
}

static void groups_get_the_rounds_they_need(void **state)
{
    (void)state;
    static const int walks[] = {1, 4, 10, 80};
    for (int i = 0; i < 4 * 7; i++) {
        const int groups = 1 << (i / 4);
        h2v_embed_params params = with_walks(walks[i % 4], 1);
        params.groups = groups;
        choose(10000, 40, &params);
        assert_int_equal(params.parts % groups, 0);
        assert_true(params.rounds >= h2vi_rounds_for_groups(groups));
        params.rounds = 2;
        choose(10000, 40, &params);
        assert_int_equal(params.rounds, 2);
    }
}

/* What is recorded is what travels. */
static void the_precision_fits_the_groups(void **state)
{
    (void)state;
    static const struct {
        int groups;
        h2v_precision asked, chosen;
    } cases[] = {{1, H2V_PRECISION_AUTO, H2V_PRECISION_F32},
                 {1, H2V_PRECISION_INT8, H2V_PRECISION_F16},
                 {1, H2V_PRECISION_BF16, H2V_PRECISION_BF16},
                 {2, H2V_PRECISION_AUTO, H2V_PRECISION_INT8},
                 {2, H2V_PRECISION_INT8, H2V_PRECISION_INT8},
                 {2, H2V_PRECISION_F32, H2V_PRECISION_F32}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        h2v_embed_params params = with_walks(10, 1);
        params.groups = cases[i].groups;
        params.exchange_precision = cases[i].asked;
        choose(10000, 40, &params);
        assert_int_equal(params.exchange_precision, cases[i].chosen);
    }
}

static void what_is_given_stays(void **state)
{
    (void)state;
    h2v_embed_params params = with_walks(10, 1);
    params.parts = 77;
    params.rounds = 3;
    choose(1000, 40, &params);
    assert_int_equal(params.parts, 77);
    assert_int_equal(params.rounds, 3);
}

static void every_epoch_has_as_many_rounds(void **state)
{
    (void)state;
    for (int epochs = 1; epochs <= 200; epochs += 7) {
        h2v_embed_params params = with_walks(10, epochs);
        choose(100000, 40, &params);
        assert_int_equal(params.rounds % epochs, 0);
        params.rounds = 20;
        choose(100000, 40, &params);
        assert_int_equal(params.rounds, (20 + epochs - 1) / epochs * epochs);
    }
}

/* ---- what parameters may be */

static void refuse(const h2v_embed_params *params, const char *message)
{
    assert_int_equal(h2vi_check_params(params), H2V_ERR_ARGUMENT);
    if (!strstr(h2v_error_message(), message))
        fail_msg("\"%s\" without \"%s\"", h2v_error_message(), message);
}

static void counts_have_ranges(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    const struct {
        int *value;
        int min, max;
        const char *below, *above;
    } cases[] = {
        {&params.dim, 1, 4096, "--dim 0 is not in 1..4096", "--dim 4097 is"},
        {&params.walks, 1, 1000000, "--walks 0 is not in 1..1000000", "--walks 1000001 is"},
        {&params.walk_length, 2, 32767, "--walk-length 1 is not in 2..32767",
         "--walk-length 32768 is"},
        {&params.window, 1, 1000, "--window 0 is not in 1..1000", "--window 1001 is"},
        {&params.negatives, 1, 1000, "--negatives 0 is not in 1..1000",
         "--negatives 1001 is"},
        {&params.epochs, 1, 10000, "--epochs 0 is not in 1..10000", "--epochs 10001 is"},
        {&params.parts, 0, 4096, "--parts -1 is not in 0..4096", "--parts 4097 is"},
        {&params.rounds, 0, 1000000, "--rounds -1 is not in 0..1000000",
         "--rounds 1000001 is"},
        {&params.groups, 0, 4096, "--groups -1 is not in 0..4096", "--groups 4097 is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int good = *cases[i].value;
        *cases[i].value = cases[i].min - 1;
        refuse(&params, cases[i].below);
        *cases[i].value = cases[i].max + 1;
        refuse(&params, cases[i].above);
        *cases[i].value = cases[i].min;
        assert_int_equal(h2vi_check_params(&params), H2V_OK);
        *cases[i].value = cases[i].max;
        assert_int_equal(h2vi_check_params(&params), H2V_OK);
        *cases[i].value = good;
    }
}

static h2v_embed_params of_fastrp(void)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.method = H2V_METHOD_FASTRP;
    return params;
}

static void names_have_ranges(void **state)
{
    (void)state;
    for (int outside = 0; outside < 2; outside++) {
        h2v_embed_params params = h2v_embed_params_default();
        params.method = (h2v_method)(outside ? 3 : -1);
        refuse(&params, outside ? "--method 3 is not in 0..2" : "--method -1 is");
        params = h2v_embed_params_default();
        params.partitioner = (h2v_partitioner)(outside ? 5 : -1);
        refuse(&params, outside ? "--partitioner 5 is not in 0..4" : "--partitioner -1 is");
        params = h2v_embed_params_default();
        params.combiner = (h2v_combiner)(outside ? 5 : -1);
        refuse(&params, outside ? "--combiner 5 is not in 0..4" : "--combiner -1 is");
        params = h2v_embed_params_default();
        params.exchange_precision = (h2v_precision)(outside ? 5 : -1);
        refuse(&params, outside ? "--exchange-precision 5 is not in 0..4"
                                : "--exchange-precision -1 is");
        params = h2v_embed_params_default();
        params.init = (h2v_init)(outside ? 3 : -1);
        refuse(&params, outside ? "--init 3 is not in 0..2" : "--init -1 is");
        params = of_fastrp();
        params.fastrp.unit_rows = (h2v_unit_rows)(outside ? 3 : -1);
        refuse(&params, outside ? "--unit-rows 3 is not in 0..2" : "--unit-rows -1 is");
        params = of_fastrp();
        params.fastrp.row_type = (h2v_row_type)(outside ? 2 : -1);
        refuse(&params, outside ? "--precision 2 is not in 0..1" : "--precision -1 is");
    }
}

typedef struct number_case {
    double *value;
    double min, max;
    const char *flag, *range;
} number_case;

static void assert_ranges(const h2v_embed_params *params, size_t num_cases,
                          const number_case *cases)
{
    for (size_t i = 0; i < num_cases; i++) {
        const double good = *cases[i].value;
        const double bad[] = {nextafter(cases[i].min, -1e9), nextafter(cases[i].max, 1e10),
                              NAN, INFINITY};
        for (int k = 0; k < 4; k++) {
            *cases[i].value = bad[k];
            refuse(params, cases[i].flag);
            refuse(params, cases[i].range);
        }
        *cases[i].value = cases[i].min;
        assert_int_equal(h2vi_check_params(params), H2V_OK);
        *cases[i].value = cases[i].max;
        assert_int_equal(h2vi_check_params(params), H2V_OK);
        *cases[i].value = good;
    }
}

static void numbers_have_ranges(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    const number_case cases[] = {
        {&params.learning_rate, 1e-6, 1, "--learning-rate", " is not in 1e-06..1"},
        {&params.p, 0.01, 100, "--p", " is not in 0.01..100"},
        {&params.q, 0.01, 100, "--q", " is not in 0.01..100"},
        {&params.subsample, 0, 1, "--subsample", " is not in 0..1"},
        {&params.init_length, 1e-6, 1e6, "--init-length", " is not in 1e-06..1e+06"},
    };
    assert_ranges(&params, 4, cases);
    params.init = H2V_INIT_FASTRP;
    assert_ranges(&params, 5, cases);
}

static void numbers_of_fastrp_have_ranges(void **state)
{
    (void)state;
    h2v_embed_params params = of_fastrp();
    h2v_fastrp_params *fastrp = &params.fastrp;
    const number_case cases[] = {
        {&fastrp->weights[0], -1e6, 1e6, "--iteration-weights", " is not in -1e+06..1e+06"},
        {&fastrp->weights[3], -1e6, 1e6, "--iteration-weights", " is not in -1e+06..1e+06"},
        {&fastrp->normalization_strength, -10, 10, "--normalization-strength",
         " is not in -10..10"},
        {&fastrp->node_self_influence, -1e6, 1e6, "--node-self-influence",
         " is not in -1e+06..1e+06"},
        {&fastrp->sparsity, 1, 1e9, "--sparsity", " is not in 1..1e+09"},
        {&fastrp->property_ratio, 0, 1, "--property-ratio", " is not in 0..1"},
    };
    for (int is_init = 0; is_init < 2; is_init++) {
        params.method = is_init ? H2V_METHOD_NODE2VEC : H2V_METHOD_FASTRP;
        params.init = is_init ? H2V_INIT_FASTRP : H2V_INIT_NOISE;
        assert_ranges(&params, sizeof cases / sizeof *cases, cases);
    }
    fastrp->sparsity = 0; /* the square root of n */
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    fastrp->property_ratio = 1.0 / 128;
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    fastrp->property_ratio = 0.9 / 128;
    refuse(&params, "--property-ratio 0.00703125 leaves properties none of the 128 dim");
    fastrp->property_ratio = 0;
    params.init = H2V_INIT_FASTRP;
    fastrp->standardize = true;
    refuse(&params, "--standardize belongs to --method fastrp");
    fastrp->standardize = false;
    for (int i = 0; i < fastrp->num_weights; i++) fastrp->weights[i] = 0;
    refuse(&params, "--iteration-weights and --node-self-influence are all 0");
    fastrp->node_self_influence = 1;
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    fastrp->num_weights = 0;
    refuse(&params, "--iteration-weights are 0 numbers, not 1..64");
    fastrp->num_weights = H2V_MAX_POWERS;
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    fastrp->num_weights++;
    refuse(&params, "--iteration-weights are 65 numbers, not 1..64");
}

/* What a method does not use may be anything. */
static void only_what_is_used_counts(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    params.fastrp.num_weights = -1;
    params.fastrp.sparsity = NAN;
    params.init_length = -1;
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    params = of_fastrp();
    params.walks = params.window = params.epochs = 0;
    params.parts = 7;
    params.groups = 3;
    params.init = (h2v_init)-1;
    params.combiner = (h2v_combiner)-1;
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    params.dim = 0;
    refuse(&params, "--dim 0");
    params = of_fastrp();
    params.parts = -1;
    refuse(&params, "--parts -1");
}

/* The literature's: embed.h names the sources. */
static void defaults_are_those_of_the_literature(void **state)
{
    (void)state;
    const h2v_embed_params params = h2v_embed_params_default();
    assert_int_equal(h2vi_check_params(&params), H2V_OK);
    assert_int_equal(params.method, H2V_METHOD_DEEPWALK);
    assert_int_equal(params.dim, 128);
    assert_int_equal(params.walks, 10);
    assert_int_equal(params.walk_length, 80);
    assert_int_equal(params.window, 10);
    assert_int_equal(params.negatives, 5);
    assert_int_equal(params.epochs, 1);
    assert_true(params.learning_rate == 0.025);
    assert_true(params.p == 1 && params.q == 1 && params.subsample == 0);
    assert_int_equal(params.parts, 0);
    assert_int_equal(params.rounds, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_a_walk_are_counted),
        cmocka_unit_test(small_graphs_are_one_part),
        cmocka_unit_test(parts_fit_the_cache_where_pairs_are_many),
        cmocka_unit_test(more_than_two_parts_come_in_fours),
        cmocka_unit_test(parts_are_as_many_as_pairs_fill),
        cmocka_unit_test(few_pairs_still_get_one_part),
        cmocka_unit_test(rounds_are_enough_and_fit),
        cmocka_unit_test(groups_need_rounds),
        cmocka_unit_test(groups_get_the_rounds_they_need),
        cmocka_unit_test(the_precision_fits_the_groups),
        cmocka_unit_test(what_is_given_stays),
        cmocka_unit_test(every_epoch_has_as_many_rounds),
        cmocka_unit_test(counts_have_ranges),
        cmocka_unit_test(names_have_ranges),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(numbers_of_fastrp_have_ranges),
        cmocka_unit_test(only_what_is_used_counts),
        cmocka_unit_test(defaults_are_those_of_the_literature),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
