/* SPDX-License-Identifier: MIT */

/* What one round of a job needs, group by group: the round is walked and routed, and the
 * halos of its groups are found, but nothing is pulled or trained. Each group counts as a
 * rank of its own, whatever ranks run, so the numbers do not depend on those. */
#pragma once

#include <stdint.h>

#include "job.h"

/* Of one group, if it had a rank to itself. Numbers only, since they are summed. */
typedef struct h2vi_group_counts {
    int64_t num_owned, num_arcs;
    int64_t walks;                   /* that start here in the round */
    int64_t walkers_out, walkers_in; /* steps to another group; of second-order walks there
                                        are more: those that go to ask */
    int64_t first_out, first_in;     /* of these: a walk's first step out of its group */
    int64_t visits_out, visits_in;   /* of walks that started in another group */
    int64_t copies_out, copies_in;   /* of walks for other groups whose centers they have */
    int64_t pairs;
    int64_t needed;        /* context rows that its cells touch */
    int64_t pulled;        /* of these: of other groups' vertices */
    int64_t served;        /* rows of its vertices that other groups need, once
                              for each group */
    int64_t largest_cell;  /* pairs */
    int64_t largest_block; /* needed rows */
} h2vi_group_counts;

/* Collective. `job` is prepared; counts out: of its groups, shape [job->params.groups], on
 * every rank. With one group no rows are needed from others, and none are counted. */
H2V_CHECKED h2v_status h2vi_count_round(const h2vi_job *job, h2vi_group_counts *counts);
