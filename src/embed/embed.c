/* SPDX-License-Identifier: MIT */

/* The road from graph.h5 to embedding.h5: outputs are begun, the graph comes to its parts
 * (job.h), rows are trained, or made by FastRP, and written. */
#include "halo2vec/embed.h"

#include "agree.h"
#include "alloc.h"
#include "clock.h"
#include "collect.h"
#include "costs.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "fastrp_road.h"
#include "graph_hdf5.h"
#include "graph_rows.h"
#include "init_file.h"
#include "isa.h"
#include "job_estimate.h"
#include "matrix_file.h"
#include "memory.h"
#include "model.h"
#include "output.h"
#include "output_rows.h"
#include "params_json.h"
#include "phase_clock.h"
#include "plan.h"
#include "read_walks.h"
#include "shared_output.h"
#include "trace.h"
#include "train.h"
#include "warm_start.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What the steps hand on. */
typedef struct embed_run {
    h2vi_job job;
    const h2v_embed_files *files;
    h2vi_listener listener;           /* on rank 0 */
    char because[H2V_REASON_BYTES];   /* why so many groups; "" if they were given */
    h2vi_output output, trace_output; /* begun by rank 0 */
    h2vi_model model;
    h2vi_trace trace;
    h2vi_init_counts init;
    float *properties; /* projected; NULL without any */
    float *rows;       /* of FastRP, shape [num_owned, stride of dim] */
} embed_run;

static bool is_trained(const embed_run *this)
{
    return this->job.params.method != H2V_METHOD_FASTRP;
}

const char *h2v_phase_name(h2v_phase phase)
{
    static const char *const names[H2V_NUM_PHASES] = {
        "load", "trial", "partition", "migrate", "init", "multiply",
        "walk", "route", "pull",      "train",   "push", "write"};
    return names[phase];
}

/* Local: what is read after hours of work is there, and of a kind that can be used. */
static h2v_status try_inputs(const h2v_embed_files *files, int dim)
{
    h2vi_matrix_file matrix = {0};
    h2v_status status =
        files->property ? h2vi_matrix_open(files->property, &matrix) : H2V_OK;
    h2vi_matrix_close(&matrix);
    if (status == H2V_OK && files->init) status = h2vi_try_init_file(files->init, dim);
    bool is_hdf5 = false;
    return status == H2V_OK && files->walks ? h2vi_try_walks_file(files->walks, &is_hdf5)
                                            : status;
}

/* Local, rank 0: try for what is to be read and written. */
static h2v_status begin_on_rank_0(embed_run *this)
{
    const h2v_embed_files *files = this->files;
    const h2vi_overwrite overwrite =
        files->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING;
    h2v_status status = try_inputs(files, this->job.params.dim);
    if (status == H2V_OK)
        status = h2vi_output_begin(files->output, overwrite, &this->output);
    const char *const inputs[] = {files->graph, files->partition, files->property,
                                  files->walks};
    for (int i = 0; status == H2V_OK && i < (int)(sizeof inputs / sizeof *inputs); i++)
        status = h2vi_output_spare(&this->output, inputs[i]);
    if (status != H2V_OK || !files->trace) return status;
    status = h2vi_output_begin(files->trace, overwrite, &this->trace_output);
    if (status == H2V_OK && h2vi_output_is_same(&this->output, &this->trace_output))
        status = h2v_fail(H2V_ERR_ARGUMENT,
                          "'%s' and '%s' are one file; name another for the trace",
                          files->output, files->trace);
    return status;
}

static h2v_status begin_outputs(embed_run *this)
{
    const h2v_world *world = this->job.world;
    h2v_status status = h2v_agree(world, world->rank == 0 ? begin_on_rank_0(this) : H2V_OK);
    if (status == H2V_OK) status = h2vi_share_output(world, &this->output);
    if (status == H2V_OK) status = h2vi_share_output(world, &this->trace_output);
    return status;
}

/* Local, rank 0: everything but the rows. */
static h2v_status create_file(const embed_run *this)
{
    const h2vi_job *job = &this->job;
    h2vi_ids ids = {0};
    char *parameters = NULL;
    h2v_status status = h2vi_graph_read_ids(this->files->graph, &ids);
    if (status == H2V_OK) status = h2v_embed_params_json(&job->params, &parameters);
    if (status == H2V_OK) {
        const h2v_graph *graph = h2vi_job_graph(job);
        const h2vi_embedding_header header = {
            .num_vertices = graph->num_vertices,
            .dim = job->params.dim,
            .directed = graph->directed,
            .has_contexts = is_trained(this) && this->files->with_contexts,
            .digest = graph->digest,
            .seed = job->params.seed,
            .parts = is_trained(this) ? job->params.parts : 0,
            .groups = is_trained(this) ? job->params.groups : 0,
            .method = h2vi_method_name(job->params.method),
            .parameters = parameters};
        status = h2vi_embedding_create(this->output.temporary, &header, &ids);
    }
    free(parameters);
    h2vi_ids_clear(&ids);
    return status;
}

/* Before the work: what cannot be written, or read for it, fails while nothing is lost. */
static h2v_status create(embed_run *this)
{
    const h2v_status status = this->job.world->rank == 0 ? create_file(this) : H2V_OK;
    return h2vi_agree_patiently(this->job.world, status, "rank 0 to write the ids");
}

static h2v_status write_rows(const embed_run *this, h2vi_embedding_writer *writer)
{
    const h2vi_job *job = &this->job;
    if (is_trained(this))
        return h2vi_write_model(&this->model, &job->moved, &job->blocks,
                                this->files->with_contexts, writer);
    return h2vi_write_owned_rows(h2vi_job_graph(job), job->params.dim,
                                 h2vi_stride_of(job->params.dim), this->rows, "embeddings",
                                 writer);
}

static h2v_status write(embed_run *this)
{
    h2vi_embedding_writer *writer = NULL;
    h2v_status status =
        h2vi_embedding_open(this->job.world, this->output.temporary, &writer);
    if (status == H2V_OK) {
        status = write_rows(this, writer);
        const h2v_status closed = h2vi_embedding_close(&writer);
        if (status == H2V_OK) status = closed;
    }
    if (status != H2V_OK) return status;
    if (this->job.world->rank == 0) status = h2vi_output_commit(&this->output);
    return h2vi_agree_patiently(this->job.world, status,
                                "rank 0 to flush the output to the disk");
}

static void forget_properties(embed_run *this)
{
    free(this->properties);
    this->properties = NULL;
}

/* The model, and what it starts from. */
static h2v_status start(embed_run *this)
{
    h2vi_job *job = &this->job;
    const h2vi_start_source source = {.path = this->files->init,
                                      .properties = this->properties,
                                      .listener = this->listener};
    const h2vi_phase_clock clock = h2vi_phase_begin(&job->report, H2V_PHASE_INIT);
    const h2v_status status =
        h2v_agree(job->world, h2vi_model_init(&job->moved, &job->blocks, job->params.dim,
                                              job->params.seed, &this->model));
    h2vi_phase_end(&clock);
    if (status != H2V_OK) return status;
    const h2v_status started = h2vi_start_model(job, &source, &this->model, &this->init);
    forget_properties(this);
    return started;
}

static h2v_status train(embed_run *this)
{
    h2vi_job *job = &this->job;
    h2v_status status = H2V_OK;
    if (this->files->trace)
        status =
            h2v_agree(job->world, h2vi_trace_init(job->world, &job->params, &this->trace));
    if (status != H2V_OK) return status;
    const h2vi_training training = {.params = &job->params,
                                    .moved = &job->moved,
                                    .blocks = &job->blocks,
                                    .model = &this->model,
                                    .given = this->files->walks ? &job->given : NULL,
                                    .callback = this->listener.callback,
                                    .context = this->listener.context,
                                    .start = this->listener.start,
                                    .report = &job->report,
                                    .trace = this->files->trace ? &this->trace : NULL};
    status = h2vi_train(&training);
    return status == H2V_OK
               ? h2v_agree(job->world, h2vi_model_check(&this->model, &job->moved))
               : status;
}

static h2v_status multiply(embed_run *this)
{
    h2vi_job *job = &this->job;
    const int stride = h2vi_stride_of(job->params.dim);
    this->rows =
        h2vi_alloc_raw_n(h2vi_job_graph(job)->num_owned * stride, sizeof *this->rows);
    h2v_status status =
        h2v_agree(job->world, this->rows ? H2V_OK : h2vi_fail_memory("embedding rows"));
    if (status == H2V_OK)
        status = h2vi_make_fastrp_rows(job, this->properties, &this->listener, stride,
                                       this->rows);
    forget_properties(this);
    return status;
}

/* Collective. The embedding is there already, and stays. */
static h2v_status write_trace(embed_run *this)
{
    h2v_status status = h2vi_trace_write(&this->trace, this->trace_output.temporary);
    if (status == H2V_OK && this->job.world->rank == 0)
        status = h2vi_output_commit(&this->trace_output);
    return h2vi_agree_patiently(this->job.world, status,
                                "rank 0 to flush the trace to the disk");
}

/* Collective; cannot fail, since the output is there already. */
static void make_report(embed_run *this, h2v_embed_report *report)
{
    h2vi_job *job = &this->job;
    const h2v_world *world = job->world;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    job->report.peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    const h2v_graph *graph = h2vi_job_graph(job);
    job->report.num_owned = graph->num_owned;
    job->report.num_arcs = graph->offsets[graph->num_owned];
    if (is_trained(this))
        job->report.row_bytes = h2vi_model_bytes(&this->model, &job->moved);
    report->params = job->params;
    memcpy(report->because, this->because, sizeof report->because);
    report->num_vertices = graph->num_vertices;
    report->num_arcs = graph->num_arcs;
    report->init = (h2v_init_report){.num_matched = this->init.num_matched,
                                     .num_from_neighbors = this->init.num_from_neighbors,
                                     .num_noise = this->init.num_noise};
    report->num_ranks = world->num_ranks;
    report->num_threads = world->num_threads;
    report->kernel = h2vi_isa_name(h2vi_best_isa());
    report->partition = job->quality;
    h2vi_gather_all(world, sizeof job->report, &job->report, report->ranks);
    report->seconds = h2vi_wall_seconds() - this->listener.start;
}

static void run_clear(embed_run *this)
{
    h2vi_output_discard(&this->output);
    h2vi_output_discard(&this->trace_output);
    h2vi_job_clear(&this->job);
    h2vi_model_clear(&this->model);
    h2vi_trace_clear(&this->trace);
    forget_properties(this);
    free(this->rows);
}

/* Collective. Groups that were left open to us. */
static h2v_status choose_groups(embed_run *this)
{
    h2vi_job *job = &this->job;
    h2v_estimate estimate;
    if (!job->is_open) {
        h2vi_say_why_one(job->params.parts, job->num_ranks, this->because);
        return H2V_OK;
    }
    h2v_status status = h2vi_job_estimate(job, &estimate);
    if (status != H2V_OK) return status;
    memcpy(this->because, estimate.because, sizeof this->because);
    if (estimate.choice == H2V_SETTING_ROTATION) status = h2vi_job_take_rotation(job);
    h2v_estimate_clear(&estimate);
    return status;
}

/* Collective. */
static h2v_status prepare(embed_run *this)
{
    const bool is_open = is_trained(this) && this->job.params.groups == 0;
    h2vi_phase_clock clock = h2vi_phase_begin(&this->job.report, H2V_PHASE_LOAD);
    h2v_status status = begin_outputs(this);
    h2vi_phase_end(&clock);
    if (status == H2V_OK) status = h2vi_job_prepare(&this->job);
    if (status == H2V_OK && is_open) {
        clock =
            h2vi_phase_begin_counting(this->job.world, &this->job.report, H2V_PHASE_TRIAL);
        status = choose_groups(this);
        h2vi_phase_end(&clock);
    }
    if (status == H2V_OK && this->job.memory > 0) {
        clock =
            h2vi_phase_begin_counting(this->job.world, &this->job.report, H2V_PHASE_TRIAL);
        status = h2vi_check_memory(&this->job);
        h2vi_phase_end(&clock);
    }
    if (status == H2V_OK && h2vi_needs_fastrp(&this->job.params))
        status = h2vi_read_properties(&this->job, this->files->property, &this->properties);
    if (status == H2V_OK && is_trained(this)) status = start(this);
    if (status != H2V_OK) return status;
    clock = h2vi_phase_begin(&this->job.report, H2V_PHASE_WRITE);
    status = create(this);
    h2vi_phase_end(&clock);
    return status;
}

/* Files that parameters ask for, and the other way round. */
static h2v_status check_files(const h2v_embed_params *params, const h2v_embed_files *files)
{
    const bool is_fastrp = params->method == H2V_METHOD_FASTRP;
    if (h2vi_needs_fastrp(params) &&
        (files->property != NULL) != (params->fastrp.property_ratio > 0))
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--property and a --property-ratio above 0 go together");
    if (!is_fastrp && (files->init != NULL) != (params->init == H2V_INIT_FILE))
        return h2v_fail(H2V_ERR_ARGUMENT, "--init file and its name go together");
    if (files->walks && params->method != H2V_METHOD_DEEPWALK)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--walks-from has walks already; leave --method out");
    if (files->walks && params->groups == 0)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "--groups auto walks to choose; with --walks-from "
                        "say how many");
    if (is_fastrp && files->trace)
        return h2v_fail(H2V_ERR_ARGUMENT, "--trace is of training; FastRP has none");
    return H2V_OK;
}

h2v_status h2v_embed(const h2v_world *world, const h2v_embed_params *params,
                     const h2v_embed_files *files, h2v_progress_callback *callback,
                     void *context, h2v_embed_report *report)
{
    *report = (h2v_embed_report){0};
    h2v_status status = h2vi_check_params(params);
    if (status == H2V_OK) status = check_files(params, files);
    if (status != H2V_OK) return status; /* the same on all ranks */
    embed_run run = {.job = {.world = world,
                             .graph_path = files->graph,
                             .partition_path = files->partition,
                             .walks_path = files->walks,
                             .params = *params,
                             .num_ranks = world->num_ranks,
                             .memory = files->memory},
                     .files = files,
                     .listener = {.callback = world->rank == 0 ? callback : NULL,
                                  .context = context,
                                  .start = h2vi_wall_seconds()}};
    run.job.params.read = (h2v_read_rows){0};
    report->ranks = h2vi_alloc_n(world->num_ranks, sizeof *report->ranks);
    status = h2v_agree(world, report->ranks ? H2V_OK : h2vi_fail_memory("the report"));
    if (status == H2V_OK) status = prepare(&run);
    if (status == H2V_OK) status = is_trained(&run) ? train(&run) : multiply(&run);
    if (status == H2V_OK) {
        const h2vi_phase_clock clock =
            h2vi_phase_begin_counting(world, &run.job.report, H2V_PHASE_WRITE);
        status = write(&run);
        h2vi_phase_end(&clock);
    }
    if (status == H2V_OK && files->trace) status = write_trace(&run);
    if (status == H2V_OK)
        make_report(&run, report);
    else
        h2v_embed_report_clear(report);
    run_clear(&run);
    return status;
}

void h2v_embed_report_clear(h2v_embed_report *report)
{
    free(report->ranks);
    *report = (h2v_embed_report){0};
}
