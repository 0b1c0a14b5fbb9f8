/* SPDX-License-Identifier: MIT */

/* Bytes are those of the buffers that training has, with the room for growth that it leaves
 * where that is known. */
#include "costs.h"

#include "arrays.h"
#include "block_wire.h"
#include "model.h"
#include "packed_rows.h"
#include "plan.h"
#include "pool.h"
#include "push_item.h"
#include "rotate.h"
#include "route.h"
#include "starts.h"
#include "windows.h"

#include <stdarg.h>
#include <stdio.h>

/* What follows from the parameters, for any rank. */
typedef struct cost_rules {
    const h2vi_costing *costing;
    int num_ranks;
    int num_blocks; /* of a group of the setting */
    int64_t rows_per_block;
    int stride;
    double walks;       /* of a round of the setting, for one of the measured */
    double walked;      /* of the rounds of the setting that walk together, likewise */
    double epoch;       /* measured rounds that make an epoch */
    double epoch_walks; /* the same by the number of walks */
} cost_rules;

static const h2vi_rank_counts *counts_of(const h2vi_costing *costing, int rank)
{
    return &costing->counts[costing->are_alike ? 0 : rank];
}

/* An epoch's walks are known, and those of a round are a random share of them. */
static double epoch_by_walks(const h2vi_costing *costing)
{
    int64_t walks = 0;
    for (int g = 0; g < costing->shape.num_ranks; g++)
        walks += counts_of(costing, g)->walks;
    const double all = (double)costing->shape.num_vertices * costing->measured->walks;
    return walks > 0 ? all / (double)walks : 0;
}

static cost_rules rules_of(const h2vi_costing *costing)
{
    const h2v_embed_params *params = costing->params, *measured = costing->measured;
    const int num_blocks = params->parts / params->groups;
    return (cost_rules){
        .costing = costing,
        .num_ranks = costing->shape.num_ranks,
        .num_blocks = num_blocks,
        .rows_per_block = (costing->shape.num_vertices + num_blocks - 1) / num_blocks,
        .stride = h2vi_stride_of(params->dim),
        .walks = (double)measured->rounds / params->rounds,
        .walked = (double)measured->rounds / params->rounds *
                  h2vi_rounds_at_once(params, costing->shape.num_vertices, 0),
        .epoch = (double)measured->rounds / measured->epochs,
        .epoch_walks = epoch_by_walks(costing)};
}

static int64_t times(int64_t count, double factor)
{
    return (int64_t)((double)count * factor + 0.5);
}

/* ---- what is sent in an epoch
 * -------------------------------------------------------------------- */

typedef struct traffic {
    int64_t bytes_out, bytes_in, rows_out, rows_in;
} traffic;

static void put(h2v_rank_report *rank, h2v_phase phase, traffic sent)
{
    rank->bytes_sent[phase] = sent.bytes_out;
    rank->bytes_received[phase] = sent.bytes_in;
    rank->rows_sent[phase] = sent.rows_out;
    rank->rows_received[phase] = sent.rows_in;
}

static void cost_walks(const cost_rules *rules, const h2vi_rank_counts *counts,
                       h2v_rank_report *rank)
{
    const int64_t walker = sizeof(h2vi_walker), visit = sizeof(h2vi_visit);
    const int64_t copy =
        (rules->costing->params->walk_length + 1) * (int64_t)sizeof(h2vi_token);
    const int64_t out = counts->walkers_out * walker + counts->visits_out * visit;
    const int64_t in = counts->walkers_in * walker + counts->visits_in * visit;
    put(rank, H2V_PHASE_WALK,
        (traffic){.bytes_out = times(out, rules->epoch_walks),
                  .bytes_in = times(in, rules->epoch_walks)});
    put(rank, H2V_PHASE_ROUTE,
        (traffic){.bytes_out = times(counts->copies_out * copy, rules->epoch_walks),
                  .bytes_in = times(counts->copies_in * copy, rules->epoch_walks)});
}

/* Blocks that go round all ranks: each leaves each rank once in a rotation. */
static void cost_rotation(const cost_rules *rules, h2v_rank_report *rank)
{
    const h2v_embed_params *params = rules->costing->params;
    const h2vi_block_set set = {.stride = rules->stride};
    const h2vi_block_wire wire =
        h2vi_block_wire_of(&set, params->exchange_precision, params->dim);
    const int64_t rows = (int64_t)(params->rounds / params->epochs) * rules->num_blocks *
                         rules->rows_per_block;
    put(rank, H2V_PHASE_TRAIN,
        (traffic){rows * wire.row_bytes, rows * wire.row_bytes, rows, rows});
}

/* Rows are asked for by slot, come, and go back as changes. */
static void cost_halo(const cost_rules *rules, const h2vi_rank_counts *counts,
                      h2v_rank_report *rank)
{
    const h2v_embed_params *params = rules->costing->params;
    const int64_t row = (int64_t)h2vi_packed_bytes(params->exchange_precision, params->dim);
    const int64_t change = (int64_t)sizeof(h2vi_change_head) + row;
    const int64_t request = (int64_t)sizeof(h2v_slot);
    const int64_t pulled = times(counts->pulled, rules->epoch);
    const int64_t served = times(counts->served, rules->epoch);
    put(rank, H2V_PHASE_PULL,
        (traffic){.bytes_out = pulled * request + served * row,
                  .bytes_in = served * request + pulled * row,
                  .rows_out = served,
                  .rows_in = pulled});
    put(rank, H2V_PHASE_PUSH, (traffic){pulled * change, served * change, pulled, served});
}

/* ---- what is held
 * -------------------------------------------------------------------------------- */

/* Arrays that double, one for each thread that has a task of walks. */
static void add_doubling(h2vi_arrays *arrays, int64_t count, int64_t num_walks,
                         int num_threads, int64_t item_bytes)
{
    enum { FIRST = 1024, WALKS_PER_TASK = 1024 };
    const int64_t num_tasks = (num_walks + WALKS_PER_TASK - 1) / WALKS_PER_TASK;
    const int64_t num_arrays = num_tasks < num_threads ? num_tasks : num_threads;
    int64_t capacity = count > 0 ? FIRST : 0;
    while (capacity * num_arrays < count && num_arrays > 0) capacity *= 2;
    for (int64_t i = 0; i < num_arrays; i++) h2vi_arrays_add(arrays, capacity, item_bytes);
}

static int first_part(const cost_rules *rules, int rank)
{
    return h2v_partition_first_part(rules->costing->params->parts, rules->num_ranks, rank);
}

static int num_parts_of(const cost_rules *rules, int rank)
{
    return first_part(rules, rank + 1) - first_part(rules, rank);
}

static h2vi_arrays hold_rows(const cost_rules *rules, int rank,
                             const h2vi_rank_counts *counts)
{
    const h2v_embed_params *params = rules->costing->params;
    const int num_parts = num_parts_of(rules, rank);
    const int num_buffers =
        num_parts + h2vi_rotation_num_spare(params->parts, params->groups,
                                            first_part(rules, rank), num_parts);
    const bool are_copies = params->groups > 1;
    const int64_t largest = counts->largest_block;
    const int64_t rows_of_buffer =
        are_copies ? largest + largest / 16 : rules->rows_per_block;
    const int64_t row_bytes = rules->stride * (int64_t)sizeof(float);
    h2vi_arrays arrays = {0};
    for (int i = 0; i < (are_copies ? 2 : 1); i++)
        h2vi_arrays_add(&arrays, counts->num_owned, row_bytes);
    h2vi_arrays_add(&arrays, num_buffers * rows_of_buffer,
                    row_bytes + (are_copies ? (int64_t)sizeof(float) : 0));
    return arrays;
}

/* Walks while they are walked and routed. */
static void add_walks(const cost_rules *rules, const h2vi_rank_counts *counts,
                      h2vi_arrays *arrays)
{
    const h2vi_costing *costing = rules->costing;
    const int num_threads = costing->num_threads;
    const int64_t walker = sizeof(h2vi_walker), visit = sizeof(h2vi_visit);
    const int64_t walk = costing->params->walk_length * (int64_t)sizeof(h2vi_token);
    const int64_t copy = walk + (int64_t)sizeof(h2vi_token);
    const int64_t walks = times(counts->walks, rules->walked);
    const int64_t walkers = times(counts->first_out, rules->walked);
    const int64_t visits = times(counts->visits_out, rules->walked);
    h2vi_arrays_add_roomy(arrays, walks, 16, sizeof(h2vi_start));
    h2vi_arrays_add_roomy(arrays, walks, 16, walk);
    add_doubling(arrays, walkers, walks, num_threads, walker);
    add_doubling(arrays, visits, walks, num_threads, visit);
    if (walkers * walker > visits * visit)
        h2vi_arrays_add_roomy(arrays, walkers, 4, walker);
    else
        h2vi_arrays_add_roomy(arrays, visits, 4, visit);
    h2vi_arrays_add_roomy(arrays, times(counts->first_in, rules->walked), 4, walker);
    h2vi_arrays_add_roomy(arrays, times(counts->visits_in, rules->walked), 4, visit);
    h2vi_arrays_add_roomy(arrays, times(counts->copies_out, rules->walks), 8, copy);
    h2vi_arrays_add_roomy(arrays, times(counts->copies_in, rules->walks), 4, copy);
    h2vi_arrays_add_roomy(arrays, times(counts->walks + counts->copies_in, rules->walks),
                          16, costing->params->walk_length * (int64_t)sizeof(uint16_t));
}

/* Pairs in their cells, and the largest cell of each thread. One group has as many times
 * the blocks as there are groups, each with its share of a part's pairs. */
static void add_pairs(const cost_rules *rules, int rank, const h2vi_rank_counts *counts,
                      h2vi_arrays *arrays)
{
    const h2vi_costing *costing = rules->costing;
    const int64_t num_cells = (int64_t)num_parts_of(rules, rank) * rules->num_blocks;
    const double share = rules->walks * costing->params->groups / costing->measured->groups;
    h2vi_arrays_add_roomy(arrays, times(counts->pairs, rules->walks), 16,
                          sizeof(h2vi_pair));
    h2vi_arrays_add(arrays, counts->num_owned, sizeof(uint32_t));
    h2vi_arrays_add(arrays, num_cells * (costing->num_threads + 1), sizeof(int64_t));
    h2vi_arrays_add(arrays,
                    (int64_t)num_parts_of(rules, rank) *
                        h2vi_count_width(rules->num_blocks) * costing->num_threads,
                    sizeof(uint32_t));
    for (int t = 0; t < costing->num_threads; t++)
        h2vi_arrays_add_roomy(arrays, times(counts->largest_cell, share), 16,
                              sizeof(uint32_t));
}

static int64_t largest_of(int64_t a, int64_t b, int64_t c)
{
    const int64_t larger = a > b ? a : b;
    return larger > c ? larger : c;
}

/* Groups that have a part on a rank. */
static int num_groups_of(const cost_rules *rules, int rank)
{
    const int first = first_part(rules, rank), end = first_part(rules, rank + 1);
    return first < end ? (end - 1) / rules->num_blocks - first / rules->num_blocks + 1 : 0;
}

/* Halo, requests, rows and changes. */
static void add_halo(const cost_rules *rules, int rank, const h2vi_rank_counts *counts,
                     h2vi_arrays *arrays)
{
    const h2v_embed_params *params = rules->costing->params;
    const int num_groups = num_groups_of(rules, rank),
              num_parts = num_parts_of(rules, rank);
    const int64_t row = (int64_t)h2vi_packed_bytes(params->exchange_precision, params->dim);
    const int64_t change = (int64_t)sizeof(h2vi_change_head) + row;
    const int64_t request = (int64_t)sizeof(h2v_slot);
    const int64_t words = (rules->rows_per_block + 63) / 64;
    const int64_t parcel =
        largest_of(counts->pulled * request, counts->served * row, counts->needed * change);
    const int64_t changes = counts->needed - counts->pulled + counts->served; /* come */
    for (int i = 0; i < num_groups * rules->num_blocks; i++)
        h2vi_arrays_add(arrays, words, (int64_t)(sizeof(uint64_t) + sizeof(uint32_t)));
    for (int i = 0; i < num_parts && i < rules->num_blocks; i++)
        h2vi_arrays_add(arrays, rules->rows_per_block, request);
    h2vi_arrays_add(arrays, num_groups * (int64_t)params->pool, sizeof(uint32_t));
    h2vi_arrays_add_roomy(arrays, parcel, 8, 1);
    h2vi_arrays_add_roomy(arrays, counts->served, 4, request);
    h2vi_arrays_add_roomy(arrays, counts->pulled, 4, row);
    h2vi_arrays_add_roomy(arrays, counts->served, 4, change);
    h2vi_arrays_add_roomy(arrays, changes, 8, sizeof(int64_t));
    h2vi_arrays_add(arrays, counts->num_owned, sizeof(int64_t));
}

/* While it trains, besides the round: where a thread sorts a part's pairs, where it has a
 * walk before it, of which only the places that there are are written. */
static int64_t threads_take(const cost_rules *rules, int rank,
                            const h2vi_rank_counts *counts)
{
    const int num_parts = num_parts_of(rules, rank);
    h2vi_arrays arrays = {0};
    for (int t = 0; t < rules->costing->num_threads; t++) {
        h2vi_arrays_add(&arrays, num_parts > 0 ? counts->num_owned / num_parts : 0,
                        sizeof(uint32_t));
        h2vi_arrays_add(&arrays, rules->costing->params->walk_length,
                        3 * sizeof(uint32_t) + sizeof(uint16_t));
        h2vi_arrays_add(&arrays, H2VI_SUMMED_LENGTH + 1, H2VI_SUMMED_BLOCKS);
    }
    return arrays.taken;
}

/* The most that a rank takes at any time, in whichever phase that is. */
static int64_t peak_of(const cost_rules *rules, int rank, int64_t rows, int64_t round)
{
    const h2vi_costing *costing = rules->costing;
    const h2vi_rank_counts *counts = counts_of(costing, rank);
    const int64_t num_owned = counts->num_owned, num_arcs = counts->num_arcs;
    const int64_t train =
        h2vi_walked_graph_bytes(&costing->shape, costing->params, num_owned, num_arcs) +
        rows + round + threads_take(rules, rank, counts);
    const int64_t write =
        h2vi_moved_graph_bytes(&costing->shape, num_owned, num_arcs) + rows +
        h2vi_write_bytes(&costing->shape, costing->params->dim, num_owned);
    const int64_t cut = rank == 0 ? h2vi_cut_bytes(&costing->shape, costing->params) : 0;
    const int64_t move = h2vi_move_bytes(&costing->shape, num_owned, num_arcs);
    const int64_t start =
        costing->start
            ? h2vi_moved_graph_bytes(&costing->shape, num_owned, num_arcs) + rows +
                  h2vi_fastrp_bytes(&costing->shape, costing->params, &costing->start[rank])
            : 0;
    return largest_of(train > start ? train : start, write, cut > move ? cut : move);
}

static h2v_rank_report cost_rank(const cost_rules *rules, int r)
{
    const h2vi_costing *costing = rules->costing;
    const bool has_groups = costing->params->groups > 1;
    const h2vi_rank_counts *counts = counts_of(costing, r);
    const h2vi_arrays rows = hold_rows(rules, r, counts);
    h2vi_arrays round = {costing->given_bytes, costing->given_bytes};
    add_walks(rules, counts, &round);
    add_pairs(rules, r, counts, &round);
    if (has_groups) add_halo(rules, r, counts, &round);
    h2v_rank_report rank = {.num_owned = counts->num_owned,
                            .num_arcs = counts->num_arcs,
                            .num_pairs = times(counts->pairs, rules->epoch_walks),
                            .row_bytes = rows.used,
                            .round_bytes = round.used,
                            .peak_bytes = peak_of(rules, r, rows.taken, round.taken)};
    cost_walks(rules, counts, &rank);
    if (has_groups)
        cost_halo(rules, counts, &rank);
    else if (rules->num_ranks > 1)
        cost_rotation(rules, &rank);
    return rank;
}

h2v_rank_report h2vi_cost_rank(const h2vi_costing *costing, int rank)
{
    const cost_rules rules = rules_of(costing);
    return cost_rank(&rules, rank);
}

void h2vi_cost_ranks(const h2vi_costing *costing, h2v_rank_report *ranks)
{
    const cost_rules rules = rules_of(costing);
    for (int r = 0; r < rules.num_ranks; r++) ranks[r] = cost_rank(&rules, r);
}

int64_t h2vi_largest_peak(const h2vi_costing *costing, int *rank)
{
    const cost_rules rules = rules_of(costing);
    int64_t largest = -1;
    for (int r = 0; r < rules.num_ranks; r++) {
        const int64_t peak = cost_rank(&rules, r).peak_bytes;
        if (peak <= largest) continue;
        largest = peak;
        *rank = r;
    }
    return largest;
}

/* ---- the choice
 * ---------------------------------------------------------------------------------- */

int64_t h2v_estimate_row_traffic(const h2v_estimate *estimate, h2v_setting setting)
{
    const h2v_rank_report *ranks = estimate->settings[setting].ranks;
    int64_t sum = 0;
    for (int r = 0; r < estimate->num_ranks; r++)
        sum += ranks[r].bytes_sent[H2V_PHASE_PULL] + ranks[r].bytes_sent[H2V_PHASE_TRAIN] +
               ranks[r].bytes_sent[H2V_PHASE_PUSH];
    return sum;
}

static void say(char *because, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char *because, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(because, H2V_REASON_BYTES, format, arguments);
    va_end(arguments);
}

static bool has_enough_rounds(const h2v_setting_estimate *setting)
{
    return setting->params.rounds >= setting->rounds_needed;
}

void h2vi_choose_setting(h2v_estimate *estimate)
{
    const h2v_setting_estimate *rotation = &estimate->settings[H2V_SETTING_ROTATION];
    const h2v_setting_estimate *groups = &estimate->settings[H2V_SETTING_GROUPS];
    const int num_groups = estimate->num_ranks;
    estimate->choice = H2V_SETTING_ROTATION;
    if (num_groups == 1) {
        say(estimate->because, "one rank sends nothing");
        return;
    }
    if (!has_enough_rounds(groups) && has_enough_rounds(rotation)) {
        say(estimate->because, "%d groups need %d rounds, there are %d", num_groups,
            groups->rounds_needed, groups->params.rounds);
        return;
    }
    if (!has_enough_rounds(groups)) {
        say(estimate->because,
            "%d rounds are few for one group, which needs %d, and %d "
            "groups need %d",
            rotation->params.rounds, rotation->rounds_needed, num_groups,
            groups->rounds_needed);
        return;
    }
    const double unit = 1e6 * num_groups;
    const double round_trip =
        (double)h2v_estimate_row_traffic(estimate, H2V_SETTING_ROTATION) / unit;
    const double halos =
        (double)h2v_estimate_row_traffic(estimate, H2V_SETTING_GROUPS) / unit;
    if (halos < round_trip) estimate->choice = H2V_SETTING_GROUPS;
    if (halos < round_trip)
        say(estimate->because,
            "a rank sends %.*f MB of rows in an epoch, with one group %.*f MB",
            halos < 10 ? 3 : 0, halos, round_trip < 10 ? 3 : 0, round_trip);
    else
        say(estimate->because,
            "a rank sends %.*f MB of rows in an epoch, with %d groups %.*f MB",
            round_trip < 10 ? 3 : 0, round_trip, num_groups, halos < 10 ? 3 : 0, halos);
}

void h2vi_say_why_one(int num_parts, int num_ranks, char because[H2V_REASON_BYTES])
{
    if (num_ranks == 1)
        say(because, "one rank sends nothing");
    else
        say(because, "%d parts do not make %d equal groups", num_parts, num_ranks);
}
