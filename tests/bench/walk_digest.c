/* SPDX-License-Identifier: MIT */

/* walk_digest GRAPH.h5 [--method deepwalk|node2vec] [--p X] [--q X] [--walks N]
 *             [--walk-length N] [--seed N] [--parts N] [--threads N]
 *
 * Load, cut and move a graph as embedding does, walk, and print a digest of all walks in
 * (walk, start) order: one line that must be the same for any number of ranks, threads and
 * parts. --parts 0 walks on the slices as loaded. Also prints how fast the walks were. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "gathered_walks.h"
#include "halo2vec/embed.h"
#include "hash.h"
#include "migrate.h"

typedef struct digest_job {
    const char *path;
    h2v_embed_params params;
    int num_threads;
} digest_job;

static h2v_status parse_number(const char *name, const char *text, digest_job *job)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value < 1e9))
        return h2v_fail(H2V_ERR_ARGUMENT, "%s %s: not a number from 0 to 1e9", name, text);
    h2v_embed_params *params = &job->params;
    if (strcmp(name, "--p") == 0)
        params->p = value;
    else if (strcmp(name, "--q") == 0)
        params->q = value;
    else if (strcmp(name, "--walks") == 0)
        params->walks = (int)value;
    else if (strcmp(name, "--walk-length") == 0)
        params->walk_length = (int)value;
    else if (strcmp(name, "--seed") == 0)
        params->seed = (uint64_t)value;
    else if (strcmp(name, "--parts") == 0)
        params->parts = (int)value;
    else if (strcmp(name, "--threads") == 0)
        job->num_threads = (int)value;
    else
        return h2v_fail(H2V_ERR_ARGUMENT, "%s: no such option", name);
    return H2V_OK;
}

static h2v_status parse(int argc, char **argv, digest_job *job)
{
    *job = (digest_job){.params = h2v_embed_params_default(), .num_threads = 1};
    job->params.parts = 8;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            job->path = argv[i];
            continue;
        }
        if (i + 1 == argc) return h2v_fail(H2V_ERR_ARGUMENT, "%s: no value", argv[i]);
        const char *name = argv[i], *value = argv[++i];
        if (strcmp(name, "--method") == 0) {
            const bool is_node2vec = strcmp(value, "node2vec") == 0;
            if (!is_node2vec && strcmp(value, "deepwalk") != 0)
                return h2v_fail(H2V_ERR_ARGUMENT, "--method %s: none such", value);
            job->params.method = is_node2vec ? H2V_METHOD_NODE2VEC : H2V_METHOD_DEEPWALK;
            continue;
        }
        const h2v_status status = parse_number(name, value, job);
        if (status != H2V_OK) return status;
    }
    if (!job->path) return h2v_fail(H2V_ERR_ARGUMENT, "No graph file is named");
    if (job->params.walk_length < 1 || job->params.walk_length > H2V_MAX_WALK_LENGTH)
        return h2v_fail(H2V_ERR_ARGUMENT, "--walk-length: 1 to %d", H2V_MAX_WALK_LENGTH);
    if (job->params.method == H2V_METHOD_DEEPWALK) job->params.p = job->params.q = 1;
    return H2V_OK;
}

/* Collective. The graph on its parts' ranks, as the main job moves it. */
static h2v_status move(const h2v_graph *graph, const h2v_embed_params *params,
                       h2vi_moved *moved)
{
    h2v_partition partition = {0};
    h2v_partition_quality quality;
    h2vi_vertex *vertices = h2vi_alloc_n(graph->num_owned, sizeof *vertices);
    int64_t *visits = h2vi_alloc_n(graph->num_owned, sizeof *visits);
    h2v_status status =
        h2v_agree(graph->world, vertices && visits ? H2V_OK : h2vi_fail_memory("vertices"));
    if (status == H2V_OK) status = h2v_embed_count_visits(graph, params, visits);
    if (status == H2V_OK)
        status = h2v_partition_create(graph, params->parts, params->partitioner,
                                      params->seed, visits, &partition, &quality);
    if (status == H2V_OK) status = h2vi_migrate(graph, &partition, vertices, moved);
    h2v_partition_clear(&partition);
    free(vertices);
    free(visits);
    return status;
}

/* Collective. Walk by walk, so that rank 0 holds one walk of every vertex at a time. */
static h2v_status walk(const h2v_graph *graph, const h2v_embed_params *params)
{
    const h2vi_walk_params walk_params = {params->walk_length, params->p, params->q,
                                          params->seed};
    h2vi_walk_engine engine;
    h2v_digest *digests = h2vi_alloc_n(params->walks, sizeof *digests);
    double seconds = 0, cpu_seconds = 0;
    h2v_status status = h2vi_walk_engine_init(graph, &walk_params, NULL, NULL, &engine);
    if (!digests) status = h2vi_fail_memory("digests");
    status = h2v_agree(graph->world, status);
    for (int w = 0; status == H2V_OK && w < params->walks; w++) {
        gathered_walks walks;
        status = gather_walks(&engine, (uint32_t)w, 1, &walks);
        seconds += walks.seconds;
        cpu_seconds += walks.cpu_seconds;
        if (status == H2V_OK && walks.tokens) digests[w] = gathered_digest(&walks);
        gathered_clear(&walks);
    }
    int64_t totals[2] = {engine.num_steps, (int64_t)(1e6 * cpu_seconds)};
    if (status == H2V_OK) h2vi_sum(graph->world, 2, totals);
    if (status == H2V_OK && graph->world->rank == 0) {
        const h2v_digest all =
            h2vi_hash128(digests, (size_t)params->walks * sizeof *digests);
        (void)printf("digest: %016" PRIx64 "%016" PRIx64 "\n", all.high, all.low);
        (void)printf("steps: %" PRId64 "\nseconds: %.3f\ncpu seconds: %.3f\n", totals[0],
                     seconds, 1e-6 * (double)totals[1]);
        (void)printf("million steps per cpu second: %.2f\n",
                     (double)totals[0] / (double)totals[1]);
    }
    h2vi_walk_engine_clear(&engine);
    free(digests);
    return status;
}

static h2v_status run(const h2v_world *world, const digest_job *job)
{
    h2v_graph *graph = NULL;
    h2vi_moved moved = {0};
    h2v_status status = h2v_graph_load(world, job->path, &graph);
    if (status == H2V_OK && job->params.parts > 0) {
        status = move(graph, &job->params, &moved);
        h2v_graph_destroy(&graph);
    }
    if (status == H2V_OK) status = walk(graph ? graph : moved.graph, &job->params);
    h2vi_moved_clear(&moved);
    h2v_graph_destroy(&graph);
    return status;
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    digest_job job;
    h2v_world *world = NULL;
    h2v_status status = parse(argc, argv, &job);
    if (status == H2V_OK)
        status = h2v_world_create(MPI_COMM_WORLD, job.num_threads, &world);
    if (status == H2V_OK) status = run(world, &job);
    if (status != H2V_OK && (!world || world->rank == 0))
        (void)fprintf(stderr, "walk_digest: %s\n", h2v_error_message());
    h2v_world_destroy(&world);
    MPI_Finalize();
    return status == H2V_OK ? 0 : 1;
}
