/* SPDX-License-Identifier: MIT */

/* Vertices move to the ranks of their parts: each arrives once, with what it carries and
 * its row as it was, slots in the order (part, gid). */
#include "alloc.h"
#include "check.h"
#include "fail.h"
#include "graphs.h"
#include "migrate.h"
#include "slot_map.h"

#include <stdlib.h>

static h2v_world *world;

static h2v_graph *load(graph_name name)
{
    h2v_graph *graph = NULL;
    CHECK_STATUS(graph_load(world, name, &graph), H2V_OK, "");
    return graph;
}

/* The part of a vertex, of num_parts; some parts stay empty. */
typedef int part_rule(int64_t gid, int num_parts);

static int scattered(int64_t gid, int num_parts)
{
    return (int)(gid * gid * 31 % 101 % num_parts);
}

static int backwards(int64_t gid, int num_parts)
{
    const int part = num_parts - 1 - (int)(gid / 3);
    return part > 0 ? part : 0;
}

static int all_in_the_middle(int64_t gid, int num_parts)
{
    (void)gid;
    return num_parts / 2;
}

typedef struct move {
    h2v_graph *graph; /* borrowed */
    h2v_partition partition;
    h2vi_vertex *vertices;
} move;

static void move_prepare(h2v_graph *graph, int num_parts, part_rule *part, move *job)
{
    const int64_t num_owned = graph->num_owned;
    *job = (move){.graph = graph, .partition = {.num_parts = num_parts}};
    job->partition.num_owned = num_owned;
    job->partition.parts = calloc((size_t)num_owned + 1, sizeof *job->partition.parts);
    job->vertices = calloc((size_t)num_owned + 1, sizeof *job->vertices);
    for (int64_t v = 0; v < num_owned; v++) {
        const uint32_t gid = job->graph->gids[v];
        job->partition.parts[v] = part(gid, num_parts);
        job->vertices[v] = (h2vi_vertex){.context_slot = 7 * gid + 1, .keep = ~gid};
    }
}

static void move_clear(move *job)
{
    h2v_partition_clear(&job->partition);
    free(job->vertices);
}

/* The gid at each slot, by sorting: parts in order, gids ascending. */
static uint32_t *expected_order(const graph_shape *shape, int num_parts, part_rule *part,
                                int64_t *part_first)
{
    uint32_t *gid_at = calloc((size_t)shape->num_vertices, sizeof *gid_at);
    int64_t slot = 0;
    for (int p = 0; p < num_parts; p++) {
        part_first[p] = slot;
        for (uint32_t gid = 0; gid < shape->num_vertices; gid++)
            if (part(gid, num_parts) == p) gid_at[slot++] = gid;
    }
    part_first[num_parts] = slot;
    return gid_at;
}

/* Row of one vertex: targets are slots, in ascending order of gids, with their weights. */
static void check_row(const h2vi_moved *moved, int64_t v, const dense_graph *dense,
                      const uint32_t *gid_at)
{
    const h2v_graph *graph = moved->graph;
    const h2vi_csr *csr = &dense->csr;
    const uint32_t gid = graph->gids[v];
    const int64_t degree = graph->offsets[v + 1] - graph->offsets[v];
    CHECK_EQ(degree, csr->offsets[gid + 1] - csr->offsets[gid]);
    CHECK_EQ(moved->vertices[v].num_arcs, degree);
    if (degree != csr->offsets[gid + 1] - csr->offsets[gid]) return;
    for (int64_t i = 0; i < degree; i++) {
        const h2v_slot target = graph->targets[graph->offsets[v] + i];
        CHECK_EQ(gid_at[target], csr->targets[csr->offsets[gid] + i]);
        if (csr->weights)
            CHECK(graph->weights[graph->offsets[v] + i] ==
                  csr->weights[csr->offsets[gid] + i]);
    }
}

static void check_moved(const h2vi_moved *moved, graph_name name, int num_parts,
                        part_rule *part)
{
    const graph_shape *shape = &graph_shapes[name];
    const h2v_graph *graph = moved->graph;
    dense_graph dense = graph_make(name);
    int64_t *part_first = calloc((size_t)num_parts + 1, sizeof *part_first);
    uint32_t *gid_at = expected_order(shape, num_parts, part, part_first);
    CHECK_EQ(moved->num_parts, num_parts);
    CHECK(memcmp(moved->part_first, part_first,
                 ((size_t)num_parts + 1) * sizeof *part_first) == 0);
    for (int r = 0; r <= world->num_ranks; r++)
        CHECK_EQ(graph->first[r],
                 part_first[h2v_partition_first_part(num_parts, world->num_ranks, r)]);
    CHECK_EQ(graph->num_vertices, shape->num_vertices);
    CHECK_EQ(graph->num_arcs, dense.csr.num_arcs);
    CHECK_EQ(graph->directed, shape->directed);
    CHECK_EQ(graph->weights != NULL, shape->weighted);
    CHECK_EQ(graph->num_owned, graph->first[world->rank + 1] - graph->first[world->rank]);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const h2vi_vertex *vertex = &moved->vertices[v];
        const int64_t slot = graph->first[world->rank] + v;
        CHECK_EQ(graph->gids[v], gid_at[slot]);
        CHECK_EQ(vertex->gid, gid_at[slot]);
        CHECK_EQ(vertex->slot, slot);
        CHECK_EQ(vertex->context_slot, 7 * vertex->gid + 1);
        CHECK_EQ(vertex->keep, ~vertex->gid);
        check_row(moved, v, &dense, gid_at);
    }
    free(part_first);
    free(gid_at);
    dense_clear(&dense);
}

static void every_vertex_arrives_with_its_row(void)
{
    part_rule *const rules[] = {scattered, backwards, all_in_the_middle};
    for (int name = 0; name < NUM_GRAPHS; name++) {
        h2v_graph *graph = load((graph_name)name);
        for (int i = 0; i < 9; i++) {
            const int num_parts = (const int[]){1, 3, 11}[i / 3];
            move job;
            h2vi_moved moved;
            move_prepare(graph, num_parts, rules[i % 3], &job);
            CHECK_STATUS(h2vi_migrate(job.graph, &job.partition, job.vertices, &moved),
                         H2V_OK, "");
            if (moved.graph) check_moved(&moved, (graph_name)name, num_parts, rules[i % 3]);
            h2vi_moved_clear(&moved);
            CHECK(moved.graph == NULL && moved.vertices == NULL);
            move_clear(&job);
        }
        h2v_graph_destroy(&graph);
    }
}

static void bytes_are_counted_once(void)
{
    move job;
    h2vi_moved moved;
    h2v_graph *graph = load(GRAPH_RANDOM_WEIGHTED);
    move_prepare(graph, 11, scattered, &job);
    CHECK_STATUS(h2vi_migrate(job.graph, &job.partition, job.vertices, &moved), H2V_OK, "");
    int64_t expected = 0;
    for (int64_t v = 0; v < job.graph->num_owned; v++) {
        const int64_t degree = job.graph->offsets[v + 1] - job.graph->offsets[v];
        const int part = job.partition.parts[v];
        const int64_t size = (int64_t)sizeof(h2vi_vertex) + 8 * degree;
        if (part < h2v_partition_first_part(11, world->num_ranks, world->rank) ||
            part >= h2v_partition_first_part(11, world->num_ranks, world->rank + 1))
            expected += size;
    }
    CHECK_EQ(moved.bytes_sent, expected);
    int64_t difference = moved.bytes_sent - moved.bytes_received;
    MPI_Allreduce(MPI_IN_PLACE, &difference, 1, MPI_INT64_T, MPI_SUM, world->comm);
    CHECK_EQ(difference, 0);
    h2vi_moved_clear(&moved);
    move_clear(&job);
    h2v_graph_destroy(&graph);
}

static void a_rank_out_of_memory_fails_on_all(int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_graph *graph = load(GRAPH_RANDOM_DIRECTED_WEIGHTED);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        move job;
        h2vi_moved moved;
        move_prepare(graph, 11, scattered, &job);
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = h2vi_migrate(job.graph, &job.partition, job.vertices, &moved);
        h2vi_alloc_fail_after(-1);
        CHECK_EQ(moved.graph != NULL, status == H2V_OK);
        if (status == H2V_OK)
            check_moved(&moved, GRAPH_RANDOM_DIRECTED_WEIGHTED, 11, scattered);
        else
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
        h2vi_moved_clear(&moved);
        move_clear(&job);
    }
    CHECK_EQ(status, H2V_OK);
    h2v_graph_destroy(&graph);
    CHECK(num_failures >= 24); /* 19 arrays and what three exchanges need */
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_STATUS(graph_enter_directory(world, "test_migrate"), H2V_OK, "");
    every_vertex_arrives_with_its_row();
    bytes_are_counted_once();
    a_rank_out_of_memory_fails_on_all(0);
    a_rank_out_of_memory_fails_on_all(world->num_ranks - 1);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
