/* SPDX-License-Identifier: MIT */

/* Rows from their owners to the homes of their blocks: homes ask other ranks, owners answer
 * in the order of the questions. */
#include "home_rows.h"
#include "packed_rows.h"

#include <string.h>

/* Collective. Ask the owners. */
static h2v_status request_rows(h2vi_reconciler *this)
{
    const h2vi_groups *groups = &this->groups;
    h2vi_cursors_forget(this, this->requests_before);
#pragma omp parallel for schedule(dynamic, 1)
    for (int home = groups->first_part; home < groups->end_part; home++) {
        int64_t *counts = h2vi_cursors_of_home(this, this->requests_before, home);
        h2vi_home_rows rows = h2vi_rows_of_home(this, home);
        while (h2vi_next_row(&rows)) counts[rows.owner] += rows.request >= 0;
    }
    const int64_t num_rows =
        h2vi_cursors_place(this, this->requests_before, this->requests.send_counts);
    h2v_status status = h2vi_reserve_parcel(this, num_rows * (int64_t)sizeof(h2v_slot));
    h2v_slot *wanted = (h2v_slot *)(void *)this->parcel;
    if (status == H2V_OK) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int home = groups->first_part; home < groups->end_part; home++) {
            h2vi_home_rows rows = h2vi_rows_of_home(this, home);
            while (h2vi_next_row(&rows))
                if (rows.request >= 0) wanted[rows.request] = rows.slot;
        }
    }
    status = h2vi_exchange_run(&this->requests, status, wanted);
    if (status == H2V_OK) h2vi_trace_work_end(this->trace, H2V_PHASE_PULL, &this->requests);
    return status;
}

/* Collective. Owners answer, in the order of the requests. */
static h2v_status answer(h2vi_reconciler *this)
{
    const int64_t num_rows = this->requests.num_received;
    const int64_t base = this->moved->graph->first[this->groups.rank];
    const h2v_slot *wanted = this->requests.received;
    h2v_status status = h2vi_reserve_parcel(this, num_rows * this->row_bytes);
    if (status == H2V_OK) {
        memcpy(this->pulled.send_counts, this->requests.recv_counts,
               (size_t)this->groups.num_ranks * sizeof *this->pulled.send_counts);
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < num_rows; i++)
            h2vi_pack_row(
                this->params->exchange_precision, this->params->dim,
                this->model->out + ((int64_t)wanted[i] - base) * this->model->stride,
                h2vi_rounding_word(this, this->round, H2VI_ROUNDED_FOR_PULL, wanted[i]),
                this->parcel + i * this->row_bytes);
    }
    status = h2vi_exchange_run(&this->pulled, status, this->parcel);
    if (status == H2V_OK) h2vi_trace_work_end(this->trace, H2V_PHASE_PULL, &this->pulled);
    return status;
}

static void unpack_home(h2vi_reconciler *this, int home)
{
    const int dim = this->params->dim, stride = this->model->stride;
    h2vi_block_set *set = &this->model->blocks;
    h2vi_home_rows rows = h2vi_rows_of_home(this, home);
    while (h2vi_next_row(&rows)) {
        float *row = set->rows[home] + (int64_t)rows.number * stride;
        h2vi_fetch_row(&rows, row);
        memset(row + dim, 0, (size_t)(stride - dim) * sizeof *row);
    }
    memset(h2vi_block_updates(set, home), 0, (size_t)set->num_rows[home] * sizeof(float));
}

/* Local. Blocks of as many rows as are needed. */
static h2v_status reserve_blocks(h2vi_reconciler *this)
{
    const h2vi_groups *groups = &this->groups;
    h2vi_block_set *set = &this->model->blocks;
    int64_t most = 0;
    for (int g = groups->first_group; g < groups->end_group; g++) {
        for (int b = 0; b < groups->parts_per_group; b++) {
            const int64_t num_rows = h2vi_needed(&this->halo, g, b)->num_rows;
            set->num_rows[h2vi_home(groups, g, b)] = num_rows;
            if (num_rows > most) most = num_rows;
        }
    }
    return h2vi_block_set_reserve(set, most > set->capacity ? most + most / 16 : most);
}

h2v_status h2vi_pull(h2vi_reconciler *reconciler, const h2vi_router *router, uint32_t round)
{
    h2vi_reconciler *this = reconciler;
    this->round = round;
    h2vi_trace_work_begin(this->trace);
    h2v_status status = h2vi_halo_find(&this->halo, router, this->params->seed, round);
    if (status != H2V_OK) return status;
    status = reserve_blocks(this);
    h2vi_trace_work_end(this->trace, H2V_PHASE_PULL, NULL);
    status = h2v_agree(this->moved->graph->world, status);
    h2vi_trace_agreed(this->trace);
    if (status == H2V_OK) status = request_rows(this);
    if (status == H2V_OK) status = answer(this);
    if (status != H2V_OK) return status;
#pragma omp parallel for schedule(dynamic, 1)
    for (int home = this->groups.first_part; home < this->groups.end_part; home++)
        unpack_home(this, home);
    h2vi_trace_work_end(this->trace, H2V_PHASE_PULL, NULL);
    return H2V_OK;
}
