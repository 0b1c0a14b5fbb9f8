/* SPDX-License-Identifier: MIT */

/* The road of embedding as far as the first round's pairs, which are counted. */
#include "halo2vec/estimate.h"

#include "agree.h"
#include "alloc.h"
#include "costs.h"
#include "fail.h"
#include "fastrp_estimate.h"
#include "graph_bytes.h"
#include "job_estimate.h"
#include "memory.h"
#include "plan.h"
#include "round_counts.h"
#include "starts.h"

#include <stdio.h>
#include <stdlib.h>

/* Local. From the numbers that came out, whoever chose parts and rounds, and how. */
static void explain(const h2vi_job *job, h2v_setting_estimate *setting)
{
    const h2v_embed_params *params = &setting->params;
    const double n = (double)job->moved.graph->num_vertices;
    const int num_blocks = params->parts / params->groups;
    double pairs = 0; /* a vertex has in the whole training */
    for (int r = 0; r < job->num_ranks; r++)
        pairs += (double)setting->ranks[r].num_pairs * params->epochs / n;
    (void)snprintf(setting->why_parts, sizeof setting->why_parts,
                   "%.0f vertices, %.0f a part (%d wanted); %.1f pairs per center and cell "
                   "(%d wanted, %d at least, then to the nearest 4 parts)",
                   n, n / params->parts, H2VI_ROWS_PER_PART,
                   pairs / params->rounds / num_blocks, H2VI_PAIRS_WANTED,
                   H2VI_PAIRS_PER_CENTER);
    (void)snprintf(setting->why_rounds, sizeof setting->why_rounds,
                   "%.0f pairs a vertex, %.0f in a round (%d at most); quality needs %d "
                   "rounds, %d are enough",
                   pairs, pairs / params->rounds, H2VI_PAIRS_PER_VERTEX,
                   setting->rounds_needed, H2VI_ENOUGH_ROUNDS);
}

/* Local. */
static void fill_setting(const h2vi_job *job, const h2vi_rank_counts *counts,
                         const h2v_embed_params *params, h2v_setting_estimate *setting)
{
    const int num_ranks = job->num_ranks;
    const h2vi_walk_params walks = h2vi_walks_of(params);
    const h2vi_costing costing = {.measured = &job->params,
                                  .params = params,
                                  .counts = counts,
                                  .shape = h2vi_shape_of(job->moved.graph, num_ranks),
                                  .num_threads = job->world->num_threads};
    setting->params = *params;
    setting->rounds_needed = h2vi_rounds_for_groups(params->groups);
    h2vi_cost_ranks(&costing, setting->ranks);
    for (int r = 0; r < num_ranks; r++)
        setting->ranks[r].graph_bytes =
            h2vi_graph_bytes(job->moved.graph, num_ranks, &walks,
                             setting->ranks[r].num_owned, setting->ranks[r].num_arcs);
    explain(job, setting);
    if (job->memory > 0 && job->is_estimate)
        h2vi_refuse_training(&costing, job->memory, false, setting->refusal);
}

h2v_status h2vi_job_estimate(const h2vi_job *job, h2v_estimate *estimate)
{
    const int num_ranks = job->num_ranks;
    *estimate = (h2v_estimate){.num_ranks = num_ranks,
                               .num_threads = job->world->num_threads,
                               .num_vertices = job->moved.graph->num_vertices,
                               .num_arcs = job->moved.graph->num_arcs,
                               .partition = job->quality};
    h2vi_rank_counts *counts = h2vi_alloc_n(num_ranks, sizeof *counts);
    bool has_memory = counts != NULL;
    for (int s = 0; s < H2V_NUM_SETTINGS; s++) {
        estimate->settings[s].ranks =
            h2vi_alloc_n(num_ranks, sizeof *estimate->settings[s].ranks);
        has_memory = has_memory && estimate->settings[s].ranks;
    }
    h2v_status status =
        h2v_agree(job->world, has_memory ? H2V_OK : h2vi_fail_memory("an estimate"));
    if (status == H2V_OK) status = h2vi_count_round(job, num_ranks, counts);
    if (status == H2V_OK) {
        h2v_setting_estimate *settings = estimate->settings;
        fill_setting(job, counts, job->is_open ? &job->rotation : &job->params,
                     &settings[H2V_SETTING_ROTATION]);
        if (job->is_open)
            fill_setting(job, counts, &job->params, &settings[H2V_SETTING_GROUPS]);
        h2vi_choose_setting(estimate);
    } else {
        h2v_estimate_clear(estimate);
    }
    free(counts);
    return status;
}

/* Collective. The job as far as its costs can be counted. */
static h2v_status prepare(h2vi_job *job)
{
    const bool is_fastrp = job->params.method == H2V_METHOD_FASTRP;
    const h2v_status status = is_fastrp ? h2vi_job_cut(job) : h2vi_job_prepare(job);
    if (status != H2V_OK) return status;
    const int64_t num_vertices = h2vi_job_graph(job)->num_vertices;
    if (job->num_ranks > num_vertices)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--ranks %d is more than the graph's %lld vertices", job->num_ranks,
                        (long long)num_vertices);
    if (!is_fastrp && job->num_ranks > 1 && !job->is_open)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "%d parts do not make a group of equal size for each of %d ranks",
                        job->params.parts, job->num_ranks);
    return H2V_OK;
}

h2v_status h2v_embed_estimate(const h2v_world *world, const h2v_embed_params *params,
                              const char *graph, const char *partition, int num_ranks,
                              int64_t memory, h2v_estimate *estimate)
{
    *estimate = (h2v_estimate){0};
    h2vi_job job = {.world = world,
                    .graph_path = graph,
                    .partition_path = partition,
                    .params = *params,
                    .num_ranks = num_ranks,
                    .memory = memory,
                    .is_estimate = true};
    job.params.groups = num_ranks == 1 ? 1 : 0;
    h2v_status status = h2vi_check_params(&job.params);
    if (status == H2V_OK && (num_ranks < 1 || num_ranks > H2V_MAX_PARTS))
        status = h2v_fail(H2V_ERR_ARGUMENT, "--ranks %d is not in 1..%d", num_ranks,
                          H2V_MAX_PARTS);
    if (status != H2V_OK) return status; /* the same on all ranks */
    status = prepare(&job);
    if (status == H2V_OK)
        status = params->method == H2V_METHOD_FASTRP ? h2vi_fastrp_estimate(&job, estimate)
                                                     : h2vi_job_estimate(&job, estimate);
    h2vi_job_clear(&job);
    return status;
}

void h2v_estimate_clear(h2v_estimate *estimate)
{
    for (int s = 0; s < H2V_NUM_SETTINGS; s++) free(estimate->settings[s].ranks);
    *estimate = (h2v_estimate){0};
}
