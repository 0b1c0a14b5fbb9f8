/* SPDX-License-Identifier: MIT */

/* One step after the other; each is collective and leaves all ranks with one status. */
#include "job.h"

#include "agree.h"
#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "graph_rows.h"
#include "memory.h"
#include "noise_weights.h"
#include "phase_clock.h"
#include "plan.h"
#include "read_walks.h"
#include "starts.h"

#include <math.h>
#include <stdlib.h>

static h2v_status load(h2vi_job *job)
{
    const h2v_status status = h2v_graph_load(job->world, job->graph_path, &job->graph);
    if (status != H2V_OK) return status;
    if (job->graph->num_vertices < 2 || job->graph->num_arcs == 0)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' has %lld vertices and %lld arcs; an embedding needs at least "
                        "two vertices and one edge",
                        job->graph_path, (long long)job->graph->num_vertices,
                        (long long)job->graph->num_arcs);
    if (job->params.parts > job->graph->num_vertices)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--parts %d is more than the graph's %lld vertices",
                        job->params.parts, (long long)job->graph->num_vertices);
    if (h2vi_needs_fastrp(&job->params) && job->params.fastrp.sparsity == 0)
        job->params.fastrp.sparsity = sqrt((double)job->graph->num_vertices);
    if (job->params.groups > job->graph->num_vertices)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--groups %d is more than the graph's %lld vertices",
                        job->params.groups, (long long)job->graph->num_vertices);
    return H2V_OK;
}

h2v_status h2v_embed_count_visits(const h2v_graph *graph, const h2v_embed_params *params,
                                  int64_t *visits)
{
    const h2vi_walk_params walks = h2vi_walks_of(params);
    h2vi_walk_engine engine;
    h2v_status status = h2vi_walk_engine_open(graph, &walks, NULL, NULL, &engine);
    if (status == H2V_OK)
        status = h2vi_walk_count_visits(&engine, H2VI_TRIAL_WALKS, visits);
    h2vi_walk_engine_clear(&engine);
    return status;
}

int h2v_embed_choose_parts(const h2v_graph *graph, const h2v_embed_params *params,
                           const int64_t *visits)
{
    h2v_embed_params chosen = *params;
    if (chosen.groups == 0) chosen.groups = 1;
    h2vi_choose(graph, visits, &chosen);
    const int64_t most = graph->num_vertices - graph->num_vertices % chosen.groups;
    return chosen.parts < most ? chosen.parts : (int)most;
}

/* Walks of a file are what the parameters tell instead of how to walk. */
static h2v_status read_walks(h2vi_job *job)
{
    h2vi_given_walks *given = &job->given;
    const h2v_status status =
        h2vi_read_walks(job->graph, job->graph_path, job->walks_path, given);
    if (status != H2V_OK) return status;
    job->params.walk_length = given->longest;
    job->params.read.num_walks = given->total_walks;
    job->params.read.walks_digest = given->digest;
    return h2vi_given_walks_count(job->graph, given, job->visits);
}

static h2v_status count_visits(h2vi_job *job)
{
    job->visits = h2vi_alloc_n(job->graph->num_owned, sizeof *job->visits);
    const h2v_status status =
        h2v_agree(job->world, job->visits ? H2V_OK : h2vi_fail_memory("visits"));
    if (status != H2V_OK) return status;
    return job->walks_path ? read_walks(job)
                           : h2v_embed_count_visits(job->graph, &job->params, job->visits);
}

/* Parts that make a group for each rank, about as many as one group would have; if there
 * are too few vertices, as one group would have. */
static int parts_for_ranks(const h2vi_job *job)
{
    const int chosen = h2v_embed_choose_parts(job->graph, &job->params, job->visits);
    const int64_t num_ranks = job->num_ranks, num_vertices = job->graph->num_vertices;
    const int64_t up = (chosen + num_ranks - 1) / num_ranks * num_ranks;
    if (up <= num_vertices && up <= H2V_MAX_PARTS) return (int)up;
    return chosen < num_ranks ? chosen : (int)(chosen / num_ranks * num_ranks);
}

/* Collective. What was left open; parts that were given or loaded are known. */
static void choose(h2vi_job *job)
{
    h2v_embed_params *params = &job->params;
    if (params->groups == 0) {
        if (params->parts == 0) params->parts = parts_for_ranks(job);
        job->is_open = job->num_ranks > 1 && params->parts % job->num_ranks == 0;
        job->rotation = *params;
        job->rotation.groups = 1;
        h2vi_choose(job->graph, job->visits, &job->rotation);
        params->groups = job->is_open ? job->num_ranks : 1;
    }
    if (params->parts == 0)
        params->parts = h2v_embed_choose_parts(job->graph, params, job->visits);
    h2vi_choose(job->graph, job->visits, params);
}

static h2v_status load_parts(h2vi_job *job)
{
    h2v_embed_params *params = &job->params;
    const h2v_status status =
        h2v_partition_load(job->graph, job->partition_path, &job->partition);
    if (status != H2V_OK) return status;
    if (params->parts != 0 && params->parts != job->partition.num_parts)
        return h2v_fail(H2V_ERR_ARGUMENT, "--parts %d: '%s' has %d parts", params->parts,
                        job->partition_path, job->partition.num_parts);
    if (job->partition.num_parts > H2V_MAX_PARTS)
        return h2v_fail(H2V_ERR_ARGUMENT, "'%s' has %d parts; %d can be used",
                        job->partition_path, job->partition.num_parts, H2V_MAX_PARTS);
    params->parts = job->partition.num_parts;
    params->partitioner = H2V_PARTITIONER_FILE;
    if (params->groups > 0 && params->parts % params->groups != 0)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--groups %d does not divide the %d parts of '%s'", params->groups,
                        params->parts, job->partition_path);
    return H2V_OK;
}

/* What was chosen to cut is a parameter from then on. */
static h2v_status cut(h2vi_job *job)
{
    const h2v_status status =
        h2v_partition_create(job->graph, job->params.parts, job->params.partitioner,
                             job->params.seed, job->visits, &job->partition, &job->quality);
    if (status == H2V_OK)
        job->params.partitioner = job->rotation.partitioner = job->quality.partitioner;
    return status;
}

/* Read the cut that was given, choose what was left open, or cut. */
static h2v_status partition(h2vi_job *job)
{
    h2v_status status = job->partition_path ? load_parts(job) : H2V_OK;
    if (status != H2V_OK) return status;
    choose(job);
    status = h2vi_check_memory_early(job);
    if (status != H2V_OK) return status;
    if (job->partition_path)
        return h2v_partition_measure(job->graph, &job->partition, job->visits,
                                     &job->quality);
    return cut(job);
}

/* word2vec's chance to keep a token of share f: (sqrt(f / t) + 1) t / f, as a threshold for
 * a 32-bit word. */
static uint32_t keep_threshold(double share, double t)
{
    if (t <= 0 || share <= 0) return UINT32_MAX;
    const double chance = (sqrt(share / t) + 1) * t / share;
    return chance >= 1 ? UINT32_MAX : (uint32_t)(chance * 4294967295.0);
}

/* What the vertices have left behind. */
static void leave_slices(h2vi_job *job)
{
    h2v_graph_destroy(&job->graph);
    h2v_partition_clear(&job->partition);
    free(job->visits);
    job->visits = NULL;
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
    if (status == H2V_OK) leave_slices(job);

cleanup:
    free(vertices);
    free(context_slots);
    free(weights);
    return status;
}

/* ---- FastRP
 * ---------------------------------------------------------------------------------------
 */

/* What a vertex costs: its arcs, and its row. */
static h2v_status weigh_arcs(h2vi_job *job)
{
    const h2v_graph *graph = job->graph;
    job->visits = h2vi_alloc_n(graph->num_owned, sizeof *job->visits);
    const h2v_status status =
        h2v_agree(job->world, job->visits ? H2V_OK : h2vi_fail_memory("vertex weights"));
    for (int64_t v = 0; status == H2V_OK && v < graph->num_owned; v++)
        job->visits[v] = graph->offsets[v + 1] - graph->offsets[v] + 1;
    return status;
}

static h2v_status partition_arcs(h2vi_job *job)
{
    h2v_status status = weigh_arcs(job);
    if (status == H2V_OK && !job->partition_path) status = h2vi_check_memory_early(job);
    if (status == H2V_OK && !job->partition_path) return cut(job);
    if (status == H2V_OK) status = load_parts(job);
    return status == H2V_OK ? h2v_partition_measure(job->graph, &job->partition,
                                                    job->visits, &job->quality)
                            : status;
}

static h2v_status migrate_arcs(h2vi_job *job)
{
    h2vi_vertex *vertices = h2vi_alloc_n(job->graph->num_owned, sizeof *vertices);
    h2v_status status =
        h2v_agree(job->world, vertices ? H2V_OK : h2vi_fail_memory("vertices"));
    if (status == H2V_OK)
        status = h2vi_migrate(job->graph, &job->partition, vertices, &job->moved);
    free(vertices);
    if (status != H2V_OK) return status;
    free(job->moved.vertices);
    job->moved.vertices = NULL;
    leave_slices(job);
    return H2V_OK;
}

/* ---- all steps
 * ------------------------------------------------------------------------------------ */

typedef struct job_step {
    h2v_status (*run)(h2vi_job *);
    h2v_phase phase;
} job_step;

static h2v_status run_steps(h2vi_job *job, int num_steps, const job_step *steps)
{
    h2v_status status = H2V_OK;
    for (int i = 0; status == H2V_OK && i < num_steps; i++) {
        const h2vi_phase_clock clock =
            h2vi_phase_begin_counting(job->world, &job->report, steps[i].phase);
        status = steps[i].run(job);
        h2vi_phase_end(&clock);
    }
    return status;
}

static const job_step steps_of_training[] = {{load, H2V_PHASE_LOAD},
                                             {count_visits, H2V_PHASE_TRIAL},
                                             {partition, H2V_PHASE_PARTITION},
                                             {migrate, H2V_PHASE_MIGRATE}};
static const job_step steps_of_fastrp[] = {{load, H2V_PHASE_LOAD},
                                           {partition_arcs, H2V_PHASE_PARTITION},
                                           {migrate_arcs, H2V_PHASE_MIGRATE}};

/* Only if parts are asked for: cutting a graph takes longer than FastRP does. */
static bool has_parts(const h2vi_job *job)
{
    return job->params.parts > 0 || job->partition_path;
}

h2v_status h2vi_job_cut(h2vi_job *job)
{
    job->params.groups = 1;
    return run_steps(job, has_parts(job) ? 2 : 1, steps_of_fastrp);
}

h2v_status h2vi_job_prepare(h2vi_job *job)
{
    if (job->params.method != H2V_METHOD_FASTRP)
        return run_steps(job, 4, steps_of_training);
    const h2v_status status = h2vi_job_cut(job);
    return status == H2V_OK && has_parts(job) ? run_steps(job, 1, &steps_of_fastrp[2])
                                              : status;
}

h2v_status h2vi_job_take_rotation(h2vi_job *job)
{
    const h2vi_blocks before = job->blocks;
    const h2v_status status = h2vi_blocks_redeal(&job->blocks, job->rotation.parts);
    if (status != H2V_OK) return status;
    for (int64_t v = 0; v < job->moved.graph->num_owned; v++) {
        uint32_t *slot = &job->moved.vertices[v].context_slot;
        *slot = h2vi_blocks_translate(&before, &job->blocks, *slot);
    }
    job->params = job->rotation;
    job->is_open = false;
    return H2V_OK;
}

void h2vi_job_clear(h2vi_job *job)
{
    h2v_graph_destroy(&job->graph);
    free(job->visits);
    h2v_partition_clear(&job->partition);
    h2vi_given_walks_clear(&job->given);
    h2vi_blocks_clear(&job->blocks);
    h2vi_moved_clear(&job->moved);
}
