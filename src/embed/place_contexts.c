/* SPDX-License-Identifier: MIT */

/* In windows of each rank's vertices, so that no rank holds much more than one window of
 * its own: blocks have equal shares of all vertices, so it receives about as much. */
#include "place_contexts.h"

#include "alloc.h"
#include "exchange.h"
#include "fail.h"
#include "groups.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 16 << 20 };

/* How rows travel: each behind its context slot. */
typedef struct placing {
    const h2vi_moved *moved;
    const h2vi_blocks *blocks;
    h2vi_groups homes;
    h2vi_exchange exchange;
    int64_t window; /* vertices */
    char *parcel;   /* shape [window] items */
    int64_t *next;  /* place in it of the next item for each rank, shape [num_ranks + 1] */
} placing;

static int holder_of(const placing *this, int64_t v)
{
    const uint32_t slot = this->moved->vertices[v].context_slot;
    return h2vi_part_host(&this->homes, (int)(slot / this->blocks->rows_per_block));
}

/* Local. */
static h2v_status make_room(int dim, placing *this)
{
    const h2v_graph *graph = this->moved->graph;
    const size_t row_bytes = (size_t)dim * sizeof(float);
    const h2v_status status =
        h2vi_exchange_init(graph->world, sizeof(uint32_t) + row_bytes, &this->exchange);
    if (status != H2V_OK) return status;
    this->exchange.what = "context rows";
    const int64_t mine = this->window < graph->num_owned ? this->window : graph->num_owned;
    this->parcel = h2vi_alloc_n(mine, this->exchange.item_bytes);
    this->next = h2vi_alloc_n(graph->world->num_ranks + 1, sizeof *this->next);
    return this->parcel && this->next ? H2V_OK : h2vi_fail_memory("context rows");
}

/* Pack what is to be placed of vertices [begin, end), by the rank that holds it. */
static void pack(placing *this, int64_t begin, int64_t end, int stride, const float *rows,
                 const uint8_t *is_placed)
{
    h2vi_exchange *exchange = &this->exchange;
    const int num_ranks = exchange->world->num_ranks;
    memset(exchange->send_counts, 0, (size_t)num_ranks * sizeof *exchange->send_counts);
    for (int64_t v = begin; v < end; v++)
        if (is_placed[v]) exchange->send_counts[holder_of(this, v)]++;
    this->next[0] = 0;
    for (int r = 0; r < num_ranks; r++)
        this->next[r + 1] = this->next[r] + exchange->send_counts[r];
    for (int64_t v = begin; v < end; v++) {
        if (!is_placed[v]) continue;
        const uint32_t slot = this->moved->vertices[v].context_slot;
        const int64_t place = this->next[holder_of(this, v)]++;
        char *item = this->parcel + place * (int64_t)exchange->item_bytes;
        memcpy(item, &slot, sizeof slot);
        memcpy(item + sizeof slot, rows + v * stride, exchange->item_bytes - sizeof slot);
    }
}

static void unpack(const placing *this, const h2vi_model *model)
{
    const h2vi_exchange *exchange = &this->exchange;
    const int64_t rows_per_block = this->blocks->rows_per_block;
    const char *item = exchange->received;
    for (int64_t i = 0; i < exchange->num_received; i++, item += exchange->item_bytes) {
        uint32_t slot = 0;
        memcpy(&slot, item, sizeof slot);
        float *block = model->blocks.rows[slot / rows_per_block];
        H2V_ASSERT(block);
        memcpy(block + slot % rows_per_block * model->stride, item + sizeof slot,
               exchange->item_bytes - sizeof slot);
    }
}

h2v_status h2vi_place_contexts(const h2vi_moved *moved, const h2vi_blocks *blocks,
                               const float *rows, const uint8_t *is_placed,
                               h2vi_model *model)
{
    const h2v_graph *graph = moved->graph;
    const h2v_world *world = graph->world;
    placing this = {.moved = moved,
                    .blocks = blocks,
                    .homes = h2vi_groups_of(world, blocks->num_blocks, 1)};
    const int64_t room =
        WINDOW_BYTES / (int64_t)(sizeof(uint32_t) + (size_t)model->dim * sizeof(float));
    this.window = room > 0 ? room : 1;
    int64_t most = 0;
    for (int r = 0; r < world->num_ranks; r++) {
        const int64_t num_owned = graph->first[r + 1] - graph->first[r];
        if (num_owned > most) most = num_owned;
    }

    h2v_status status = h2v_agree(world, make_room(model->dim, &this));
    for (int64_t begin = 0; status == H2V_OK && begin < most; begin += this.window) {
        const int64_t from = begin < graph->num_owned ? begin : graph->num_owned;
        const int64_t rest = graph->num_owned - from;
        pack(&this, from, from + (rest < this.window ? rest : this.window), model->stride,
             rows, is_placed);
        status = h2vi_exchange_run(&this.exchange, H2V_OK, this.parcel);
        if (status == H2V_OK) unpack(&this, model);
    }
    h2vi_exchange_clear(&this.exchange);
    free(this.parcel);
    free(this.next);
    return status;
}
