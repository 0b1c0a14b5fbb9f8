/* SPDX-License-Identifier: MIT */

/* "Is there an arc from v to t?" in one probe of one cache line: a hash table per row, all
 * rows in one array, of buckets that are compared as a whole, half full at most. Rows are
 * sorted by gid and hold slots, so a search in the row itself would need every target's
 * gid. 8 bytes an arc and 32 a vertex; only second-order walks need it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "graph_rows.h"

enum { H2VI_BUCKET = 8 }; /* keys; half a cache line */

typedef struct h2vi_edge_set {
    h2v_slot (*buckets)[H2VI_BUCKET]; /* filled from the front; H2V_NO_SLOT where empty */
} h2vi_edge_set;

/* Local. */
H2V_CHECKED h2v_status h2vi_edge_set_init(const h2v_graph *graph, h2vi_edge_set *set);
void h2vi_edge_set_clear(h2vi_edge_set *set);

/* The buckets of vertex v (local index), whose row is [offset, offset + degree): as many as
 * make them half full at most, one at least. */
typedef struct h2vi_edge_row {
    int64_t first, count;
} h2vi_edge_row;

static inline h2vi_edge_row h2vi_edge_set_row(int64_t v, int64_t offset, int64_t degree)
{
    const uint64_t first = (uint64_t)offset / (H2VI_BUCKET / 2);
    const uint64_t end = (uint64_t)(offset + degree) / (H2VI_BUCKET / 2);
    return (h2vi_edge_row){(int64_t)first + v, (int64_t)(end - first + 1)};
}

static inline uint32_t h2vi_edge_set_hash(h2v_slot target)
{
    return target * 0x9E3779B1U; /* 2^32 / golden ratio, Knuth */
}

/* Where a target is looked for first. */
static inline int64_t h2vi_edge_set_start(h2vi_edge_row row, h2v_slot target)
{
    const uint32_t hash = h2vi_edge_set_hash(target);
    return row.first + (int64_t)((uint64_t)hash * (uint64_t)row.count >> 32);
}

static inline bool h2vi_bucket_has(const h2v_slot *bucket, h2v_slot target)
{
    uint32_t is_there = 0;
    for (int i = 0; i < H2VI_BUCKET; i++) is_there |= bucket[i] == target;
    return is_there;
}

/* Whether a search ends with this bucket. */
static inline bool h2vi_bucket_has_room(const h2v_slot *bucket)
{
    return bucket[H2VI_BUCKET - 1] == H2V_NO_SLOT;
}

/* Whether the row has an arc to `target`. */
bool h2vi_edge_set_has(const h2vi_edge_set *set, h2vi_edge_row row, h2v_slot target);
