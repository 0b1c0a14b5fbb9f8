/* SPDX-License-Identifier: MIT */

/* FastRP of a small graph, written out: neighbor by neighbor, in double, from the entries
 * of R as their counters give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "csr.h"
#include "fastrp.h"
#include "random.h"
#include "rank_graphs.h"

#include <math.h>

/* A triangle 0 1 2, a tail 2 - 3, and a vertex alone. The weight of {u, v} is
 * WEIGHT[u + v]. */
enum { N = 5, DIM = 12, STRIDE = 16, SEED = 5 };
static const double WEIGHT[] = {0, 2, 1, 0.5, 0, 4}; /* 0-1: 2, 0-2: 1, 1-2: .5, 2-3: 4 */
static const int64_t OFFSETS[] = {0, 2, 4, 7, 8, 8};
static const h2v_slot TARGETS[] = {1, 2, 0, 2, 0, 1, 3, 2};
static const float WEIGHTS[] = {2, 1, 2, 0.5F, 1, 0.5F, 4, 4};

static h2v_world *world;

typedef double matrix[N][DIM];

/* 1, -1 or 0: a third each of the sixths for s = 3. */
static double sign_of(uint32_t v, uint32_t c)
{
    const uint32_t word = h2vi_random(SEED, H2VI_FOR_PROJECTION, 0, 0, v, c / 4).w[c % 4];
    const uint32_t sixth = 715827883; /* 2^32 / 6 */
    return word < sixth ? 1 : word >= (uint32_t)-sixth ? -1 : 0;
}

static void bring_to_length_1(double row[DIM])
{
    double square = 0;
    for (int c = 0; c < DIM; c++) square += row[c] * row[c];
    for (int c = 0; c < DIM && square > 0; c++) row[c] /= sqrt(square);
}

static void multiply_unweighted(matrix from, matrix to)
{
    for (int c = 0; c < DIM; c++) {
        to[0][c] = (from[1][c] + from[2][c]) / 2;
        to[1][c] = (from[0][c] + from[2][c]) / 2;
        to[2][c] = (from[0][c] + from[1][c] + from[3][c]) / 3;
        to[3][c] = from[2][c];
        to[4][c] = 0;
    }
}

static void multiply_weighted(matrix from, matrix to)
{
    for (int c = 0; c < DIM; c++) {
        to[0][c] = (WEIGHT[1] * from[1][c] + WEIGHT[2] * from[2][c]) / 3;
        to[1][c] = (WEIGHT[1] * from[0][c] + WEIGHT[3] * from[2][c]) / 2.5;
        to[2][c] =
            (WEIGHT[2] * from[0][c] + WEIGHT[3] * from[1][c] + WEIGHT[5] * from[3][c]) /
            5.5;
        to[3][c] = from[2][c];
        to[4][c] = 0;
    }
}

static void compare(const h2v_fastrp_params *params, bool is_weighted,
                    const float *properties, matrix expected)
{
    h2vi_csr csr = {.num_vertices = N,
                    .num_arcs = 8,
                    .offsets = (int64_t *)OFFSETS,
                    .targets = (h2v_slot *)TARGETS,
                    .weights = is_weighted ? (float *)WEIGHTS : NULL};
    h2v_graph *graph = rank_graph(world, &csr);
    const h2vi_fastrp_job job = {.graph = graph,
                                 .params = params,
                                 .dim = DIM,
                                 .stride = STRIDE,
                                 .seed = SEED,
                                 .properties = properties};
    h2vi_fastrp_report report;
    float *rows = calloc((size_t)N * STRIDE, sizeof *rows);
    assert_int_equal(h2vi_fastrp(&job, rows, &report), H2V_OK);
    for (int v = 0; v < N; v++)
        for (int c = 0; c < STRIDE; c++)
            assert_true(fabs(rows[v * STRIDE + c] - (c < DIM ? expected[v][c] : 0)) < 2e-6);
    free(rows);
    h2v_graph_destroy(&graph);
}

/* Two iterations; the first vector is scaled by degree^.5, added at length 1, and not
 * multiplied on at length 1. */
static void rows_are_those_of_neo4j(void **state)
{
    (void)state;
    const h2v_fastrp_params params = {.num_weights = 2,
                                      .weights = {1, 1},
                                      .normalization_strength = 0.5,
                                      .node_self_influence = 0.5,
                                      .sparsity = 3,
                                      .unit_rows = H2V_UNIT_ROWS_ITERATED};
    const double scale[N] = {sqrt(2), sqrt(2), sqrt(3), 1, 1};
    matrix start, first, second, sum;
    for (uint32_t v = 0; v < N; v++)
        for (uint32_t c = 0; c < DIM; c++)
            start[v][c] = scale[v] * sqrt(3) / sqrt(DIM) * sign_of(v, c);
    multiply_unweighted(start, first);
    for (int v = 0; v < N; v++) bring_to_length_1(first[v]);
    multiply_unweighted(first, second);
    for (int v = 0; v < N; v++) bring_to_length_1(second[v]);
    for (int v = 0; v < N; v++) bring_to_length_1(start[v]);
    for (int v = 0; v < N; v++)
        for (int c = 0; c < DIM; c++)
            sum[v][c] = 0.5 * start[v][c] + first[v][c] + second[v][c];
    compare(&params, false, NULL, sum);
}

/* A quarter of the columns are properties', which are not scaled by degrees; the others
 * are, by degree^-1, of weights. */
static void properties_are_those_of_neo4j(void **state)
{
    (void)state;
    enum { NUM_PROPERTIES = DIM / 4, NUM_OTHERS = DIM - NUM_PROPERTIES };
    const h2v_fastrp_params params = {.num_weights = 2,
                                      .weights = {0.5, 2},
                                      .normalization_strength = -1,
                                      .node_self_influence = 3,
                                      .sparsity = 3,
                                      .unit_rows = H2V_UNIT_ROWS_NONE,
                                      .property_ratio = 0.25};
    const double degrees[N] = {3, 2.5, 5.5, 4, 1};
    float properties[N * NUM_PROPERTIES];
    matrix start, first, second, sum;
    for (int i = 0; i < N * NUM_PROPERTIES; i++) properties[i] = (float)(i % 7) - 2.5F;
    for (uint32_t v = 0; v < N; v++)
        for (uint32_t c = 0; c < DIM; c++)
            start[v][c] = c < NUM_OTHERS
                              ? sqrt(3.0 / NUM_OTHERS) / degrees[v] * sign_of(v, c)
                              : properties[v * NUM_PROPERTIES + c - NUM_OTHERS];
    multiply_weighted(start, first);
    multiply_weighted(first, second);
    for (int v = 0; v < N; v++)
        for (int c = 0; c < DIM; c++)
            sum[v][c] = 3 * start[v][c] + 0.5 * first[v][c] + 2 * second[v][c];
    compare(&params, true, properties, sum);
}

/* The paper: N_0 is scaled by (degree / 2m)^beta; rows are added as they are, or, as the
 * authors evaluate them, at length 1. */
static void rows_are_those_of_the_paper(void **state)
{
    (void)state;
    h2v_fastrp_params params = {.num_weights = 3,
                                .weights = {0, 1, 6.67},
                                .normalization_strength = -0.5,
                                .sparsity = 3};
    const double degrees[N] = {3, 2.5, 5.5, 4, 1}, total = 15;
    matrix start, powers[3], sum;
    for (uint32_t v = 0; v < N; v++)
        for (uint32_t c = 0; c < DIM; c++)
            start[v][c] = sqrt(total / degrees[v]) * sqrt(3) * sign_of(v, c);
    for (int i = 0; i < 3; i++)
        multiply_weighted(i == 0 ? start : powers[i - 1], powers[i]);
    for (int is_unit = 0; is_unit < 2; is_unit++) {
        params.unit_rows = is_unit ? H2V_UNIT_ROWS_ADDED : H2V_UNIT_ROWS_NONE;
        for (int i = 0; i < 3 * N && is_unit; i++) bring_to_length_1(powers[i / N][i % N]);
        for (int v = 0; v < N; v++)
            for (int c = 0; c < DIM; c++)
                sum[v][c] = powers[1][v][c] + 6.67 * powers[2][v][c];
        for (int v = 0; v < N && !is_unit; v++) /* numbers of about 1 */
            for (int c = 0; c < DIM; c++) sum[v][c] /= 16;
        params.weights[1] = is_unit ? 1 : 1.0 / 16;
        params.weights[2] = is_unit ? 6.67 : 6.67 / 16;
        compare(&params, true, NULL, sum);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_neo4j),
        cmocka_unit_test(properties_are_those_of_neo4j),
        cmocka_unit_test(rows_are_those_of_the_paper),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (h2v_world_create(MPI_COMM_SELF, 2, &world) != H2V_OK) return 1;
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    h2v_world_destroy(&world);
    MPI_Finalize();
    return outcome;
}
