/* SPDX-License-Identifier: MIT */

/* Match, read, spread, place. Contexts are read to the owners of their vertices, where
 * neighbors can be seen, and then go where training wants them. */
#include "init_file.h"

#include "alloc.h"
#include "collect.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "match_ids.h"
#include "picked_rows.h"
#include "place_contexts.h"
#include "row_digest.h"
#include "spread_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct start {
    const char *path;
    const h2v_graph *graph;
    h2vi_embedding_shape shape;
    h2vi_model *model;
    int64_t num_picks;
    h2vi_pick *picks;  /* rows of the file and whose they are */
    uint8_t *is_known; /* whether an owned vertex has got rows */
    float *contexts;   /* ours, if they go to blocks later: shape [num_owned, stride] */
} start;

/* Local. */
static h2v_status read_shape(const char *path, int dim, h2vi_embedding_shape *shape)
{
    const h2v_status status = h2vi_embedding_read_shape(path, shape);
    if (status != H2V_OK || shape->dim == dim) return status;
    return h2v_fail(H2V_ERR_DATA, "'%s' has rows of dim %lld; --dim %d cannot start there",
                    path, (long long)shape->dim, dim);
}

h2v_status h2vi_try_init_file(const char *path, int dim)
{
    h2vi_embedding_shape shape;
    return read_shape(path, dim, &shape);
}

/* Local. */
static h2v_status make_room(start *this)
{
    const int64_t num_owned = this->graph->num_owned;
    const bool has_own = this->shape.has_contexts && !this->model->out;
    this->picks = h2vi_alloc_n(num_owned, sizeof *this->picks);
    this->is_known = h2vi_alloc_n(num_owned, sizeof *this->is_known);
    if (has_own)
        this->contexts =
            h2vi_alloc_n(num_owned * this->model->stride, sizeof *this->contexts);
    return this->picks && this->is_known && (this->contexts || !has_own)
               ? H2V_OK
               : h2vi_fail_memory("rows to start from");
}

static h2v_status copy_picked(const start *this, const h2vi_matrix_file *file,
                              float *matrix)
{
    const size_t row_bytes = (size_t)this->model->dim * sizeof *matrix;
    h2vi_picked_rows rows;
    h2v_status status = h2vi_picked_rows_init(file, this->num_picks, this->picks, &rows);
    if (status == H2V_OK) status = h2vi_picked_rows_next(&rows);
    while (status == H2V_OK && rows.begin < rows.end) {
        for (int64_t i = rows.begin; i < rows.end; i++)
            memcpy(matrix + (int64_t)rows.picks[i].vertex * this->model->stride,
                   h2vi_picked_row(&rows, i), row_bytes);
        status = h2vi_picked_rows_next(&rows);
    }
    h2vi_picked_rows_clear(&rows);
    return status;
}

/* Local. The rows of a dataset to the matrix, shape [num_owned, stride]. */
static h2v_status read_rows(const start *this, const char *dataset, float *matrix)
{
    const size_t num_bytes = strlen(this->path) + strlen(dataset) + 3;
    char *name = h2vi_alloc(num_bytes, 1);
    if (!name) return h2vi_fail_memory("a name");
    (void)snprintf(name, num_bytes, "%s:/%s", this->path, dataset);
    h2vi_matrix_file file;
    h2v_status status = h2vi_matrix_open(name, &file);
    free(name);
    if (status != H2V_OK) return status;
    if (file.num_rows == this->shape.num_vertices && file.num_columns == this->shape.dim)
        status = copy_picked(this, &file, matrix);
    else
        status = h2v_fail(H2V_ERR_DATA, "'%s' is another file on other ranks", this->path);
    h2vi_matrix_close(&file);
    return status;
}

/* Local. */
static h2v_status read_matched(start *this, float *contexts)
{
    const h2v_status status = read_rows(this, "embeddings", this->model->in);
    if (status == H2V_OK)
        for (int64_t i = 0; i < this->num_picks; i++)
            this->is_known[this->picks[i].vertex] = 1;
    return status == H2V_OK && contexts ? read_rows(this, "contexts", contexts) : status;
}

static uint64_t digest_of(const start *this, const float *rows)
{
    return h2vi_row_digest(this->graph, this->model->dim, this->model->stride, rows);
}

/* Collective. `contexts`: of the owned vertices, or NULL. */
static void count(const start *this, const float *contexts, h2vi_init_counts *counts)
{
    int64_t sums[2] = {this->num_picks, 0};
    for (int64_t v = 0; v < this->graph->num_owned; v++) sums[1] += this->is_known[v];
    h2vi_sum(this->graph->world, 2, sums);
    *counts = (h2vi_init_counts){.num_matched = sums[0],
                                 .num_from_neighbors = sums[1] - sums[0],
                                 .num_noise = this->graph->num_vertices - sums[1],
                                 .digest = digest_of(this, this->model->in)};
    /* Not the same if rows and contexts change places. */
    if (contexts) counts->digest += 3 * digest_of(this, contexts);
}

h2v_status h2vi_init_from_file(const char *path, const char *graph_path,
                               const h2vi_moved *moved, const h2vi_blocks *blocks,
                               h2vi_model *model, h2vi_init_counts *counts)
{
    const h2v_graph *graph = moved->graph;
    const h2v_world *world = graph->world;
    start this = {.path = path, .graph = graph, .model = model};
    *counts = (h2vi_init_counts){0};
    h2v_status status = h2v_agree(world, read_shape(path, model->dim, &this.shape));
    if (status != H2V_OK) return status;
    h2vi_share(world, sizeof this.shape, &this.shape); /* what comes depends on it */

    status = h2v_agree(world, make_room(&this));
    if (status == H2V_OK)
        status = h2vi_match_ids(path, this.shape.num_vertices, graph_path, graph,
                                this.picks, &this.num_picks);
    float *contexts = this.shape.has_contexts && model->out ? model->out : this.contexts;
    if (status == H2V_OK) status = h2v_agree(world, read_matched(&this, contexts));
    if (status == H2V_OK) {
        const h2vi_spread spread = {.graph = graph,
                                    .stride = model->stride,
                                    .num_matrices = contexts ? 2 : 1,
                                    .matrices = {model->in, contexts},
                                    .is_known = this.is_known};
        status = h2vi_spread_rows(&spread);
    }
    if (status == H2V_OK && this.shape.has_contexts && !model->out)
        status = h2vi_place_contexts(moved, blocks, contexts, this.is_known, model);
    if (status == H2V_OK) count(&this, contexts, counts);
    free(this.picks);
    free(this.is_known);
    free(this.contexts);
    return status;
}
