/* SPDX-License-Identifier: MIT */

/* FastRP writes into the model's rows; for what is done to its columns the rows that it
 * filled move together, and then back. */
#include "warm_start.h"

#include "alloc.h"
#include "collect.h"
#include "columns.h"
#include "fail.h"
#include "graph_rows.h"
#include "phase_clock.h"

#include <stdlib.h>
#include <string.h>

static bool is_zero(int dim, const float *row)
{
    for (int d = 0; d < dim; d++)
        if (row[d] != 0) return false;
    return true;
}

static void copy_row(const h2vi_model *model, int64_t from, int64_t to)
{
    memmove(model->in + to * model->stride, model->in + from * model->stride,
            (size_t)model->stride * sizeof *model->in);
}

/* Move the rows that are not zero to the front; returns how many. */
static int64_t move_together(const h2vi_model *model, int64_t num_rows, bool *is_filled)
{
    int64_t count = 0;
    for (int64_t v = 0; v < num_rows; v++) {
        is_filled[v] = !is_zero(model->dim, model->in + v * model->stride);
        if (is_filled[v]) copy_row(model, v, count++);
    }
    return count;
}

/* And back; noise to the others. From the end on, so that no row is lost. */
static void move_back(const h2vi_model *model, const h2v_graph *graph, uint64_t seed,
                      int64_t count, const bool *is_filled)
{
    for (int64_t v = graph->num_owned - 1; v >= 0; v--)
        if (is_filled[v])
            copy_row(model, --count, v);
        else
            h2vi_draw_noise(seed, graph->gids[v], model->dim,
                            model->in + v * model->stride);
}

/* Collective. Of the model's rows, which FastRP made. */
static h2v_status shape_rows(const h2vi_job *job, const h2vi_model *model)
{
    const h2v_graph *graph = job->moved.graph;
    bool *is_filled = h2vi_alloc_n(graph->num_owned, sizeof *is_filled);
    h2v_status status =
        h2v_agree(job->world, is_filled ? H2V_OK : h2vi_fail_memory("rows to start from"));
    if (status != H2V_OK) goto cleanup;
    const int64_t count = move_together(model, graph->num_owned, is_filled);
    int64_t total = count;
    h2vi_sum(job->world, 1, &total);
    const h2vi_matrix_rows matrix = {.world = job->world,
                                     .num_vertices = total,
                                     .num_owned = count,
                                     .dim = model->dim,
                                     .stride = model->stride,
                                     .rows = model->in};
    if (total > 0) status = h2vi_center_columns(&matrix);
    if (total > 0 && status == H2V_OK)
        status = h2vi_scale_rows(&matrix, (float)job->params.init_length);
    move_back(model, graph, job->params.seed, count, is_filled);

cleanup:
    free(is_filled);
    return status;
}

static h2v_status start_from_fastrp(h2vi_job *job, const h2vi_start_source *source,
                                    const h2vi_model *model)
{
    h2v_status status = h2vi_make_fastrp_rows(job, source->properties, &source->listener,
                                              model->stride, model->in);
    if (status != H2V_OK) return status;
    const h2vi_phase_clock clock =
        h2vi_phase_begin_counting(job->world, &job->report, H2V_PHASE_INIT);
    status = shape_rows(job, model);
    h2vi_phase_end(&clock);
    return status;
}

static h2v_status start_from_file(h2vi_job *job, const char *path, h2vi_model *model,
                                  h2vi_init_counts *counts)
{
    const h2vi_phase_clock clock =
        h2vi_phase_begin_counting(job->world, &job->report, H2V_PHASE_INIT);
    const h2v_status status = h2vi_init_from_file(path, job->graph_path, &job->moved,
                                                  &job->blocks, model, counts);
    job->params.read.init_digest = counts->digest;
    h2vi_phase_end(&clock);
    return status;
}

h2v_status h2vi_start_model(h2vi_job *job, const h2vi_start_source *source,
                            h2vi_model *model, h2vi_init_counts *counts)
{
    switch (job->params.init) {
    case H2V_INIT_NOISE:
        return H2V_OK;
    case H2V_INIT_FASTRP:
        return start_from_fastrp(job, source, model);
    case H2V_INIT_FILE:
        return start_from_file(job, source->path, model, counts);
    }
    return H2V_OK;
}
