/* SPDX-License-Identifier: MIT */

/* What one round of a job needs, rank by rank: the round is walked and routed, and the
 * halos of its groups are found, but nothing is pulled or trained. It is counted for any
 * number of ranks, whatever ranks run, so the numbers do not depend on those. */
#pragma once

#include <stdint.h>

#include "job.h"

/* Of one rank. Numbers only, since they are summed. */
typedef struct h2vi_rank_counts {
    int64_t num_owned, num_arcs;
    int64_t walks;                   /* that start here in the round */
    int64_t walkers_out, walkers_in; /* steps to another rank, if walkers are handed over;
                                        of second-order walks there are more: those that go
                                        to ask */
    int64_t first_out, first_in;     /* of these: a walk's first step out of its rank */
    int64_t visits_out, visits_in;   /* of walks that started elsewhere, likewise */
    int64_t copies_out, copies_in;   /* of walks for other ranks whose centers they have */
    int64_t pairs;
    int64_t needed;        /* context rows that its groups' cells touch */
    int64_t pulled;        /* of these: of other ranks' vertices */
    int64_t served;        /* rows of its vertices that others need, once for
                              each home of a group's block */
    int64_t largest_cell;  /* pairs */
    int64_t largest_block; /* needed rows */
} h2vi_rank_counts;

/* Collective. `job` is prepared; counts out: of `num_ranks` ranks, to which its parts are
 * dealt as to those that run, shape [num_ranks], on every rank. With one group no rows are
 * needed from others, and none are counted. */
H2V_CHECKED h2v_status h2vi_count_round(const h2vi_job *job, int num_ranks,
                                        h2vi_rank_counts *counts);
