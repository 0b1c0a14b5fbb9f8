/* SPDX-License-Identifier: MIT */

/* Which walks start in a round: in an epoch every walk of every vertex in exactly one, a
 * vertex's walks evenly spread, the rounds alike. */
#include "alloc.h"
#include "embed_jobs.h"
#include "starts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_VERTICES = 400, MAX_WALKS = 40 };

static int make(void **state)
{
    test_job *job = calloc(1, sizeof *job);
    if (!job) return 1;
    job_init(MPI_COMM_SELF, 1, NUM_VERTICES, 3, job);
    *state = job;
    return 0;
}

static int release(void **state)
{
    job_clear(*state);
    free(*state);
    return 0;
}

static const struct kind {
    int walks, epochs, rounds; /* of all epochs */
} kinds[] = {{1, 1, 1},  {1, 1, 16}, {3, 1, 7},   {10, 1, 10},  {10, 2, 32},
             {40, 1, 3}, {7, 3, 21}, {40, 5, 20}, {16, 1, 128}, {31, 4, 8}};
enum { NUM_KINDS = sizeof kinds / sizeof *kinds };

static h2v_embed_params params_of(const struct kind *kind)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.walks = kind->walks;
    params.epochs = kind->epochs;
    params.rounds = kind->rounds;
    params.walk_length = 5;
    return params;
}

/* Whether starts are by vertex, then by walk. */
static void check_order(const h2vi_walk_run *run)
{
    for (int64_t i = 0; i < run->num_walks; i++) {
        const h2vi_start *start = &run->starts[i];
        assert_true(start->vertex < NUM_VERTICES);
        if (i == 0 || start->vertex > start[-1].vertex) continue;
        assert_int_equal(start->vertex, start[-1].vertex);
        assert_true(start->walk > start[-1].walk);
    }
}

/* Each walk once an epoch; of a vertex floor or ceil of the mean in each round. */
static void every_walk_starts_in_one_round(void **state)
{
    const test_job *job = *state;
    for (int k = 0; k < NUM_KINDS; k++) {
        const h2v_embed_params params = params_of(&kinds[k]);
        const int rounds = params.rounds / params.epochs;
        h2vi_starts starts = {0};
        for (int epoch = 0; epoch < params.epochs; epoch++) {
            int num_started[NUM_VERTICES][MAX_WALKS] = {{0}};
            for (int round = epoch * rounds; round < (epoch + 1) * rounds; round++) {
                h2vi_walk_run run;
                int num_of_vertex[NUM_VERTICES] = {0};
                assert_int_equal(
                    h2vi_starts_collect(&params, job->moved.graph, round, 1, &starts, &run),
                    H2V_OK);
                assert_int_equal(run.purpose, H2VI_FOR_WALK);
                assert_int_equal(run.epoch, epoch);
                assert_true(run.tokens && run.num_walks <= starts.capacity);
                check_order(&run);
                for (int64_t i = 0; i < run.num_walks; i++) {
                    assert_true(run.starts[i].walk < (uint32_t)params.walks);
                    num_started[run.starts[i].vertex][run.starts[i].walk]++;
                    num_of_vertex[run.starts[i].vertex]++;
                }
                for (int v = 0; v < NUM_VERTICES; v++)
                    assert_in_range(num_of_vertex[v], params.walks / rounds,
                                    (params.walks + rounds - 1) / rounds);
            }
            for (int v = 0; v < NUM_VERTICES; v++)
                for (int walk = 0; walk < params.walks; walk++)
                    assert_int_equal(num_started[v][walk], 1);
        }
        h2vi_starts_clear(&starts);
    }
}

/* Rounds that walk together: none of another epoch, each with the walks that it has alone.
 */
static void rounds_may_walk_together(void **state)
{
    const test_job *job = *state;
    for (int k = 0; k < NUM_KINDS; k++) {
        const h2v_embed_params params = params_of(&kinds[k]);
        const int rounds = params.rounds / params.epochs;
        h2vi_starts together = {0}, alone = {0};
        h2vi_walk_run all, expected;
        for (int first = 0, count = 0; first < params.rounds; first += count) {
            count = h2vi_rounds_at_once(&params, NUM_VERTICES, first);
            assert_in_range(count, 1, rounds - first % rounds);
            assert_int_equal(h2vi_starts_collect(&params, job->moved.graph, first, count,
                                                 &together, &all),
                             H2V_OK);
            for (int i = 0; i < count; i++) {
                const h2vi_walk_run run =
                    h2vi_starts_of_round(&together, &all, params.walk_length, i);
                assert_int_equal(h2vi_starts_collect(&params, job->moved.graph, first + i,
                                                     1, &alone, &expected),
                                 H2V_OK);
                assert_int_equal(run.epoch, expected.epoch);
                assert_int_equal(run.num_walks, expected.num_walks);
                assert_memory_equal(run.starts, expected.starts,
                                    (size_t)run.num_walks * sizeof *run.starts);
                assert_ptr_equal(run.tokens, all.tokens + (run.starts - all.starts) *
                                                              params.walk_length);
            }
        }
        h2vi_starts_clear(&together);
        h2vi_starts_clear(&alone);
    }
}

static void few_walks_go_together_many_do_not(void **state)
{
    (void)state;
    const h2v_embed_params params = params_of(&(struct kind){10, 2, 40});
    assert_int_equal(h2vi_rounds_at_once(&params, 1000, 0), 20);
    assert_int_equal(h2vi_rounds_at_once(&params, 1000, 25), 15);
    assert_int_equal(h2vi_rounds_at_once(&params, H2VI_WALKS_AT_ONCE, 0), 2);
    assert_int_equal(h2vi_rounds_at_once(&params, (int64_t)1 << 32, 0), 1);
}

/* Offsets are drawn for each vertex: the walks of a round vary as a sum of independent
 * draws, each below or above by less than one. One seed in 15,000 exceeds four sigma, of
 * 128 rounds one seed in 125 somewhere. */
static void rounds_are_alike(void **state)
{
    const test_job *job = *state;
    for (int k = 0; k < NUM_KINDS; k++) {
        const h2v_embed_params params = params_of(&kinds[k]);
        const int rounds = params.rounds / params.epochs;
        const double mean = (double)params.walks / rounds, part = mean - floor(mean);
        const double sigma = sqrt(NUM_VERTICES * part * (1 - part));
        h2vi_starts starts = {0};
        for (int round = 0; round < params.rounds; round++) {
            h2vi_walk_run run;
            assert_int_equal(
                h2vi_starts_collect(&params, job->moved.graph, round, 1, &starts, &run),
                H2V_OK);
            assert_true(fabs((double)run.num_walks - NUM_VERTICES * mean) <= 4 * sigma);
        }
        h2vi_starts_clear(&starts);
    }
}

/* The vertices of round 0 of two runs, a bit each. */
static void mark_first_round(const test_job *job, uint64_t seed, int round, char *marks)
{
    h2v_embed_params params = params_of(&(struct kind){1, 2, 4});
    h2vi_starts starts = {0};
    h2vi_walk_run run;
    params.seed = seed;
    memset(marks, 0, NUM_VERTICES);
    assert_int_equal(
        h2vi_starts_collect(&params, job->moved.graph, round, 1, &starts, &run), H2V_OK);
    for (int64_t i = 0; i < run.num_walks; i++)
        marks[job->moved.graph->gids[run.starts[i].vertex]] = 1;
    h2vi_starts_clear(&starts);
}

/* By seed and epoch: half of the vertices start their walk in the first of two rounds; of
 * another seed's or epoch's round about half are the same ones. By gid, not by slot: other
 * parts put vertices into other slots. */
static void offsets_depend_on_seed_epoch_and_vertex(void **state)
{
    test_job moved;
    char first[NUM_VERTICES], again[NUM_VERTICES], other[2][NUM_VERTICES];
    mark_first_round(*state, 1, 0, first);
    job_init(MPI_COMM_SELF, 1, NUM_VERTICES, 7, &moved);
    mark_first_round(&moved, 1, 0, again);
    job_clear(&moved);
    assert_memory_equal(first, again, NUM_VERTICES);
    mark_first_round(*state, 2, 0, other[0]);
    mark_first_round(*state, 1, 2, other[1]);
    for (int k = 0; k < 2; k++) {
        int num_same = 0;
        for (int v = 0; v < NUM_VERTICES; v++) num_same += first[v] == other[k][v];
        assert_in_range(num_same, NUM_VERTICES * 4 / 10, NUM_VERTICES * 6 / 10);
    }
}

static void memory_may_be_out(void **state)
{
    if (!h2vi_alloc_can_fail()) skip();
    const test_job *job = *state;
    const h2v_embed_params params = params_of(&kinds[0]);
    h2vi_starts starts = {0};
    h2vi_walk_run run;
    for (int count = 0; count < 2; count++) {
        h2vi_alloc_fail_after(count);
        assert_int_equal(
            h2vi_starts_collect(&params, job->moved.graph, 0, 1, &starts, &run),
            H2V_ERR_NOMEM);
        h2vi_alloc_fail_after(-1);
        assert_int_equal(h2vi_starts_bytes(&params, &starts), 0);
    }
    assert_int_equal(h2vi_starts_collect(&params, job->moved.graph, 0, 1, &starts, &run),
                     H2V_OK);
    assert_true(h2vi_starts_bytes(&params, &starts) >=
                NUM_VERTICES * (int64_t)(sizeof(h2vi_start) + 5 * sizeof(h2vi_token)));
    h2vi_starts_clear(&starts);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_walk_starts_in_one_round),
        cmocka_unit_test(rounds_may_walk_together),
        cmocka_unit_test(few_walks_go_together_many_do_not),
        cmocka_unit_test(rounds_are_alike),
        cmocka_unit_test(offsets_depend_on_seed_epoch_and_vertex),
        cmocka_unit_test(memory_may_be_out),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, make, release);
    MPI_Finalize();
    return outcome;
}
