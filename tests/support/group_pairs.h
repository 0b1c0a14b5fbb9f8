/* SPDX-License-Identifier: MIT */

/* Pairs of several groups by a rule, as if they had been routed, and what follows from them
 * by plain lists: which context rows each group needs. Every rank can say it of every
 * group. */
#pragma once

#include <stdint.h>

#include "embed_jobs.h"
#include "groups.h"
#include "route.h"

/* How the groups of a job are asked for. */
typedef struct group_kind {
    int num_parts, num_groups;
    int64_t num_vertices;
    int64_t pool; /* of a group */
} group_kind;

/* What a halo reads of a router: the pairs of this rank's parts. Some cells have none, some
 * touch every row; later rounds have more. */
void group_pairs_make(const test_job *job, int num_groups, uint32_t round,
                      h2vi_router *router);
void group_pairs_clear(h2vi_router *router);

/* The rows of one block that a group needs in a round. */
typedef struct group_rows {
    char *is_needed;    /* shape [rows_per_block] */
    uint32_t *pool;     /* rows of the block */
    float *pool_shares; /* of the block's negatives that each is expected to get */
    int64_t num_needed, num_pooled;
} group_rows;

void group_rows_make(const h2vi_blocks *blocks, const group_kind *kind, uint64_t seed,
                     uint32_t round, int group, int block, group_rows *rows);
void group_rows_clear(group_rows *rows);
