/* SPDX-License-Identifier: MIT */

/* See embed_jobs.h. What cannot be made ends the test at once. */
#include "embed_jobs.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

static void must(h2v_status status)
{
    if (status == H2V_OK) return;
    (void)fprintf(stderr, "embed_jobs: %s\n", h2v_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static int is_joined(int64_t u, int64_t v, int64_t n)
{
    const int64_t apart = (u - v + n) % n;
    const int is_near = apart == 1 || apart == 2 || apart == 5 || apart == n - 1 ||
                        apart == n - 2 || apart == n - 5;
    const int is_spoke = u != v && (u == 0 || v == 0) && (u + v) % 3 == 0;
    return is_near || is_spoke;
}

/* Candidates of a row, so that large rings are quick: all for vertex 0, else the near ones
 * and 0. */
static int64_t fill_row(int64_t u, int64_t n, h2v_slot *row)
{
    int64_t degree = 0;
    for (int64_t v = 0; v < n; v++) {
        if (is_joined(u, v, n)) row[degree++] = (h2v_slot)v;
        if (u > 5 && u + 5 < n && v == 0) v = u - 6;
        if (u > 5 && u + 5 < n && v == u + 5) break;
    }
    return degree;
}

h2v_graph *job_graph(const h2v_world *world, int64_t num_vertices)
{
    h2v_graph like = {.world = world, .num_vertices = num_vertices};
    h2v_graph *graph = NULL;
    must(h2vi_graph_new_like(&like, &graph));
    for (int r = 0; r <= world->num_ranks; r++)
        graph->first[r] = num_vertices * r / world->num_ranks;
    const int64_t first = graph->first[world->rank];
    graph->num_owned = graph->first[world->rank + 1] - first;
    graph->offsets = h2vi_alloc_n(graph->num_owned + 1, sizeof *graph->offsets);
    graph->targets = h2vi_alloc_n(7 * graph->num_owned + num_vertices, sizeof(h2v_slot));
    graph->gids = h2vi_alloc_n(graph->num_owned, sizeof *graph->gids);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        h2v_slot *row = graph->targets + graph->offsets[v];
        graph->offsets[v + 1] = graph->offsets[v] + fill_row(first + v, num_vertices, row);
        graph->gids[v] = (uint32_t)(first + v);
    }
    MPI_Allreduce(&graph->offsets[graph->num_owned], &graph->num_arcs, 1, MPI_INT64_T,
                  MPI_SUM, world->comm);
    return graph;
}

int64_t job_visits(int64_t gid)
{
    return 1 + 5000 / (1 + (gid * 7919 + 13) % 997);
}

int32_t job_part(int64_t gid, int num_parts)
{
    return (int32_t)(gid % (2 * num_parts - 1) / 2);
}

void job_init(MPI_Comm comm, int num_threads, int64_t num_vertices, int num_parts,
              test_job *job)
{
    job_init_groups(comm, num_threads, num_vertices, num_parts, 1, job);
}

void job_init_groups(MPI_Comm comm, int num_threads, int64_t num_vertices, int num_parts,
                     int num_groups, test_job *job)
{
    must(h2v_world_create(comm, num_threads, &job->world));
    job_init_graph(job_graph(job->world, num_vertices), num_parts, num_groups, job);
}

void job_init_graph(h2v_graph *graph, int num_parts, int num_groups, test_job *job)
{
    const int64_t num_owned = graph->num_owned;
    int64_t *visits = h2vi_alloc_n(num_owned, sizeof *visits);
    uint32_t *context_slots = h2vi_alloc_n(num_owned, sizeof *context_slots);
    h2vi_vertex *vertices = h2vi_alloc_n(num_owned, sizeof *vertices);
    h2v_partition partition = {.num_parts = num_parts,
                               .num_owned = num_owned,
                               .parts = h2vi_alloc_n(num_owned, sizeof *partition.parts)};
    for (int64_t v = 0; v < num_owned; v++) {
        visits[v] = job_visits(graph->gids[v]);
        partition.parts[v] = job_part(graph->gids[v], num_parts);
    }
    must(h2vi_blocks_create(graph, visits, num_parts / num_groups, 5, &job->blocks,
                            context_slots));
    for (int64_t v = 0; v < num_owned; v++)
        vertices[v] = (h2vi_vertex){.context_slot = context_slots[v], .keep = UINT32_MAX};
    must(h2vi_migrate(graph, &partition, vertices, &job->moved));
    h2v_partition_clear(&partition);
    free(visits);
    free(context_slots);
    free(vertices);
    h2v_graph_destroy(&graph);
}

void job_clear(test_job *job)
{
    h2vi_blocks_clear(&job->blocks);
    h2vi_moved_clear(&job->moved);
    h2v_world_destroy(&job->world);
}
