/* SPDX-License-Identifier: MIT */

/* The rows that a home wants, and where their requests stand. Requests, rows and changes
 * are listed by owner, then by home, then by row; a reply comes in the order of its
 * requests, so a home finds its rows again by counting. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "reconcile.h"

/* A walk over the rows of one home. */
typedef struct h2vi_home_rows {
    const h2vi_reconciler *reconciler;
    int home, group, block;
    const h2vi_needed_rows *needed;
    const h2v_slot *slots;
    int64_t *next_requests;
    int64_t row;     /* of the block */
    uint32_t number; /* of the needed row */
    h2v_slot slot;
    int owner;
    int64_t request; /* which of all requests of this rank; -1 if it owns the row */
} h2vi_home_rows;

/* Begin the walk; another walk of the same home begins the cursors anew. */
h2vi_home_rows h2vi_rows_of_home(const h2vi_reconciler *reconciler, int home);

/* Go to the next row; false if there is none. */
bool h2vi_next_row(h2vi_home_rows *rows);

/* The row of the walk as it was pulled, shape [dim]; if it is to rotate, rounded to what
 * blocks are rounded to, so that rows which no cell touches stay as they are. Rows that
 * this rank owns are not asked for: they are as they were until the changes of the round
 * are combined. */
void h2vi_fetch_row(const h2vi_home_rows *rows, float *row);

/* The cursors of a home, by owner. */
int64_t *h2vi_cursors_of_home(const h2vi_reconciler *reconciler, int64_t *cursors,
                              int home);

void h2vi_cursors_forget(const h2vi_reconciler *reconciler, int64_t *cursors);

/* From counts by home and owner to where each begins, owner by owner, this rank last, home
 * by home; `totals` out: by owner, shape [num_ranks]. Returns the sum. */
int64_t h2vi_cursors_place(const h2vi_reconciler *reconciler, int64_t *cursors,
                           int64_t *totals);

uint32_t h2vi_rounding_word(const h2vi_reconciler *reconciler, uint32_t round,
                            uint32_t place, h2v_slot slot);

/* Make room for what is sent. */
H2V_CHECKED h2v_status h2vi_reserve_parcel(h2vi_reconciler *reconciler, int64_t num_bytes);
