/* SPDX-License-Identifier: MIT */

/* Open addressing by buckets: a key is in the first one with room from where its search
 * starts. A row's buckets hold twice its keys, so there is one. */
#include "edge_set.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

static int64_t next_bucket(h2vi_edge_row row, int64_t at)
{
    return at + 1 == row.first + row.count ? row.first : at + 1;
}

static void insert(h2vi_edge_set *set, h2vi_edge_row row, h2v_slot target)
{
    int64_t at = h2vi_edge_set_start(row, target);
    while (!h2vi_bucket_has_room(set->buckets[at])) at = next_bucket(row, at);
    h2v_slot *key = set->buckets[at];
    while (*key != H2V_NO_SLOT) key++;
    *key = target;
}

bool h2vi_edge_set_has(const h2vi_edge_set *set, h2vi_edge_row row, h2v_slot target)
{
    for (int64_t at = h2vi_edge_set_start(row, target);; at = next_bucket(row, at)) {
        if (h2vi_bucket_has(set->buckets[at], target)) return true;
        if (h2vi_bucket_has_room(set->buckets[at])) return false;
    }
}

h2v_status h2vi_edge_set_init(const h2v_graph *graph, h2vi_edge_set *set)
{
    const int64_t *offsets = graph->offsets;
    const int64_t num_buckets =
        h2vi_edge_set_row(graph->num_owned, offsets[graph->num_owned], 0).first;
    *set = (h2vi_edge_set){.buckets = h2vi_alloc_raw_n(num_buckets, sizeof *set->buckets)};
    if (!set->buckets) return h2vi_fail_memory("the set of edges");
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const h2vi_edge_row row =
            h2vi_edge_set_row(v, offsets[v], offsets[v + 1] - offsets[v]);
        memset(set->buckets + row.first, 0xff, (size_t)row.count * sizeof *set->buckets);
        for (int64_t e = offsets[v]; e < offsets[v + 1]; e++)
            insert(set, row, graph->targets[e]);
    }
    return H2V_OK;
}

void h2vi_edge_set_clear(h2vi_edge_set *set)
{
    free(set->buckets);
    *set = (h2vi_edge_set){0};
}
