/* SPDX-License-Identifier: MIT */

#include "home_rows.h"

#include "alloc.h"
#include "block_wire.h"
#include "fail.h"
#include "packed_rows.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

int64_t *h2vi_cursors_of_home(const h2vi_reconciler *this, int64_t *cursors, int home)
{
    return cursors + (int64_t)(home - this->groups.first_part) * this->groups.num_ranks;
}

h2vi_home_rows h2vi_rows_of_home(const h2vi_reconciler *this, int home)
{
    const int per_group = this->groups.parts_per_group;
    h2vi_home_rows rows = {.reconciler = this,
                           .home = home,
                           .group = home / per_group,
                           .block = home % per_group,
                           .slots = this->slots[home % per_group],
                           .row = -1,
                           .number = UINT32_MAX};
    rows.needed = h2vi_needed(&this->halo, rows.group, rows.block);
    rows.next_requests = h2vi_cursors_of_home(this, this->next_requests, home);
    memcpy(rows.next_requests, h2vi_cursors_of_home(this, this->requests_before, home),
           (size_t)this->groups.num_ranks * sizeof *rows.next_requests);
    return rows;
}

bool h2vi_next_row(h2vi_home_rows *rows)
{
    const h2vi_reconciler *this = rows->reconciler;
    rows->row = h2vi_next_needed(&this->halo, rows->needed, rows->row + 1);
    if (rows->row < 0) return false;
    rows->number++;
    rows->slot = rows->slots[rows->row];
    rows->owner = h2vi_graph_owner(this->moved->graph, rows->slot);
    rows->request =
        rows->owner == this->groups.rank ? -1 : rows->next_requests[rows->owner]++;
    return true;
}

int64_t h2vi_cursors_place(const h2vi_reconciler *this, int64_t *cursors, int64_t *totals)
{
    const int num_ranks = this->groups.num_ranks;
    int64_t at = 0;
    for (int i = 1; i <= num_ranks; i++) {
        const int r = i < num_ranks ? i - (i <= this->groups.rank) : this->groups.rank;
        const int64_t before = at;
        for (int h = 0; h < h2vi_num_homes(&this->groups); h++) {
            int64_t *cursor = &cursors[(int64_t)h * num_ranks + r];
            const int64_t count = *cursor;
            *cursor = at;
            at += count;
        }
        totals[r] = at - before;
    }
    return at;
}

void h2vi_cursors_forget(const h2vi_reconciler *this, int64_t *cursors)
{
    memset(cursors, 0,
           (size_t)h2vi_num_homes(&this->groups) * (size_t)this->groups.num_ranks *
               sizeof *cursors);
}

uint32_t h2vi_rounding_word(const h2vi_reconciler *this, uint32_t round, uint32_t place,
                            h2v_slot slot)
{
    if (this->params->exchange_precision == H2V_PRECISION_F32) return 0;
    return h2vi_random(this->params->seed, H2VI_FOR_ROUNDING, round, place, slot, 0).w[0];
}

/* The row as it left its owner. */
static void fetch_rounded(const h2vi_home_rows *rows, float *row)
{
    const h2vi_reconciler *this = rows->reconciler;
    const h2v_precision precision = this->params->exchange_precision;
    const int dim = this->params->dim;
    if (rows->request >= 0) {
        const char *received = this->pulled.received;
        h2vi_unpack_row(precision, dim, received + rows->request * this->row_bytes, row);
        return;
    }
    const int64_t v = (int64_t)rows->slot - this->moved->graph->first[this->groups.rank];
    memcpy(row, this->model->out + v * this->model->stride, (size_t)dim * sizeof *row);
    h2vi_round_row(
        precision, dim, row,
        h2vi_rounding_word(this, this->round, H2VI_ROUNDED_FOR_PULL, rows->slot));
}

void h2vi_fetch_row(const h2vi_home_rows *rows, float *row)
{
    const h2vi_reconciler *this = rows->reconciler;
    const h2v_precision precision = this->params->exchange_precision;
    const h2v_precision in_blocks = h2vi_block_precision(precision);
    fetch_rounded(rows, row);
    if (in_blocks != precision && this->groups.parts_per_group > 1)
        h2vi_round_row(
            in_blocks, this->params->dim, row,
            h2vi_rounding_word(this, this->round, H2VI_ROUNDED_FOR_PULL, rows->slot));
}

h2v_status h2vi_reserve_parcel(h2vi_reconciler *this, int64_t num_bytes)
{
    if (this->parcel && num_bytes <= this->parcel_bytes) return H2V_OK;
    free(this->parcel);
    this->parcel_bytes = num_bytes + num_bytes / 8;
    this->parcel = h2vi_alloc_n(this->parcel_bytes, 1);
    if (this->parcel) return H2V_OK;
    this->parcel_bytes = 0;
    return h2vi_fail_memory("rows between groups; more --rounds need less at a time");
}
