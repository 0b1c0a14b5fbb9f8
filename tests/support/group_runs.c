/* SPDX-License-Identifier: MIT */

/* See group_runs.h. What cannot be made ends the test at once. */
#include "group_runs.h"

#include "alloc.h"
#include "block_wire.h"
#include "packed_rows.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (holds) return;
    (void)fprintf(stderr, "group_runs: %s\n", h2v_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* ---- formulas
 * ----------------------------------------------------------------------------------- */

static float out_value(int64_t gid, int d)
{
    return (float)(gid % 97 * 3 + d - 20) * 0x1p-5F;
}

static float in_value(int64_t gid, int d)
{
    return (float)((gid * 5 + d) % 17 - 8) * 0.25F;
}

static bool is_changed(const group_run *this, int group, int64_t gid)
{
    return (gid + 2 * group + this->round) % 3 != 0;
}

static float change_value(const group_run *this, int group, int64_t gid, int d)
{
    const int64_t number = gid * 7 + group * 13 + d * 5 + this->round;
    return (float)(number % 41 - 20) * 0x1p-10F;
}

/* Pairs that a group counts for a row. */
static float count_value(int group, int64_t gid)
{
    return (float)((gid + group) % 4);
}

/* ---- a run
 * -------------------------------------------------------------------------------------- */

static void fill_rows(const h2v_graph *graph, int stride, float (*value)(int64_t, int),
                      float *rows)
{
    for (int64_t v = 0; v < graph->num_owned; v++)
        for (int d = 0; d < RUN_DIM; d++) rows[v * stride + d] = value(graph->gids[v], d);
}

void group_run_start(const group_kind *kind, h2v_combiner combiner, h2v_precision precision,
                     int num_threads, group_run *this)
{
    *this = (group_run){.kind = kind, .params = h2v_embed_params_default()};
    this->params.dim = RUN_DIM;
    this->params.seed = RUN_SEED;
    this->params.negatives = RUN_NEGATIVES;
    this->params.parts = kind->num_parts;
    this->params.groups = kind->num_groups;
    this->params.pool = (int)kind->pool;
    this->params.combiner = combiner;
    this->params.exchange_precision = precision;
    job_init_groups(MPI_COMM_WORLD, num_threads, kind->num_vertices, kind->num_parts,
                    kind->num_groups, &this->job);
    job_init_groups(MPI_COMM_SELF, 1, kind->num_vertices, kind->num_parts, kind->num_groups,
                    &this->alone);
    must(h2vi_model_init(&this->job.moved, &this->job.blocks, RUN_DIM, RUN_SEED,
                         &this->model) == H2V_OK);
    must(this->model.stride == RUN_STRIDE && this->model.out);
    fill_rows(this->job.moved.graph, RUN_STRIDE, in_value, this->model.in);
    fill_rows(this->job.moved.graph, RUN_STRIDE, out_value, this->model.out);
    this->out = h2vi_alloc_n(kind->num_vertices * RUN_DIM, sizeof *this->out);
    this->needed = h2vi_alloc_n(kind->num_parts, sizeof *this->needed);
    must(this->out && this->needed);
    fill_rows(this->alone.moved.graph, RUN_DIM, out_value, this->out);
}

void group_run_end(group_run *this)
{
    h2vi_model_clear(&this->model);
    job_clear(&this->job);
    job_clear(&this->alone);
    free(this->out);
    free(this->needed);
    *this = (group_run){0};
}

static int per_group(const group_run *this)
{
    return this->kind->num_parts / this->kind->num_groups;
}

void group_run_begin_round(group_run *this, uint32_t round)
{
    this->round = round;
    group_pairs_make(&this->job, this->kind->num_groups, round, &this->router);
    for (int home = 0; home < this->kind->num_parts; home++)
        group_rows_make(&this->job.blocks, this->kind, RUN_SEED, round,
                        home / per_group(this), home % per_group(this),
                        &this->needed[home]);
}

void group_run_end_round(group_run *this)
{
    group_pairs_clear(&this->router);
    for (int home = 0; home < this->kind->num_parts; home++)
        group_rows_clear(&this->needed[home]);
}

/* ---- who has what
 * ------------------------------------------------------------------------------- */

int64_t group_run_row(const group_run *this, int64_t slot, int *block)
{
    const int64_t place = this->alone.moved.vertices[slot].context_slot;
    *block = (int)(place / this->alone.blocks.rows_per_block);
    return place % this->alone.blocks.rows_per_block;
}

int group_run_owner(const group_run *this, int64_t slot)
{
    int rank = 0;
    while (this->job.moved.graph->first[rank + 1] <= slot) rank++;
    return rank;
}

int group_run_host(const group_run *this, int home)
{
    const int num_ranks = this->job.world->num_ranks;
    int rank = 0;
    while (h2v_partition_first_part(this->kind->num_parts, num_ranks, rank + 1) <= home)
        rank++;
    return rank;
}

int64_t group_run_number(const group_run *this, int home, int64_t row)
{
    const group_rows *needed = &this->needed[home];
    int64_t number = 0;
    for (int64_t i = 0; i < row; i++) number += needed->is_needed[i];
    return needed->is_needed[row] ? number : -1;
}

/* ---- pull and changes
 * --------------------------------------------------------------------------- */

static uint32_t rounding_word(const group_run *this, uint32_t place, int64_t slot)
{
    return h2vi_random(RUN_SEED, H2VI_FOR_ROUNDING, this->round, place, (uint32_t)slot, 0)
        .w[0];
}

void group_run_pull(const group_run *this, int64_t slot, float *row)
{
    memcpy(row, this->out + slot * RUN_DIM, RUN_DIM * sizeof *row);
    const uint32_t word = rounding_word(this, H2VI_ROUNDED_FOR_PULL, slot);
    h2vi_round_row(this->params.exchange_precision, RUN_DIM, row, word);
    if (this->params.parts > this->params.groups) /* blocks that rotate are f16 for int8 */
        h2vi_round_row(h2vi_block_precision(this->params.exchange_precision), RUN_DIM, row,
                       word);
}

void group_run_change(group_run *this)
{
    const h2vi_block_set *set = &this->model.blocks;
    for (int64_t slot = 0; slot < this->kind->num_vertices; slot++) {
        const int64_t gid = this->alone.moved.graph->gids[slot];
        int block = 0;
        const int64_t row = group_run_row(this, slot, &block);
        for (int g = 0; g < this->kind->num_groups; g++) {
            const int home = g * per_group(this) + block;
            const int64_t number = group_run_number(this, home, row);
            if (!set->rows[home] || number < 0) continue;
            h2vi_block_updates(set, home)[number] += count_value(g, gid);
            for (int d = 0; d < RUN_DIM && is_changed(this, g, gid); d++)
                set->rows[home][number * RUN_STRIDE + d] += change_value(this, g, gid, d);
        }
    }
}

/* Whether a group changes a row, and how that arrives. */
static bool change_by_group(const group_run *this, int group, int64_t slot, float *change)
{
    const int64_t gid = this->alone.moved.graph->gids[slot];
    float pulled[RUN_DIM];
    bool differs = false;
    int block = 0;
    const int64_t row = group_run_row(this, slot, &block);
    if (!this->needed[group * per_group(this) + block].is_needed[row] ||
        !is_changed(this, group, gid))
        return false;
    group_run_pull(this, slot, pulled);
    for (int d = 0; d < RUN_DIM; d++) {
        const float changed = pulled[d] + change_value(this, group, gid, d);
        change[d] = changed - pulled[d];
        differs = differs || change[d] != 0;
    }
    h2vi_round_row(this->params.exchange_precision, RUN_DIM, change,
                   rounding_word(this, H2VI_ROUNDED_FOR_PUSH + (uint32_t)group, slot));
    return differs;
}

void group_run_list_changes(const group_run *this, int64_t slot, group_changes *changes)
{
    changes->num_changes = 0;
    for (int g = 0; g < this->kind->num_groups; g++)
        if (change_by_group(this, g, slot, changes->rows[changes->num_changes]))
            changes->groups[changes->num_changes++] = g;
}

/* ---- changes become one
 * ------------------------------------------------------------------------- */

/* Updates of a row by a group: pairs counted, and of the block's negatives as many as it is
 * expected to get. */
static double updates_by_group(const group_run *this, int group, int64_t slot)
{
    const h2v_graph *graph = this->alone.moved.graph;
    int block = 0, other = 0;
    const int64_t row = group_run_row(this, slot, &block);
    const group_rows *needed = &this->needed[group * per_group(this) + block];
    double num_pairs = 0, share = 0;
    for (int64_t s = 0; s < this->kind->num_vertices; s++)
        if (needed->is_needed[group_run_row(this, s, &other)] && other == block)
            num_pairs += (double)count_value(group, graph->gids[s]);
    for (int64_t i = 0; i < needed->num_pooled; i++)
        if (needed->pool[i] == row) share = (double)needed->pool_shares[i];
    return (double)count_value(group, graph->gids[slot]) +
           RUN_NEGATIVES * num_pairs * share;
}

double group_run_mean_square(const group_run *this)
{
    double sum = 0;
    for (int64_t gid = 0; gid < this->kind->num_vertices; gid++)
        for (int d = 0; d < RUN_DIM; d++) sum += pow((double)in_value(gid, d), 2);
    return sum / (double)this->kind->num_vertices;
}

/* What the sum is multiplied by. */
static double factor_of(const group_run *this, const group_changes *list, int64_t slot)
{
    const double a = this->reconciler.curvature;
    double updates = 0, alone = 0;
    if (this->params.combiner == H2V_COMBINER_SUM) return 1;
    if (this->params.combiner == H2V_COMBINER_AVERAGE) return 1.0 / list->num_changes;
    for (int i = 0; i < list->num_changes; i++) {
        const double c = updates_by_group(this, list->groups[i], slot);
        updates += c;
        alone += 1 - exp(-a * c);
    }
    return updates > 0 ? (1 - exp(-a * updates)) / alone : 1;
}

static void add_sum(const group_changes *list, double factor, float *row)
{
    for (int d = 0; d < RUN_DIM; d++) {
        int64_t units = 0;
        for (int i = 0; i < list->num_changes; i++)
            units += llrint((double)list->rows[i][d] * 0x1p36);
        row[d] = (float)((double)row[d] + (double)units * 0x1p-36 * factor);
    }
}

/* Rules of angles have tests of their own; here it counts that they get the changes of all
 * groups, in order. */
static void add_by_rule(const group_run *this, const group_changes *list, float *row)
{
    h2vi_change changes[RUN_MAX_GROUPS];
    const h2vi_combiner combiner = {
        .rule = this->params.combiner,
        .dim = RUN_DIM,
        .num_groups = this->kind->num_groups,
        .scratch = h2vi_alloc_n(
            h2vi_combiner_scratch_bytes(this->params.combiner, RUN_DIM, RUN_MAX_GROUPS),
            1)};
    for (int i = 0; i < list->num_changes; i++)
        changes[i] = (h2vi_change){list->rows[i], 1, list->groups[i]};
    must(combiner.scratch && h2vi_combine(&combiner, list->num_changes, changes, row));
    free(combiner.scratch);
}

void group_run_combine(const group_run *this, const group_changes *list, int64_t slot,
                       float *row)
{
    const h2v_combiner rule = this->params.combiner;
    if (list->num_changes == 1)
        for (int d = 0; d < RUN_DIM; d++)
            row[d] = (float)((double)row[d] + (double)list->rows[0][d]);
    else if (list->num_changes > 1 &&
             (rule == H2V_COMBINER_PROJECTION || rule == H2V_COMBINER_ADASUM))
        add_by_rule(this, list, row);
    else if (list->num_changes > 1)
        add_sum(list, factor_of(this, list, slot), row);
}

void group_run_share(group_run *this)
{
    const h2v_graph *graph = this->job.moved.graph;
    for (int rank = 0; rank < this->job.world->num_ranks; rank++) {
        float *rows = this->out + graph->first[rank] * RUN_DIM;
        const int64_t num_rows = graph->first[rank + 1] - graph->first[rank];
        for (int64_t v = 0; rank == this->job.world->rank && v < num_rows; v++)
            memcpy(rows + v * RUN_DIM, this->model.out + v * RUN_STRIDE,
                   RUN_DIM * sizeof *rows);
        MPI_Bcast(rows, (int)num_rows * RUN_DIM, MPI_FLOAT, rank, this->job.world->comm);
    }
}
