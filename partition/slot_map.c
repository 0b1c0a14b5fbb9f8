/* SPDX-License-Identifier: MIT */

/* Every run of values, one behind the other, as slots are. */
#include "slot_map.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"

#include <stdlib.h>

h2v_status h2vi_slot_map_create(const h2v_graph *graph, const uint32_t *values,
                                uint32_t **map)
{
    const h2v_world *world = graph->world;
    *map = h2vi_alloc_n(graph->num_vertices, sizeof **map);
    const h2v_status status =
        h2v_agree(world, *map ? H2V_OK : h2vi_fail_memory("a map of the vertices"));
    if (status != H2V_OK) {
        free(*map);
        *map = NULL;
        return status;
    }
    h2vi_gather_items(world, "a piece of the map of the vertices", sizeof **map,
                      graph->first, values, *map);
    return H2V_OK;
}
