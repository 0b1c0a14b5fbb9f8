/* SPDX-License-Identifier: MIT */

/* The rows that ranks and threads make together are, bit for bit, those that one thread
 * makes alone: on slices and on hash parts, whatever the parameters. What vertices without
 * arcs get, what is sent, and what fails. */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "fastrp.h"
#include "graphs.h"
#include "multiply.h"
#include "rank_graphs.h"
#include "work.h"

#include <math.h>

enum { DIM = 20, STRIDE = 32, MAX_THREADS = 3 };

static h2v_world *alone, *worlds[MAX_THREADS]; /* of 1, 2 and 3 threads */

/* A choice of parameters: one of 24, of which seven neighboring graphs see all. */
enum { NUM_VARIANTS = 24 };

static h2v_fastrp_params params_of(int variant)
{
    return (h2v_fastrp_params){.num_weights = 4,
                               .weights = {0, 0.75, -1, 6.5},
                               .normalization_strength = variant % 2 == 0 ? -0.4 : 0.3,
                               .node_self_influence = 0.5,
                               .sparsity = variant / 2 % 2 == 0 ? 3 : 0,
                               .unit_rows = (h2v_unit_rows)(variant % 3),
                               .row_type =
                                   variant / 6 % 2 == 0 ? H2V_ROWS_F32 : H2V_ROWS_BF16,
                               .property_ratio = variant / 12 == 0 ? 0 : 0.33,
                               .standardize = variant % 5 == 4};
}

static float property_of(uint32_t gid, int column)
{
    return (float)((int)(gid * 37 + (uint32_t)column * 11) % 19 - 9) / 4;
}

/* Collective. Rows of the owned vertices, to be freed. */
static float *rows_of(const h2v_graph *graph, const h2v_fastrp_params *params, int dim,
                      int stride, h2vi_fastrp_report *report)
{
    const int num_properties = h2vi_property_dim(params, dim);
    float *properties = NULL;
    if (params->property_ratio > 0) {
        properties = calloc((size_t)(graph->num_owned * num_properties + 1), sizeof(float));
        for (int64_t v = 0; v < graph->num_owned; v++)
            for (int c = 0; c < num_properties; c++)
                properties[v * num_properties + c] = property_of(graph->gids[v], c);
    }
    float *rows = calloc((size_t)(graph->num_owned * stride + 1), sizeof *rows);
    const h2vi_fastrp_job job = {.graph = graph,
                                 .params = params,
                                 .dim = dim,
                                 .stride = stride,
                                 .seed = 17,
                                 .properties = properties};
    CHECK_STATUS(h2vi_fastrp(&job, rows, report), H2V_OK, "");
    free(properties);
    return rows;
}

/* Rows of all vertices, made by one rank with one thread. */
static float *rows_alone(const h2vi_csr *csr, const h2v_fastrp_params *params, int dim,
                         int stride)
{
    h2vi_fastrp_report report;
    h2v_graph *graph = rank_graph(alone, csr);
    float *rows = rows_of(graph, params, dim, stride, &report);
    CHECK_EQ(report.counts.num_ghosts, 0);
    CHECK_EQ(report.rows_sent, 0);
    h2v_graph_destroy(&graph);
    return rows;
}

/* What was counted is what was sent. */
static void check_report_of(const h2v_graph *graph, const h2v_fastrp_params *params,
                            int dim, int64_t bytes_sent, const h2vi_fastrp_report *report)
{
    const h2vi_fastrp_counts *counts = &report->counts;
    const int num_pulls = h2vi_fastrp_num_pulls(params);
    CHECK_EQ(counts->num_owned, graph->num_owned);
    CHECK_EQ(counts->num_arcs, graph->offsets[graph->num_owned]);
    CHECK_EQ(report->rows_sent, num_pulls * counts->num_sent);
    CHECK_EQ(report->rows_received, num_pulls * counts->num_ghosts);
    CHECK_EQ(bytes_sent,
             h2vi_fastrp_traffic(params, dim, counts->num_sent) + 4 * counts->num_ghosts);
    int64_t difference = report->rows_sent - report->rows_received;
    h2vi_sum(graph->world, 1, &difference);
    CHECK_EQ(difference, 0);
}

/* Collective. `graph` is destroyed. */
static void check_same(h2v_graph *graph, const h2v_fastrp_params *params, int dim,
                       int stride, const float *expected)
{
    h2vi_fastrp_report report;
    const int64_t bytes_before = graph->world->traffic->bytes_sent;
    float *rows = rows_of(graph, params, dim, stride, &report);
    check_report_of(graph, params, dim, graph->world->traffic->bytes_sent - bytes_before,
                    &report);
    int64_t num_wrong = 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        num_wrong += memcmp(rows + v * stride, expected + (int64_t)graph->gids[v] * stride,
                            (size_t)stride * sizeof *rows) != 0;
    CHECK_EQ(num_wrong, 0);
    free(rows);
    h2v_graph_destroy(&graph);
}

/* Neither zeros nor numbers that are none, and nothing in the padding. */
static void check_sane(const h2vi_csr *csr, const float *rows)
{
    int64_t num_strange = 0, num_numbers = 0;
    for (int64_t i = 0; i < csr->num_vertices * STRIDE; i++) {
        num_strange += !isfinite(rows[i]) || (i % STRIDE >= DIM && rows[i] != 0);
        num_numbers += rows[i] != 0;
    }
    CHECK_EQ(num_strange, 0);
    CHECK(num_numbers > 0 || csr->num_vertices < 3);
}

static void bits_depend_on_the_graph_alone(void)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        dense_graph dense = graph_make((graph_name)name);
        for (int variant = name % 7; variant < NUM_VARIANTS; variant += 7) {
            const h2v_fastrp_params params = params_of(variant);
            const h2v_world *world = worlds[(variant + variant / 6) % MAX_THREADS];
            float *expected = rows_alone(&dense.csr, &params, DIM, STRIDE);
            check_sane(&dense.csr, expected);
            check_same(rank_graph(world, &dense.csr), &params, DIM, STRIDE, expected);
            check_same(rank_graph_scattered(world, &dense.csr), &params, DIM, STRIDE,
                       expected);
            free(expected);
        }
        dense_clear(&dense);
    }
}

/* A hub whose row is cut into slices, among very many small rows. */
enum { NUM_LEAVES = 70000, BIG_DIM = 40, BIG_STRIDE = 48 };

static h2vi_csr make_big_star(bool is_directed)
{
    h2vi_csr csr = {.num_vertices = NUM_LEAVES + 1,
                    .num_arcs = is_directed ? NUM_LEAVES : 2 * NUM_LEAVES,
                    .directed = is_directed};
    csr.offsets = calloc(NUM_LEAVES + 2, sizeof *csr.offsets);
    csr.targets = calloc((size_t)csr.num_arcs, sizeof *csr.targets);
    csr.weights = calloc((size_t)csr.num_arcs, sizeof *csr.weights);
    for (uint32_t v = 0; v <= NUM_LEAVES; v++) { /* the first is the hub */
        const int64_t first = csr.offsets[v], degree = v == 0 ? NUM_LEAVES : !is_directed;
        csr.offsets[v + 1] = first + degree;
        for (uint32_t i = 0; i < degree; i++) {
            csr.targets[first + i] = v == 0 ? i + 1 : 0;
            csr.weights[first + i] = (float)((v == 0 ? i + 1 : v) % 5 + 1);
        }
    }
    return csr;
}

static void a_hub_is_cut_without_a_trace(void)
{
    for (int i = 0; i < 2; i++) {
        h2v_fastrp_params params = params_of(3 * i);
        params.num_weights = 3;
        h2vi_csr csr = make_big_star(i == 1);
        float *expected = rows_alone(&csr, &params, BIG_DIM, BIG_STRIDE);
        check_same(rank_graph(worlds[2], &csr), &params, BIG_DIM, BIG_STRIDE, expected);
        check_same(rank_graph_scattered(worlds[1], &csr), &params, BIG_DIM, BIG_STRIDE,
                   expected);
        free(expected);
        h2vi_csr_clear(&csr);
    }
}

/* Every row and, of the hub, every column is in one task; interior rows come first. */
static void tasks_cover_every_row_once(void)
{
    h2vi_csr csr = make_big_star(false);
    h2v_graph *graph = rank_graph(worlds[0], &csr);
    h2vi_ghosts ghosts;
    h2vi_work work;
    CHECK_STATUS(h2vi_ghosts_create(graph, &ghosts), H2V_OK, "");
    CHECK_STATUS(h2vi_work_create(&ghosts, BIG_STRIDE, &work), H2V_OK, "");
    int *num_columns = calloc((size_t)graph->num_owned, sizeof *num_columns);
    for (int64_t i = 0; i < work.num_tasks; i++) {
        const h2vi_row_task *task = &work.tasks[i];
        CHECK_EQ(task->end <= work.num_interior, i < work.num_interior_tasks);
        for (int64_t at = task->begin; at < task->end; at++)
            num_columns[work.order[at]] += task->end_column - task->begin_column;
    }
    int64_t num_wrong = 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        num_wrong += num_columns[v] != BIG_STRIDE;
    CHECK_EQ(num_wrong, 0);
    CHECK_EQ(work.num_hubs, worlds[0]->rank == 0);
    CHECK(work.num_tasks > 3);
    CHECK(work.num_tasks <=
          h2vi_work_task_bytes(graph->num_owned, graph->offsets[graph->num_owned]) /
                  (int64_t)sizeof(h2vi_row_task) +
              2 * work.num_hubs);
    free(num_columns);
    h2vi_work_clear(&work);
    h2vi_ghosts_clear(&ghosts);
    h2v_graph_destroy(&graph);
    h2vi_csr_clear(&csr);
}

/* alpha_0 times the row of N_0, whose entries are 0 or of one magnitude. */
static void vertices_without_arcs_keep_their_start(void)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        dense_graph dense = graph_make((graph_name)name);
        h2v_graph *graph = rank_graph_scattered(worlds[1], &dense.csr);
        const double arcs = dense.csr.num_arcs > 0 ? (double)dense.csr.num_arcs : 1;
        h2v_fastrp_params params = params_of(0);
        params.normalization_strength = -0.5;
        params.sparsity = 4;
        h2vi_fastrp_report report;
        float *rows = rows_of(graph, &params, DIM, STRIDE, &report);
        const float entry = dense.csr.weights ? 0 : (float)(sqrt(arcs) * 2 * 0.5);
        int64_t num_wrong = 0;
        for (int64_t v = 0; v < graph->num_owned; v++) {
            if (graph->offsets[v + 1] > graph->offsets[v]) continue;
            for (int c = 0; c < STRIDE; c++) {
                const float x = fabsf(rows[v * STRIDE + c]);
                num_wrong +=
                    entry > 0 ? x != 0 && fabsf(x - entry) > 1e-6F * entry : !isfinite(x);
            }
        }
        CHECK_EQ(num_wrong, 0);
        free(rows);

        params.node_self_influence = 0;
        rows = rows_of(graph, &params, DIM, STRIDE, &report);
        for (int64_t v = 0; v < graph->num_owned; v++)
            for (int c = 0; c < STRIDE && graph->offsets[v + 1] == graph->offsets[v]; c++)
                num_wrong += rows[v * STRIDE + c] != 0;
        CHECK_EQ(num_wrong, 0);
        free(rows);
        h2v_graph_destroy(&graph);
        dense_clear(&dense);
    }
}

static void rows_that_are_not_finite_are_refused(void)
{
    dense_graph dense = graph_make(GRAPH_RANDOM);
    h2v_graph *graph = rank_graph(worlds[1], &dense.csr);
    float *rows = calloc((size_t)(graph->num_owned * STRIDE + 1), sizeof *rows);
    h2v_fastrp_params params = params_of(0);
    const h2vi_fastrp_job job = {
        .graph = graph, .params = &params, .dim = DIM, .stride = STRIDE, .seed = 17};
    h2vi_fastrp_report report;
    params.normalization_strength = -40;
    params.standardize = true;
    CHECK_STATUS(h2vi_fastrp(&job, rows, &report), H2V_ERR_ARGUMENT,
                 "--normalization-strength -40");
    free(rows);
    h2v_graph_destroy(&graph);
    dense_clear(&dense);
}

static void a_rank_out_of_memory_fails_on_all(int variant, int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    const h2v_world *world = worlds[1];
    dense_graph dense = graph_make(GRAPH_RANDOM_WEIGHTED);
    h2v_graph *graph = rank_graph_scattered(world, &dense.csr);
    h2v_fastrp_params params = params_of(variant);
    params.standardize = true;
    float *properties = calloc((size_t)graph->num_owned * DIM, sizeof *properties);
    float *rows = calloc((size_t)(graph->num_owned * STRIDE + 1), sizeof *rows);
    const h2vi_fastrp_job job = {.graph = graph,
                                 .params = &params,
                                 .dim = DIM,
                                 .stride = STRIDE,
                                 .seed = 17,
                                 .properties =
                                     params.property_ratio > 0 ? properties : NULL};
    h2vi_fastrp_report report;
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        memset(rows, 0, (size_t)(graph->num_owned * STRIDE) * sizeof *rows);
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = h2vi_fastrp(&job, rows, &report);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) {
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
            CHECK_EQ(h2v_error_rank(), bad);
        }
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    /* Elsewhere rows are pulled, by messages, and from places that change. */
    const int num_arrays = params.property_ratio > 0 ? 25 : 28;
    CHECK_EQ(num_failures, world->num_ranks == 1 ? num_arrays : num_arrays + 5);
    free(properties);
    free(rows);
    h2v_graph_destroy(&graph);
    dense_clear(&dense);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    for (int i = 0; i < MAX_THREADS; i++)
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, i + 1, &worlds[i]), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &alone), H2V_OK);
    bits_depend_on_the_graph_alone();
    a_hub_is_cut_without_a_trace();
    tasks_cover_every_row_once();
    vertices_without_arcs_keep_their_start();
    rows_that_are_not_finite_are_refused();
    a_rank_out_of_memory_fails_on_all(0, 0);
    a_rank_out_of_memory_fails_on_all(12, worlds[0]->num_ranks - 1);
    h2v_world_destroy(&alone);
    for (int i = 0; i < MAX_THREADS; i++) h2v_world_destroy(&worlds[i]);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
