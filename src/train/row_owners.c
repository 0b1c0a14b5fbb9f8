/* SPDX-License-Identifier: MIT */

/* Owners tell the homes, a window of vertices at a time: with one group a rank every vertex
 * is told to every rank, which at once would be more than the rows themselves. */
#include "row_owners.h"

#include "alloc.h"
#include "collect.h"
#include "exchange.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

typedef struct row_place {
    uint32_t context_slot;
    h2v_slot slot;
} row_place;

/* Places that a rank gets in a window if all ranks tell it all their vertices: few where
 * tests are to see several windows. */
#ifdef H2V_CHECKED_BUILD
enum { WINDOW_PLACES = 32 };
#else
enum { WINDOW_PLACES = 1 << 21 };
#endif

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

/* What a window is listed in. */
typedef struct window_scratch {
    const h2vi_moved *moved;
    const h2vi_groups *groups;
    int64_t rows_per_block;
    block_ranks table;
    int64_t *next; /* shape [num_ranks + 1] */
    row_place *places;
    int64_t capacity;
    h2vi_exchange exchange;
} window_scratch;

/* Local. List owned vertices [begin, end) for the ranks that have homes of their blocks. */
static h2v_status list_window(window_scratch *this, int64_t begin, int64_t end)
{
    const h2v_graph *graph = this->moved->graph;
    const int num_ranks = this->groups->num_ranks;
    int64_t *counts = this->exchange.send_counts;
    memset(counts, 0, (size_t)num_ranks * sizeof *counts);
    this->next[0] = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t v = begin; v < end; v++) {
            const uint32_t row = this->moved->vertices[v].context_slot;
            const h2v_slot slot = (h2v_slot)(graph->first[graph->world->rank] + v);
            const int64_t block = row / this->rows_per_block;
            const int *ranks = this->table.ranks + block * this->groups->num_groups;
            for (int i = 0; i < this->table.counts[block]; i++) {
                if (pass == 0)
                    counts[ranks[i]]++;
                else
                    this->places[this->next[ranks[i]]++] = (row_place){row, slot};
            }
        }
        if (pass == 1) break;
        for (int r = 0; r < num_ranks; r++) this->next[r + 1] = this->next[r] + counts[r];
        if (this->places && this->next[num_ranks] <= this->capacity) continue;
        free(this->places);
        this->capacity = this->next[num_ranks];
        this->places = h2vi_alloc_n(this->capacity, sizeof *this->places);
        if (!this->places) return h2vi_fail_memory("rows by rank");
    }
    return H2V_OK;
}

/* Local. Tables for the blocks with a home here. */
static h2v_status make_slots(const h2vi_groups *groups, int64_t rows_per_block,
                             h2v_slot **slots)
{
    for (int p = groups->first_part; p < groups->end_part; p++) {
        h2v_slot **table = &slots[p % groups->parts_per_group];
        if (*table) continue;
        *table = h2vi_alloc_n(rows_per_block, sizeof **table);
        if (!*table) return h2vi_fail_memory("owners of rows");
        for (int64_t i = 0; i < rows_per_block; i++) (*table)[i] = H2V_NO_SLOT;
    }
    return H2V_OK;
}

static void note_window(const window_scratch *this, h2v_slot **slots)
{
    const row_place *received = this->exchange.received;
    for (int64_t i = 0; i < this->exchange.num_received; i++) {
        const int64_t row = received[i].context_slot;
        slots[row / this->rows_per_block][row % this->rows_per_block] = received[i].slot;
    }
}

h2v_status h2vi_find_row_owners(const h2vi_moved *moved, const h2vi_blocks *blocks,
                                const h2vi_groups *groups, h2v_slot **slots,
                                h2vi_owner_bytes *bytes)
{
    const h2v_world *world = moved->graph->world;
    window_scratch this = {
        .moved = moved, .groups = groups, .rows_per_block = blocks->rows_per_block};
    h2v_status status = block_ranks_init(groups, &this.table);
    this.next = h2vi_alloc_n(groups->num_ranks + 1, sizeof *this.next);
    if (status == H2V_OK && !this.next) status = h2vi_fail_memory("rows by rank");
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, sizeof *this.places, &this.exchange);
    if (status == H2V_OK) status = make_slots(groups, this.rows_per_block, slots);
    status = h2v_agree(world, status);
    this.exchange.what = "owners of rows";

    const int64_t num_owned = moved->graph->num_owned;
    const int64_t run = WINDOW_PLACES / groups->num_ranks + 1;
    double most = (double)num_owned;
    if (status == H2V_OK) h2vi_max(world, 1, &most);
    for (int64_t w = 0; status == H2V_OK && w * run < (int64_t)most; w++) {
        const int64_t begin = w * run < num_owned ? w * run : num_owned;
        const int64_t end = begin + run < num_owned ? begin + run : num_owned;
        status = list_window(&this, begin, end);
        status = h2vi_exchange_run(&this.exchange, status, this.places);
        if (status == H2V_OK) note_window(&this, slots);
    }
    *bytes = (h2vi_owner_bytes){this.exchange.bytes_sent, this.exchange.bytes_received};
    block_ranks_clear(&this.table);
    free(this.next);
    free(this.places);
    h2vi_exchange_clear(&this.exchange);
    return status;
}
