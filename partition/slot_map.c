/* SPDX-License-Identifier: MIT */

/* Every rank broadcasts its run of values, in pieces that an int counts. */
#include "slot_map.h"

#include "alloc.h"
#include "fail.h"
#include "wait.h"

#include <stdlib.h>
#include <string.h>

static const int64_t PIECE = (int64_t)1 << 28;

/* As if the owner of a piece sent it to each rank; MPI lets others pass it on. */
static void count_bytes(const h2v_world *world, int owner, int64_t num_bytes)
{
    if (world->rank == owner)
        world->traffic->bytes_sent += num_bytes * (world->num_ranks - 1);
    else
        world->traffic->bytes_received += num_bytes;
}

void h2vi_slot_map_share(const h2v_graph *graph, int owner, uint32_t *map)
{
    const h2v_world *world = graph->world;
    for (int64_t at = graph->first[owner]; at < graph->first[owner + 1]; at += PIECE) {
        const int64_t rest = graph->first[owner + 1] - at;
        h2vi_wait_begin_from("a piece of the map of the vertices", owner);
        count_bytes(world, owner, (rest < PIECE ? rest : PIECE) * (int64_t)sizeof *map);
        MPI_Bcast(map + at, (int)(rest < PIECE ? rest : PIECE), MPI_UINT32_T, owner,
                  world->comm);
        h2vi_wait_end();
    }
}

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
    memcpy(*map + graph->first[world->rank], values,
           (size_t)graph->num_owned * sizeof *values);
    for (int r = 0; r < world->num_ranks; r++) h2vi_slot_map_share(graph, r, *map);
    return H2V_OK;
}
