/* SPDX-License-Identifier: MIT */

/* Between groups: rows go from their owners to the groups that need them (pull), changes
 * come back (push) and become one (combiner.h). The owner of a vertex owns its context row.
 *
 * Pulled rows are rounded to the exchange precision before a group trains on them, changes
 * before they are combined, wherever owner and group are: the rounding is a function of
 * (seed, round, row) and (seed, round, group, row). An owner combines the changes of its
 * rows in the order of groups. */
#pragma once

#include <stdint.h>

#include "combiner.h"
#include "exchange.h"
#include "halo.h"
#include "halo2vec/embed.h"
#include "migrate.h"
#include "model.h"
#include "route.h"
#include "row_owners.h"

/* What one thread needs to combine the changes of a row. */
typedef struct h2vi_change_scratch {
    h2vi_change *changes; /* shape [num_groups] */
    float *rows;          /* shape [num_groups, dim] */
    void *combiner;       /* h2vi_combiner_scratch_bytes() */
    h2vi_noise_tables tables;
} h2vi_change_scratch;

typedef struct h2vi_reconciler {
    const h2v_embed_params *params; /* borrowed, as all pointers here */
    const h2vi_moved *moved;
    const h2vi_blocks *blocks;
    h2vi_model *model;
    h2vi_trace *trace; /* NULL: none is kept */
    h2vi_groups groups;
    h2vi_halo halo;
    uint32_t round;    /* of the last pull */
    int64_t row_bytes; /* of a packed row */
    h2v_slot **slots;  /* of the rows of each block with a home here, by block; NULL for
                          others; shape [parts_per_group][rows_per_block] */
    int64_t *requests_before; /* of (home here, owner): where its requests begin, shape
                                 [homes here, num_ranks] */
    int64_t *next_requests;   /* cursors, as requests_before */
    int64_t *next_changes;    /* likewise of changes */
    h2vi_owner_bytes setup_bytes;
    h2vi_exchange requests; /* slots of wanted rows of other ranks */
    h2vi_exchange pulled;   /* packed rows; kept until the push: what changes are against */
    h2vi_exchange pushed;   /* {slot, group, updates}, packed changes */
    int64_t sent_changes;   /* to other ranks */
    int64_t own_changes; /* of rows of this rank: they stay in the parcel, behind those */
    int64_t changes_before_own; /* from ranks below */
    char *parcel;               /* what is sent */
    int64_t parcel_bytes;       /* its capacity */
    int64_t *order;             /* pushed items by row, shape [its capacity] */
    int64_t order_capacity;
    int64_t *starts; /* of each owned row's items in `order`, shape [num_owned + 2] */
    h2vi_change_scratch *scratch; /* one a thread */
    double curvature;             /* of the round whose changes are on their way */
} h2vi_reconciler;

/* Collective. */
H2V_CHECKED h2v_status h2vi_reconciler_init(const h2v_embed_params *params,
                                            const h2vi_moved *moved,
                                            const h2vi_blocks *blocks, h2vi_model *model,
                                            h2vi_reconciler *reconciler);
void h2vi_reconciler_clear(h2vi_reconciler *reconciler);

/* Collective. Find what the groups need for the routed pairs of `round`, and fetch it into
 * model->blocks. */
H2V_CHECKED h2v_status h2vi_pull(h2vi_reconciler *reconciler, const h2vi_router *router,
                                 uint32_t round);

/* Collective. Send what the groups changed since the pull on its way, `rate` being the
 * learning rate of the round. Blocks and pairs are free for the next round then. */
H2V_CHECKED h2v_status h2vi_push_begin(h2vi_reconciler *reconciler, double rate);

/* Collective. Combine what arrived into model->out. ERR_ARGUMENT if a change is out of
 * range: the training diverged. */
H2V_CHECKED h2v_status h2vi_push_end(h2vi_reconciler *reconciler);

/* What a row is rounded for, in the counter of its random number: on its way from its
 * owner; to it, with 1 + the group; or at a step of a rotation, with the cell. */
enum {
    H2VI_ROUNDED_FOR_PULL = 0,
    H2VI_ROUNDED_FOR_PUSH = 1,
    H2VI_ROUNDED_FOR_STEP = 1 << 30
};

/* Add what travelled so far. */
void h2vi_reconciler_report(const h2vi_reconciler *reconciler, h2v_rank_report *report);

/* Bytes that the reconciler holds. */
int64_t h2vi_reconciler_bytes(const h2vi_reconciler *reconciler);
