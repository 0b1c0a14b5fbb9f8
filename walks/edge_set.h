/* SPDX-License-Identifier: MIT */

/* "Is there an arc from v to t?" in one probe of about one cache line: a hash table per
 * row, half full, all rows in one array. Rows are sorted by gid and hold slots, so a search
 * in the row itself would need every target's gid. 8 bytes an arc; only second-order walks
 * need it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "graph_rows.h"

typedef struct h2vi_edge_set {
    const int64_t
        *offsets;   /* borrowed from the graph: row v has keys [2 o(v), 2 o(v + 1)) */
    h2v_slot *keys; /* H2V_NO_SLOT where empty */
} h2vi_edge_set;

/* Local. */
H2V_CHECKED h2v_status h2vi_edge_set_init(const h2v_graph *graph, h2vi_edge_set *set);
void h2vi_edge_set_clear(h2vi_edge_set *set);

static inline uint64_t h2vi_edge_set_start(h2v_slot target, uint64_t size)
{
    const uint32_t hash = target * 0x9E3779B1U; /* 2^32 / golden ratio, Knuth */
    return ((uint64_t)hash * size) >> 32;
}

/* Whether owned vertex `v` (local index) has an arc to `target`. */
static inline bool h2vi_edge_set_has(const h2vi_edge_set *set, int64_t v, h2v_slot target)
{
    const uint64_t begin = 2 * (uint64_t)set->offsets[v];
    const uint64_t size = 2 * (uint64_t)set->offsets[v + 1] - begin;
    if (size == 0) return false;
    uint64_t at = h2vi_edge_set_start(target, size);
    for (;;) {
        const h2v_slot key = set->keys[begin + at];
        if (key == target) return true;
        if (key == H2V_NO_SLOT) return false;
        if (++at == size) at = 0;
    }
}
