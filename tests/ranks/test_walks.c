/* SPDX-License-Identifier: MIT */

/* The walks that all ranks make together are, bit for bit, those that one rank makes alone
 * with one thread: on slices and on any parts, by one thread and two, in both orders,
 * directed, weighted, subsampled. And they are walks: every step is an arc. */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "fail.h"
#include "gathered_walks.h"
#include "graphs.h"
#include "migrate.h"
#include "transitions.h"

#include <math.h>
#include <stdlib.h>

static h2v_world *alone, *world, *threaded; /* the last two: 1 and 2 threads */

typedef struct walk_job {
    graph_name name;
    double p, q;
    int walk_length, num_walks;
} walk_job;

static const walk_job jobs[] = {
    {GRAPH_RANDOM, 1, 1, 7, 9},
    {GRAPH_RANDOM, 0.25, 4, 7, 3},
    {GRAPH_RANDOM, 2, 0.5, 7, 9},
    {GRAPH_RANDOM_WEIGHTED, 1, 1, 7, 3},
    {GRAPH_RANDOM_WEIGHTED, 0.25, 4, 7, 3},
    {GRAPH_RANDOM_DIRECTED, 1, 1, 7, 3},
    {GRAPH_RANDOM_DIRECTED, 0.25, 4, 7, 3},
    {GRAPH_RANDOM_DIRECTED_WEIGHTED, 2, 0.5, 7, 3},
    {GRAPH_STAR, 0.25, 4, 9, 8},
    {GRAPH_CLIQUES, 0.5, 2, 16, 10},
    {GRAPH_RING, 1, 1, 18, 5},
    {GRAPH_PATH, 1e6, 1, 12, 5}, /* returns only at the ends, where it must */
    {GRAPH_CYCLE, 0.25, 4, 12, 5},
    {GRAPH_DEAD_END, 0.25, 4, 12, 5},
    {GRAPH_ISOLATED, 1, 1, 5, 5},
    {GRAPH_NO_EDGES, 0.25, 4, 5, 5},
    {GRAPH_EDGE, 1, 1, 2, 5},
    {GRAPH_RANDOM, 1, 1, 4, 2},
    {GRAPH_RANDOM_DIRECTED, 1, 1, 5, 2},
    {GRAPH_RANDOM, 1, 1, 2, 2},
    {GRAPH_RANDOM, 0.25, 4, 2, 2},
    {GRAPH_RANDOM, 1, 1, 1, 2},
};
enum { NUM_JOBS = sizeof jobs / sizeof *jobs };

/* What a visit of a vertex carries, and its chance to be kept: all, half, none, a tenth. */
static uint32_t context_of(uint32_t gid)
{
    return 3 * gid + 2;
}

static uint32_t keep_of(uint32_t gid)
{
    static const uint32_t keeps[] = {UINT32_MAX, 0x7fffffff, 0, 0x19999999};
    return keeps[gid % 4];
}

static void check_totals(const walk_job *job, const h2vi_walk_engine *engine,
                         const gathered_walks *walks)
{
    int64_t totals[3] = {engine->num_steps, engine->bytes_sent, engine->bytes_received};
    h2vi_sum(engine->shared->world, 3, totals);
    CHECK_EQ(totals[1], totals[2]);
    if (engine->shared->world->rank != 0) return;
    int64_t num_tokens = 0;
    const int64_t num_walks = job->num_walks * walks->num_vertices;
    for (int64_t i = 0; i < num_walks * job->walk_length; i++)
        num_tokens += walks->tokens[i].slot != H2V_NO_SLOT;
    CHECK_EQ(totals[0], num_tokens - num_walks); /* steps: all visits but the starts */
}

static gathered_walks walk_on(const h2v_graph *graph, const walk_job *job)
{
    const h2vi_walk_params params = {job->walk_length, job->p, job->q, 99};
    uint32_t *contexts = calloc((size_t)graph->num_owned + 1, sizeof *contexts);
    uint32_t *keep = calloc((size_t)graph->num_owned + 1, sizeof *keep);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        contexts[v] = context_of(graph->gids[v]);
        keep[v] = keep_of(graph->gids[v]);
    }
    gathered_walks walks = {0};
    h2vi_walk_engine engine;
    CHECK_STATUS(h2vi_walk_engine_init(graph, &params, contexts, keep, &engine), H2V_OK,
                 "");
    CHECK_STATUS(gather_walks(&engine, 0, job->num_walks, &walks), H2V_OK, "");
    check_totals(job, &engine, &walks);
    h2vi_walk_engine_clear(&engine);
    free(contexts);
    free(keep);
    return walks;
}

static gathered_walks walk_alone(const walk_job *job)
{
    h2v_graph *graph = NULL;
    gathered_walks walks = {0};
    if (world->rank != 0) return walks;
    CHECK_STATUS(graph_load(alone, job->name, &graph), H2V_OK, "");
    if (graph) walks = walk_on(graph, job);
    h2v_graph_destroy(&graph);
    return walks;
}

static void check_same(const walk_job *job, const gathered_walks *expected,
                       const h2v_graph *graph)
{
    gathered_walks found = walk_on(graph, job);
    if (world->rank == 0 && expected->tokens && found.tokens)
        CHECK(memcmp(expected->tokens, found.tokens, gathered_bytes(&found)) == 0);
    CHECK_EQ(found.tokens != NULL, world->rank == 0);
    gathered_clear(&found);
}

/* The same graph elsewhere: every third vertex in a part, or all in one that is not the
 * first rank's, or METIS's parts. */
static h2vi_moved move_to_parts(const h2v_graph *graph, int variant)
{
    const int num_parts = (const int[]){7, 3, 4}[variant];
    const int64_t num_owned = graph->num_owned;
    h2v_partition partition = {.num_parts = num_parts, .num_owned = num_owned};
    h2v_partition_quality quality;
    h2vi_moved moved = {0};
    h2vi_vertex *vertices = calloc((size_t)num_owned + 1, sizeof *vertices);
    int64_t *work = calloc((size_t)num_owned + 1, sizeof *work);
    for (int64_t v = 0; v < num_owned; v++) work[v] = 1;
    if (variant == 2 && graph->num_vertices >= num_parts) {
        CHECK_STATUS(h2v_partition_create(graph, num_parts, H2V_PARTITIONER_METIS, 1, work,
                                          &partition, &quality),
                     H2V_OK, "");
    } else {
        partition.parts = calloc((size_t)num_owned + 1, sizeof *partition.parts);
        for (int64_t v = 0; v < num_owned; v++)
            partition.parts[v] =
                variant == 1 ? 2 : (int32_t)(graph->gids[v] * 5 % (uint32_t)num_parts);
    }
    CHECK_STATUS(h2vi_migrate(graph, &partition, vertices, &moved), H2V_OK, "");
    h2v_partition_clear(&partition);
    free(vertices);
    free(work);
    return moved;
}

/* One walk: it starts where it should, follows arcs, and ends only where there is none. */
static bool is_walk(const h2vi_csr *csr, const h2vi_token *walk, int walk_length,
                    uint32_t start)
{
    if (walk[0].slot != start) return false;
    int length = 1;
    while (length < walk_length && walk[length].slot != H2V_NO_SLOT) {
        if (!h2vi_csr_has_arc(csr, walk[length - 1].slot, walk[length].slot)) return false;
        length++;
    }
    for (int i = length; i < walk_length; i++)
        if (walk[i].slot != H2V_NO_SLOT || walk[i].context_slot != H2V_NO_SLOT)
            return false;
    const uint32_t last = walk[length - 1].slot;
    return length == walk_length || csr->offsets[last + 1] == csr->offsets[last];
}

static void check_walks(const walk_job *job, const gathered_walks *walks)
{
    dense_graph dense = graph_make(job->name);
    int64_t num_wrong = 0;
    for (int64_t w = 0; walks->tokens && w < job->num_walks; w++)
        for (uint32_t gid = 0; gid < walks->num_vertices; gid++)
            num_wrong +=
                !is_walk(&dense.csr, gathered_walk(walks, w, gid), job->walk_length, gid);
    CHECK_EQ(num_wrong, 0);
    dense_clear(&dense);
}

static void walks_depend_on_nothing_but_the_graph(void)
{
    for (int j = 0; j < NUM_JOBS; j++) {
        const h2v_world *worlds[] = {world, threaded};
        gathered_walks expected = walk_alone(&jobs[j]);
        CHECK_EQ(expected.tokens != NULL, world->rank == 0);
        check_walks(&jobs[j], &expected);
        for (int i = 0; i < 2; i++) {
            h2v_graph *graph = NULL;
            CHECK_STATUS(graph_load(worlds[i], jobs[j].name, &graph), H2V_OK, "");
            check_same(&jobs[j], &expected, graph);
            for (int variant = 0; variant < (i == 0 ? 3 : 1); variant++) {
                h2vi_moved moved = move_to_parts(graph, variant);
                check_same(&jobs[j], &expected, moved.graph);
                h2vi_moved_clear(&moved);
            }
            h2v_graph_destroy(&graph);
        }
        gathered_clear(&expected);
    }
}

/* Subsampling drops contexts by the vertex's threshold, and nothing else changes. */
static void subsampling_keeps_the_right_share(void)
{
    gathered_walks walks = walk_alone(&jobs[0]);
    int64_t num_visits[4] = {0}, num_kept[4] = {0}, num_wrong = 0;
    const int64_t num_tokens = walks.num_walks * walks.num_vertices * walks.walk_length;
    for (int64_t i = 0; walks.tokens && i < num_tokens; i++) {
        const h2vi_token token = walks.tokens[i];
        if (token.slot == H2V_NO_SLOT) continue;
        num_visits[token.slot % 4]++;
        if (token.context_slot == H2V_NO_SLOT) continue;
        num_kept[token.slot % 4]++;
        num_wrong += token.context_slot != context_of(token.slot);
    }
    CHECK_EQ(num_wrong, 0);
    for (int i = 0; walks.tokens && i < 4; i++) {
        const double n = (double)num_visits[i];
        const double chance = ((double)keep_of((uint32_t)i) + 1) * 0x1p-32;
        const double sigma = sqrt(n * chance * (1 - chance));
        CHECK(n > 1000);
        CHECK(fabs((double)num_kept[i] - n * chance) <= 4.9 * sigma + 1); /* 1 in 10^6 */
    }
    gathered_clear(&walks);
}

/* Trial visits: as on one rank, and as many as there are starts and steps. */
static int64_t count_visits(const h2v_world *where, int64_t *visits)
{
    h2v_graph *graph = NULL;
    h2vi_walk_engine engine;
    CHECK_STATUS(graph_load(where, GRAPH_RANDOM_DIRECTED, &graph), H2V_OK, "");
    CHECK_STATUS(h2vi_walk_engine_init(graph, &(h2vi_walk_params){10, 0.25, 4, 5}, NULL,
                                       NULL, &engine),
                 H2V_OK, "");
    int64_t *mine = calloc((size_t)graph->num_owned + 1, sizeof *mine);
    CHECK_STATUS(h2vi_walk_count_visits(&engine, 3, mine), H2V_OK, "");
    memset(visits, 0, 500 * sizeof *visits);
    for (int64_t v = 0; v < graph->num_owned; v++) visits[graph->gids[v]] = mine[v];
    h2vi_sum(where, 500, visits);
    int64_t num_steps = engine.num_steps;
    h2vi_sum(where, 1, &num_steps);
    free(mine);
    h2vi_walk_engine_clear(&engine);
    h2v_graph_destroy(&graph);
    return num_steps;
}

static void trial_walks_count_every_visit(void)
{
    int64_t expected[500] = {0}, found[500], steps_alone = 0, total = 0;
    if (world->rank == 0) steps_alone = count_visits(alone, expected);
    h2vi_share(world, sizeof expected, expected);
    h2vi_share(world, sizeof steps_alone, &steps_alone);
    CHECK_EQ(count_visits(threaded, found), steps_alone);
    for (int gid = 0; gid < 500; gid++) {
        CHECK_EQ(found[gid], expected[gid]);
        total += found[gid];
    }
    CHECK_EQ(total, steps_alone + 3 * 500);
}

/* The closed form, walked across ranks: neighbors of the cliques' bridge are elsewhere. */
static bool is_of_butterfly(uint32_t u, uint32_t v)
{
    static const uint32_t ends[][2] = {{0, 1}, {0, 2}, {1, 2}, {2, 3}, {3, 4},
                                       {3, 5}, {4, 5}, {1, 6}, {5, 6}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (u == ends[i][0] && v == ends[i][1]) return true;
    return false;
}

/* Every rank holds the whole graph and owns a slice of it. */
static h2v_graph slice_of(const h2vi_csr *csr, int64_t *first, uint32_t *gids,
                          int64_t *offsets)
{
    for (int r = 0; r <= world->num_ranks; r++)
        first[r] = csr->num_vertices * r / world->num_ranks;
    const int64_t begin = first[world->rank], end = first[world->rank + 1];
    const int64_t first_arc = csr->offsets[begin];
    for (int64_t v = begin; v < end; v++) gids[v - begin] = (uint32_t)v;
    for (int64_t v = begin; v <= end; v++) offsets[v - begin] = csr->offsets[v] - first_arc;
    return (h2v_graph){.world = world,
                       .num_vertices = csr->num_vertices,
                       .num_arcs = csr->num_arcs,
                       .directed = csr->directed,
                       .first = first,
                       .num_owned = end - begin,
                       .offsets = offsets,
                       .targets = csr->targets + first_arc,
                       .weights = csr->weights ? csr->weights + first_arc : NULL,
                       .gids = gids};
}

static void walks_across_ranks_fit_the_closed_form(bool is_directed, bool is_weighted)
{
    const double biases[][2] = {{1, 1}, {0.25, 4}, {4, 0.25}};
    dense_graph dense = dense_make(7, is_directed, is_weighted, is_of_butterfly);
    int64_t first[64], offsets[8];
    uint32_t gids[7];
    const h2v_graph graph = slice_of(&dense.csr, first, gids, offsets);
    for (int i = 0; i < 3; i++) {
        const h2vi_walk_params params = {12, biases[i][0], biases[i][1], 31};
        h2vi_walk_engine engine;
        gathered_walks walks;
        CHECK_STATUS(h2vi_walk_engine_init(&graph, &params, NULL, NULL, &engine), H2V_OK,
                     "");
        CHECK_STATUS(gather_walks(&engine, 0, 400, &walks), H2V_OK, "");
        CHECK_EQ(engine.bytes_sent > 0, world->num_ranks > 1);
        if (walks.tokens) {
            const transition_fit fit =
                fit_transitions(&dense.csr, params.p, params.q, &walks);
            CHECK_EQ(fit.num_strange, 0);
            CHECK_EQ(fit.num_thin, 0);
            CHECK(fit.num_degrees > 4);
            CHECK(fabs(fit.sigmas) < 4.75); /* one seed in 10^6 fails */
        }
        gathered_clear(&walks);
        h2vi_walk_engine_clear(&engine);
    }
    dense_clear(&dense);
}

/* All that can fail, on walks that are short but so many that lists of leavers grow. */
static h2v_status walk_with(const h2v_graph *graph, int64_t *visits)
{
    h2vi_walk_engine engine;
    gathered_walks walks = {0};
    h2v_status status = h2v_agree(
        graph->world, h2vi_walk_engine_init(graph, &(h2vi_walk_params){3, 2, 1, 99}, NULL,
                                            NULL, &engine));
    if (status == H2V_OK) status = h2vi_walk_count_visits(&engine, 1, visits);
    if (status == H2V_OK) status = gather_walks(&engine, 0, 12, &walks);
    h2vi_walk_engine_clear(&engine);
    gathered_clear(&walks);
    return status;
}

static void a_rank_out_of_memory_fails_on_all(int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM_WEIGHTED, &graph), H2V_OK, "");
    int64_t *visits = calloc((size_t)graph->num_owned + 1, sizeof *visits);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 300; k++) {
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = walk_with(graph, visits);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    CHECK(num_failures >= (world->num_ranks == 1 ? 20 : 30));
    CHECK_STATUS(walk_with(graph, visits), H2V_OK, "");
    free(visits);
    h2v_graph_destroy(&graph);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &alone), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &threaded), H2V_OK);
    CHECK_STATUS(graph_enter_directory(world, "test_walks"), H2V_OK, "");
    walks_depend_on_nothing_but_the_graph();
    subsampling_keeps_the_right_share();
    trial_walks_count_every_visit();
    for (int kind = 0; kind < 4; kind++)
        walks_across_ranks_fit_the_closed_form(kind & 1, kind & 2);
    a_rank_out_of_memory_fails_on_all(0);
    a_rank_out_of_memory_fails_on_all(world->num_ranks - 1);
    h2v_world_destroy(&threaded);
    h2v_world_destroy(&world);
    h2v_world_destroy(&alone);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
