/* SPDX-License-Identifier: MIT */

/* Three exchanges in one order, vertices grouped by destination and ascending in gid: the
 * vertex records, their targets (already in new slots), their weights. A row's place
 * follows from its slot alone, so what stays on a rank goes there at once. */
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

/* What leaves this rank, in the order of sending. */
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

/* Where a slot of this rank's is among them; negative, or beyond them, if another has it.
 */
static int64_t place_of(const h2v_graph *moved, uint32_t slot)
{
    return (int64_t)slot - moved->first[moved->world->rank];
}

static bool stays(const h2v_graph *moved, uint32_t slot)
{
    const int64_t place = place_of(moved, slot);
    return place >= 0 && place < moved->num_owned;
}

/* Copy rows to where those of each destination begin, which moves on. */
static void fill_parcel(const h2v_graph *graph, const h2v_graph *moved,
                        const h2vi_vertex *vertices, const uint32_t *new_slots,
                        int64_t *vertex_at, int64_t *arc_at, row_parcel *parcel)
{
    for (int64_t v = 0; v < graph->num_owned; v++) {
        if (stays(moved, vertices[v].slot)) continue;
        const int owner = h2vi_graph_owner(moved, vertices[v].slot);
        parcel->vertices[vertex_at[owner]++] = vertices[v];
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const int64_t at = arc_at[owner]++;
            parcel->targets[at] = new_slots[graph->targets[e]];
            if (graph->weights) parcel->weights[at] = graph->weights[e];
        }
    }
}

/* Local. */
static h2v_status pack(const h2v_graph *graph, const h2v_graph *moved,
                       const h2vi_vertex *vertices, const uint32_t *new_slots,
                       row_parcel *parcel)
{
    const int num_ranks = graph->world->num_ranks;
    int64_t *vertex_at = h2vi_alloc_n(num_ranks + 1, sizeof *vertex_at);
    int64_t *arc_at = h2vi_alloc_n(num_ranks + 1, sizeof *arc_at);
    h2v_status status = H2V_OK;
    parcel->num_vertices = h2vi_alloc_n(num_ranks, sizeof *parcel->num_vertices);
    parcel->num_arcs = h2vi_alloc_n(num_ranks, sizeof *parcel->num_arcs);
    if (!vertex_at || !arc_at || !parcel->num_vertices || !parcel->num_arcs) {
        status = h2vi_fail_memory("vertices that move");
        goto cleanup;
    }
    for (int64_t v = 0; v < graph->num_owned; v++) {
        if (stays(moved, vertices[v].slot)) continue;
        const int owner = h2vi_graph_owner(moved, vertices[v].slot);
        parcel->num_vertices[owner]++;
        parcel->num_arcs[owner] += vertices[v].num_arcs;
    }
    for (int r = 0; r < num_ranks; r++) {
        vertex_at[r + 1] = vertex_at[r] + parcel->num_vertices[r];
        arc_at[r + 1] = arc_at[r] + parcel->num_arcs[r];
    }
    parcel->vertices = h2vi_alloc_raw_n(vertex_at[num_ranks], sizeof *parcel->vertices);
    parcel->targets = h2vi_alloc_raw_n(arc_at[num_ranks], sizeof *parcel->targets);
    if (graph->weights)
        parcel->weights = h2vi_alloc_raw_n(arc_at[num_ranks], sizeof *parcel->weights);
    if (!parcel->vertices || !parcel->targets || (graph->weights && !parcel->weights))
        status = h2vi_fail_memory("vertices that move");
    else
        fill_parcel(graph, moved, vertices, new_slots, vertex_at, arc_at, parcel);

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

/* Local. Vertices that stay or arrive, in any order of slots; their rows' offsets follow
 * from the slots. */
static h2v_status place_vertices(const h2v_graph *old, const h2vi_vertex *vertices,
                                 const h2vi_exchange *arrived, h2vi_moved *moved)
{
    h2v_graph *graph = moved->graph;
    const h2vi_vertex *received = arrived->received;
    int64_t num_placed = arrived->num_received;
    moved->vertices = h2vi_alloc_raw_n(graph->num_owned, sizeof *moved->vertices);
    graph->offsets = h2vi_alloc_n(graph->num_owned + 1, sizeof *graph->offsets);
    graph->gids = h2vi_alloc_raw_n(graph->num_owned, sizeof *graph->gids);
    if (!moved->vertices || !graph->offsets || !graph->gids)
        return h2vi_fail_memory("vertices that arrive");
    for (int64_t i = 0; i < arrived->num_received; i++)
        moved->vertices[place_of(graph, received[i].slot)] = received[i];
    for (int64_t v = 0; v < old->num_owned; v++)
        if (stays(graph, vertices[v].slot)) {
            moved->vertices[place_of(graph, vertices[v].slot)] = vertices[v];
            num_placed++;
        }
    H2V_ASSERT(num_placed == graph->num_owned);
    (void)num_placed;
    for (int64_t v = 0; v < graph->num_owned; v++) {
        graph->gids[v] = moved->vertices[v].gid;
        graph->offsets[v + 1] = graph->offsets[v] + moved->vertices[v].num_arcs;
    }
    return H2V_OK;
}

/* Local. Rows that stay, to the order of slots. */
static h2v_status place_staying(const h2v_graph *old, const h2vi_vertex *vertices,
                                const uint32_t *new_slots, h2v_graph *graph)
{
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    graph->targets = h2vi_alloc_raw_n(num_arcs, sizeof *graph->targets);
    if (old->weights) graph->weights = h2vi_alloc_raw_n(num_arcs, sizeof *graph->weights);
    if (!graph->targets || (old->weights && !graph->weights))
        return h2vi_fail_memory("rows");

#pragma omp parallel for schedule(dynamic, 1024)
    for (int64_t v = 0; v < old->num_owned; v++) {
        if (!stays(graph, vertices[v].slot)) continue;
        const int64_t from = old->offsets[v], length = old->offsets[v + 1] - from;
        const int64_t to = graph->offsets[place_of(graph, vertices[v].slot)];
        for (int64_t i = 0; i < length; i++)
            graph->targets[to + i] = new_slots[old->targets[from + i]];
        if (old->weights)
            memcpy(graph->weights + to, old->weights + from,
                   (size_t)length * sizeof *graph->weights);
    }
    return H2V_OK;
}

/* Local. Copy rows of 4-byte items from the order of arrival to the order of slots. */
static void place_arrived(const h2vi_exchange *vertices, const h2vi_exchange *rows,
                          const h2v_graph *graph, void *placed)
{
    enum { ITEM_BYTES = 4 };
    const h2vi_vertex *arrived = vertices->received;
    const char *source = rows->received;
    for (int64_t i = 0; i < vertices->num_received; i++) {
        const int64_t to = graph->offsets[place_of(graph, arrived[i].slot)];
        const int64_t num_bytes = arrived[i].num_arcs * ITEM_BYTES;
        memcpy((char *)placed + to * ITEM_BYTES, source, (size_t)num_bytes);
        source += num_bytes;
    }
}

/* Collective. *new_slots is released as soon as it is of no use. */
static h2v_status deliver(const h2v_graph *old, const h2vi_vertex *staying,
                          uint32_t **new_slots, const row_parcel *parcel, h2vi_moved *moved)
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
    status = place_vertices(old, staying, &vertices, moved);
    if (status == H2V_OK) status = place_staying(old, staying, *new_slots, graph);
    free(*new_slots);
    *new_slots = NULL;
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    status = send(&rows, parcel->num_arcs, parcel->targets);
    if (status != H2V_OK) goto cleanup;
    place_arrived(&vertices, &rows, graph, graph->targets);
    if (!parcel->weights) goto cleanup;
    status = send(&rows, parcel->num_arcs, parcel->weights);
    if (status == H2V_OK) place_arrived(&vertices, &rows, graph, graph->weights);

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
    if (status == H2V_OK) status = deliver(graph, vertices, &new_slots, &parcel, moved);

cleanup:
    free(slots);
    free(new_slots);
    parcel_clear(&parcel);
    if (status != H2V_OK) h2vi_moved_clear(moved);
    return status;
}
