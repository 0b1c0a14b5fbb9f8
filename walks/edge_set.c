/* SPDX-License-Identifier: MIT */

/* Open addressing with linear probing, load one half, so a probe always ends. */
#include "edge_set.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

static void insert(h2v_slot *keys, uint64_t size, h2v_slot target)
{
    uint64_t at = h2vi_edge_set_start(target, size);
    while (keys[at] != H2V_NO_SLOT) at = at + 1 == size ? 0 : at + 1;
    keys[at] = target;
}

h2v_status h2vi_edge_set_init(const h2v_graph *graph, h2vi_edge_set *set)
{
    const int64_t num_keys = 2 * graph->offsets[graph->num_owned];
    *set = (h2vi_edge_set){.offsets = graph->offsets};
    set->keys = h2vi_alloc_n(num_keys, sizeof *set->keys);
    if (!set->keys) return h2vi_fail_memory("the set of edges");
    memset(set->keys, 0xff, (size_t)num_keys * sizeof *set->keys);
#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int64_t begin = graph->offsets[v], end = graph->offsets[v + 1];
        for (int64_t e = begin; e < end; e++)
            insert(set->keys + 2 * begin, 2 * (uint64_t)(end - begin), graph->targets[e]);
    }
    return H2V_OK;
}

void h2vi_edge_set_clear(h2vi_edge_set *set)
{
    free(set->keys);
    *set = (h2vi_edge_set){0};
}
