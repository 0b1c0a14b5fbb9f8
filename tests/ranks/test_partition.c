/* SPDX-License-Identifier: MIT */

/* Parts are those that one rank alone would make, their measures those of brute force;
 * saved parts come back, and only for the graph they were made for. */
#include "alloc.h"
#include "check.h"
#include "fail.h"
#include "gather.h"
#include "graphs.h"
#include "halo2vec/partition.h"
#include "patch_hdf5.h"
#include "random.h"
#include "slot_map.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_VERTICES = 500 };

static const char PATH[] = "parts.h5";
static h2v_world *world, *alone;

/* Work expected at a vertex. */
typedef int64_t work_rule(int64_t gid);

static int64_t even(int64_t gid)
{
    (void)gid;
    return 1;
}

static int64_t uneven(int64_t gid)
{
    return gid % 7 * (gid % 11) * 10;
}

/* One vertex, the hub of GRAPH_STAR, has as much as all others. */
static int64_t of_a_hub(int64_t gid)
{
    return gid == 100 ? 1990 : 10;
}

static int64_t *make_weights(const h2v_graph *graph, work_rule *work)
{
    int64_t *weights = calloc((size_t)graph->num_owned + 1, sizeof *weights);
    for (int64_t v = 0; v < graph->num_owned; v++) weights[v] = work(graph->gids[v]);
    return weights;
}

/* The parts of all vertices, on every rank. */
typedef struct outcome {
    h2v_status status;
    int32_t parts[MAX_VERTICES];
    h2v_partition_quality quality;
} outcome;

typedef struct cut_job {
    graph_name name;
    int num_parts;
    h2v_partitioner partitioner;
    uint64_t seed;
    work_rule *work;
} cut_job;

static outcome cut(const h2v_graph *graph, const cut_job *job)
{
    outcome result = {.status = H2V_OK};
    h2v_partition partition = {0};
    uint32_t *parts = NULL;
    int64_t *weights = make_weights(graph, job->work);
    result.status = h2v_partition_create(graph, job->num_parts, job->partitioner, job->seed,
                                         weights, &partition, &result.quality);
    if (result.status == H2V_OK) {
        CHECK_EQ(partition.num_parts, job->num_parts);
        CHECK_EQ(partition.num_owned, graph->num_owned);
        CHECK_STATUS(h2vi_slot_map_create(graph, (const uint32_t *)partition.parts, &parts),
                     H2V_OK, "");
        memcpy(result.parts, parts, (size_t)graph->num_vertices * sizeof *result.parts);
    }
    free(parts);
    free(weights);
    h2v_partition_clear(&partition);
    CHECK(partition.parts == NULL);
    return result;
}

/* The same from the file. */
static outcome cut_on(const h2v_world *where, const cut_job *job)
{
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(where, job->name, &graph), H2V_OK, "");
    const outcome result = graph ? cut(graph, job) : (outcome){.status = H2V_ERR_IO};
    h2v_graph_destroy(&graph);
    return result;
}

static double largest_over_mean(const int64_t *sums, int num_parts)
{
    int64_t largest = 0, total = 0;
    for (int p = 0; p < num_parts; p++) {
        total += sums[p];
        if (sums[p] > largest) largest = sums[p];
    }
    return total > 0 ? (double)largest / ((double)total / num_parts) : 1;
}

/* Measure by hand, over pairs of vertices. */
static void check_quality(const cut_job *job, const outcome *result)
{
    const graph_name name = job->name;
    const int num_parts = job->num_parts;
    const graph_shape *shape = &graph_shapes[name];
    dense_graph dense = graph_make(name);
    int64_t cut = 0, num_edges = 0;
    int64_t vertices[MAX_VERTICES] = {0}, arcs[MAX_VERTICES] = {0},
            work[MAX_VERTICES] = {0};
    for (uint32_t u = 0; u < shape->num_vertices; u++) {
        const int32_t part = result->parts[u];
        CHECK(part >= 0 && part < num_parts);
        if (part < 0 || part >= num_parts) continue;
        vertices[part]++;
        work[part] += job->work(u);
        for (uint32_t v = 0; v < shape->num_vertices; v++) {
            if (!dense_has(&dense.csr, shape->rule, u, v)) continue;
            arcs[part]++;
            if (!shape->directed && v < u) continue;
            num_edges++;
            cut += result->parts[v] != part;
        }
    }
    CHECK_EQ(result->quality.edge_cut, cut);
    CHECK_EQ(result->quality.num_edges, num_edges);
    CHECK(fabs(result->quality.vertex_balance - largest_over_mean(vertices, num_parts)) <
          1e-9);
    CHECK(fabs(result->quality.arc_balance - largest_over_mean(arcs, num_parts)) < 1e-9);
    CHECK(fabs(result->quality.weight_balance - largest_over_mean(work, num_parts)) < 1e-9);
    dense_clear(&dense);
}

static void check_all_cuts(graph_name name, const h2v_graph *graph,
                           const h2v_graph *graph_alone)
{
    const int num_vertices = (int)graph_shapes[name].num_vertices;
    const int choices[] = {1, 2, 5, num_vertices};
    const h2v_partitioner partitioners[] = {H2V_PARTITIONER_AUTO, H2V_PARTITIONER_METIS,
                                            H2V_PARTITIONER_FENNEL, H2V_PARTITIONER_HASH};
    for (int i = 0; i < 16; i++) {
        const cut_job job = {name, choices[i % 4], partitioners[i / 4], 7, uneven};
        if (job.num_parts > num_vertices) continue;
        outcome expected = {.status = H2V_OK};
        if (graph_alone) expected = cut(graph_alone, &job);
        MPI_Bcast(&expected, sizeof expected, MPI_BYTE, 0, world->comm);
        const outcome found = cut(graph, &job);
        CHECK_EQ(expected.status, H2V_OK);
        CHECK_STATUS(found.status, H2V_OK, "");
        CHECK(memcmp(expected.parts, found.parts, sizeof found.parts) == 0);
        check_quality(&job, &found);
        if (job.partitioner != H2V_PARTITIONER_AUTO)
            CHECK_EQ(found.quality.partitioner, job.partitioner);
        if (job.num_parts == 1) CHECK_EQ(found.quality.edge_cut, 0);
    }
}

/* What rank 0 makes alone, all ranks make together. */
static void parts_do_not_depend_on_ranks(void)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        h2v_graph *graph = NULL, *graph_alone = NULL;
        CHECK_STATUS(graph_load(world, (graph_name)name, &graph), H2V_OK, "");
        if (world->rank == 0)
            CHECK_STATUS(graph_load(alone, (graph_name)name, &graph_alone), H2V_OK, "");
        check_all_cuts((graph_name)name, graph, graph_alone);
        h2v_graph_destroy(&graph);
        h2v_graph_destroy(&graph_alone);
    }
}

static void work_is_balanced_and_little_is_cut(h2v_partitioner partitioner)
{
    for (int name = GRAPH_RANDOM; name <= GRAPH_RANDOM_DIRECTED_WEIGHTED; name++) {
        const cut_job by_it = {(graph_name)name, 5, partitioner, 7, uneven};
        const cut_job by_hash = {(graph_name)name, 5, H2V_PARTITIONER_HASH, 7, uneven};
        const outcome made = cut_on(world, &by_it), hash = cut_on(world, &by_hash);
        const bool is_gathered = partitioner == H2V_PARTITIONER_METIS && world->rank == 0;
        CHECK(made.quality.weight_balance < 1.06);
        CHECK(made.quality.edge_cut < hash.quality.edge_cut * 19 / 20);
        CHECK_EQ(made.quality.gathered_bytes > 0, is_gathered);
        CHECK_EQ(hash.quality.gathered_bytes, 0);
    }
}

static void metis_finds_the_bridge(void)
{
    const cut_job cliques = {GRAPH_CLIQUES, 2, H2V_PARTITIONER_METIS, 7, even};
    CHECK_EQ(cut_on(world, &cliques).quality.edge_cut, 1);
}

/* A hub heavier than a part has one almost for itself; the others share the rest evenly. */
static void a_heavy_vertex_leaves_no_part_empty(h2v_partitioner partitioner)
{
    const cut_job job = {GRAPH_STAR, 20, partitioner, 7, of_a_hub};
    const outcome found = cut_on(world, &job);
    int counts[20] = {0};
    for (int v = 0; v < 200; v++) counts[found.parts[v]]++;
    for (int p = 0; p < 20; p++) {
        if (p == found.parts[100])
            CHECK(counts[p] <= 3);
        else
            CHECK(counts[p] >= 9 && counts[p] <= 13);
    }
}

/* 500 vertices in 5 parts: 100 in each, give or take 5 deviations of 9. */
static void hash_spreads_evenly_by_the_seed(void)
{
    const cut_job jobs[] = {{GRAPH_RANDOM, 5, H2V_PARTITIONER_HASH, 1, uneven},
                            {GRAPH_RANDOM, 5, H2V_PARTITIONER_HASH, 2, uneven},
                            {GRAPH_STAR, 5, H2V_PARTITIONER_HASH, 1, uneven}};
    const outcome first = cut_on(world, &jobs[0]);
    const outcome other = cut_on(world, &jobs[1]);
    const outcome again = cut_on(world, &jobs[2]);
    int counts[5] = {0}, num_same = 0;
    for (int v = 0; v < 500; v++) {
        counts[first.parts[v]]++;
        num_same += first.parts[v] == other.parts[v];
    }
    for (int p = 0; p < 5; p++) CHECK(counts[p] > 55 && counts[p] < 145);
    CHECK(num_same > 55 && num_same < 145); /* independent: one in five */
    CHECK(memcmp(first.parts, again.parts, 200 * sizeof *first.parts) == 0);
}

static void impossible_numbers_of_parts_are_refused(void)
{
    const int wrong[] = {0, -1, 13, 1000};
    for (int i = 0; i < 4; i++) {
        const cut_job job = {GRAPH_RING, wrong[i], H2V_PARTITIONER_METIS, 7, uneven};
        CHECK_STATUS(cut_on(world, &job).status, H2V_ERR_ARGUMENT,
                     "the graph has 12 vertices");
    }
    const cut_job job = {GRAPH_RING, 2, H2V_PARTITIONER_FILE, 7, uneven};
    CHECK_STATUS(cut_on(world, &job).status, H2V_ERR_ARGUMENT, "loaded, not made");
}

/* Rank 0 sees the whole graph symmetric, without loops, weights of both ways added. */
static void the_whole_graph_is_symmetric(void)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        const graph_shape *shape = &graph_shapes[name];
        dense_graph dense = graph_make((graph_name)name);
        h2v_graph *graph = NULL;
        h2vi_whole_graph whole = {0};
        CHECK_STATUS(graph_load(world, (graph_name)name, &graph), H2V_OK, "");
        int64_t *weights = make_weights(graph, uneven);
        CHECK_STATUS(h2vi_gather_whole(graph, weights, &whole), H2V_OK, "");
        int64_t at = 0;
        for (uint32_t u = 0; world->rank == 0 && u < shape->num_vertices; u++) {
            CHECK_EQ(whole.offsets[u], at);
            CHECK_EQ(whole.vertex_weights[u], uneven(u));
            for (uint32_t v = 0; v < shape->num_vertices; v++) {
                const bool there = dense_has(&dense.csr, shape->rule, u, v);
                const bool back = dense_has(&dense.csr, shape->rule, v, u);
                if (u == v || (!there && !back)) continue;
                const int num_ways = shape->directed ? there + back : 1;
                CHECK_EQ(whole.targets[at], v);
                if (shape->weighted)
                    CHECK(whole.weights[at] == dense_weight(u, v) * (float)num_ways);
                at++;
            }
        }
        if (world->rank == 0) CHECK_EQ(whole.offsets[shape->num_vertices], at);
        if (world->rank != 0) CHECK(whole.offsets == NULL && whole.targets == NULL);
        h2vi_whole_graph_clear(&whole);
        free(weights);
        h2v_graph_destroy(&graph);
        dense_clear(&dense);
    }
}

/* Vertex gid is of part gid^2 mod 5: no partitioner made this. */
static h2v_partition make_partition(const h2v_graph *graph)
{
    h2v_partition partition = {.num_parts = 5, .num_owned = graph->num_owned};
    partition.parts = calloc((size_t)graph->num_owned + 1, sizeof *partition.parts);
    for (int64_t v = 0; v < graph->num_owned; v++)
        partition.parts[v] = (int32_t)(graph->gids[v] * graph->gids[v] % 5);
    return partition;
}

static void saved_parts_come_back(const h2v_graph *graph)
{
    h2v_partition partition = make_partition(graph), loaded;
    CHECK_STATUS(h2v_partition_save(graph, &partition, true, PATH), H2V_OK, "");
    CHECK_STATUS(h2v_partition_load(graph, PATH, &loaded), H2V_OK, "");
    CHECK_EQ(loaded.num_parts, 5);
    CHECK_EQ(loaded.num_owned, graph->num_owned);
    for (int64_t v = 0; v < loaded.num_owned; v++)
        CHECK_EQ(loaded.parts[v], partition.parts[v]);
    h2v_partition_clear(&loaded);

    CHECK_STATUS(h2v_partition_save(graph, &partition, false, PATH), H2V_ERR_EXISTS,
                 "Output 'parts.h5' exists");
    CHECK_STATUS(h2v_partition_save(graph, &partition, true, "no/such/parts.h5"),
                 H2V_ERR_IO, "Cannot create 'no/such/parts.h5'");
    CHECK_STATUS(h2v_partition_load(graph, PATH, &loaded), H2V_OK, ""); /* still there */
    h2v_partition_clear(&loaded);
    h2v_partition_clear(&partition);
}

static void expect_refusal(const h2v_graph *graph, const char *path, h2v_status expected,
                           const char *fragment)
{
    h2v_partition loaded;
    CHECK_STATUS(h2v_partition_load(graph, path, &loaded), expected, fragment);
    CHECK(loaded.parts == NULL);
}

static void parts_of_others_are_refused(const h2v_graph *graph)
{
    h2v_graph *other = NULL;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM_WEIGHTED, &other), H2V_OK, "");
    expect_refusal(other, PATH, H2V_ERR_DATA, "is the partition of another graph");
    CHECK_STATUS(graph_write(world, GRAPH_RANDOM, "written.h5"), H2V_OK, "");
    expect_refusal(graph, "written.h5", H2V_ERR_DATA,
                   "is a halo2vec-graph file, not a halo2vec-partition file");
    expect_refusal(graph, "missing.h5", H2V_ERR_IO, "Cannot open 'missing.h5'");

    if (world->rank == 0) /* the last vertex: only the last rank reads it */
        CHECK_STATUS(patch_integer(PATH, "parts", 499, 5), H2V_OK, "");
    MPI_Barrier(world->comm);
    expect_refusal(graph, PATH, H2V_ERR_DATA, "part 5 is not in 0..4");
    h2v_graph_destroy(&other);
}

static void files_keep_parts(void)
{
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM, &graph), H2V_OK, "");
    saved_parts_come_back(graph);
    parts_of_others_are_refused(graph);
    h2v_graph_destroy(&graph);
}

enum { MANY_VERTICES = 1 << 14, MANY_DEGREE = 65 }; /* more arcs than are METIS's at once */
typedef uint32_t target_rule(uint32_t vertex, uint32_t i);

static uint32_t next_ones(uint32_t vertex, uint32_t i)
{
    return (vertex + 1 + i) % MANY_VERTICES;
}

static uint32_t any_ones(uint32_t vertex, uint32_t i)
{
    return h2vi_random(5, H2VI_FOR_WALK, 0, i, vertex, 0).w[0] % MANY_VERTICES;
}

/* What AUTO takes for the graph of a rule. Rows are not sorted, which cutting needs not. */
static h2v_partitioner chosen_for(const h2v_world *where, target_rule *rule)
{
    h2v_graph graph = {.world = where,
                       .num_vertices = MANY_VERTICES,
                       .num_arcs = (int64_t)MANY_VERTICES * MANY_DEGREE,
                       .directed = true};
    graph.first = calloc((size_t)where->num_ranks + 1, sizeof *graph.first);
    for (int r = 0; r <= where->num_ranks; r++)
        graph.first[r] = MANY_VERTICES * r / where->num_ranks;
    const int64_t first = graph.first[where->rank];
    graph.num_owned = graph.first[where->rank + 1] - first;
    graph.offsets = calloc((size_t)graph.num_owned + 1, sizeof *graph.offsets);
    graph.gids = calloc((size_t)graph.num_owned, sizeof *graph.gids);
    graph.targets = calloc((size_t)graph.num_owned * MANY_DEGREE, sizeof *graph.targets);
    for (int64_t v = 0; v < graph.num_owned; v++) {
        graph.gids[v] = (uint32_t)(first + v);
        graph.offsets[v + 1] = (v + 1) * MANY_DEGREE;
        for (uint32_t i = 0; i < MANY_DEGREE; i++)
            graph.targets[v * MANY_DEGREE + i] = rule(graph.gids[v], i);
    }
    int64_t *weights = make_weights(&graph, even);
    h2v_partition partition = {0};
    h2v_partition_quality quality = {0};
    CHECK_STATUS(h2v_partition_create(&graph, 4, H2V_PARTITIONER_AUTO, 7, weights,
                                      &partition, &quality),
                 H2V_OK, "");
    h2v_partition_clear(&partition);
    free(weights);
    free(graph.first);
    free(graph.offsets);
    free(graph.gids);
    free(graph.targets);
    return quality.partitioner;
}

static void large_graphs_without_communities_are_not_for_metis(void)
{
    CHECK_EQ(chosen_for(world, any_ones), H2V_PARTITIONER_FENNEL);
    CHECK_EQ(chosen_for(world, next_ones), H2V_PARTITIONER_METIS);
}

/* Every collective function of this layer, in one go. */
static h2v_status run_all(const h2v_graph *graph, const int64_t *weights)
{
    h2v_partition partition = {0}, loaded = {0};
    h2v_partition_quality quality;
    h2v_status status = h2v_partition_create(graph, 5, H2V_PARTITIONER_FENNEL, 7, weights,
                                             &partition, &quality);
    h2v_partition_clear(&partition);
    if (status == H2V_OK)
        status = h2v_partition_create(graph, 5, H2V_PARTITIONER_METIS, 7, weights,
                                      &partition, &quality);
    if (status == H2V_OK) status = h2v_partition_save(graph, &partition, true, PATH);
    if (status == H2V_OK) status = h2v_partition_load(graph, PATH, &loaded);
    if (status == H2V_OK) status = h2v_partition_measure(graph, &loaded, weights, &quality);
    h2v_partition_clear(&partition);
    h2v_partition_clear(&loaded);
    return status;
}

static void a_rank_out_of_memory_fails_on_all(int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(world, GRAPH_RANDOM_DIRECTED_WEIGHTED, &graph), H2V_OK, "");
    int64_t *weights = make_weights(graph, uneven);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 200; k++) {
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = run_all(graph, weights);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    CHECK(num_failures > (bad == 0 ? 30 : 20));
    CHECK_STATUS(run_all(graph, weights), H2V_OK, "");
    free(weights);
    h2v_graph_destroy(&graph);
}

static void ranks_host_consecutive_parts(void)
{
    for (int num_parts = 1; num_parts < 20; num_parts++) {
        for (int num_ranks = 1; num_ranks < 8; num_ranks++) {
            CHECK_EQ(h2v_partition_first_part(num_parts, num_ranks, 0), 0);
            CHECK_EQ(h2v_partition_first_part(num_parts, num_ranks, num_ranks), num_parts);
            for (int r = 0; r < num_ranks; r++) {
                const int count = h2v_partition_first_part(num_parts, num_ranks, r + 1) -
                                  h2v_partition_first_part(num_parts, num_ranks, r);
                CHECK(count == num_parts / num_ranks || count == num_parts / num_ranks + 1);
            }
        }
    }
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &alone), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_STATUS(graph_enter_directory(world, "test_partition"), H2V_OK, "");
    if (world->rank == 0) (void)unlink(PATH);
    parts_do_not_depend_on_ranks();
    metis_finds_the_bridge();
    for (int i = 0; i < 2; i++) {
        const h2v_partitioner partitioner =
            i == 0 ? H2V_PARTITIONER_METIS : H2V_PARTITIONER_FENNEL;
        work_is_balanced_and_little_is_cut(partitioner);
        a_heavy_vertex_leaves_no_part_empty(partitioner);
    }
    large_graphs_without_communities_are_not_for_metis();
    hash_spreads_evenly_by_the_seed();
    impossible_numbers_of_parts_are_refused();
    the_whole_graph_is_symmetric();
    files_keep_parts();
    a_rank_out_of_memory_fails_on_all(0);
    a_rank_out_of_memory_fails_on_all(world->num_ranks - 1);
    ranks_host_consecutive_parts();
    h2v_world_destroy(&world);
    h2v_world_destroy(&alone);
    const int exit_code = check_report();
    MPI_Finalize();
    return exit_code;
}
