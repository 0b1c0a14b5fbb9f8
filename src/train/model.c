/* SPDX-License-Identifier: MIT */

/* Making rows, and bringing them into gid order to be written: in windows of consecutive
 * gids, each rank gets an equal run of every window and writes it, so no rank holds more
 * than that run beside its own rows. */
#include "model.h"

#include "alloc.h"
#include "exchange.h"
#include "fail.h"
#include "groups.h"
#include "random.h"
#include "rotate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 16 << 20 /* per rank and window */ };

static void draw_row(uint64_t seed, uint32_t gid, int dim, float *row)
{
    h2vi_words random = {{0}};
    for (int d = 0; d < dim; d++) {
        if (d % 4 == 0)
            random = h2vi_random(seed, H2VI_FOR_INIT, 0, 0, gid, (uint32_t)d / 4);
        row[d] = (h2vi_unit(random.w[d % 4]) - 0.5F) / (float)dim;
    }
}

/* Local. */
static h2v_status make_blocks(const h2vi_moved *moved, const h2vi_blocks *blocks,
                              h2vi_model *model)
{
    const h2v_world *world = moved->graph->world;
    const int num_parts = moved->num_parts, num_groups = num_parts / blocks->num_blocks;
    const int first = h2v_partition_first_part(num_parts, world->num_ranks, world->rank);
    const int end = h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1);
    const int num_spare =
        h2vi_rotation_num_spare(num_parts, num_groups, first, end - first);
    const bool are_copies = num_groups > 1;
    return h2vi_block_set_init(num_parts, first, end, num_spare,
                               are_copies ? 0 : blocks->rows_per_block, model->stride,
                               are_copies, &model->blocks);
}

h2v_status h2vi_model_init(const h2vi_moved *moved, const h2vi_blocks *blocks, int dim,
                           uint64_t seed, h2vi_model *model)
{
    const h2v_graph *graph = moved->graph;
    const int stride = h2vi_stride_of(dim);
    const bool has_one_group = blocks->num_blocks == moved->num_parts;
    *model = (h2vi_model){.dim = dim, .stride = stride};
    model->in = h2vi_alloc_n(graph->num_owned * stride, sizeof *model->in);
    if (!has_one_group)
        model->out = h2vi_alloc_n(graph->num_owned * stride, sizeof *model->out);
    h2v_status status = model->in && (model->out || has_one_group)
                            ? make_blocks(moved, blocks, model)
                            : h2vi_fail_memory("embedding rows");
    if (status != H2V_OK) {
        h2vi_model_clear(model);
        return status;
    }
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < graph->num_owned; v++)
        draw_row(seed, graph->gids[v], dim, model->in + v * stride);
    return H2V_OK;
}

void h2vi_model_clear(h2vi_model *model)
{
    free(model->in);
    free(model->out);
    h2vi_block_set_clear(&model->blocks);
    *model = (h2vi_model){0};
}

int64_t h2vi_model_bytes(const h2vi_model *model, const h2vi_moved *moved)
{
    const int64_t floats = moved->graph->num_owned * model->stride;
    return (model->out ? 2 : 1) * floats * (int64_t)sizeof(float) +
           h2vi_block_set_bytes(&model->blocks);
}

static bool is_finite(int64_t count, const float *values)
{
    int64_t num_bad = 0;
#pragma omp parallel for schedule(static) reduction(+ : num_bad)
    for (int64_t i = 0; i < count; i++) num_bad += !isfinite(values[i]);
    return num_bad == 0;
}

h2v_status h2vi_model_check(const h2vi_model *model, const h2vi_moved *moved)
{
    const int64_t num_floats = moved->graph->num_owned * model->stride;
    bool is_good = is_finite(num_floats, model->in) &&
                   (!model->out || is_finite(num_floats, model->out));
    const h2vi_block_set *blocks = &model->blocks;
    for (int home = 0; home < blocks->num_homes; home++)
        if (blocks->rows[home])
            is_good = is_good &&
                      is_finite(blocks->num_rows[home] * model->stride, blocks->rows[home]);
    if (is_good) return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT, "Training diverged, rows are not finite; take a "
                                      "smaller --learning-rate or fewer --negatives");
}

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

/* Collective. Rows that are with the owners of their vertices. */
static h2v_status write_owned(const h2vi_moved *moved, const h2vi_model *model,
                              const float *matrix, const char *dataset,
                              h2vi_embedding_writer *writer)
{
    const h2v_graph *graph = moved->graph;
    const int64_t num_rows = graph->num_owned;
    held_row *rows = h2vi_alloc_n(num_rows, sizeof *rows);
    h2v_status status =
        h2v_agree(graph->world, rows ? H2V_OK : h2vi_fail_memory("rows to write"));
    if (status == H2V_OK) {
        for (int64_t v = 0; v < num_rows; v++)
            rows[v] = (held_row){graph->gids[v], matrix + v * model->stride};
        qsort(rows, (size_t)num_rows, sizeof *rows, compare_rows);
        status = write_rows(graph, model->dim, dataset, num_rows, rows, writer);
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

h2v_status h2vi_model_write(const h2vi_model *model, const h2vi_moved *moved,
                            const h2vi_blocks *blocks, bool with_contexts,
                            h2vi_embedding_writer *writer)
{
    const h2v_status status = write_owned(moved, model, model->in, "embeddings", writer);
    if (status != H2V_OK || !with_contexts) return status;
    return model->out ? write_owned(moved, model, model->out, "contexts", writer)
                      : write_blocks(moved, model, blocks, "contexts", writer);
}
