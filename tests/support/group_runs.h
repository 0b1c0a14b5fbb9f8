/* SPDX-License-Identifier: MIT */

/* Rounds between groups with rows, changes and updates by formulas, as the ranks of a job
 * make them and as a plain computation does, over all groups and vertices: every rank makes
 * it for itself and knows what all others do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "group_pairs.h"
#include "reconcile.h"

enum {
    RUN_DIM = 19,
    RUN_STRIDE = 32,
    RUN_SEED = 23,
    RUN_NEGATIVES = 3,
    RUN_MAX_GROUPS = 6
};

typedef struct group_run {
    const group_kind *kind;
    h2v_embed_params params;
    test_job job, alone; /* the ranks', and one that has all vertices */
    h2vi_model model;
    h2vi_reconciler reconciler; /* the caller's to begin */
    h2vi_router router;         /* of the round */
    uint32_t round;
    group_rows *needed; /* by home, of the round */
    float *out;         /* of all slots, shape [num_vertices, RUN_DIM] */
} group_run;

/* Collective, as job_init(). Rows of `in` and `out` are filled by formulas. */
void group_run_start(const group_kind *kind, h2v_combiner combiner, h2v_precision precision,
                     int num_threads, group_run *run);
void group_run_end(group_run *run);

/* Local. Pairs of a round, and what they need. */
void group_run_begin_round(group_run *run, uint32_t round);
void group_run_end_round(group_run *run);

/* ---- who has what */

int64_t group_run_row(const group_run *run, int64_t slot, int *block);
int group_run_owner(const group_run *run, int64_t slot);
int group_run_host(const group_run *run, int home);

/* The number of a row among those needed at a home; -1 if it is not. */
int64_t group_run_number(const group_run *run, int home, int64_t row);

/* ---- plainly */

/* What a group is to get of a row, shape [RUN_DIM]. */
void group_run_pull(const group_run *run, int64_t slot, float *row);

/* What cells do: change rows of the homes on this rank, and count updates. */
void group_run_change(group_run *run);

/* The changes of a row that arrive at its owner. */
typedef struct group_changes {
    int num_changes;
    float rows[RUN_MAX_GROUPS][RUN_DIM];
    int groups[RUN_MAX_GROUPS];
} group_changes;

void group_run_list_changes(const group_run *run, int64_t slot, group_changes *changes);

/* Of the centers. */
double group_run_mean_square(const group_run *run);

/* Add what the rule makes of them to `row`; the curvature is the reconciler's. */
void group_run_combine(const group_run *run, const group_changes *changes, int64_t slot,
                       float *row);

/* Collective: `out` becomes what the owners have. */
void group_run_share(group_run *run);
