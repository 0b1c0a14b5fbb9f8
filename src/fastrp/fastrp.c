/* SPDX-License-Identifier: MIT */

/* The rows of a power lie in one of two buffers of the owned vertices, by turns, and in one
 * of ghosts; the result is summed up beside them. */
#include "fastrp.h"

#include "alloc.h"
#include "clock.h"
#include "columns.h"
#include "degrees.h"
#include "fail.h"
#include "halo2vec/types.h"
#include "project.h"
#include "work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a row of N_0 is drawn from, by its owner and by those who have it as a ghost. */
typedef struct row_start {
    uint32_t gid;
    float value; /* of its entries that are not 0 */
} row_start;

typedef struct fastrp {
    const h2vi_fastrp_job *job;
    const h2v_graph *graph;
    int64_t row_bytes;
    double total_degree;
    h2vi_ghosts ghosts;
    h2vi_work work;
    float *divisors;   /* degrees, shape [num_owned] */
    row_start *starts; /* shape [num_owned + num_ghosts]; ghosts' only if they draw */
    char *own[2];      /* rows of the owned vertices */
    char *received;    /* rows of ghosts */
    h2vi_ghost_pull pull;
    float *result;
    h2vi_fastrp_report *report;
} fastrp;

/* ---- sizes */

int h2vi_property_dim(const h2v_fastrp_params *params, int dim)
{
    return (int)(dim * params->property_ratio);
}

static int64_t bytes_of_row(const h2v_fastrp_params *params, int stride)
{
    return stride * (params->row_type == H2V_ROWS_BF16 ? (int64_t)sizeof(uint16_t)
                                                       : (int64_t)sizeof(float));
}

static int stride_of(int dim)
{
    return (dim + H2VI_ROW_LANES - 1) / H2VI_ROW_LANES * H2VI_ROW_LANES;
}

int64_t h2vi_fastrp_row_bytes(const h2v_fastrp_params *params, int dim,
                              const h2vi_fastrp_counts *counts)
{
    const int stride = stride_of(dim);
    return (stride + h2vi_property_dim(params, dim)) * (int64_t)sizeof(float) *
               counts->num_owned +
           bytes_of_row(params, stride) *
               (2 * counts->num_owned + counts->num_ghosts + counts->num_sent);
}

int64_t h2vi_fastrp_index_bytes(const h2vi_fastrp_counts *counts, int num_ranks)
{
    const int64_t of_arcs =
        num_ranks == 1 ? 0 : counts->num_arcs * (int64_t)sizeof(uint32_t);
    const int64_t of_owned = sizeof(float) + sizeof(uint32_t) + sizeof(row_start);
    const int64_t of_ghosts = sizeof(h2v_slot) + sizeof(row_start);
    const int64_t of_ranks = 3 * sizeof(int64_t) + 2 * sizeof(MPI_Request);
    return of_arcs + of_owned * counts->num_owned + of_ghosts * counts->num_ghosts +
           (int64_t)sizeof(uint32_t) * counts->num_sent + of_ranks * num_ranks +
           h2vi_work_task_bytes(counts->num_owned, counts->num_arcs);
}

int h2vi_fastrp_num_pulls(const h2v_fastrp_params *params)
{
    return params->num_weights - (params->property_ratio > 0 ? 0 : 1);
}

int64_t h2vi_fastrp_traffic(const h2v_fastrp_params *params, int dim, int64_t num_sent)
{
    const int64_t start_bytes = params->property_ratio > 0 ? 0 : sizeof(row_start);
    const int64_t row_bytes = bytes_of_row(params, stride_of(dim));
    return num_sent * (h2vi_fastrp_num_pulls(params) * row_bytes + start_bytes);
}

/* ---- before the first power */

static double sparsity_of(const fastrp *this)
{
    const double sparsity = this->job->params->sparsity;
    return sparsity > 0 ? sparsity : sqrt((double)this->graph->num_vertices);
}

/* Columns of N_0 that are drawn. */
static int num_drawn_columns(const fastrp *this)
{
    const h2vi_fastrp_job *job = this->job;
    return job->dim - (job->properties ? h2vi_property_dim(job->params, job->dim) : 0);
}

static float start_value(const fastrp *this, double degree)
{
    const double strength = this->job->params->normalization_strength;
    if (!this->job->properties)
        return (float)(h2vi_degree_factor(degree, this->total_degree, strength) *
                       sqrt(sparsity_of(this)));
    const int num_columns = num_drawn_columns(this); /* as in GDS */
    return (float)(h2vi_degree_factor(degree, 1, strength) *
                   sqrt(sparsity_of(this) / (num_columns > 0 ? num_columns : 1)));
}

/* Local. What there is for each vertex. */
static h2v_status prepare_vertices(fastrp *this)
{
    const h2v_graph *graph = this->graph;
    const int64_t num_drawn =
        graph->num_owned + (this->job->properties ? 0 : this->ghosts.num_ghosts);
    this->divisors = h2vi_alloc_n(graph->num_owned, sizeof *this->divisors);
    this->starts = h2vi_alloc_n(num_drawn, sizeof *this->starts);
    if (!this->divisors || !this->starts) return h2vi_fail_memory("degrees");
    int64_t num_bad = 0;
#pragma omp parallel for schedule(static) num_threads(graph->world->num_threads)           \
    reduction(+ : num_bad)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const double degree = h2vi_degree(graph, v);
        const float value = start_value(this, degree);
        num_bad += !isnormal(value);
        this->divisors[v] = (float)degree;
        this->starts[v] = (row_start){graph->gids[v], value};
    }
    if (num_bad > 0)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--normalization-strength %g makes random numbers too large or too "
                        "small for f32; take one nearer to 0",
                        this->job->params->normalization_strength);
    return h2vi_work_create(&this->ghosts, this->job->stride, &this->work);
}

/* Collective. What ghosts draw their rows from. */
static h2v_status pull_starts(fastrp *this)
{
    h2vi_ghost_pull pull;
    h2v_status status =
        h2v_agree(this->graph->world,
                  h2vi_ghost_pull_init(&this->ghosts, sizeof *this->starts, &pull));
    if (status == H2V_OK)
        status = h2vi_ghost_pull_begin(&this->ghosts, this->starts, &pull,
                                       this->starts + this->graph->num_owned);
    h2vi_ghost_pull_clear(&pull);
    return status;
}

/* Local. */
static h2v_status make_rows(fastrp *this)
{
    for (int i = 0; i < 2; i++)
        this->own[i] = h2vi_alloc_raw_n(this->graph->num_owned, (size_t)this->row_bytes);
    this->received = h2vi_alloc_raw_n(this->ghosts.num_ghosts, (size_t)this->row_bytes);
    if (!this->own[0] || !this->own[1] || !this->received)
        return h2vi_fail_memory("rows of FastRP");
    return h2vi_ghost_pull_init(&this->ghosts, (size_t)this->row_bytes, &this->pull);
}

/* Collective. All that is needed; afterwards only messages can fail. */
static h2v_status prepare(fastrp *this)
{
    const h2v_world *world = this->graph->world;
    h2v_status status = h2vi_ghosts_create(this->graph, &this->ghosts);
    if (status != H2V_OK) return status;
    this->total_degree = h2vi_total_degree(this->graph);
    status = h2v_agree(world, prepare_vertices(this));
    if (status == H2V_OK && !this->job->properties) status = pull_starts(this);
    if (status == H2V_OK) status = h2v_agree(world, make_rows(this));
    return status;
}

/* ---- N_0 */

static h2vi_finishing finishing_of(const fastrp *this, h2v_unit_rows unit_rows,
                                   double weight)
{
    return (h2vi_finishing){.stride = this->job->stride,
                            .unit_rows = unit_rows,
                            .row_type = this->job->params->row_type,
                            .weight = (float)weight};
}

/* What is multiplied on is N_0 itself, whose rows are brought to length 1 only where they
 * are added up. */
static h2v_unit_rows unit_rows_of_start(const h2v_fastrp_params *params)
{
    return params->unit_rows == H2V_UNIT_ROWS_NONE ? H2V_UNIT_ROWS_NONE
                                                   : H2V_UNIT_ROWS_ADDED;
}

/* Local. The rows of the owned vertices, which begin the result, and of the ghosts, unless
 * these are pulled. */
static void draw_start(fastrp *this)
{
    const h2vi_fastrp_job *job = this->job;
    const int64_t num_owned = this->graph->num_owned;
    const int64_t num_rows = num_owned + (job->properties ? 0 : this->ghosts.num_ghosts);
    const int num_columns = num_drawn_columns(this),
              num_properties = job->dim - num_columns;
    const h2vi_projection projection = {job->seed, H2VI_FOR_PROJECTION, sparsity_of(this)};
    const h2vi_finishing how = finishing_of(this, unit_rows_of_start(job->params),
                                            job->params->node_self_influence);
    h2vi_project_row *project_row = h2vi_project_row_of(h2vi_best_isa());
    h2vi_finish_row *finish_row = h2vi_finish_row_of(h2vi_best_isa());
    double seconds = 0;
#pragma omp parallel num_threads(this->graph->world->num_threads) reduction(+ : seconds)
    {
        _Alignas(64) float row[H2V_MAX_DIM], forgotten[H2V_MAX_DIM];
        const double start = h2vi_thread_seconds();
#pragma omp for schedule(static) nowait
        for (int64_t v = 0; v < num_rows; v++) {
            const bool is_owned = v < num_owned;
            float *result = is_owned ? this->result + v * job->stride : forgotten;
            memset(result, 0, (size_t)job->stride * sizeof *result);
            memset(row, 0, (size_t)job->stride * sizeof *row);
            project_row(&projection, this->starts[v].gid, num_columns,
                        this->starts[v].value, row);
            if (num_properties > 0)
                memcpy(row + num_columns, job->properties + v * num_properties,
                       (size_t)num_properties * sizeof *row);
            finish_row(&how, 1, row,
                       is_owned ? this->own[0] + v * this->row_bytes
                                : this->received + (v - num_owned) * this->row_bytes,
                       result);
        }
        seconds += h2vi_thread_seconds() - start;
    }
    this->report->cpu_seconds += seconds;
    free(this->starts);
    this->starts = NULL;
}

/* ---- the powers */

static h2vi_power_step step_of(const fastrp *this, int power)
{
    const h2v_graph *graph = this->graph;
    const h2v_fastrp_params *params = this->job->params;
    return (h2vi_power_step){
        .a = {.offsets = graph->offsets,
              .sources = this->ghosts.sources,
              .weights = graph->weights,
              .num_owned = graph->num_owned,
              .num_arcs = graph->offsets[graph->num_owned],
              .stride = this->job->stride,
              .row_type = params->row_type,
              .own = this->own[power % 2],
              .ghosts = this->received},
        .how = finishing_of(this, params->unit_rows, params->weights[power]),
        .sum_row = h2vi_sum_row_of(h2vi_best_isa()),
        .finish_row = h2vi_finish_row_of(h2vi_best_isa()),
        .divisors = this->divisors,
        .to = this->own[(power + 1) % 2],
        .row_bytes = this->row_bytes,
        .result = this->result};
}

/* Collective. */
static h2v_status multiply(fastrp *this, int power)
{
    h2vi_fastrp_report *report = this->report;
    const h2vi_power_step step = step_of(this, power);
    if (power > 0 || this->job->properties) {
        const h2v_status status =
            h2vi_ghost_pull_begin(&this->ghosts, step.a.own, &this->pull, this->received);
        if (status != H2V_OK) return status;
        report->rows_sent += this->ghosts.num_sent;
        report->rows_received += this->ghosts.num_ghosts;
    }
    report->cpu_seconds +=
        h2vi_work_do(&this->work, H2VI_INTERIOR_ROWS, &step, &this->pull);
    h2vi_ghost_pull_end(&this->pull);
    report->cpu_seconds +=
        h2vi_work_do(&this->work, H2VI_BOUNDARY_ROWS, &step, &this->pull);
    return H2V_OK;
}

/* ---- after the last */

/* Local. */
static h2v_status check_finite(const fastrp *this)
{
    const int64_t num_numbers = this->graph->num_owned * this->job->stride;
    int is_finite = 1;
#pragma omp parallel for schedule(static) num_threads(this->graph->world->num_threads)     \
    reduction(min                                                                          \
              : is_finite)
    for (int64_t i = 0; i < num_numbers; i++)
        if (!isfinite(this->result[i])) is_finite = 0;
    if (is_finite) return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT,
                    "FastRP's rows are not finite; take a normalization strength nearer to "
                    "0, and smaller weights or properties");
}

/* Collective. */
static h2v_status standardize(const fastrp *this)
{
    const h2vi_matrix_rows matrix = {.world = this->graph->world,
                                     .num_vertices = this->graph->num_vertices,
                                     .num_owned = this->graph->num_owned,
                                     .dim = this->job->dim,
                                     .stride = this->job->stride,
                                     .rows = this->result};
    return h2vi_standardize_columns(&matrix);
}

static void release(fastrp *this)
{
    h2vi_ghost_pull_clear(&this->pull);
    h2vi_work_clear(&this->work);
    h2vi_ghosts_clear(&this->ghosts);
    free(this->divisors);
    free(this->starts);
    for (int i = 0; i < 2; i++) free(this->own[i]);
    free(this->received);
}

h2v_status h2vi_fastrp(const h2vi_fastrp_job *job, float *result,
                       h2vi_fastrp_report *report)
{
    const h2v_fastrp_params *params = job->params;
    H2V_ASSERT(job->stride >= job->dim && job->stride % H2VI_ROW_LANES == 0);
    fastrp this = {.job = job,
                   .graph = job->graph,
                   .row_bytes = bytes_of_row(params, job->stride),
                   .result = result,
                   .report = report};
    *report = (h2vi_fastrp_report){0};
    h2v_status status = prepare(&this);
    if (status == H2V_OK) {
        report->counts =
            (h2vi_fastrp_counts){.num_owned = job->graph->num_owned,
                                 .num_arcs = job->graph->offsets[job->graph->num_owned],
                                 .num_ghosts = this.ghosts.num_ghosts,
                                 .num_sent = this.ghosts.num_sent};
        draw_start(&this);
    }
    for (int power = 0; status == H2V_OK && power < params->num_weights; power++) {
        status = multiply(&this, power);
        if (status == H2V_OK && job->after_power) job->after_power(job->context, power + 1);
    }
    if (status == H2V_OK) status = h2v_agree(job->graph->world, check_finite(&this));
    release(&this);
    if (status == H2V_OK && params->standardize) status = standardize(&this);
    return status;
}
