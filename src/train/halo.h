/* SPDX-License-Identifier: MIT */

/* The halo of a group: the context rows that its cells will touch in the coming round. They
 * are those of the routed pairs and of the pool of negatives; which they are is found anew
 * each round, agreed on by the ranks of the group, and they get numbers of their own: 0, 1,
 * ... in the order of the rows of their block. */
#pragma once

#include <stdint.h>

#include "exchange.h"
#include "groups.h"
#include "needed_rows.h"
#include "pool.h"
#include "route.h"

typedef struct h2vi_halo {
    const h2v_world *world;
    const h2vi_blocks *blocks; /* borrowed */
    h2vi_trace *trace;         /* borrowed; NULL: none is kept */
    h2vi_groups groups;
    int64_t num_words;
    int64_t pool;              /* rows of a block */
    h2vi_needed_rows *needed;  /* of the groups that have a part here, shape
                                  [end_group - first_group, parts_per_group] */
    h2vi_noise_tables *tables; /* one a thread */
    h2vi_exchange bitmaps;     /* items of num_words words */
    uint64_t *parcel;
    int64_t parcel_items; /* its capacity */
    bool is_shared;       /* whether any group has parts on several ranks */
} h2vi_halo;

/* Local. `pool`: rows of a group's pool. */
H2V_CHECKED h2v_status h2vi_halo_init(const h2v_world *world, const h2vi_blocks *blocks,
                                      const h2vi_groups *groups, int64_t pool,
                                      h2vi_halo *halo);
void h2vi_halo_clear(h2vi_halo *halo);

/* Collective. Find the rows that the groups on this rank need for the pairs of `router` and
 * the negatives of `round`. */
H2V_CHECKED h2v_status h2vi_halo_find(h2vi_halo *halo, const h2vi_router *router,
                                      uint64_t seed, uint32_t round);

/* The rows of block b of a group that has a part here. */
static inline const h2vi_needed_rows *h2vi_needed(const h2vi_halo *halo, int group,
                                                  int block)
{
    return &halo->needed[(int64_t)(group - halo->groups.first_group) *
                             halo->groups.parts_per_group +
                         block];
}

/* The next needed row at or after `row`, or -1. */
int64_t h2vi_next_needed(const h2vi_halo *halo, const h2vi_needed_rows *needed,
                         int64_t row);

/* Bytes that the halo holds. */
int64_t h2vi_halo_bytes(const h2vi_halo *halo);
