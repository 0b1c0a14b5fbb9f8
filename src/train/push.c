/* SPDX-License-Identifier: MIT */

/* Changes from the homes of blocks to the owners of rows, who make one change of them. An
 * owner takes ranks in their order, and so meets the changes of a row in the order of
 * groups. */
#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "home_rows.h"
#include "packed_rows.h"
#include "push_item.h"

#include <stdlib.h>
#include <string.h>

/* The pairs that cells counted are updates by positives; those by negatives are added as
 * they are to be expected. */
static void add_negative_updates(h2vi_reconciler *this, int home, h2vi_noise_tables *tables)
{
    h2vi_block_set *set = &this->model->blocks;
    const int block = home % this->groups.parts_per_group;
    const h2vi_needed_rows *needed =
        h2vi_needed(&this->halo, home / this->groups.parts_per_group, block);
    float *updates = h2vi_block_updates(set, home);
    double num_pairs = 0, total = 0;
    for (int64_t i = 0; i < set->num_rows[home]; i++) num_pairs += (double)updates[i];
    h2vi_block_classes_list(this->blocks, block, this->halo.pool, tables);
    for (int c = 0; c < tables->num_classes; c++)
        total += (double)tables->classes[c].weight;
    int64_t at = 0;
    for (int c = 0; c < tables->num_classes; c++) {
        const h2vi_block_class *class = &tables->classes[c];
        const double share = (double)class->weight / (total * (double)class->num_pooled);
        const float expected = (float)(this->params->negatives * num_pairs * share);
        for (int64_t i = 0; i < class->num_pooled; i++)
            updates[needed->pool[at++]] += expected;
    }
}

/* change = row - what was pulled; whether it is other than zero. */
static bool find_change(const h2vi_home_rows *rows, float *change)
{
    const h2vi_reconciler *this = rows->reconciler;
    const int dim = this->params->dim;
    const float *row =
        this->model->blocks.rows[rows->home] + (int64_t)rows->number * this->model->stride;
    int is_changed = 0;
    h2vi_fetch_row(rows, change);
    for (int d = 0; d < dim; d++) {
        is_changed |= row[d] != change[d];
        change[d] = row[d] - change[d];
    }
    return is_changed;
}

static void count_changes(h2vi_reconciler *this, int home, float *change)
{
    int64_t *counts = h2vi_cursors_of_home(this, this->next_changes, home);
    h2vi_home_rows rows = h2vi_rows_of_home(this, home);
    while (h2vi_next_row(&rows)) counts[rows.owner] += find_change(&rows, change);
}

static void write_changes(h2vi_reconciler *this, int home, float *change)
{
    const float *updates = h2vi_block_updates(&this->model->blocks, home);
    int64_t *next = h2vi_cursors_of_home(this, this->next_changes, home);
    h2vi_home_rows rows = h2vi_rows_of_home(this, home);
    while (h2vi_next_row(&rows)) {
        if (!find_change(&rows, change)) continue;
        char *item = this->parcel + next[rows.owner]++ * (int64_t)this->pushed.item_bytes;
        const h2vi_change_head head = {rows.slot, (uint32_t)rows.group,
                                       updates[rows.number]};
        memcpy(item, &head, sizeof head);
        h2vi_pack_row(this->params->exchange_precision, this->params->dim, change,
                      h2vi_rounding_word(this, this->round,
                                         H2VI_ROUNDED_FOR_PUSH + (uint32_t)rows.group,
                                         rows.slot),
                      item + sizeof head);
    }
}

/* Of the squared norm of a center, what a pair adds to the curvature of the loss along a
 * row on average: at most 1/4, where the pair is undecided, and less the more pairs are
 * told apart. Chosen on the two graphs below, by one seed each, so it may suit others less:
 * 32 groups, f32 rows, in-out AUC / micro-F1 at half the labels. F1 scatters by .3.
 *
 *              BlogCatalog, 16 rounds   64 rounds        PPI, 16 rounds   64 rounds
 *     .005     .9416 / 31.2             .9405 / 32.6     .8721 / 22.0     .8640 / 22.1
 *     .01      .9491 / 30.9             .9458 / 32.7     .8787 / 22.3     .8665 / 22.2
 *     .02      .9538 / 30.2             .9495 / 32.8     .8884 / 22.1     .8691 / 22.2
 *     .04      .9596 / 29.4             .9528 / 32.6     .9043 / 21.8     .8707 / 22.3
 *     .08      .9635 / 28.3             .9559 / 31.8     .9194 / 20.4     .8756 / 22.4
 *  1 group     .9545 / 32.2             .9561 / 31.6     .8742 / 21.9     .8745 / 22.3
 *
 * More training saturates more: 80 walks, 125 rounds, int8 rows, BlogCatalog's micro-F1 is
 * 41.0 by .01, 40.5 to 40.7 by .025, 40.3 by .04; 41.0 in one group. */
static const double SHARE_OF_CURVATURE = 0.025;

/* Collective. How far one update takes a context row towards where it settles: `rate` times
 * the curvature of the logistic loss, which goes with the squared norms of the centers.
 * Their mean is a sum of integers, of 2^-20; squares beyond 1024 count as that, so that
 * 2^32 of them fit. */
static double find_curvature(const h2vi_reconciler *this, double rate)
{
    if (this->params->combiner != H2V_COMBINER_SATURATING) return 0;
    const h2v_graph *graph = this->moved->graph;
    const int dim = this->params->dim, stride = this->model->stride;
    int64_t sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const float *row = this->model->in + v * stride;
        double square = 0;
        for (int d = 0; d < dim; d++) square += (double)row[d] * (double)row[d];
        sum += (int64_t)((square < 1024 ? square : 1024) * 0x1p20);
    }
    h2vi_trace_work_end(this->trace, H2V_PHASE_PUSH, NULL);
    h2vi_sum(graph->world, 1, &sum);
    h2vi_trace_agreed(this->trace);
    return SHARE_OF_CURVATURE * rate * (double)sum * 0x1p-20 / (double)graph->num_vertices;
}

h2v_status h2vi_push_begin(h2vi_reconciler *reconciler, double rate)
{
    h2vi_reconciler *this = reconciler;
    const h2vi_groups *groups = &this->groups;
    const int num_threads = this->moved->graph->world->num_threads;
    h2vi_trace_work_begin(this->trace);
    this->curvature = find_curvature(this, rate);
    h2vi_cursors_forget(this, this->next_changes);
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++) {
        h2vi_change_scratch *scratch = &this->scratch[t];
        for (int home = groups->first_part + t; home < groups->end_part;
             home += num_threads) {
            add_negative_updates(this, home, &scratch->tables);
            count_changes(this, home, scratch->rows);
        }
    }
    const int64_t num_changes =
        h2vi_cursors_place(this, this->next_changes, this->pushed.send_counts);
    this->own_changes = this->pushed.send_counts[groups->rank];
    this->sent_changes = num_changes - this->own_changes;
    this->pushed.send_counts[groups->rank] = 0;
    h2v_status status =
        h2vi_reserve_parcel(this, num_changes * (int64_t)this->pushed.item_bytes);
    if (status == H2V_OK) {
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
        for (int t = 0; t < num_threads; t++)
            for (int home = groups->first_part + t; home < groups->end_part;
                 home += num_threads)
                write_changes(this, home, this->scratch[t].rows);
    }
    status = h2vi_exchange_begin(&this->pushed, status, this->parcel);
    if (status == H2V_OK) h2vi_trace_work_end(this->trace, H2V_PHASE_PUSH, &this->pushed);
    return status;
}

/* ---- changes become one
 * ------------------------------------------------------------------------- */

/* Changes in the order of the ranks that they come from: those of this rank are where they
 * were packed, behind what was sent. */
static const char *change_at(const h2vi_reconciler *this, int64_t index)
{
    const int64_t item_bytes = (int64_t)this->pushed.item_bytes;
    const char *received = this->pushed.received;
    const int64_t own = index - this->changes_before_own;
    if (own < 0) return received + index * item_bytes;
    if (own < this->own_changes)
        return this->parcel + (this->sent_changes + own) * item_bytes;
    return received + (index - this->own_changes) * item_bytes;
}

/* Local. Items by row, a row's in the order in which they came: starts[v] .. starts[v + 1]
 * of `order` are those of owned vertex v. */
static h2v_status sort_changes(h2vi_reconciler *this)
{
    const int64_t num_items = this->pushed.num_received + this->own_changes;
    const int64_t num_owned = this->moved->graph->num_owned;
    const int64_t base = this->moved->graph->first[this->groups.rank];
    this->changes_before_own = 0;
    for (int r = 0; r < this->groups.rank; r++)
        this->changes_before_own += this->pushed.recv_counts[r];
    if (!this->order || num_items > this->order_capacity) {
        free(this->order);
        this->order_capacity = num_items + num_items / 8;
        this->order = h2vi_alloc_n(this->order_capacity, sizeof *this->order);
        if (!this->order) {
            this->order_capacity = 0;
            return h2vi_fail_memory("the order of changes");
        }
    }
    /* starts[v + 2] counts; sums make starts[v + 1] where v is written next, and in the end
     * where it ends. */
    memset(this->starts, 0, (size_t)(num_owned + 2) * sizeof *this->starts);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < num_items; i++) {
            h2vi_change_head head;
            memcpy(&head, change_at(this, i), sizeof head);
            const int64_t v = (int64_t)head.slot - base;
            if (pass == 0)
                this->starts[v + 2]++;
            else
                this->order[this->starts[v + 1]++] = i;
        }
        for (int64_t v = 1; pass == 0 && v <= num_owned; v++)
            this->starts[v + 1] += this->starts[v];
    }
    return H2V_OK;
}

static bool combine_row(h2vi_reconciler *this, int64_t v, h2vi_change_scratch *scratch)
{
    const int dim = this->params->dim;
    const h2vi_combiner combiner = {.rule = this->params->combiner,
                                    .dim = dim,
                                    .num_groups = this->params->groups,
                                    .curvature = this->curvature,
                                    .scratch = scratch->combiner};
    const int64_t begin = this->starts[v];
    const int num_changes = (int)(this->starts[v + 1] - begin);
    for (int i = 0; i < num_changes; i++) {
        const char *item = change_at(this, this->order[begin + i]);
        h2vi_change_head head;
        memcpy(&head, item, sizeof head);
        float *row = scratch->rows + (int64_t)i * dim;
        h2vi_unpack_row(this->params->exchange_precision, dim, item + sizeof head, row);
        scratch->changes[i] = (h2vi_change){row, head.updates, (int)head.group};
    }
    return h2vi_combine(&combiner, num_changes, scratch->changes,
                        this->model->out + v * this->model->stride);
}

h2v_status h2vi_push_end(h2vi_reconciler *reconciler)
{
    h2vi_reconciler *this = reconciler;
    const h2v_graph *graph = this->moved->graph;
    const int num_threads = graph->world->num_threads;
    h2vi_exchange_end(&this->pushed);
    h2vi_trace_work_begin(this->trace);
    h2v_status status = sort_changes(this);
    h2vi_trace_work_end(this->trace, H2V_PHASE_PUSH, NULL);
    status = h2v_agree(graph->world, status);
    h2vi_trace_agreed(this->trace);
    if (status != H2V_OK) return status;
    int64_t num_refused = 0;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)     reduction(+ : num_refused)
    for (int t = 0; t < num_threads; t++) {
        for (int64_t v = t; v < graph->num_owned; v += num_threads)
            if (this->starts[v + 1] > this->starts[v])
                num_refused += !combine_row(this, v, &this->scratch[t]);
    }
    if (num_refused > 0)
        status = h2v_fail(H2V_ERR_ARGUMENT,
                          "Training diverged, changes of %lld rows are out of range; take "
                          "a smaller --learning-rate or fewer --negatives",
                          (long long)num_refused);
    h2vi_trace_work_end(this->trace, H2V_PHASE_PUSH, NULL);
    status = h2v_agree(graph->world, status);
    h2vi_trace_agreed(this->trace);
    return status;
}
