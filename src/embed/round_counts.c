/* SPDX-License-Identifier: MIT */

/* Every rank counts what its own walks and homes tell; sums make the whole. The largest of
 * a rank are found from those of its parts. */
#include "round_counts.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "groups.h"
#include "halo.h"
#include "route.h"
#include "row_owners.h"
#include "starts.h"
#include "walk_engine.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = sizeof(h2vi_rank_counts) / sizeof(int64_t) };

/* Of one part. */
typedef struct part_counts {
    int64_t largest_cell;
    int64_t needed; /* rows of the block that is at home here */
} part_counts;

typedef struct round_counter {
    const h2vi_job *job;
    int num_ranks, parts_per_group;
    bool are_handed_over; /* walkers, on so many ranks */
    int64_t *first;       /* slot of each rank, shape [num_ranks + 1] */
    uint32_t *context_slots, *keep;
    h2vi_walk_engine engine;
    h2vi_router router;
    h2vi_starts starts;
    h2vi_halo halo;          /* if there are several groups */
    h2v_slot **owners;       /* of the rows of each block, shape [parts_per_group] */
    h2vi_rank_counts *ranks; /* the result, so far of what is here */
    part_counts *parts;      /* shape [num_parts] */
    int64_t *last_copy;      /* the last walk that each rank reads, shape [num_ranks] */
} round_counter;

static void counter_clear(round_counter *this)
{
    h2vi_walk_engine_clear(&this->engine);
    h2vi_router_clear(&this->router);
    h2vi_starts_clear(&this->starts);
    for (int b = 0; this->owners && b < this->parts_per_group; b++) free(this->owners[b]);
    free(this->owners);
    h2vi_halo_clear(&this->halo);
    free(this->first);
    free(this->context_slots);
    free(this->keep);
    free(this->parts);
    free(this->last_copy);
}

/* Local. */
static h2v_status counter_init(const h2vi_job *job, int num_ranks, h2vi_rank_counts *ranks,
                               round_counter *this)
{
    const h2v_graph *graph = job->moved.graph;
    const h2vi_walk_params walks = h2vi_walks_of(&job->params);
    *this = (round_counter){.job = job,
                            .num_ranks = num_ranks,
                            .parts_per_group = job->params.parts / job->params.groups,
                            .ranks = ranks};
    this->first = h2vi_alloc_n(num_ranks + 1, sizeof *this->first);
    this->context_slots = h2vi_alloc_n(graph->num_owned, sizeof *this->context_slots);
    this->keep = h2vi_alloc_n(graph->num_owned, sizeof *this->keep);
    this->parts = h2vi_alloc_n(job->params.parts, sizeof *this->parts);
    this->last_copy = h2vi_alloc_n(num_ranks, sizeof *this->last_copy);
    if (!this->first || !this->context_slots || !this->keep || !this->parts ||
        !this->last_copy)
        return h2vi_fail_memory("an estimate");
    for (int r = 0; r <= num_ranks; r++)
        this->first[r] =
            job->moved
                .part_first[h2v_partition_first_part(job->params.parts, num_ranks, r)];
    for (int64_t v = 0; v < graph->num_owned; v++) {
        this->context_slots[v] = job->moved.vertices[v].context_slot;
        this->keep[v] = job->moved.vertices[v].keep;
    }
    const h2vi_walked_graph walked = h2vi_walked_graph_of(graph, num_ranks, &walks);
    this->are_handed_over = !h2vi_is_held_whole(&walked);
    return h2vi_router_init(&job->moved, &job->blocks, job->params.window, &walks,
                            &this->router);
}

/* Collective. */
static h2v_status open_engine(round_counter *this)
{
    const h2vi_job *job = this->job;
    const h2vi_walk_params walks = h2vi_walks_of(&job->params);
    return h2vi_walk_engine_open(job->moved.graph, &walks, this->context_slots,
                                 job->params.subsample > 0 ? this->keep : NULL,
                                 &this->engine);
}

/* The rank of a part. */
static int host_of(const round_counter *this, int part)
{
    const h2vi_groups hosts = {.num_ranks = this->num_ranks,
                               .num_parts = this->job->params.parts};
    return h2vi_part_host(&hosts, part);
}

/* The rank of a slot: `likely` if it is there, else by search. */
static int rank_of(const round_counter *this, int64_t slot, int likely)
{
    if (slot >= this->first[likely] && slot < this->first[likely + 1]) return likely;
    int low = 0, high = this->num_ranks; /* first[low] <= slot < first[high] */
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (this->first[middle] <= slot)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- walks and pairs
 * ----------------------------------------------------------------------------- */

static void count_step(h2vi_rank_counts *ranks, int from, int to, bool is_first)
{
    ranks[from].walkers_out++;
    ranks[to].walkers_in++;
    ranks[from].first_out += is_first;
    ranks[to].first_in += is_first;
}

static void count_walk(round_counter *this, int64_t index, int home,
                       const h2vi_token *tokens)
{
    h2vi_rank_counts *ranks = this->ranks;
    const int walk_length = this->job->params.walk_length;
    bool is_at_home = true; /* so far */
    ranks[home].walks++;
    for (int i = 0, before = home; i < walk_length; i++) {
        if (tokens[i].slot == H2V_NO_SLOT) break;
        const int rank = rank_of(this, tokens[i].slot, before);
        if (this->are_handed_over && rank != before)
            count_step(ranks, before, rank, is_at_home);
        is_at_home = is_at_home && rank == home;
        before = rank;
        if (rank == home) continue;
        ranks[rank].visits_out += this->are_handed_over;
        ranks[home].visits_in += this->are_handed_over;
        if (tokens[i].context_slot == H2V_NO_SLOT || this->last_copy[rank] == index)
            continue;
        this->last_copy[rank] = index;
        ranks[home].copies_out++;
        ranks[rank].copies_in++;
    }
}

static void count_walks(round_counter *this, const h2vi_walk_run *run)
{
    const h2v_graph *graph = this->job->moved.graph;
    const int64_t base = graph->first[graph->world->rank];
    for (int r = 0; r < this->num_ranks; r++) this->last_copy[r] = -1;
    for (int64_t w = 0, home = 0; w < run->num_walks; w++) {
        home = rank_of(this, base + run->starts[w].vertex, (int)home);
        count_walk(this, w, (int)home, run->tokens + w * this->job->params.walk_length);
    }
}

/* What the parts on this rank have. */
static void count_parts(round_counter *this)
{
    const h2vi_router *router = &this->router;
    const h2vi_moved *moved = &this->job->moved;
    const int64_t base = moved->graph->first[moved->graph->world->rank];
    const int64_t *offsets = moved->graph->offsets;
    const int num_blocks = this->parts_per_group;
    for (int p = 0; p < router->num_local_parts; p++) {
        const int part = router->first_part + p;
        h2vi_rank_counts *rank = &this->ranks[host_of(this, part)];
        const int64_t *slots = &moved->part_first[part];
        const int64_t *bins = &router->bin_starts[(int64_t)p * num_blocks];
        rank->num_owned += slots[1] - slots[0];
        rank->num_arcs += offsets[slots[1] - base] - offsets[slots[0] - base];
        rank->pairs += bins[num_blocks] - bins[0];
        for (int b = 0; b < num_blocks; b++)
            if (bins[b + 1] - bins[b] > this->parts[part].largest_cell)
                this->parts[part].largest_cell = bins[b + 1] - bins[b];
    }
}

/* ---- rows
 * ----------------------------------------------------------------------------------------
 */

/* The rows that a group needs of the block whose home is here; its rank pulls them. */
static void count_rows(round_counter *this, int home)
{
    const h2vi_halo *halo = &this->halo;
    const int group = home / this->parts_per_group, block = home % this->parts_per_group;
    const h2vi_needed_rows *needed = h2vi_needed(halo, group, block);
    const int host = host_of(this, home);
    int owner = host;
    for (int64_t row = h2vi_next_needed(halo, needed, 0); row >= 0;
         row = h2vi_next_needed(halo, needed, row + 1)) {
        owner = rank_of(this, this->owners[block][row], owner);
        if (owner == host) continue;
        this->ranks[host].pulled++;
        this->ranks[owner].served++;
    }
    this->ranks[host].needed += needed->num_rows;
    this->parts[home].needed = needed->num_rows;
}

/* Collective. Homes know the owners of rows, and what their groups need. */
static h2v_status count_halos(round_counter *this)
{
    const h2vi_job *job = this->job;
    const h2vi_groups groups =
        h2vi_groups_of(job->world, job->params.parts, job->params.groups);
    h2vi_owner_bytes bytes;
    this->owners = h2vi_alloc_n(this->parts_per_group, sizeof *this->owners);
    h2v_status status = this->owners ? h2vi_halo_init(job->world, &job->blocks, &groups,
                                                      job->params.pool, &this->halo)
                                     : h2vi_fail_memory("an estimate");
    status = h2v_agree(job->world, status);
    if (status == H2V_OK)
        status =
            h2vi_find_row_owners(&job->moved, &job->blocks, &groups, this->owners, &bytes);
    if (status == H2V_OK)
        status = h2vi_halo_find(&this->halo, &this->router, job->params.seed, 0);
    if (status != H2V_OK) return status;
    for (int p = groups.first_part; p < groups.end_part; p++) count_rows(this, p);
    return H2V_OK;
}

/* ---- all together
 * -------------------------------------------------------------------------------- */

/* Collective. */
static void sum_up(round_counter *this)
{
    const h2v_world *world = this->job->world;
    const int num_parts = this->job->params.parts;
    h2vi_sum(world, this->num_ranks * NUMBERS, (int64_t *)(void *)this->ranks);
    h2vi_sum(world, num_parts * 2, (int64_t *)(void *)this->parts);
    for (int p = 0; p < num_parts; p++) {
        h2vi_rank_counts *rank = &this->ranks[host_of(this, p)];
        if (this->parts[p].largest_cell > rank->largest_cell)
            rank->largest_cell = this->parts[p].largest_cell;
        if (this->parts[p].needed > rank->largest_block)
            rank->largest_block = this->parts[p].needed;
    }
}

h2v_status h2vi_count_round(const h2vi_job *job, int num_ranks, h2vi_rank_counts *counts)
{
    const h2v_world *world = job->world;
    round_counter this;
    h2vi_walk_run run;
    memset(counts, 0, (size_t)num_ranks * sizeof *counts);
    h2v_status status = h2v_agree(world, counter_init(job, num_ranks, counts, &this));
    if (status == H2V_OK)
        status = h2v_agree(world, h2vi_starts_collect(&job->params, job->moved.graph, 0, 1,
                                                      &this.starts, &run));
    if (status == H2V_OK) status = open_engine(&this);
    if (status == H2V_OK) status = h2vi_walk(&this.engine, &run);
    if (status == H2V_OK) status = h2vi_route(&this.router, &run);
    if (status == H2V_OK) {
        count_walks(&this, &run);
        count_parts(&this);
        if (job->params.groups > 1) status = count_halos(&this);
    }
    if (status == H2V_OK) sum_up(&this);
    counter_clear(&this);
    return status;
}
