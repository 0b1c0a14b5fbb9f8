/* SPDX-License-Identifier: MIT */

/* Three exchanges in one order, vertices grouped by destination and ascending in gid: the
 * vertex records, their targets (already in new slots), their weights. What arrives, in
 * rank order, ascends in gid too, so a row's place follows from its slot alone. */
#include "migrate.h"

#include "alloc.h"
#include "collect.h"
#include "exchange.h"
#include "fail.h"
#include "slot_map.h"

#include <stdlib.h>
#include <string.h>

void h2vi_moved_clear(h2vi_moved *moved)
{
    h2v_graph_destroy(&moved->graph);
    free(moved->part_first);
    free(moved->vertices);
    *moved = (h2vi_moved){0};
}

/* Collective. Slot = first of the part + how many of the part come before in gid order. */
static h2v_status number_vertices(const h2v_graph *graph, const h2v_partition *partition,
                                  h2vi_vertex *vertices, int64_t *part_first)
{
    const h2v_world *world = graph->world;
    const int num_parts = partition->num_parts;
    int64_t *next = h2vi_alloc_n(num_parts, sizeof *next);
    h2v_status status = h2v_agree(world, next ? H2V_OK : h2vi_fail_memory("part sizes"));
    if (status != H2V_OK) goto cleanup;

    for (int64_t v = 0; v < graph->num_owned; v++) part_first[partition->parts[v] + 1]++;
    h2vi_sum_before(world, num_parts, part_first + 1, next);
    h2vi_sum(world, num_parts, part_first + 1);
    for (int p = 0; p < num_parts; p++) {
        part_first[p + 1] += part_first[p];
        next[p] += part_first[p];
    }
    for (int64_t v = 0; v < graph->num_owned; v++) {
        vertices[v].slot = (uint32_t)next[partition->parts[v]]++;
        vertices[v].gid = graph->gids[v];
        vertices[v].num_arcs = graph->offsets[v + 1] - graph->offsets[v];
    }

cleanup:
    free(next);
    return status;
}

/* What this rank sends, in the order of sending. */
typedef struct row_parcel {
    h2vi_vertex *vertices;
    h2v_slot *targets;
    float *weights;
    int64_t *num_vertices, *num_arcs; /* per destination, shape [num_ranks] */
} row_parcel;

static void parcel_clear(row_parcel *parcel)
{
    free(parcel->vertices);
    free(parcel->targets);
    free(parcel->weights);
    free(parcel->num_vertices);
    free(parcel->num_arcs);
}

/* Local. */
static h2v_status pack(const h2v_graph *graph, const h2v_graph *moved,
                       const h2vi_vertex *vertices, const uint32_t *new_slots,
                       row_parcel *parcel)
{
    const int num_ranks = graph->world->num_ranks;
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    int64_t *vertex_at = h2vi_alloc_n(num_ranks + 1, sizeof *vertex_at);
    int64_t *arc_at = h2vi_alloc_n(num_ranks + 1, sizeof *arc_at);
    parcel->vertices = h2vi_alloc_n(graph->num_owned, sizeof *parcel->vertices);
    parcel->targets = h2vi_alloc_n(num_arcs, sizeof *parcel->targets);
    if (graph->weights) parcel->weights = h2vi_alloc_n(num_arcs, sizeof *parcel->weights);
    parcel->num_vertices = h2vi_alloc_n(num_ranks, sizeof *parcel->num_vertices);
    parcel->num_arcs = h2vi_alloc_n(num_ranks, sizeof *parcel->num_arcs);
    h2v_status status = H2V_OK;
    if (!vertex_at || !arc_at || !parcel->vertices || !parcel->targets ||
        (graph->weights && !parcel->weights) || !parcel->num_vertices ||
        !parcel->num_arcs) {
        status = h2vi_fail_memory("vertices that move");
        goto cleanup;
    }
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int owner = h2vi_graph_owner(moved, vertices[v].slot);
        parcel->num_vertices[owner]++;
        parcel->num_arcs[owner] += vertices[v].num_arcs;
    }
    for (int r = 0; r < num_ranks; r++) {
        vertex_at[r + 1] = vertex_at[r] + parcel->num_vertices[r];
        arc_at[r + 1] = arc_at[r] + parcel->num_arcs[r];
    }
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int owner = h2vi_graph_owner(moved, vertices[v].slot);
        parcel->vertices[vertex_at[owner]++] = vertices[v];
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const int64_t at = arc_at[owner]++;
            parcel->targets[at] = new_slots[graph->targets[e]];
            if (graph->weights) parcel->weights[at] = graph->weights[e];
        }
    }

cleanup:
    free(vertex_at);
    free(arc_at);
    return status;
}

/* Collective. Exchange items by the given counts; the caller reads exchange->received. */
static h2v_status send(h2vi_exchange *exchange, const int64_t *counts, const void *items)
{
    memcpy(exchange->send_counts, counts,
           (size_t)exchange->world->num_ranks * sizeof *counts);
    return h2vi_exchange_run(exchange, H2V_OK, items);
}

/* Local. Vertices arrive in any order of slots; their rows' offsets follow from the slots.
 */
static h2v_status place_vertices(const h2vi_exchange *arrived, h2vi_moved *moved)
{
    h2v_graph *graph = moved->graph;
    const h2vi_vertex *vertices = arrived->received;
    const int64_t base = graph->first[graph->world->rank];
    H2V_ASSERT(arrived->num_received == graph->num_owned);
    moved->vertices = h2vi_alloc_n(graph->num_owned, sizeof *moved->vertices);
    graph->offsets = h2vi_alloc_n(graph->num_owned + 1, sizeof *graph->offsets);
    graph->gids = h2vi_alloc_n(graph->num_owned, sizeof *graph->gids);
    if (!moved->vertices || !graph->offsets || !graph->gids)
        return h2vi_fail_memory("vertices that arrive");
    for (int64_t i = 0; i < graph->num_owned; i++)
        moved->vertices[vertices[i].slot - base] = vertices[i];
    for (int64_t v = 0; v < graph->num_owned; v++) {
        graph->gids[v] = moved->vertices[v].gid;
        graph->offsets[v + 1] = graph->offsets[v] + moved->vertices[v].num_arcs;
    }
    return H2V_OK;
}

/* Local. Copy rows of 4-byte items from the order of arrival to the order of slots. */
static void *place_rows(const h2vi_exchange *vertices, const h2vi_exchange *rows,
                        const h2v_graph *graph)
{
    const h2vi_vertex *arrived = vertices->received;
    const uint32_t *source = rows->received;
    const int64_t base = graph->first[graph->world->rank];
    uint32_t *placed = h2vi_alloc_n(graph->offsets[graph->num_owned], sizeof *placed);
    if (!placed) return NULL;
    for (int64_t i = 0; i < vertices->num_received; i++) {
        const int64_t length = arrived[i].num_arcs;
        memcpy(placed + graph->offsets[arrived[i].slot - base], source,
               (size_t)length * sizeof *placed);
        source += length;
    }
    return placed;
}

/* Collective. */
static h2v_status deliver(const row_parcel *parcel, h2vi_moved *moved)
{
    h2v_graph *graph = moved->graph;
    const h2v_world *world = graph->world;
    h2vi_exchange vertices = {0}, rows = {0};
    h2v_status status = h2vi_exchange_init(world, sizeof *parcel->vertices, &vertices);
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, sizeof *parcel->targets, &rows);
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;
    vertices.what = "vertices";
    rows.what = "arcs";

    status = send(&vertices, parcel->num_vertices, parcel->vertices);
    if (status != H2V_OK) goto cleanup;
    status = h2v_agree(world, place_vertices(&vertices, moved));
    if (status != H2V_OK) goto cleanup;

    status = send(&rows, parcel->num_arcs, parcel->targets);
    if (status != H2V_OK) goto cleanup;
    graph->targets = place_rows(&vertices, &rows, graph);
    status = h2v_agree(world, graph->targets ? H2V_OK : h2vi_fail_memory("rows"));
    if (status != H2V_OK || !parcel->weights) goto cleanup;

    status = send(&rows, parcel->num_arcs, parcel->weights);
    if (status != H2V_OK) goto cleanup;
    graph->weights = place_rows(&vertices, &rows, graph);
    status = h2v_agree(world, graph->weights ? H2V_OK : h2vi_fail_memory("rows"));

cleanup:
    moved->bytes_sent = vertices.bytes_sent + rows.bytes_sent;
    moved->bytes_received = vertices.bytes_received + rows.bytes_received;
    h2vi_exchange_clear(&vertices);
    h2vi_exchange_clear(&rows);
    return status;
}

/* Local. The new graph without its rows: which rank owns which slots. */
static h2v_status prepare(const h2v_graph *graph, const h2v_partition *partition,
                          h2vi_moved *moved)
{
    moved->num_parts = partition->num_parts;
    moved->part_first = h2vi_alloc_n(partition->num_parts + 1, sizeof *moved->part_first);
    if (!moved->part_first) return h2vi_fail_memory("part sizes");
    return h2vi_graph_new_like(graph, &moved->graph);
}

h2v_status h2vi_migrate(const h2v_graph *graph, const h2v_partition *partition,
                        h2vi_vertex *vertices, h2vi_moved *moved)
{
    const h2v_world *world = graph->world;
    row_parcel parcel = {0};
    uint32_t *slots = NULL, *new_slots = NULL;
    *moved = (h2vi_moved){0};
    h2v_status status = h2v_agree(world, prepare(graph, partition, moved));
    if (status != H2V_OK) goto cleanup;
    status = number_vertices(graph, partition, vertices, moved->part_first);
    if (status != H2V_OK) goto cleanup;
    for (int r = 0; r <= world->num_ranks; r++)
        moved->graph->first[r] = moved->part_first[h2v_partition_first_part(
            partition->num_parts, world->num_ranks, r)];
    moved->graph->num_owned =
        moved->graph->first[world->rank + 1] - moved->graph->first[world->rank];

    slots = h2vi_alloc_n(graph->num_owned, sizeof *slots);
    status = h2v_agree(world, slots ? H2V_OK : h2vi_fail_memory("slots"));
    if (status != H2V_OK) goto cleanup;
    for (int64_t v = 0; v < graph->num_owned; v++) slots[v] = vertices[v].slot;
    status = h2vi_slot_map_create(graph, slots, &new_slots);
    if (status != H2V_OK) goto cleanup;
    status = h2v_agree(world, pack(graph, moved->graph, vertices, new_slots, &parcel));
    free(new_slots);
    new_slots = NULL;
    if (status == H2V_OK) status = deliver(&parcel, moved);

cleanup:
    free(slots);
    free(new_slots);
    parcel_clear(&parcel);
    if (status != H2V_OK) h2vi_moved_clear(moved);
    return status;
}
