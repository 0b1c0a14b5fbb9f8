/* SPDX-License-Identifier: MIT */

/* Rounds are searched with the costs of a round that was counted once. What fits is told by
 * a number of rounds only; ranks, which are fewer or more of the same machines, only where
 * rounds do not help. */
#include "memory.h"

#include "agree.h"
#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "fastrp_estimate.h"
#include "plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- words
 * ----------------------------------------------------------------------------------------
 */

typedef struct size_text {
    char text[32];
} size_text;

/* In the units that --memory has. */
static size_text words_of(int64_t bytes)
{
    static const struct unit {
        double bytes;
        const char *name;
    } units[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "bytes"}};
    size_text words;
    int i = 0;
    while (i < 3 && (double)bytes < units[i].bytes) i++;
    (void)snprintf(words.text, sizeof words.text, "%.4g %s", (double)bytes / units[i].bytes,
                   units[i].name);
    return words;
}

/* "5.2 GB on rank 3", or "about 5.2 GB or more on a rank". */
static int say_need(int64_t bytes, int rank, bool is_bound, int64_t memory,
                    char refusal[H2V_REFUSAL_BYTES])
{
    if (is_bound)
        return snprintf(refusal, H2V_REFUSAL_BYTES,
                        "Needs about %s or more on a rank, --memory is %s",
                        words_of(bytes).text, words_of(memory).text);
    return snprintf(refusal, H2V_REFUSAL_BYTES, "Needs %s on rank %d, --memory is %s",
                    words_of(bytes).text, rank, words_of(memory).text);
}

/* ---- training
 * ------------------------------------------------------------------------------------- */

static int64_t peak_with_rounds(const h2vi_costing *costing, int rounds, int *rank)
{
    h2v_embed_params params = *costing->params;
    h2vi_costing other = *costing;
    params.rounds = rounds;
    other.params = &params;
    return h2vi_largest_peak(&other, rank);
}

static bool fits(const h2vi_costing *costing, int rounds, int64_t memory)
{
    int rank = 0;
    return peak_with_rounds(costing, rounds, &rank) <= memory;
}

/* The fewest rounds above those there are, as many in each epoch; 0: none. One by one where
 * they are few, since a few rounds that walk together may take more than fewer that do not;
 * then by halves. */
static int find_rounds(const h2vi_costing *costing, int64_t memory)
{
    enum { MOST_STEPS = 256 };
    const int epochs = costing->params->epochs;
    int low = costing->params->rounds / epochs, high = H2V_MAX_ROUNDS / epochs;
    for (int i = 0; i < MOST_STEPS && low < high; i++)
        if (fits(costing, ++low * epochs, memory)) return low * epochs;
    if (!fits(costing, high * epochs, memory)) return 0;
    while (high - low > 1) { /* `low` does not fit, `high` does */
        const int middle = low + (high - low) / 2;
        if (fits(costing, middle * epochs, memory))
            high = middle;
        else
            low = middle;
    }
    return high * epochs;
}

/* What is there without any rounds. */
static void say_what_stays(const h2vi_costing *costing, int64_t memory, int length,
                           char refusal[H2V_REFUSAL_BYTES])
{
    const h2v_embed_params *params = costing->params;
    char *end = refusal + length;
    const size_t room = (size_t)(H2V_REFUSAL_BYTES - length);
    int rank = 0;
    const int64_t peak = peak_with_rounds(costing, H2V_MAX_ROUNDS, &rank);
    const h2v_rank_report report = h2vi_cost_rank(costing, rank);
    const int64_t cut = h2vi_cut_bytes(&costing->shape, params);
    if (cut > memory) {
        (void)snprintf(end, room,
                       "; rank 0 needs %s to cut by METIS, whatever the rounds and ranks: "
                       "--partition or --partitioner fennel spares that",
                       words_of(cut).text);
        return;
    }
    const double ranks =
        ceil((double)costing->shape.num_ranks * (double)peak / (double)memory);
    const int written =
        snprintf(end, room, "; %s of it whatever the --rounds (rows %s, graph %s): ",
                 words_of(peak).text, words_of(report.row_bytes).text,
                 words_of(h2vi_walked_graph_bytes(&costing->shape, params, report.num_owned,
                                                  report.num_arcs))
                     .text);
    if (ranks <= params->parts)
        (void)snprintf(end + written, room - (size_t)written,
                       "that takes more ranks, about %.0f", ranks);
    else
        (void)snprintf(end + written, room - (size_t)written,
                       "that takes more ranks than the %d parts are for", params->parts);
}

void h2vi_refuse_training(const h2vi_costing *costing, int64_t memory, bool is_bound,
                          char refusal[H2V_REFUSAL_BYTES])
{
    int rank = 0;
    const int64_t peak = h2vi_largest_peak(costing, &rank);
    /* A bound goes by the pairs of trial walks, and those of a round may be fewer. */
    enum { DOUBT = 8 };
    refusal[0] = '\0';
    if (peak - (is_bound ? peak / DOUBT : 0) <= memory) return;
    const int length = say_need(peak, rank, is_bound, memory, refusal);
    const int rounds = find_rounds(costing, memory);
    if (rounds == 0) {
        say_what_stays(costing, memory, length, refusal);
        return;
    }
    (void)snprintf(refusal + length, (size_t)(H2V_REFUSAL_BYTES - length),
                   "; --rounds %d would need %s%s", rounds, is_bound ? "about " : "",
                   words_of(peak_with_rounds(costing, rounds, &rank)).text);
}

/* ---- FastRP
 * ---------------------------------------------------------------------------------------
 */

static int64_t largest_of(int num_ranks, const h2v_rank_report *ranks, int *rank)
{
    *rank = 0;
    for (int r = 1; r < num_ranks; r++)
        if (ranks[r].peak_bytes > ranks[*rank].peak_bytes) *rank = r;
    return ranks[*rank].peak_bytes;
}

/* Collective. The fewest ranks above `num_ranks` that would do, from below: what a rank
 * needs falls at most as ranks rise. 0: none. */
static h2v_status find_ranks(const h2vi_job *job, int64_t memory, int num_ranks,
                             int64_t peak, int *found, int64_t *found_peak)
{
    const int64_t num_vertices = h2vi_job_graph(job)->num_vertices;
    const int64_t most = job->params.parts > 0 ? job->params.parts : H2V_MAX_PARTS;
    enum { MOST_STEPS = 64 }; /* where hubs' ghosts hardly fall with ranks: then give up */
    double wanted = num_ranks;
    *found = 0;
    for (int i = 0; i < MOST_STEPS; i++) {
        int rank = 0;
        wanted = fmax(wanted + 1, ceil(wanted * (double)peak / (double)memory));
        if (!(wanted <= (double)most && wanted <= (double)num_vertices)) return H2V_OK;
        h2v_rank_report *ranks = NULL;
        const h2v_status status = h2vi_cost_fastrp_ranks(job, (int)wanted, &ranks);
        if (status != H2V_OK) return status;
        peak = largest_of((int)wanted, ranks, &rank);
        free(ranks);
        if (peak > memory) continue;
        *found = (int)wanted;
        *found_peak = peak;
        break;
    }
    return H2V_OK;
}

h2v_status h2vi_refuse_fastrp(const h2vi_job *job, int64_t memory, int num_ranks,
                              const h2v_rank_report *ranks, char refusal[H2V_REFUSAL_BYTES])
{
    int rank = 0, found = 0;
    int64_t found_peak = 0;
    const int64_t peak = largest_of(num_ranks, ranks, &rank);
    refusal[0] = '\0';
    if (peak <= memory) return H2V_OK;
    const h2v_status status = find_ranks(job, memory, num_ranks, peak, &found, &found_peak);
    if (status != H2V_OK) return status;
    const int length = say_need(peak, rank, false, memory, refusal);
    char *end = refusal + length;
    const size_t room = (size_t)(H2V_REFUSAL_BYTES - length);
    if (found > 0)
        (void)snprintf(end, room, "; %d ranks would need %s", found,
                       words_of(found_peak).text);
    else
        (void)snprintf(end, room, "; more ranks would not do (rows %s, graph %s here)",
                       words_of(ranks[rank].row_bytes).text,
                       words_of(ranks[rank].graph_bytes).text);
    return H2V_OK;
}

/* ---- of a job
 * ------------------------------------------------------------------------------------- */

/* Collective. One line for all. */
static h2v_status refuse(const h2vi_job *job, const char *refusal)
{
    return h2v_agree(job->world,
                     *refusal ? h2v_fail(H2V_ERR_ARGUMENT, "%s", refusal) : H2V_OK);
}

/* Collective. Pairs of the whole training, by the trial walks. */
static double pairs_of(const h2vi_job *job)
{
    const h2v_embed_params *params = &job->params;
    const double n = (double)job->graph->num_vertices;
    int64_t visits = 0;
    for (int64_t v = 0; v < job->graph->num_owned; v++) visits += job->visits[v];
    h2vi_sum(job->world, 1, &visits);
    const double walks = params->read.num_walks > 0 ? (double)params->read.num_walks
                                                    : n * (double)params->walks;
    return h2vi_pairs_per_walk((double)visits / (n * H2VI_TRIAL_WALKS), params->window) *
           walks * params->epochs;
}

/* Collective. An equal share of all, whose walks stay where they start. What subsampling
 * leaves of the pairs is not known yet: it may be next to none. */
static h2vi_rank_counts least_counts(const h2vi_job *job)
{
    const h2v_embed_params *params = &job->params;
    const int64_t num_ranks = job->num_ranks;
    const double rounds = (double)num_ranks * params->rounds;
    const double walks = params->read.num_walks > 0
                             ? (double)params->read.num_walks
                             : (double)job->graph->num_vertices * (double)params->walks;
    const int64_t pairs = params->subsample > 0 ? 0 : (int64_t)(pairs_of(job) / rounds);
    return (h2vi_rank_counts){.num_owned = job->graph->num_vertices / num_ranks,
                              .num_arcs = job->graph->num_arcs / num_ranks,
                              .walks = (int64_t)(walks * params->epochs / rounds),
                              .pairs = pairs,
                              .largest_cell = pairs * num_ranks * params->groups /
                                              params->parts / params->parts};
}

/* Collective. Walks that were given, of a rank. */
static int64_t given_bytes(const h2vi_job *job)
{
    int64_t bytes = job->walks_path ? h2vi_given_walks_bytes(job->graph, &job->given) : 0;
    h2vi_sum(job->world, 1, &bytes);
    return bytes / job->num_ranks;
}

h2v_status h2vi_check_memory_early(const h2vi_job *job)
{
    char refusal[H2V_REFUSAL_BYTES] = "";
    if (job->memory == 0 || job->is_estimate) return H2V_OK;
    if (job->is_open) return H2V_OK; /* there may be one group */
    h2vi_graph_shape shape = h2vi_shape_of(job->graph, job->num_ranks);
    if (job->params.method != H2V_METHOD_FASTRP) {
        const h2vi_rank_counts counts = least_counts(job);
        const h2vi_costing costing = {.measured = &job->params,
                                      .params = &job->params,
                                      .counts = &counts,
                                      .are_alike = true,
                                      .given_bytes = given_bytes(job),
                                      .shape = shape,
                                      .num_threads = job->world->num_threads};
        h2vi_refuse_training(&costing, job->memory, true, refusal);
    } else if (h2vi_cut_bytes(&shape, &job->params) > job->memory) {
        (void)snprintf(refusal, sizeof refusal,
                       "Needs %s on rank 0 to cut by METIS, --memory is %s; no --parts, "
                       "--partition or --partitioner fennel spare that",
                       words_of(h2vi_cut_bytes(&shape, &job->params)).text,
                       words_of(job->memory).text);
    }
    return refuse(job, refusal);
}

/* Collective. */
static h2v_status check_training(const h2vi_job *job, char refusal[H2V_REFUSAL_BYTES])
{
    const int num_ranks = job->num_ranks;
    h2vi_fastrp_counts *start = NULL;
    h2vi_rank_counts *counts = h2vi_alloc_n(num_ranks, sizeof *counts);
    h2v_status status =
        h2v_agree(job->world, counts ? H2V_OK : h2vi_fail_memory("an estimate"));
    if (status == H2V_OK) status = h2vi_count_round(job, num_ranks, counts);
    if (status == H2V_OK && job->params.init == H2V_INIT_FASTRP)
        status = h2vi_count_fastrp(job, num_ranks, &start);
    if (status == H2V_OK) {
        const h2vi_costing costing = {.measured = &job->params,
                                      .params = &job->params,
                                      .counts = counts,
                                      .start = start,
                                      .shape = h2vi_shape_of(job->moved.graph, num_ranks),
                                      .num_threads = job->world->num_threads};
        h2vi_refuse_training(&costing, job->memory, false, refusal);
    }
    free(counts);
    free(start);
    return status;
}

/* Collective. */
static h2v_status check_fastrp(const h2vi_job *job, char refusal[H2V_REFUSAL_BYTES])
{
    h2v_rank_report *ranks = NULL;
    h2v_status status = h2vi_cost_fastrp_ranks(job, job->num_ranks, &ranks);
    if (status == H2V_OK)
        status = h2vi_refuse_fastrp(job, job->memory, job->num_ranks, ranks, refusal);
    free(ranks);
    return status;
}

h2v_status h2vi_check_memory(const h2vi_job *job)
{
    char refusal[H2V_REFUSAL_BYTES] = "";
    if (job->memory == 0 || job->walks_path) return H2V_OK;
    const h2v_status status = job->params.method == H2V_METHOD_FASTRP
                                  ? check_fastrp(job, refusal)
                                  : check_training(job, refusal);
    return status == H2V_OK ? refuse(job, refusal) : status;
}
