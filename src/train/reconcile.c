/* SPDX-License-Identifier: MIT */

/* What is made once and told at the end; pull.c and push.c do the work. */
#include "reconcile.h"

#include "alloc.h"
#include "fail.h"
#include "packed_rows.h"
#include "push_item.h"
#include "row_owners.h"

#include <stdlib.h>

static h2v_status make_scratch(h2vi_reconciler *this)
{
    const h2v_embed_params *params = this->params;
    const int num_threads = this->moved->graph->world->num_threads;
    this->scratch = h2vi_alloc_n(num_threads, sizeof *this->scratch);
    if (!this->scratch) return h2vi_fail_memory("changes of a row");
    for (int t = 0; t < num_threads; t++) {
        h2vi_change_scratch *scratch = &this->scratch[t];
        scratch->changes = h2vi_alloc_n(params->groups, sizeof *scratch->changes);
        scratch->rows =
            h2vi_alloc_n((int64_t)params->groups * params->dim, sizeof *scratch->rows);
        scratch->combiner = h2vi_alloc_n(
            h2vi_combiner_scratch_bytes(params->combiner, params->dim, params->groups), 1);
        if (!scratch->changes || !scratch->rows || !scratch->combiner)
            return h2vi_fail_memory("changes of a row");
        const h2v_status status = h2vi_noise_tables_init(this->blocks, &scratch->tables);
        if (status != H2V_OK) return status;
    }
    return H2V_OK;
}

/* Local. */
static h2v_status make_tables(h2vi_reconciler *this)
{
    const h2v_world *world = this->moved->graph->world;
    this->slots = h2vi_alloc_n(this->groups.parts_per_group, sizeof *this->slots);
    const int64_t num_cursors = (int64_t)h2vi_num_homes(&this->groups) * world->num_ranks;
    this->requests_before = h2vi_alloc_n(num_cursors, sizeof(int64_t));
    this->next_requests = h2vi_alloc_n(num_cursors, sizeof(int64_t));
    this->next_changes = h2vi_alloc_n(num_cursors, sizeof(int64_t));
    this->starts = h2vi_alloc_n(this->moved->graph->num_owned + 2, sizeof *this->starts);
    if (!this->slots || !this->requests_before || !this->next_requests ||
        !this->next_changes || !this->starts)
        return h2vi_fail_memory("the rows between groups");
    h2v_status status = make_scratch(this);
    if (status == H2V_OK)
        status = h2vi_halo_init(world, this->blocks, &this->groups, this->params->pool,
                                &this->halo);
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, sizeof(h2v_slot), &this->requests);
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, (size_t)this->row_bytes, &this->pulled);
    if (status == H2V_OK)
        status = h2vi_exchange_init(
            world, sizeof(h2vi_change_head) + (size_t)this->row_bytes, &this->pushed);
    this->requests.what = "requests for rows";
    this->pulled.what = "rows";
    this->pushed.what = "changes of rows";
    return status;
}

h2v_status h2vi_reconciler_init(const h2v_embed_params *params, const h2vi_moved *moved,
                                const h2vi_blocks *blocks, h2vi_model *model,
                                h2vi_reconciler *reconciler)
{
    const h2v_world *world = moved->graph->world;
    *reconciler = (h2vi_reconciler){
        .params = params,
        .moved = moved,
        .blocks = blocks,
        .model = model,
        .groups = h2vi_groups_of(world, params->parts, params->groups),
        .row_bytes = (int64_t)h2vi_packed_bytes(params->exchange_precision, params->dim)};
    h2v_status status = h2v_agree(world, make_tables(reconciler));
    if (status == H2V_OK)
        status = h2vi_find_row_owners(moved, blocks, &reconciler->groups, reconciler->slots,
                                      &reconciler->setup_bytes);
    if (status != H2V_OK) h2vi_reconciler_clear(reconciler);
    return status;
}

void h2vi_reconciler_clear(h2vi_reconciler *reconciler)
{
    h2vi_reconciler *this = reconciler;
    h2vi_exchange_clear(&this->pushed); /* first: it may still send from the parcel */
    for (int b = 0; this->slots && b < this->groups.parts_per_group; b++)
        free(this->slots[b]);
    for (int t = 0; this->scratch && t < this->moved->graph->world->num_threads; t++) {
        free(this->scratch[t].changes);
        free(this->scratch[t].rows);
        free(this->scratch[t].combiner);
        h2vi_noise_tables_clear(&this->scratch[t].tables);
    }
    free(this->slots);
    free(this->scratch);
    free(this->requests_before);
    free(this->next_requests);
    free(this->next_changes);
    free(this->parcel);
    free(this->order);
    free(this->starts);
    h2vi_halo_clear(&this->halo);
    h2vi_exchange_clear(&this->requests);
    h2vi_exchange_clear(&this->pulled);
    *this = (h2vi_reconciler){0};
}

int64_t h2vi_reconciler_bytes(const h2vi_reconciler *this)
{
    int64_t num_tables = 0;
    for (int b = 0; b < this->groups.parts_per_group; b++)
        num_tables += this->slots[b] != NULL;
    return h2vi_halo_bytes(&this->halo) + this->parcel_bytes +
           num_tables * this->blocks->rows_per_block * (int64_t)sizeof(h2v_slot) +
           this->requests.capacity * (int64_t)this->requests.item_bytes +
           this->pulled.capacity * (int64_t)this->pulled.item_bytes +
           this->pushed.capacity * (int64_t)this->pushed.item_bytes +
           this->order_capacity * (int64_t)sizeof *this->order +
           this->moved->graph->num_owned * (int64_t)sizeof *this->starts;
}

void h2vi_reconciler_report(const h2vi_reconciler *this, h2v_rank_report *report)
{
    const h2vi_exchange *pull[] = {&this->halo.bitmaps, &this->requests, &this->pulled};
    for (int i = 0; i < 3; i++) {
        report->bytes_sent[H2V_PHASE_PULL] += pull[i]->bytes_sent;
        report->bytes_received[H2V_PHASE_PULL] += pull[i]->bytes_received;
    }
    report->bytes_sent[H2V_PHASE_MIGRATE] += this->setup_bytes.sent;
    report->bytes_received[H2V_PHASE_MIGRATE] += this->setup_bytes.received;
    const int64_t change_bytes = (int64_t)this->pushed.item_bytes;
    report->rows_sent[H2V_PHASE_PULL] += this->pulled.bytes_sent / this->row_bytes;
    report->rows_received[H2V_PHASE_PULL] += this->pulled.bytes_received / this->row_bytes;
    report->bytes_sent[H2V_PHASE_PUSH] += this->pushed.bytes_sent;
    report->bytes_received[H2V_PHASE_PUSH] += this->pushed.bytes_received;
    report->rows_sent[H2V_PHASE_PUSH] += this->pushed.bytes_sent / change_bytes;
    report->rows_received[H2V_PHASE_PUSH] += this->pushed.bytes_received / change_bytes;
}
