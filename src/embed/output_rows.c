/* SPDX-License-Identifier: MIT */

/* Bringing rows into gid order: in windows of consecutive gids, each rank gets an equal run
 * of every window and writes it, so no rank holds more than that run beside its own rows.
 */
#include "output_rows.h"

#include "alloc.h"
#include "exchange.h"
#include "fail.h"
#include "graph_rows.h"
#include "groups.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 16 << 20 /* per rank and window */ };

/* ---- rows in gid order
 * ------------------------------------------------------------------------ */

/* A row that this rank holds, by the gid of its vertex. */
typedef struct held_row {
    uint32_t gid;
    const float *row;
} held_row;

static int compare_rows(const void *a, const void *b)
{
    const uint32_t x = ((const held_row *)a)->gid, y = ((const held_row *)b)->gid;
    return (x > y) - (x < y);
}

/* How windows are cut: each rank writes `run` rows of each. */
typedef struct window_cut {
    int64_t run, num_windows;
    size_t item_bytes; /* a gid, then the row */
} window_cut;

static window_cut cut_windows(const h2v_graph *graph, int dim)
{
    const int64_t row_bytes = (int64_t)dim * (int64_t)sizeof(float);
    const int num_ranks = graph->world->num_ranks;
    int64_t run = WINDOW_BYTES / row_bytes;
    const int64_t enough = (graph->num_vertices + num_ranks - 1) / num_ranks;
    if (run > enough) run = enough;
    if (run < 1) run = 1;
    return (window_cut){.run = run,
                        .num_windows =
                            (graph->num_vertices + run * num_ranks - 1) / (run * num_ranks),
                        .item_bytes = sizeof(uint32_t) + (size_t)row_bytes};
}

/* Local. Pack the held rows of gids below `end`, from *at on, by the rank that writes them.
 */
static h2v_status pack_window(const window_cut *cut, int64_t begin, int64_t num_rows,
                              const held_row *rows, int64_t *at, h2vi_exchange *exchange,
                              char **parcel)
{
    const int num_ranks = exchange->world->num_ranks;
    const int64_t end = begin + cut->run * num_ranks, first = *at;
    memset(exchange->send_counts, 0, (size_t)num_ranks * sizeof *exchange->send_counts);
    for (; *at < num_rows && (int64_t)rows[*at].gid < end; ++*at)
        exchange->send_counts[((int64_t)rows[*at].gid - begin) / cut->run]++;

    *parcel = h2vi_alloc_n(*at - first, cut->item_bytes);
    if (!*parcel) return h2vi_fail_memory("rows to write");
    char *item = *parcel;
    for (int64_t i = first; i < *at; i++, item += cut->item_bytes) {
        memcpy(item, &rows[i].gid, sizeof rows[i].gid);
        memcpy(item + sizeof rows[i].gid, rows[i].row,
               cut->item_bytes - sizeof rows[i].gid);
    }
    return H2V_OK;
}

/* Collective. Rows sorted by gid to the file. */
static h2v_status write_rows(const h2v_graph *graph, int dim, const char *dataset,
                             int64_t num_rows, const held_row *rows,
                             h2vi_embedding_writer *writer)
{
    const h2v_world *world = graph->world;
    const window_cut cut = cut_windows(graph, dim);
    h2vi_exchange exchange = {0};
    float *run = h2vi_alloc_n(cut.run * dim, sizeof *run);
    h2v_status status = run ? h2vi_exchange_init(world, cut.item_bytes, &exchange)
                            : h2vi_fail_memory("rows to write");
    status = h2v_agree(world, status);
    exchange.what = "rows to write";
    int64_t at = 0;
    for (int64_t w = 0; status == H2V_OK && w < cut.num_windows; w++) {
        const int64_t begin = w * cut.run * world->num_ranks;
        char *parcel = NULL;
        status = pack_window(&cut, begin, num_rows, rows, &at, &exchange, &parcel);
        status = h2vi_exchange_run(&exchange, status, parcel);
        free(parcel);
        if (status != H2V_OK) break;

        const int64_t own = begin + cut.run * world->rank;
        const char *item = exchange.received;
        for (int64_t i = 0; i < exchange.num_received; i++, item += cut.item_bytes) {
            uint32_t gid = 0;
            memcpy(&gid, item, sizeof gid);
            memcpy(run + ((int64_t)gid - own) * dim, item + sizeof gid,
                   cut.item_bytes - sizeof gid);
        }
        status = h2vi_embedding_write(writer, dataset, own < graph->num_vertices ? own : 0,
                                      exchange.num_received, run);
    }
    h2vi_exchange_clear(&exchange);
    free(run);
    return status;
}

/* ---- who is who in the blocks
 * ----------------------------------------------------------------- */

typedef struct context_place {
    uint32_t context_slot, gid;
} context_place;

static int holder_of(const h2vi_groups *homes, const h2vi_blocks *blocks, uint32_t slot)
{
    return h2vi_part_host(homes, (int)(slot / blocks->rows_per_block));
}

/* Collective. Owners of vertices tell the holders of their context rows the gids. */
static h2v_status find_context_rows(const h2vi_model *model, const h2vi_moved *moved,
                                    const h2vi_blocks *blocks, held_row **rows,
                                    int64_t *num_rows)
{
    const h2v_graph *graph = moved->graph;
    const h2v_world *world = graph->world;
    h2vi_exchange exchange = {0};
    const h2vi_groups homes = h2vi_groups_of(world, blocks->num_blocks, 1);
    int64_t *next = h2vi_alloc_n(world->num_ranks + 1, sizeof *next);
    context_place *places = h2vi_alloc_n(graph->num_owned, sizeof *places);
    h2v_status status = next && places ? H2V_OK : h2vi_fail_memory("context rows");
    if (status == H2V_OK) status = h2vi_exchange_init(world, sizeof *places, &exchange);
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    for (int64_t v = 0; v < graph->num_owned; v++)
        exchange.send_counts[holder_of(&homes, blocks, moved->vertices[v].context_slot)]++;
    for (int r = 0; r < world->num_ranks; r++)
        next[r + 1] = next[r] + exchange.send_counts[r];
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const uint32_t slot = moved->vertices[v].context_slot;
        places[next[holder_of(&homes, blocks, slot)]++] =
            (context_place){slot, graph->gids[v]};
    }
    status = h2vi_exchange_run(&exchange, H2V_OK, places);
    if (status != H2V_OK) goto cleanup;

    *num_rows = exchange.num_received;
    *rows = h2vi_alloc_n(*num_rows, sizeof **rows);
    status = h2v_agree(world, *rows ? H2V_OK : h2vi_fail_memory("context rows"));
    if (status != H2V_OK) goto cleanup;
    const context_place *received = exchange.received;
    for (int64_t i = 0; i < *num_rows; i++) {
        const int64_t slot = received[i].context_slot;
        const float *block = model->blocks.rows[slot / blocks->rows_per_block];
        (*rows)[i] = (held_row){received[i].gid,
                                block + slot % blocks->rows_per_block * model->stride};
    }

cleanup:
    free(next);
    free(places);
    h2vi_exchange_clear(&exchange);
    return status;
}

h2v_status h2vi_write_owned_rows(const h2v_graph *graph, int dim, int stride,
                                 const float *matrix, const char *dataset,
                                 h2vi_embedding_writer *writer)
{
    const int64_t num_rows = graph->num_owned;
    held_row *rows = h2vi_alloc_n(num_rows, sizeof *rows);
    h2v_status status =
        h2v_agree(graph->world, rows ? H2V_OK : h2vi_fail_memory("rows to write"));
    if (status == H2V_OK) {
        for (int64_t v = 0; v < num_rows; v++)
            rows[v] = (held_row){graph->gids[v], matrix + v * stride};
        qsort(rows, (size_t)num_rows, sizeof *rows, compare_rows);
        status = write_rows(graph, dim, dataset, num_rows, rows, writer);
    }
    free(rows);
    return status;
}

/* Collective. Rows that are in the blocks. */
static h2v_status write_blocks(const h2vi_moved *moved, const h2vi_model *model,
                               const h2vi_blocks *blocks, const char *dataset,
                               h2vi_embedding_writer *writer)
{
    held_row *rows = NULL;
    int64_t num_rows = 0;
    h2v_status status = find_context_rows(model, moved, blocks, &rows, &num_rows);
    if (status == H2V_OK) {
        qsort(rows, (size_t)num_rows, sizeof *rows, compare_rows);
        status = write_rows(moved->graph, model->dim, dataset, num_rows, rows, writer);
    }
    free(rows);
    return status;
}

h2v_status h2vi_write_model(const h2vi_model *model, const h2vi_moved *moved,
                            const h2vi_blocks *blocks, bool with_contexts,
                            h2vi_embedding_writer *writer)
{
    const h2v_graph *graph = moved->graph;
    const int dim = model->dim, stride = model->stride;
    const h2v_status status =
        h2vi_write_owned_rows(graph, dim, stride, model->in, "embeddings", writer);
    if (status != H2V_OK || !with_contexts) return status;
    return model->out
               ? h2vi_write_owned_rows(graph, dim, stride, model->out, "contexts", writer)
               : write_blocks(moved, model, blocks, "contexts", writer);
}
