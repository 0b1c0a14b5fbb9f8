/* SPDX-License-Identifier: MIT */

/* Steps of the second order, by rejection. A turn is one attempt of every lane. One text
 * for all instruction sets (second_order_turn.h), one file for each of them. */
#pragma once

#include "isa.h"
#include "walk_worker.h"

h2vi_walk_turn h2vi_turn_second_order_scalar;
h2vi_walk_turn h2vi_turn_second_order_avx2;
h2vi_walk_turn h2vi_turn_second_order_avx512;

h2vi_walk_turn *h2vi_turn_second_order_of(h2vi_isa isa); /* NULL if it is not here */

/* Local. Walkers have got the lanes from `begin` on. */
void h2vi_enter_second_order(h2vi_walk_worker *worker, int begin);

/* Local. Walkers have come to the vertices of these lanes, whose rows are known. */
void h2vi_arrive_second_order(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes);

/* ---- between the files of the second order ------------------------------------------ */

/* Read the row of the vertex where lane i stands, which is here. */
static inline const h2vi_walk_row *h2vi_batch_stand(const h2vi_walk_worker *worker, int i)
{
    h2vi_walk_batch *batch = worker->batch;
    const h2vi_walk_row *row = &worker->engine->rows[batch->current[i] - worker->first];
    batch->offset[i] = row->degree > 0 ? row->offset : 0;
    batch->degree[i] = row->degree;
    return row;
}

/* Lane i, whose row is known, is about to step on from there. */
static inline h2vi_edge_row h2vi_batch_edges(const h2vi_walk_worker *worker, int i)
{
    const h2vi_walk_batch *batch = worker->batch;
    return h2vi_edge_set_row(batch->current[i] - worker->first, batch->offset[i],
                             batch->degree[i]);
}
