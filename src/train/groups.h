/* SPDX-License-Identifier: MIT */

/* Which parts form a group, and which ranks host it: arithmetic. Group g of B = parts /
 * groups parts has parts g B .. g B + B - 1 and as many blocks; block b of group g has its
 * home at part g B + b (block_set.h). */
#pragma once

#include <stdbool.h>

#include "halo2vec/partition.h"
#include "halo2vec/world.h"

typedef struct h2vi_groups {
    int num_ranks, rank;
    int num_parts, num_groups;
    int parts_per_group;        /* B, and blocks of a group */
    int first_part, end_part;   /* of this rank */
    int first_group, end_group; /* that have a part on this rank */
} h2vi_groups;

static inline h2vi_groups h2vi_groups_of(const h2v_world *world, int num_parts,
                                         int num_groups)
{
    const int per_group = num_parts / num_groups;
    h2vi_groups groups = {
        .num_ranks = world->num_ranks,
        .rank = world->rank,
        .num_parts = num_parts,
        .num_groups = num_groups,
        .parts_per_group = per_group,
        .first_part = h2v_partition_first_part(num_parts, world->num_ranks, world->rank),
        .end_part = h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1)};
    groups.first_group = groups.first_part / per_group;
    groups.end_group = groups.first_part < groups.end_part
                           ? (groups.end_part - 1) / per_group + 1
                           : groups.first_group;
    return groups;
}

/* The rank that hosts a part: the largest r with ceil(P r / R) <= part. */
static inline int h2vi_part_host(const h2vi_groups *groups, int part)
{
    return (int)((int64_t)part * groups->num_ranks / groups->num_parts);
}

/* Blocks with their home on this rank. */
static inline int h2vi_num_homes(const h2vi_groups *groups)
{
    return groups->end_part - groups->first_part;
}

static inline int h2vi_home(const h2vi_groups *groups, int group, int block)
{
    return group * groups->parts_per_group + block;
}

/* Whether a rank hosts a part of the group. */
static inline bool h2vi_hosts_group(const h2vi_groups *groups, int rank, int group)
{
    const int first = h2v_partition_first_part(groups->num_parts, groups->num_ranks, rank);
    const int end =
        h2v_partition_first_part(groups->num_parts, groups->num_ranks, rank + 1);
    return first < end && first / groups->parts_per_group <= group &&
           group <= (end - 1) / groups->parts_per_group;
}

/* Whether all parts of the group are on one rank. */
static inline bool h2vi_is_on_one_rank(const h2vi_groups *groups, int group)
{
    return h2vi_part_host(groups, h2vi_home(groups, group, 0)) ==
           h2vi_part_host(groups, h2vi_home(groups, group, groups->parts_per_group - 1));
}
