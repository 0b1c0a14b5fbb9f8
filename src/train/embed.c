/* SPDX-License-Identifier: MIT */

/* The road from graph.h5 to embedding.h5, one step after the other; each step is collective
 * and leaves all ranks with one status. */
#include "halo2vec/embed.h"

#include "agree.h"
#include "alloc.h"
#include "blocks.h"
#include "clock.h"
#include "collect.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "migrate.h"
#include "model.h"
#include "noise_weights.h"
#include "output.h"
#include "params_json.h"
#include "phase_clock.h"
#include "plan.h"
#include "sgns.h"
#include "shared_output.h"
#include "trace.h"
#include "train.h"
#include "walk_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What the steps hand on. */
typedef struct h2vi_job {
    const h2v_world *world;
    const h2v_embed_files *files;
    h2v_embed_params params;
    double start;
    h2vi_output output, trace_output; /* begun by rank 0 */
    h2v_graph *graph;                 /* slices, until the vertices have moved */
    int64_t *visits;
    h2v_partition partition;
    h2v_partition_quality quality;
    h2vi_blocks blocks;
    h2vi_moved moved;
    h2vi_model model;
    h2v_rank_report report; /* of this rank */
    h2vi_trace trace;
} h2vi_job;

const char *h2v_phase_name(h2v_phase phase)
{
    static const char *const names[H2V_NUM_PHASES] = {
        "load",  "trial", "partition", "migrate", "walk",
        "route", "pull",  "train",     "push",    "write"};
    return names[phase];
}

/* Local, rank 0: try for what is to be written. */
static h2v_status begin_outputs(h2vi_job *job)
{
    const h2v_embed_files *files = job->files;
    const h2vi_overwrite overwrite =
        files->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING;
    h2v_status status = h2vi_output_begin(files->output, overwrite, &job->output);
    if (status != H2V_OK || !files->trace) return status;
    if (strcmp(files->trace, files->output) == 0)
        return h2v_fail(H2V_ERR_ARGUMENT, "'%s' is named for the embedding and the trace",
                        files->output);
    return h2vi_output_begin(files->trace, overwrite, &job->trace_output);
}

static h2v_status load(h2vi_job *job)
{
    h2v_status status =
        h2v_agree(job->world, job->world->rank == 0 ? begin_outputs(job) : H2V_OK);
    if (status == H2V_OK) status = h2vi_share_output(job->world, &job->output);
    if (status == H2V_OK) status = h2vi_share_output(job->world, &job->trace_output);
    if (status == H2V_OK)
        status = h2v_graph_load(job->world, job->files->graph, &job->graph);
    if (status != H2V_OK) return status;
    if (job->graph->num_vertices < 2 || job->graph->num_arcs == 0)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' has %lld vertices and %lld arcs; an embedding needs at least "
                        "two vertices and one edge",
                        job->files->graph, (long long)job->graph->num_vertices,
                        (long long)job->graph->num_arcs);
    if (job->params.parts > job->graph->num_vertices)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--parts %d is more than the graph's %lld vertices",
                        job->params.parts, (long long)job->graph->num_vertices);
    if (job->params.groups > job->graph->num_vertices)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--groups %d is more than the graph's %lld vertices",
                        job->params.groups, (long long)job->graph->num_vertices);
    return H2V_OK;
}

h2v_status h2v_embed_count_visits(const h2v_graph *graph, const h2v_embed_params *params,
                                  int64_t *visits)
{
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    const h2vi_walk_params walks = {.walk_length = params->walk_length,
                                    .p = is_node2vec ? params->p : 1,
                                    .q = is_node2vec ? params->q : 1,
                                    .seed = params->seed};
    h2vi_walk_engine engine;
    h2v_status status =
        h2v_agree(graph->world, h2vi_walk_engine_init(graph, &walks, NULL, NULL, &engine));
    if (status == H2V_OK)
        status = h2vi_walk_count_visits(&engine, H2VI_TRIAL_WALKS, visits);
    h2vi_walk_engine_clear(&engine);
    return status;
}

int h2v_embed_choose_parts(const h2v_graph *graph, const h2v_embed_params *params,
                           const int64_t *visits)
{
    h2v_embed_params chosen = *params;
    h2vi_choose(graph, visits, &chosen);
    const int64_t most = graph->num_vertices - graph->num_vertices % params->groups;
    return chosen.parts < most ? chosen.parts : (int)most;
}

static h2v_status count_visits(h2vi_job *job)
{
    job->visits = h2vi_alloc_n(job->graph->num_owned, sizeof *job->visits);
    const h2v_status status =
        h2v_agree(job->world, job->visits ? H2V_OK : h2vi_fail_memory("visits"));
    return status == H2V_OK ? h2v_embed_count_visits(job->graph, &job->params, job->visits)
                            : status;
}

/* Choose what was left open, then cut, or read the cut that was given. */
static h2v_status partition(h2vi_job *job)
{
    h2v_embed_params *params = &job->params;
    if (job->files->partition) {
        h2v_status status =
            h2v_partition_load(job->graph, job->files->partition, &job->partition);
        if (status != H2V_OK) return status;
        if (params->parts != 0 && params->parts != job->partition.num_parts)
            return h2v_fail(H2V_ERR_ARGUMENT, "--parts %d: '%s' has %d parts",
                            params->parts, job->files->partition, job->partition.num_parts);
        if (job->partition.num_parts > H2V_MAX_PARTS)
            return h2v_fail(H2V_ERR_ARGUMENT, "'%s' has %d parts; %d can be used",
                            job->files->partition, job->partition.num_parts, H2V_MAX_PARTS);
        params->parts = job->partition.num_parts;
        if (params->parts % params->groups != 0)
            return h2v_fail(H2V_ERR_ARGUMENT,
                            "--groups %d does not divide the %d parts of '%s'",
                            params->groups, params->parts, job->files->partition);
        h2vi_choose(job->graph, job->visits, params);
        return h2v_partition_measure(job->graph, &job->partition, job->visits,
                                     &job->quality);
    }
    params->parts = h2v_embed_choose_parts(job->graph, params, job->visits);
    h2vi_choose(job->graph, job->visits, params);
    return h2v_partition_create(job->graph, params->parts, params->partitioner,
                                params->seed, job->visits, &job->partition, &job->quality);
}

/* word2vec's chance to keep a token of share f: (sqrt(f / t) + 1) t / f, as a threshold for
 * a 32-bit word. */
static uint32_t keep_threshold(double share, double t)
{
    if (t <= 0 || share <= 0) return UINT32_MAX;
    const double chance = (sqrt(share / t) + 1) * t / share;
    return chance >= 1 ? UINT32_MAX : (uint32_t)(chance * 4294967295.0);
}

static h2v_status migrate(h2vi_job *job)
{
    const h2v_graph *graph = job->graph;
    const int64_t num_owned = graph->num_owned;
    h2vi_vertex *vertices = h2vi_alloc_n(num_owned, sizeof *vertices);
    uint32_t *context_slots = h2vi_alloc_n(num_owned, sizeof *context_slots);
    int64_t *weights = h2vi_alloc_n(num_owned, sizeof *weights);
    h2v_status status = h2v_agree(job->world, vertices && context_slots && weights
                                                  ? H2V_OK
                                                  : h2vi_fail_memory("vertices"));
    if (status == H2V_OK)
        status = h2vi_noise_weights(graph, &job->params, job->visits, weights);
    if (status == H2V_OK)
        status = h2vi_blocks_create(graph, weights, job->params.parts / job->params.groups,
                                    job->params.seed, &job->blocks, context_slots);
    if (status != H2V_OK) goto cleanup;

    int64_t total = 0;
    for (int64_t v = 0; v < num_owned; v++) total += job->visits[v];
    h2vi_sum(job->world, 1, &total);
    for (int64_t v = 0; v < num_owned; v++)
        vertices[v] =
            (h2vi_vertex){.context_slot = context_slots[v],
                          .keep = keep_threshold((double)job->visits[v] / (double)total,
                                                 job->params.subsample)};
    status = h2vi_migrate(graph, &job->partition, vertices, &job->moved);
    if (status != H2V_OK) goto cleanup;
    job->report.bytes_sent[H2V_PHASE_MIGRATE] = job->moved.bytes_sent;
    job->report.bytes_received[H2V_PHASE_MIGRATE] = job->moved.bytes_received;
    h2v_graph_destroy(&job->graph);
    h2v_partition_clear(&job->partition);
    free(job->visits);
    job->visits = NULL;

cleanup:
    free(vertices);
    free(context_slots);
    free(weights);
    return status;
}

/* Local, rank 0: everything but the rows. */
static h2v_status create_file(const h2vi_job *job)
{
    h2vi_ids ids = {0};
    char *parameters = NULL;
    h2v_status status = h2vi_graph_read_ids(job->files->graph, &ids);
    if (status == H2V_OK) status = h2v_embed_params_json(&job->params, &parameters);
    if (status == H2V_OK) {
        const h2vi_embedding_header header = {
            .num_vertices = job->moved.graph->num_vertices,
            .dim = job->params.dim,
            .directed = job->moved.graph->directed,
            .has_contexts = job->files->with_contexts,
            .digest = job->moved.graph->digest,
            .seed = job->params.seed,
            .parts = job->params.parts,
            .groups = job->params.groups,
            .method = h2vi_method_name(job->params.method),
            .parameters = parameters};
        status = h2vi_embedding_create(job->output.temporary, &header, &ids);
    }
    free(parameters);
    h2vi_ids_clear(&ids);
    return status;
}

/* Before training: what cannot be written, or read for it, fails while nothing is lost. */
static h2v_status create(h2vi_job *job)
{
    const h2v_status status = job->world->rank == 0 ? create_file(job) : H2V_OK;
    return h2vi_agree_patiently(job->world, status, "rank 0 to write the ids");
}

static h2v_status write(h2vi_job *job)
{
    h2vi_embedding_writer *writer = NULL;
    h2v_status status = h2vi_embedding_open(job->world, job->output.temporary, &writer);
    if (status == H2V_OK) {
        status = h2vi_model_write(&job->model, &job->moved, &job->blocks,
                                  job->files->with_contexts, writer);
        const h2v_status closed = h2vi_embedding_close(&writer);
        if (status == H2V_OK) status = closed;
    }
    if (status != H2V_OK) return status;
    if (job->world->rank == 0) status = h2vi_output_commit(&job->output);
    return h2vi_agree_patiently(job->world, status,
                                "rank 0 to flush the output to the disk");
}

static h2v_status train(h2vi_job *job, h2v_progress_callback *callback, void *context)
{
    h2v_status status =
        h2v_agree(job->world, h2vi_model_init(&job->moved, &job->blocks, job->params.dim,
                                              job->params.seed, &job->model));
    if (status == H2V_OK && job->files->trace)
        status =
            h2v_agree(job->world, h2vi_trace_init(job->world, &job->params, &job->trace));
    if (status != H2V_OK) return status;
    const h2vi_training training = {.params = &job->params,
                                    .moved = &job->moved,
                                    .blocks = &job->blocks,
                                    .model = &job->model,
                                    .callback = job->world->rank == 0 ? callback : NULL,
                                    .context = context,
                                    .start = job->start,
                                    .report = &job->report,
                                    .trace = job->files->trace ? &job->trace : NULL};
    status = h2vi_train(&training);
    return status == H2V_OK
               ? h2v_agree(job->world, h2vi_model_check(&job->model, &job->moved))
               : status;
}

/* Collective. The embedding is there already, and stays. */
static h2v_status write_trace(h2vi_job *job)
{
    h2v_status status = h2vi_trace_write(&job->trace, job->trace_output.temporary);
    if (status == H2V_OK && job->world->rank == 0)
        status = h2vi_output_commit(&job->trace_output);
    return h2vi_agree_patiently(job->world, status,
                                "rank 0 to flush the trace to the disk");
}

/* Collective; cannot fail, since the output is there already. */
static void make_report(h2vi_job *job, h2v_embed_report *report)
{
    const h2v_world *world = job->world;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    job->report.peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    job->report.num_owned = job->moved.graph->num_owned;
    job->report.num_arcs = job->moved.graph->offsets[job->moved.graph->num_owned];
    job->report.row_bytes = h2vi_model_bytes(&job->model, &job->moved);
    report->params = job->params;
    report->num_vertices = job->moved.graph->num_vertices;
    report->num_arcs = job->moved.graph->num_arcs;
    report->num_ranks = world->num_ranks;
    report->num_threads = world->num_threads;
    (void)h2vi_fastest_cell_kernel(&report->kernel);
    report->partition = job->quality;
    h2vi_gather_all(world, sizeof job->report, &job->report, report->ranks);
    report->seconds = h2vi_wall_seconds() - job->start;
}

static void job_clear(h2vi_job *job)
{
    h2vi_output_discard(&job->output);
    h2vi_output_discard(&job->trace_output);
    h2v_graph_destroy(&job->graph);
    free(job->visits);
    h2v_partition_clear(&job->partition);
    h2vi_blocks_clear(&job->blocks);
    h2vi_moved_clear(&job->moved);
    h2vi_model_clear(&job->model);
    h2vi_trace_clear(&job->trace);
}

h2v_status h2v_embed(const h2v_world *world, const h2v_embed_params *params,
                     const h2v_embed_files *files, h2v_progress_callback *callback,
                     void *context, h2v_embed_report *report)
{
    *report = (h2v_embed_report){0};
    h2v_status status = h2vi_check_params(params);
    if (status != H2V_OK) return status; /* the same on all ranks */
    h2vi_job job = {.world = world, .files = files, .params = *params};
    job.start = h2vi_wall_seconds();
    report->ranks = h2vi_alloc_n(world->num_ranks, sizeof *report->ranks);
    status = h2v_agree(world, report->ranks ? H2V_OK : h2vi_fail_memory("the report"));

    typedef h2v_status step(h2vi_job *);
    static const struct {
        step *run;
        h2v_phase phase;
    } steps[] = {{load, H2V_PHASE_LOAD},
                 {count_visits, H2V_PHASE_TRIAL},
                 {partition, H2V_PHASE_PARTITION},
                 {migrate, H2V_PHASE_MIGRATE},
                 {create, H2V_PHASE_WRITE}};
    for (size_t i = 0; status == H2V_OK && i < sizeof steps / sizeof *steps; i++) {
        const h2vi_phase_clock clock = h2vi_phase_begin(&job.report, steps[i].phase);
        status = steps[i].run(&job);
        h2vi_phase_end(&clock);
    }
    if (status == H2V_OK) status = train(&job, callback, context);
    if (status == H2V_OK) {
        const h2vi_phase_clock clock = h2vi_phase_begin(&job.report, H2V_PHASE_WRITE);
        status = write(&job);
        h2vi_phase_end(&clock);
    }
    if (status == H2V_OK && files->trace) status = write_trace(&job);
    if (status == H2V_OK)
        make_report(&job, report);
    else
        h2v_embed_report_clear(report);
    job_clear(&job);
    return status;
}

void h2v_embed_report_clear(h2v_embed_report *report)
{
    free(report->ranks);
    *report = (h2v_embed_report){0};
}
