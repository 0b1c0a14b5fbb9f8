/* SPDX-License-Identifier: MIT */

/* The phases of FastRP, timed and counted. */
#include "fastrp_road.h"

#include "clock.h"
#include "collect.h"
#include "fastrp_estimate.h"
#include "matrix_file.h"
#include "phase_clock.h"
#include "property.h"
#include "row_digest.h"

#include <stdlib.h>

static h2vi_fastrp_job job_of(const h2vi_job *job, int stride, const float *properties)
{
    return (h2vi_fastrp_job){.graph = h2vi_job_graph(job),
                             .params = &job->params.fastrp,
                             .dim = job->params.dim,
                             .stride = stride,
                             .seed = job->params.seed,
                             .properties = properties};
}

/* Collective. */
static h2v_status count_columns(const h2v_world *world, const char *path,
                                int64_t *num_columns)
{
    h2vi_matrix_file matrix = {0};
    h2v_status status = world->rank == 0 ? h2vi_matrix_open(path, &matrix) : H2V_OK;
    *num_columns = matrix.num_columns;
    h2vi_matrix_close(&matrix);
    status = h2v_agree(world, status);
    if (status == H2V_OK) h2vi_share(world, sizeof *num_columns, num_columns);
    return status;
}

h2v_status h2vi_read_properties(h2vi_job *job, const char *path, float **projected)
{
    *projected = NULL;
    if (!path) return H2V_OK;
    const h2vi_phase_clock clock =
        h2vi_phase_begin_counting(job->world, &job->report, H2V_PHASE_INIT);
    const int dim = h2vi_property_dim(&job->params.fastrp, job->params.dim);
    const h2vi_fastrp_job fastrp = job_of(job, 0, NULL);
    h2v_read_rows *read = &job->params.read;
    h2v_status status = count_columns(job->world, path, &read->property_columns);
    if (status == H2V_OK) status = h2vi_project_properties(&fastrp, path, projected);
    if (status == H2V_OK)
        read->property_digest = h2vi_row_digest(h2vi_job_graph(job), dim, dim, *projected);
    h2vi_phase_end(&clock);
    return status;
}

/* What is told after a power. */
typedef struct teller {
    const h2vi_listener *listener;
    int num_powers;
    double start;
} teller;

static void tell(void *context, int num_done)
{
    const teller *this = context;
    const double now = h2vi_wall_seconds();
    const h2v_progress progress = {.phase = H2V_PHASE_MULTIPLY,
                                   .share = (double)num_done / this->num_powers,
                                   .round = num_done,
                                   .rounds = this->num_powers,
                                   .seconds = now - this->listener->start,
                                   .train_seconds = now - this->start};
    this->listener->callback(this->listener->context, &progress);
}

h2v_status h2vi_make_fastrp_rows(h2vi_job *job, const float *properties,
                                 const h2vi_listener *listener, int stride, float *rows)
{
    teller told = {.listener = listener,
                   .num_powers = job->params.fastrp.num_weights,
                   .start = h2vi_wall_seconds()};
    h2vi_fastrp_job fastrp = job_of(job, stride, properties);
    h2vi_fastrp_report found = {0};
    fastrp.after_power = listener->callback ? tell : NULL;
    fastrp.context = &told;
    const h2vi_phase_clock clock =
        h2vi_phase_begin_counting(job->world, &job->report, H2V_PHASE_MULTIPLY);
    const h2v_status status = h2vi_fastrp(&fastrp, rows, &found);
    h2vi_phase_end(&clock);
    h2v_rank_report *report = &job->report;
    report->multiply_seconds += found.cpu_seconds;
    report->rows_sent[H2V_PHASE_MULTIPLY] += found.rows_sent;
    report->rows_received[H2V_PHASE_MULTIPLY] += found.rows_received;
    report->num_ghosts = found.counts.num_ghosts;
    report->index_bytes = h2vi_fastrp_index_bytes(&found.counts, job->world->num_ranks);
    if (job->params.method == H2V_METHOD_FASTRP)
        h2vi_cost_fastrp(fastrp.graph, &job->params, job->world->num_ranks, &found.counts,
                         report);
    return status;
}
