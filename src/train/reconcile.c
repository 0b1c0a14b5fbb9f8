/* SPDX-License-Identifier: MIT */

/* Set-up: homes learn who owns the rows of their blocks. */
#include "reconcile.h"

#include "alloc.h"
#include "fail.h"
#include "packed_rows.h"
#include "push_item.h"

#include <stdlib.h>

static int num_homes(const h2vi_reconciler *this)
{
    return this->groups.end_part - this->groups.first_part;
}

typedef struct row_place {
    uint32_t context_slot;
    h2v_slot slot;
} row_place;

/* Which ranks have a home of each block, each once, in ascending order. */
typedef struct block_ranks {
    int *ranks;  /* shape [parts_per_group, num_groups] */
    int *counts; /* shape [parts_per_group] */
} block_ranks;

static h2v_status block_ranks_init(const h2vi_groups *groups, block_ranks *table)
{
    table->ranks = h2vi_alloc_n(groups->num_parts, sizeof *table->ranks);
    table->counts = h2vi_alloc_n(groups->parts_per_group, sizeof *table->counts);
    if (!table->ranks || !table->counts) return h2vi_fail_memory("rows by rank");
    for (int b = 0; b < groups->parts_per_group; b++) {
        int *ranks = table->ranks + (int64_t)b * groups->num_groups;
        int *count = &table->counts[b];
        for (int g = 0; g < groups->num_groups; g++) {
            const int rank = h2vi_part_host(groups, h2vi_home(groups, g, b));
            if (*count == 0 || ranks[*count - 1] != rank) ranks[(*count)++] = rank;
        }
    }
    return H2V_OK;
}

static void block_ranks_clear(block_ranks *table)
{
    free(table->ranks);
    free(table->counts);
}

/* Local. List the owned vertices for the ranks that have homes of their blocks. */
static h2v_status list_places(const h2vi_reconciler *this, const block_ranks *table,
                              h2vi_exchange *exchange, row_place **places)
{
    const h2v_graph *graph = this->moved->graph;
    const int64_t base = graph->first[graph->world->rank];
    const int num_ranks = this->groups.num_ranks;
    int64_t *next = h2vi_alloc_n(num_ranks + 1, sizeof *next);
    if (!next) return h2vi_fail_memory("rows by rank");
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t v = 0; v < graph->num_owned; v++) {
            const uint32_t row = this->moved->vertices[v].context_slot;
            const int64_t block = row / this->blocks->rows_per_block;
            const int *ranks = table->ranks + block * this->groups.num_groups;
            for (int i = 0; i < table->counts[block]; i++) {
                if (pass == 0)
                    exchange->send_counts[ranks[i]]++;
                else
                    (*places)[next[ranks[i]]++] = (row_place){row, (h2v_slot)(base + v)};
            }
        }
        if (pass == 1) break;
        for (int r = 0; r < num_ranks; r++)
            next[r + 1] = next[r] + exchange->send_counts[r];
        *places = h2vi_alloc_n(next[num_ranks], sizeof **places);
        if (!*places) break;
    }
    free(next);
    return *places ? H2V_OK : h2vi_fail_memory("rows by rank");
}

/* Local. Tables for the blocks with a home here. */
static h2v_status make_slots(h2vi_reconciler *this)
{
    for (int p = this->groups.first_part; p < this->groups.end_part; p++) {
        h2v_slot **slots = &this->slots[p % this->groups.parts_per_group];
        if (*slots) continue;
        *slots = h2vi_alloc_n(this->blocks->rows_per_block, sizeof **slots);
        if (!*slots) return h2vi_fail_memory("owners of rows");
    }
    return H2V_OK;
}

/* Collective. Owners tell the homes of the blocks whose rows are whose. */
static h2v_status find_slots(h2vi_reconciler *this)
{
    const h2v_world *world = this->moved->graph->world;
    const int64_t rows_per_block = this->blocks->rows_per_block;
    h2vi_exchange exchange = {0};
    row_place *places = NULL;
    block_ranks table = {0};
    h2v_status status = block_ranks_init(&this->groups, &table);
    if (status == H2V_OK) status = h2vi_exchange_init(world, sizeof *places, &exchange);
    status = h2v_agree(world, status);
    if (status == H2V_OK) {
        status = list_places(this, &table, &exchange, &places);
        if (status == H2V_OK) status = make_slots(this);
        status = h2vi_exchange_run(&exchange, status, places);
    }
    if (status == H2V_OK) {
        const row_place *received = exchange.received;
        for (int64_t i = 0; i < exchange.num_received; i++) {
            const uint32_t row = received[i].context_slot;
            this->slots[row / rows_per_block][row % rows_per_block] = received[i].slot;
        }
    }
    block_ranks_clear(&table);
    free(places);
    h2vi_exchange_clear(&exchange);
    return status;
}

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
    const int64_t num_cursors = (int64_t)num_homes(this) * world->num_ranks;
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
    if (status == H2V_OK) status = find_slots(reconciler);
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
    const int64_t change_bytes = (int64_t)this->pushed.item_bytes;
    report->rows_sent[H2V_PHASE_PULL] += this->pulled.bytes_sent / this->row_bytes;
    report->rows_received[H2V_PHASE_PULL] += this->pulled.bytes_received / this->row_bytes;
    report->bytes_sent[H2V_PHASE_PUSH] += this->pushed.bytes_sent;
    report->bytes_received[H2V_PHASE_PUSH] += this->pushed.bytes_received;
    report->rows_sent[H2V_PHASE_PUSH] += this->pushed.bytes_sent / change_bytes;
    report->rows_received[H2V_PHASE_PUSH] += this->pushed.bytes_received / change_bytes;
}
