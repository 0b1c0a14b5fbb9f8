/* SPDX-License-Identifier: MIT */

/* How often a vertex is expected as a context: by its degree or strength, unless the trial
 * walks contradict it; by the trial walks alone in directed graphs. In sixteenths. */
#include "alloc.h"
#include "noise_weights.h"
#include "plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_VERTICES = 6, LENGTH = 41, UNITS = 16 };

/* A star: 0 is joined to 1, 2, 3, 4; vertex 5 has no edge. */
static int64_t offsets[NUM_VERTICES + 1] = {0, 4, 5, 6, 7, 8, 8};
static h2v_slot targets[8] = {1, 2, 3, 4, 0, 0, 0, 0};
static float weights_of_arcs[8] = {1, 2, 3, 4, 1, 2, 3, 4};

static void weigh(bool directed, float *arc_weights, const int64_t *visits_per_walk,
                  int64_t *weights)
{
    int64_t visits[NUM_VERTICES];
    for (int v = 0; v < NUM_VERTICES; v++)
        visits[v] = visits_per_walk[v] * H2VI_TRIAL_WALKS;
    h2v_world *world = NULL;
    h2v_embed_params params = h2v_embed_params_default();
    params.walk_length = LENGTH;
    assert_int_equal(h2v_world_create(MPI_COMM_SELF, 1, &world), H2V_OK);
    const h2v_graph graph = {.world = world,
                             .num_vertices = NUM_VERTICES,
                             .num_arcs = 8,
                             .directed = directed,
                             .num_owned = NUM_VERTICES,
                             .offsets = offsets,
                             .targets = targets,
                             .weights = arc_weights};
    assert_int_equal(h2vi_noise_weights(&graph, &params, visits, weights), H2V_OK);
    h2v_world_destroy(&world);
}

/* The start, and 40 further vertices of each of the 5 connected vertices' walks. */
static int64_t expected(double share)
{
    return llround(UNITS * (1 + (LENGTH - 1) * 5 * share));
}

/* Of one trial walk from every vertex. */
static const int64_t likely[NUM_VERTICES] = {101, 25, 27, 26, 26, 1};

static void degrees_decide(void **state)
{
    (void)state;
    int64_t weights[NUM_VERTICES];
    weigh(false, NULL, likely, weights);
    assert_int_equal(weights[0], expected(0.5));
    for (int v = 1; v < 5; v++) assert_int_equal(weights[v], expected(0.125));
    assert_int_equal(weights[5], UNITS); /* its own walks alone */
}

static void strengths_decide(void **state)
{
    (void)state;
    const int64_t visits[NUM_VERTICES] = {101, 10, 21, 30, 41, 1};
    int64_t weights[NUM_VERTICES];
    weigh(false, weights_of_arcs, visits, weights);
    assert_int_equal(weights[0], expected(0.5));
    for (int v = 1; v < 5; v++) assert_int_equal(weights[v], expected(v / 20.0));
}

/* A leaf that walks hardly meet, or meet far too often, whatever its degree. */
static void trial_walks_may_contradict(void **state)
{
    (void)state;
    int64_t visits[NUM_VERTICES], weights[NUM_VERTICES];
    memcpy(visits, likely, sizeof visits);
    visits[1] = 1;
    visits[2] = 100;
    weigh(false, NULL, visits, weights);
    assert_int_equal(weights[1], UNITS);
    assert_int_equal(weights[2], 100 * UNITS);
    assert_int_equal(weights[3], expected(0.125));
}

static void directed_graphs_are_measured(void **state)
{
    (void)state;
    int64_t weights[NUM_VERTICES];
    weigh(true, NULL, likely, weights);
    for (int v = 0; v < NUM_VERTICES; v++) assert_int_equal(weights[v], likely[v] * UNITS);
}

static void every_weight_is_positive(void **state)
{
    (void)state;
    const int64_t visits[NUM_VERTICES] = {0};
    int64_t weights[NUM_VERTICES];
    weigh(true, NULL, visits, weights);
    for (int v = 0; v < NUM_VERTICES; v++) assert_int_equal(weights[v], 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(degrees_decide),
        cmocka_unit_test(strengths_decide),
        cmocka_unit_test(trial_walks_may_contradict),
        cmocka_unit_test(directed_graphs_are_measured),
        cmocka_unit_test(every_weight_is_positive),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
