/* SPDX-License-Identifier: MIT */

/* Making rows, releasing them, and whether they are still numbers. */
#include "model.h"

#include "alloc.h"
#include "fail.h"
#include "random.h"
#include "rotate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void h2vi_draw_noise(uint64_t seed, uint32_t gid, int dim, float *row)
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
    model->in = h2vi_alloc_raw_n(graph->num_owned * stride, sizeof *model->in);
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
    for (int64_t v = 0; v < graph->num_owned; v++) {
        float *row = model->in + v * stride;
        h2vi_draw_noise(seed, graph->gids[v], dim, row);
        memset(row + dim, 0, (size_t)(stride - dim) * sizeof *row);
    }
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
