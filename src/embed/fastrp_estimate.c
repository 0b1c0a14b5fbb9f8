/* SPDX-License-Identifier: MIT */

/* Vertices are given to ranks that may not run; of each of those the targets of its arcs
 * are marked on every real rank that has some of its vertices, then told to the real ranks
 * that have the targets, which count each once. So for N ranks there are N exchanges, and a
 * real rank holds the ghosts of one of them at a time. */
#include "fastrp_estimate.h"

#include "alloc.h"
#include "collect.h"
#include "exchange.h"
#include "fail.h"
#include "graph_rows.h"
#include "groups.h"
#include "memory.h"
#include "slot_map.h"

#include <stdlib.h>

enum { NUMBERS = sizeof(h2vi_fastrp_counts) / sizeof(int64_t) };

static int64_t graph_bytes(const h2v_graph *graph, int64_t num_owned, int64_t num_arcs)
{
    const size_t of_vertex = sizeof *graph->offsets + sizeof *graph->gids;
    const size_t of_arc = sizeof *graph->targets + (graph->weights ? sizeof(float) : 0);
    return num_owned * (int64_t)of_vertex + num_arcs * (int64_t)of_arc;
}

void h2vi_cost_fastrp(const h2v_graph *graph, const h2v_embed_params *params, int num_ranks,
                      const h2vi_fastrp_counts *counts, h2v_rank_report *rank)
{
    rank->num_owned = counts->num_owned;
    rank->num_arcs = counts->num_arcs;
    rank->num_ghosts = counts->num_ghosts;
    rank->index_bytes = h2vi_fastrp_index_bytes(counts, num_ranks);
    rank->graph_bytes =
        graph_bytes(graph, counts->num_owned, counts->num_arcs) + rank->index_bytes;
    rank->row_bytes = h2vi_fastrp_row_bytes(&params->fastrp, params->dim, counts);
}

/* ---- who would own what
 * --------------------------------------------------------------------------------- */

/* Of the owned vertices, how many are before the one where a slice would begin: the first
 * with offsets[v] + v >= cost. */
static int64_t count_before(const h2v_graph *graph, int64_t arcs_before, int64_t cost)
{
    const int64_t base = graph->first[graph->world->rank];
    int64_t low = 0, high = graph->num_owned;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (arcs_before + graph->offsets[middle] + base + middle >= cost)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Collective. Slices as h2v_graph_load() cuts them; `starts`: shape [num_ranks]. */
static void find_starts(const h2v_graph *graph, int num_ranks, int64_t *starts)
{
    int64_t arcs_before = 0;
    h2vi_sum_before(graph->world, 1, &graph->offsets[graph->num_owned], &arcs_before);
    for (int r = 0; r < num_ranks; r++)
        starts[r] = count_before(
            graph, arcs_before,
            h2vi_slice_cost(graph->num_vertices, graph->num_arcs, num_ranks, r));
    h2vi_sum(graph->world, num_ranks, starts);
}

static void own_slices(const h2v_graph *graph, int num_ranks, const int64_t *starts,
                       uint32_t *owners)
{
    int rank = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) {
        while (rank + 1 < num_ranks && starts[rank + 1] <= (int64_t)graph->gids[v]) rank++;
        owners[v] = (uint32_t)rank;
    }
}

/* Parts that are where they belong. */
static void own_moved_parts(const h2vi_moved *moved, int num_ranks, uint32_t *owners)
{
    const h2v_graph *graph = moved->graph;
    const h2vi_groups hosts = {.num_ranks = num_ranks, .num_parts = moved->num_parts};
    const int64_t base = graph->first[graph->world->rank];
    int part = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) {
        while (base + v >= moved->part_first[part + 1]) part++;
        owners[v] = (uint32_t)h2vi_part_host(&hosts, part);
    }
}

static void own_parts(const h2v_partition *partition, int num_ranks, uint32_t *owners)
{
    const h2vi_groups hosts = {.num_ranks = num_ranks, .num_parts = partition->num_parts};
    for (int64_t v = 0; v < partition->num_owned; v++)
        owners[v] = (uint32_t)h2vi_part_host(&hosts, partition->parts[v]);
}

/* Collective. */
static h2v_status find_owners(const h2vi_job *job, int num_ranks, uint32_t *owners)
{
    if (job->moved.graph) {
        own_moved_parts(&job->moved, num_ranks, owners);
        return H2V_OK;
    }
    if (job->params.parts > 0) {
        own_parts(&job->partition, num_ranks, owners);
        return H2V_OK;
    }
    int64_t *starts = h2vi_alloc_n(num_ranks, sizeof *starts);
    const h2v_status status =
        h2v_agree(job->world, starts ? H2V_OK : h2vi_fail_memory("an estimate"));
    if (status == H2V_OK) {
        find_starts(job->graph, num_ranks, starts);
        own_slices(job->graph, num_ranks, starts, owners);
    }
    free(starts);
    return status;
}

/* ---- what they would need of each other
 * ----------------------------------------------------------------- */

typedef struct ghost_counter {
    const h2v_graph *graph;
    int num_ranks;
    h2vi_fastrp_counts *counts; /* shape [num_ranks], of this real rank's share */
    uint32_t *owners;           /* of the owned vertices */
    uint32_t *owner_of;         /* of all slots */
    uint32_t *order;            /* owned vertices by owner */
    int64_t *starts;            /* of each owner in it, shape [num_ranks + 1] */
    uint64_t *marks;            /* a bit for every slot: it is in `targets` */
    h2v_slot *targets;          /* of one rank's arcs, each once, shape [num_arcs] */
    uint32_t *asked;            /* by which rank each owned vertex was last, plus 1 */
    h2vi_exchange exchange;
} ghost_counter;

static void counter_clear(ghost_counter *this)
{
    free(this->owners);
    free(this->owner_of);
    free(this->order);
    free(this->starts);
    free(this->marks);
    free(this->targets);
    free(this->asked);
    h2vi_exchange_clear(&this->exchange);
}

/* Local. */
static h2v_status counter_init(const h2v_graph *graph, int num_ranks,
                               h2vi_fastrp_counts *counts, ghost_counter *this)
{
    const int64_t num_owned = graph->num_owned, num_arcs = graph->offsets[num_owned];
    *this = (ghost_counter){.graph = graph, .num_ranks = num_ranks, .counts = counts};
    this->owners = h2vi_alloc_n(num_owned, sizeof *this->owners);
    this->order = h2vi_alloc_n(num_owned, sizeof *this->order);
    this->starts = h2vi_alloc_n(num_ranks + 1, sizeof *this->starts);
    this->marks = h2vi_alloc_n(graph->num_vertices / 64 + 1, sizeof *this->marks);
    this->targets =
        h2vi_alloc_n(num_arcs < graph->num_vertices ? num_arcs : graph->num_vertices,
                     sizeof *this->targets);
    this->asked = h2vi_alloc_n(num_owned, sizeof *this->asked);
    if (!this->owners || !this->order || !this->starts || !this->marks || !this->targets ||
        !this->asked)
        return h2vi_fail_memory("an estimate");
    return h2vi_exchange_init(graph->world, sizeof *this->targets, &this->exchange);
}

/* Local. By counting. */
static void order_by_owner(ghost_counter *this)
{
    const int64_t num_owned = this->graph->num_owned;
    int64_t *starts = this->starts;
    for (int64_t v = 0; v < num_owned; v++) starts[this->owners[v] + 1]++;
    for (int r = 0; r < this->num_ranks; r++) starts[r + 1] += starts[r];
    for (int64_t v = 0; v < num_owned; v++)
        this->order[starts[this->owners[v]]++] = (uint32_t)v;
    for (int r = this->num_ranks; r > 0; r--) starts[r] = starts[r - 1];
    starts[0] = 0;
}

/* Local. The targets of a rank's arcs that others own, each once; also counts what it owns.
 */
static int64_t collect_targets(ghost_counter *this, int rank)
{
    const h2v_graph *graph = this->graph;
    h2vi_fastrp_counts *counts = &this->counts[rank];
    int64_t num_targets = 0;
    for (int64_t i = this->starts[rank]; i < this->starts[rank + 1]; i++) {
        const int64_t v = this->order[i];
        counts->num_owned++;
        counts->num_arcs += graph->offsets[v + 1] - graph->offsets[v];
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const h2v_slot target = graph->targets[e];
            const uint64_t bit = (uint64_t)1 << target % 64;
            if (this->owner_of[target] == (uint32_t)rank ||
                (this->marks[target / 64] & bit))
                continue;
            this->marks[target / 64] |= bit;
            this->targets[num_targets++] = target;
        }
    }
    return num_targets;
}

static int compare_slots(const void *a, const void *b)
{
    const h2v_slot x = *(const h2v_slot *)a, y = *(const h2v_slot *)b;
    return (x > y) - (x < y);
}

/* Collective. Ghosts of one rank, and who would send them. */
static h2v_status count_ghosts(ghost_counter *this, int rank)
{
    const h2v_graph *graph = this->graph;
    h2vi_exchange *exchange = &this->exchange;
    const int64_t num_targets = collect_targets(this, rank);
    if (graph->world->num_ranks > 1) /* in the order of the real ranks that have them */
        qsort(this->targets, (size_t)num_targets, sizeof *this->targets, compare_slots);
    for (int r = 0; r < graph->world->num_ranks; r++) exchange->send_counts[r] = 0;
    for (int64_t i = 0, r = 0; i < num_targets; i++) {
        const h2v_slot target = this->targets[i];
        this->marks[target / 64] = 0;
        while ((int64_t)target >= graph->first[r + 1]) r++;
        exchange->send_counts[r]++;
    }
    const h2v_status status = h2vi_exchange_run(exchange, H2V_OK, this->targets);
    if (status != H2V_OK) return status;
    const h2v_slot *wanted = exchange->received;
    const int64_t base = graph->first[graph->world->rank];
    for (int64_t i = 0; i < exchange->num_received; i++) {
        uint32_t *asked = &this->asked[wanted[i] - base];
        if (*asked == (uint32_t)rank + 1) continue;
        *asked = (uint32_t)rank + 1;
        this->counts[rank].num_ghosts++;
        this->counts[this->owner_of[wanted[i]]].num_sent++;
    }
    return H2V_OK;
}

/* Collective. `counts`: shape [num_ranks], zeroed. */
static h2v_status count_all(const h2vi_job *job, int num_ranks, h2vi_fastrp_counts *counts)
{
    ghost_counter this;
    h2v_status status =
        h2v_agree(job->world, counter_init(h2vi_job_graph(job), num_ranks, counts, &this));
    if (status == H2V_OK) status = find_owners(job, num_ranks, this.owners);
    if (status == H2V_OK)
        status = h2vi_slot_map_create(h2vi_job_graph(job), this.owners, &this.owner_of);
    if (status == H2V_OK) {
        order_by_owner(&this);
        this.exchange.what = "ghosts to count";
        for (int r = 0; status == H2V_OK && r < num_ranks; r++)
            status = count_ghosts(&this, r);
    }
    if (status == H2V_OK)
        h2vi_sum(job->world, num_ranks * NUMBERS, (int64_t *)(void *)counts);
    counter_clear(&this);
    return status;
}

/* ---- the estimate
 * ---------------------------------------------------------------------------------------
 */

/* Requests for ghosts travel once, rows in every pull. */
static void cost_traffic(const h2v_embed_params *params, const h2vi_fastrp_counts *counts,
                         h2v_rank_report *rank)
{
    const h2v_phase phase = H2V_PHASE_MULTIPLY;
    const int64_t pulls = h2vi_fastrp_num_pulls(&params->fastrp);
    const int64_t request = (int64_t)sizeof(h2v_slot);
    rank->rows_sent[phase] = pulls * counts->num_sent;
    rank->rows_received[phase] = pulls * counts->num_ghosts;
    rank->bytes_sent[phase] =
        h2vi_fastrp_traffic(&params->fastrp, params->dim, counts->num_sent) +
        request * counts->num_ghosts;
    rank->bytes_received[phase] =
        h2vi_fastrp_traffic(&params->fastrp, params->dim, counts->num_ghosts) +
        request * counts->num_sent;
}

h2v_status h2vi_count_fastrp(const h2vi_job *job, int num_ranks,
                             h2vi_fastrp_counts **counts)
{
    *counts = h2vi_alloc_n(num_ranks, sizeof **counts);
    h2v_status status =
        h2v_agree(job->world, *counts ? H2V_OK : h2vi_fail_memory("an estimate"));
    if (status == H2V_OK) status = count_all(job, num_ranks, *counts);
    if (status == H2V_OK) return H2V_OK;
    free(*counts);
    *counts = NULL;
    return status;
}

h2v_status h2vi_cost_fastrp_ranks(const h2vi_job *job, int num_ranks,
                                  h2v_rank_report **ranks)
{
    const h2v_graph *graph = h2vi_job_graph(job);
    const h2vi_graph_shape shape = h2vi_shape_of(graph, num_ranks);
    h2vi_fastrp_counts *counts = NULL;
    *ranks = h2vi_alloc_n(num_ranks, sizeof **ranks);
    h2v_status status =
        h2v_agree(job->world, *ranks ? H2V_OK : h2vi_fail_memory("an estimate"));
    if (status == H2V_OK) status = h2vi_count_fastrp(job, num_ranks, &counts);
    for (int r = 0; status == H2V_OK && r < num_ranks; r++) {
        h2v_rank_report *rank = &(*ranks)[r];
        h2vi_cost_fastrp(graph, &job->params, num_ranks, &counts[r], rank);
        cost_traffic(&job->params, &counts[r], rank);
        rank->peak_bytes = h2vi_fastrp_peak(&shape, &job->params, r, &counts[r]);
    }
    free(counts);
    if (status == H2V_OK) return H2V_OK;
    free(*ranks);
    *ranks = NULL;
    return status;
}

h2v_status h2vi_fastrp_estimate(const h2vi_job *job, h2v_estimate *estimate)
{
    *estimate = (h2v_estimate){.num_ranks = job->num_ranks,
                               .num_threads = job->world->num_threads,
                               .num_vertices = job->graph->num_vertices,
                               .num_arcs = job->graph->num_arcs,
                               .partition = job->quality,
                               .choice = H2V_SETTING_ROTATION};
    h2v_setting_estimate *setting = &estimate->settings[H2V_SETTING_ROTATION];
    setting->params = job->params;
    h2v_status status = h2vi_cost_fastrp_ranks(job, job->num_ranks, &setting->ranks);
    if (status == H2V_OK && job->memory > 0)
        status = h2vi_refuse_fastrp(job, job->memory, job->num_ranks, setting->ranks,
                                    setting->refusal);
    if (status != H2V_OK) h2v_estimate_clear(estimate);
    return status;
}
