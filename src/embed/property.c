/* SPDX-License-Identifier: MIT */

/* sum_k p_k V_k in the order of k, each product rounded, then added. V_k is kept as the
 * columns and signs of its entries that are not 0: what would be added for the others, and
 * for a p_k of 0, is +0 or -0, which changes no bit of a sum that begins with +0, since
 * such a sum is never -0. */
#include "property.h"

#include "alloc.h"
#include "fail.h"
#include "graph_rows.h"
#include "picked_rows.h"
#include "project.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { BASIS_BYTES = 64 << 20 };

/* V_k for a run of k. */
typedef struct property_basis {
    h2vi_projection projection;
    h2vi_project_row *draw;
    int dim;
    float value;           /* of entries that are positive */
    int64_t first, count;  /* the run */
    int64_t capacity;      /* of a run */
    uint16_t *entries;     /* 2 column, + 1 if negative; shape [capacity, dim] */
    uint16_t *num_entries; /* shape [capacity] */
} property_basis;

static_assert(2 * H2V_MAX_DIM <= UINT16_MAX, "an entry must hold a column and a sign");

/* Runs as long as fits. */
static h2v_status make_basis(const h2vi_fastrp_job *job, int64_t num_properties,
                             property_basis *basis)
{
    const double sparsity = job->params->sparsity;
    basis->dim = h2vi_property_dim(job->params, job->dim);
    basis->projection = (h2vi_projection){
        .seed = job->seed,
        .purpose = H2VI_FOR_PROPERTY,
        .sparsity = sparsity == 0 ? sqrt((double)job->graph->num_vertices) : sparsity};
    basis->draw = h2vi_project_row_of(h2vi_best_isa());
    basis->value = (float)sqrt(basis->projection.sparsity / basis->dim);
    const int64_t room = BASIS_BYTES / ((int64_t)sizeof *basis->entries * basis->dim);
    basis->capacity = room < num_properties ? room : num_properties;
    basis->entries = h2vi_alloc_n(basis->capacity * basis->dim, sizeof *basis->entries);
    basis->num_entries = h2vi_alloc_n(basis->capacity, sizeof *basis->num_entries);
    return basis->entries && basis->num_entries ? H2V_OK : h2vi_fail_memory("random rows");
}

static void clear_basis(property_basis *basis)
{
    free(basis->entries);
    free(basis->num_entries);
}

/* Row i of the run. */
static void draw_row(property_basis *basis, int64_t i)
{
    float row[H2V_MAX_DIM];
    uint16_t *entries = basis->entries + i * basis->dim;
    uint16_t count = 0;
    basis->draw(&basis->projection, (uint32_t)(basis->first + i), basis->dim, 1, row);
    for (int c = 0; c < basis->dim; c++)
        if (row[c] != 0) entries[count++] = (uint16_t)(2 * c + (row[c] < 0));
    basis->num_entries[i] = count;
}

static void draw_run(property_basis *basis, int64_t first, int64_t num_properties,
                     int num_threads)
{
    const int64_t rest = num_properties - first;
    basis->first = first;
    basis->count = rest < basis->capacity ? rest : basis->capacity;
#pragma omp parallel for schedule(static) num_threads(num_threads)
    for (int64_t i = 0; i < basis->count; i++) draw_row(basis, i);
}

/* Add what the run contributes to one vertex, whose properties are `p`. */
static void project(const property_basis *basis, const float *p, float *sums)
{
    p += basis->first;
    for (int64_t i = 0; i < basis->count; i++) {
        if (p[i] == 0) continue;
        const float product = p[i] * basis->value;
        const uint16_t *entries = basis->entries + i * basis->dim;
        for (int e = 0; e < basis->num_entries[i]; e++)
            sums[entries[e] / 2] += entries[e] % 2 != 0 ? -product : product;
    }
}

/* Once through the file for each run of the basis. */
static h2v_status project_all(property_basis *basis, h2vi_picked_rows *rows,
                              int num_threads, float *projected)
{
    const int64_t num_properties = rows->matrix->num_columns;
    h2v_status status = H2V_OK;
    for (int64_t k = 0; status == H2V_OK && k < num_properties; k += basis->count) {
        draw_run(basis, k, num_properties, num_threads);
        h2vi_picked_rows_rewind(rows);
        status = h2vi_picked_rows_next(rows);
        while (status == H2V_OK && rows->begin < rows->end) {
#pragma omp parallel for schedule(static) num_threads(num_threads)
            for (int64_t i = rows->begin; i < rows->end; i++)
                project(basis, h2vi_picked_row(rows, i),
                        projected + (int64_t)rows->picks[i].vertex * basis->dim);
            status = h2vi_picked_rows_next(rows);
        }
    }
    return status;
}

/* Local. */
static h2v_status project_owned(const h2vi_fastrp_job *job, const h2vi_matrix_file *matrix,
                                float **projected)
{
    const h2v_graph *graph = job->graph;
    const int64_t dim = h2vi_property_dim(job->params, job->dim);
    h2vi_picked_rows rows = {0};
    property_basis basis = {0};
    *projected = h2vi_alloc_n(graph->num_owned * dim, sizeof **projected);
    h2vi_pick *picks = h2vi_alloc_n(graph->num_owned, sizeof *picks);
    h2v_status status =
        *projected && picks ? H2V_OK : h2vi_fail_memory("projected properties");
    if (status == H2V_OK && dim > 0) {
        for (int64_t v = 0; v < graph->num_owned; v++)
            picks[v] = (h2vi_pick){.row = graph->gids[v], .vertex = (uint32_t)v};
        h2vi_picks_sort(graph->num_owned, picks);
        status = h2vi_picked_rows_init(matrix, graph->num_owned, picks, &rows);
        if (status == H2V_OK) status = make_basis(job, matrix->num_columns, &basis);
        if (status == H2V_OK)
            status = project_all(&basis, &rows, graph->world->num_threads, *projected);
    }
    clear_basis(&basis);
    h2vi_picked_rows_clear(&rows);
    free(picks);
    return status;
}

/* Local. */
static h2v_status open_properties(const char *path, const h2v_graph *graph,
                                  h2vi_matrix_file *matrix)
{
    const h2v_status status = h2vi_matrix_open(path, matrix);
    if (status != H2V_OK) return status;
    if (matrix->num_rows != graph->num_vertices)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' has %" PRId64 " rows; the graph has %" PRId64
                        " vertices: one row a vertex, in the order of the graph's /ids",
                        path, matrix->num_rows, graph->num_vertices);
    if (matrix->num_columns > UINT32_MAX) /* properties are numbered by 32 bits */
        return h2v_fail(H2V_ERR_DATA, "'%s' has %" PRId64 " columns; at most %" PRIu32,
                        path, matrix->num_columns, UINT32_MAX);
    return H2V_OK;
}

h2v_status h2vi_project_properties(const h2vi_fastrp_job *job, const char *path,
                                   float **projected)
{
    const h2v_world *world = job->graph->world;
    h2vi_matrix_file matrix = {0};
    *projected = NULL;
    h2v_status status = h2v_agree(world, open_properties(path, job->graph, &matrix));
    if (status == H2V_OK) status = h2v_agree(world, project_owned(job, &matrix, projected));
    h2vi_matrix_close(&matrix);
    if (status != H2V_OK) {
        free(*projected);
        *projected = NULL;
    }
    return status;
}
