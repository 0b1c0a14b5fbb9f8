/* SPDX-License-Identifier: MIT */

/* Walks on copies of the whole graph are, bit for bit, those of walkers that are handed
 * over: on slices and on parts, by one thread and two, weighted, directed, of both orders,
 * subsampled. Nothing is sent while they walk. */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "fail.h"
#include "gathered_walks.h"
#include "graphs.h"
#include "migrate.h"
#include "whole_copy.h"

#include <stdlib.h>

static h2v_world *world, *threaded; /* 1 and 2 threads */

typedef struct walk_job {
    graph_name name;
    double p, q;
    bool is_subsampled;
    int walk_length;
} walk_job;

static const walk_job jobs[] = {
    {GRAPH_RANDOM, 1, 1, false, 7},
    {GRAPH_RANDOM, 1, 1, true, 8},
    {GRAPH_RANDOM, 0.25, 4, true, 7},
    {GRAPH_RANDOM_WEIGHTED, 1, 1, false, 7},
    {GRAPH_RANDOM_WEIGHTED, 2, 0.5, true, 7},
    {GRAPH_RANDOM_DIRECTED, 1, 1, true, 7},
    {GRAPH_RANDOM_DIRECTED, 0.25, 4, false, 7},
    {GRAPH_RANDOM_DIRECTED_WEIGHTED, 1, 1, false, 7},
    {GRAPH_STAR, 0.25, 4, false, 9},
    {GRAPH_DEAD_END, 1, 1, false, 12},
    {GRAPH_ISOLATED, 1, 1, false, 5},
    {GRAPH_NO_EDGES, 0.25, 4, false, 5},
};
enum { NUM_JOBS = sizeof jobs / sizeof *jobs, NUM_WALKS = 3, NUM_PARTS = 7 };

typedef h2v_status open_walks(const h2v_graph *, const h2vi_walk_params *, const uint32_t *,
                              const uint32_t *, h2vi_walk_engine *);

/* What is asked of a graph by either way. */
typedef struct answers {
    gathered_walks walks;
    int64_t *visits; /* shape [num_owned] */
    int64_t num_steps;
} answers;

static void answers_clear(answers *this)
{
    gathered_clear(&this->walks);
    free(this->visits);
}

static answers ask(const h2v_graph *graph, const walk_job *job, open_walks *open)
{
    const h2vi_walk_params params = {job->walk_length, job->p, job->q, 99};
    const size_t num_owned = (size_t)graph->num_owned;
    uint32_t *contexts = calloc(num_owned + 1, sizeof *contexts);
    uint32_t *keep = calloc(num_owned + 1, sizeof *keep);
    answers found = {.visits = calloc(num_owned + 1, sizeof *found.visits)};
    for (size_t v = 0; v < num_owned; v++) {
        contexts[v] = 3 * graph->gids[v] + 2;
        keep[v] = graph->gids[v] % 3 == 0 ? UINT32_MAX : graph->gids[v] * 0x9E3779B1U;
    }
    h2vi_walk_engine engine;
    CHECK_STATUS(open(graph, &params, contexts, job->is_subsampled ? keep : NULL, &engine),
                 H2V_OK, "");
    CHECK_EQ(engine.copy != NULL,
             open == h2vi_walk_engine_open && graph->world->num_ranks > 1);
    CHECK_STATUS(gather_walks(&engine, 0, NUM_WALKS, &found.walks), H2V_OK, "");
    if (engine.copy) CHECK_EQ(engine.bytes_sent + engine.bytes_received, 0);
    CHECK_STATUS(h2vi_walk_count_visits(&engine, 2, found.visits), H2V_OK, "");
    int64_t totals[] = {engine.num_steps, engine.bytes_sent, engine.bytes_received};
    h2vi_sum(graph->world, 3, totals);
    found.num_steps = totals[0];
    CHECK_EQ(totals[1], totals[2]);
    h2vi_walk_engine_clear(&engine);
    free(contexts);
    free(keep);
    return found;
}

static void check_same(const h2v_graph *graph, const walk_job *job)
{
    answers handed_over = ask(graph, job, h2vi_walk_engine_init);
    answers held_whole = ask(graph, job, h2vi_walk_engine_open);
    if (handed_over.walks.tokens && held_whole.walks.tokens)
        CHECK(memcmp(handed_over.walks.tokens, held_whole.walks.tokens,
                     gathered_bytes(&held_whole.walks)) == 0);
    for (int64_t v = 0; v < graph->num_owned; v++)
        CHECK_EQ(held_whole.visits[v], handed_over.visits[v]);
    CHECK_EQ(held_whole.num_steps, handed_over.num_steps);
    answers_clear(&handed_over);
    answers_clear(&held_whole);
}

static h2vi_moved move_to_parts(const h2v_graph *graph)
{
    const size_t num_owned = (size_t)graph->num_owned;
    h2v_partition partition = {.num_parts = NUM_PARTS, .num_owned = graph->num_owned};
    h2vi_vertex *vertices = calloc(num_owned + 1, sizeof *vertices);
    h2vi_moved moved = {0};
    partition.parts = calloc(num_owned + 1, sizeof *partition.parts);
    for (size_t v = 0; v < num_owned; v++)
        partition.parts[v] = (int32_t)(graph->gids[v] * 5 % NUM_PARTS);
    CHECK_STATUS(h2vi_migrate(graph, &partition, vertices, &moved), H2V_OK, "");
    h2v_partition_clear(&partition);
    free(vertices);
    return moved;
}

static void both_ways_walk_the_same(void)
{
    for (int i = 0; i < NUM_JOBS; i++) {
        h2v_graph *graph = NULL;
        CHECK_STATUS(graph_load(i % 2 ? threaded : world, jobs[i].name, &graph), H2V_OK,
                     "");
        check_same(graph, &jobs[i]);
        h2vi_moved moved = move_to_parts(graph);
        check_same(moved.graph, &jobs[i]);
        h2vi_moved_clear(&moved);
        h2v_graph_destroy(&graph);
    }
}

/* ---- the copy */

/* Slices are in gid order: slots are gids. */
static void check_rows(const h2v_graph *copy, const h2vi_csr *csr)
{
    CHECK_EQ(copy->num_owned, csr->num_vertices);
    CHECK_EQ(copy->num_arcs, csr->num_arcs);
    CHECK_EQ(copy->directed, csr->directed);
    CHECK_EQ(copy->weights != NULL, csr->weights != NULL);
    for (int64_t v = 0; v <= csr->num_vertices; v++)
        CHECK_EQ(copy->offsets[v], csr->offsets[v]);
    for (int64_t v = 0; v < csr->num_vertices; v++) CHECK_EQ(copy->gids[v], v);
    for (int64_t e = 0; e < csr->num_arcs; e++) CHECK_EQ(copy->targets[e], csr->targets[e]);
    if (csr->weights)
        CHECK(memcmp(copy->weights, csr->weights,
                     (size_t)csr->num_arcs * sizeof *csr->weights) == 0);
}

/* Offsets, gids and what was handed in of the vertices, targets and weights of the arcs. */
static void check_traffic(const h2v_graph *graph, h2v_traffic before, int64_t vertex_bytes)
{
    const int64_t arc_bytes = graph->weights ? 8 : 4;
    const int64_t own =
        graph->num_owned * vertex_bytes + graph->offsets[graph->num_owned] * arc_bytes;
    const int64_t all = graph->num_vertices * vertex_bytes + graph->num_arcs * arc_bytes;
    const h2v_traffic *now = graph->world->traffic;
    CHECK_EQ(now->bytes_sent - before.bytes_sent, own * (graph->world->num_ranks - 1));
    CHECK_EQ(now->bytes_received - before.bytes_received, all - own);
}

static void a_copy_has_all_rows(graph_name name)
{
    h2v_graph *graph = NULL;
    h2vi_whole_copy *copy = NULL;
    dense_graph dense = graph_make(name);
    CHECK_STATUS(graph_load(threaded, name, &graph), H2V_OK, "");
    uint32_t *keep = calloc((size_t)graph->num_owned + 1, sizeof *keep);
    for (int64_t v = 0; v < graph->num_owned; v++) keep[v] = 7 * graph->gids[v];
    const h2v_traffic before = *threaded->traffic;
    CHECK_STATUS(h2vi_whole_copy_make(graph, NULL, keep, &copy), H2V_OK, "");
    check_traffic(graph, before, 8 + 4 + 4);
    check_rows(&copy->graph, &dense.csr);
    CHECK(copy->context_slots == NULL);
    for (int64_t v = 0; v < graph->num_vertices; v++) CHECK_EQ(copy->keep[v], 7 * v);
    CHECK_EQ(copy->graph.world->num_ranks, 1);
    CHECK_EQ(copy->graph.world->num_threads, 2);
    h2vi_whole_copy_destroy(&copy);
    CHECK(copy == NULL);
    h2vi_whole_copy_destroy(&copy);
    free(keep);
    dense_clear(&dense);
    h2v_graph_destroy(&graph);
}

/* ---- which graphs */

static void small_graphs_are_held_whole(void)
{
    const h2vi_walked_graph small = {325557, 5477938, 2, false, false};
    h2vi_walked_graph other = small;
    CHECK_EQ(h2vi_whole_copy_bytes(&small), 325557 * 32 + 5477938 * 4);
    CHECK(h2vi_is_held_whole(&small));
    other.num_ranks = 1;
    CHECK(!h2vi_is_held_whole(&other));
    other = small;
    other.is_weighted = other.is_second_order = true;
    CHECK_EQ(h2vi_whole_copy_bytes(&other), 325557 * 64 + 5477938 * 20);
    CHECK(!h2vi_is_held_whole(&other));
    other = small;
    other.num_arcs *= 3;
    CHECK(!h2vi_is_held_whole(&other));

    h2vi_whole_copy_allow(h2vi_whole_copy_bytes(&small) - 1);
    CHECK(!h2vi_is_held_whole(&small));
    h2vi_whole_copy_allow(h2vi_whole_copy_bytes(&small));
    CHECK(h2vi_is_held_whole(&small));
    h2vi_whole_copy_allow(-1);
}

/* What is not held whole is opened as it is. */
static void large_graphs_are_not(void)
{
    h2v_graph *graph = NULL;
    h2vi_walk_engine engine;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM, &graph), H2V_OK, "");
    h2vi_whole_copy_allow(0);
    CHECK_STATUS(
        h2vi_walk_engine_open(graph, &(h2vi_walk_params){5, 1, 1, 1}, NULL, NULL, &engine),
        H2V_OK, "");
    h2vi_whole_copy_allow(-1);
    CHECK(engine.copy == NULL && engine.graph == graph && engine.shared == graph);
    h2vi_walk_engine_clear(&engine);
    h2v_graph_destroy(&graph);
}

/* ---- failures */

static h2v_status walk_with(const h2v_graph *graph, int64_t *visits)
{
    uint32_t *words = calloc((size_t)graph->num_owned + 1, sizeof *words);
    h2vi_walk_engine engine;
    gathered_walks walks = {0};
    h2v_status status = h2vi_walk_engine_open(graph, &(h2vi_walk_params){3, 2, 1, 99},
                                              words, words, &engine);
    if (status == H2V_OK) status = h2vi_walk_count_visits(&engine, 1, visits);
    if (status == H2V_OK) status = gather_walks(&engine, 0, 2, &walks);
    h2vi_walk_engine_clear(&engine);
    gathered_clear(&walks);
    free(words);
    return status;
}

static void a_rank_out_of_memory_fails_on_all(int bad)
{
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM_WEIGHTED, &graph), H2V_OK, "");
    int64_t *visits = calloc((size_t)graph->num_owned + 1, sizeof *visits);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 200; k++) {
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = walk_with(graph, visits);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    /* Of a copy alone eight. */
    CHECK(num_failures >= (world->num_ranks == 1 ? 20 : 36));
    CHECK_STATUS(walk_with(graph, visits), H2V_OK, "");
    free(visits);
    h2v_graph_destroy(&graph);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &threaded), H2V_OK);
    CHECK_STATUS(graph_enter_directory(world, "test_whole_copy"), H2V_OK, "");
    both_ways_walk_the_same();
    a_copy_has_all_rows(GRAPH_RANDOM_DIRECTED);
    a_copy_has_all_rows(GRAPH_RANDOM_WEIGHTED);
    a_copy_has_all_rows(GRAPH_ISOLATED);
    small_graphs_are_held_whole();
    large_graphs_are_not();
    if (h2vi_alloc_can_fail()) {
        a_rank_out_of_memory_fails_on_all(0);
        a_rank_out_of_memory_fails_on_all(world->num_ranks - 1);
    }
    h2v_world_destroy(&threaded);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
