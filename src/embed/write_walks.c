/* SPDX-License-Identifier: MIT */

/* The graph is walked on the slices as they are loaded, batch by batch: see file_batch.h.
 */
#include "write_walks.h"

#include "agree.h"
#include "alloc.h"
#include "clock.h"
#include "collect.h"
#include "fail.h"
#include "file_batch.h"
#include "graph_hdf5.h"
#include "output.h"
#include "params_json.h"
#include "plan.h"
#include "shared_output.h"
#include "starts.h"
#include "walks_hdf5.h"
#include "walks_text.h"

#include <stdlib.h>

/* Some hundred thousand walks: many walkers in flight, and hand-overs that pay. They take
 * 128 MiB, and as text of long ids there are fewer, for about as much. */
enum { VISITS_AT_ONCE = 1 << 24 };

typedef struct walk_job {
    const h2v_world *world; /* borrowed, as all that is handed in */
    const h2v_embed_params *params;
    const h2v_walk_files *files;
    h2vi_output output; /* begun by rank 0 */
    h2v_graph *graph;
    h2vi_walk_engine engine;
    int64_t num_walks; /* of all vertices */
    int64_t room;      /* walks that a rank has in memory */
    h2vi_start *starts;
    h2vi_token *tokens;
    int64_t *visit_starts;
    h2vi_walks_writer *writer; /* of HDF5, or */
    h2vi_text_walks text;
    int64_t num_visits;
} walk_job;

static h2v_status begin_output(walk_job *this)
{
    const h2v_walk_files *files = this->files;
    if (!files->output) return H2V_OK;
    h2v_status status = H2V_OK;
    if (this->world->rank == 0)
        status = h2vi_output_begin(files->output,
                                   files->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING,
                                   &this->output);
    if (status == H2V_OK && this->world->rank == 0)
        status = h2vi_output_spare(&this->output, files->graph);
    status = h2v_agree(this->world, status);
    return status == H2V_OK ? h2vi_share_output(this->world, &this->output) : status;
}

/* Local, rank 0. */
static h2v_status create_file(const walk_job *this)
{
    const h2v_graph *graph = this->graph;
    h2vi_ids ids = {0};
    char *parameters = NULL;
    h2v_status status = h2vi_graph_read_ids(this->files->graph, &ids);
    if (status == H2V_OK) status = h2vi_walks_json(this->params, &parameters);
    if (status == H2V_OK) {
        const h2vi_walks_header header = {.num_vertices = graph->num_vertices,
                                          .num_walks = this->num_walks,
                                          .walk_length = this->params->walk_length,
                                          .directed = graph->directed,
                                          .weighted = h2v_graph_is_weighted(graph),
                                          .digest = graph->digest,
                                          .seed = this->params->seed,
                                          .method = h2vi_method_name(this->params->method),
                                          .parameters = parameters};
        status = h2vi_walks_create(this->output.temporary, &header, &ids);
    }
    free(parameters);
    h2vi_ids_clear(&ids);
    return status;
}

static h2v_status open_output(walk_job *this)
{
    if (this->files->format == H2V_WALKS_TEXT)
        return h2vi_text_walks_open(this->world, this->files, this->output.temporary,
                                    &this->text);
    h2v_status status = this->world->rank == 0 ? create_file(this) : H2V_OK;
    status = h2vi_agree_patiently(this->world, status, "rank 0 to write the ids");
    return status == H2V_OK
               ? h2vi_walks_open(this->world, this->output.temporary, &this->writer)
               : status;
}

/* Local. Memory for the largest batch. */
static h2v_status reserve(walk_job *this, int64_t visits_at_once)
{
    const int walk_length = this->params->walk_length;
    this->room = visits_at_once / walk_length;
    if (this->room < 1) this->room = 1;
    const int64_t own = this->graph->num_owned * (int64_t)this->params->walks;
    const int64_t most = own < this->room ? own : this->room;
    this->starts = h2vi_alloc_n(most, sizeof *this->starts);
    this->tokens = h2vi_alloc_raw_n(most * walk_length, sizeof *this->tokens);
    this->visit_starts = h2vi_alloc_n(most + 1, sizeof *this->visit_starts);
    return this->starts && this->tokens && this->visit_starts ? H2V_OK
                                                              : h2vi_fail_memory("walks");
}

/* Collective. */
static h2v_status walk_batch(walk_job *this, h2vi_file_batch *batch)
{
    batch->walk_length = this->params->walk_length;
    batch->tokens = this->tokens;
    batch->starts = this->visit_starts;
    h2vi_file_batch_starts(this->graph, batch, this->starts);
    const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK,
                               .num_walks = batch->num_walks,
                               .starts = this->starts,
                               .tokens = this->tokens};
    const h2v_status status = h2vi_walk(&this->engine, &run);
    if (status != H2V_OK) return status;
    h2vi_file_batch_measure(this->world, batch);
    this->num_visits += batch->starts[batch->num_walks];
    return this->writer ? h2vi_walks_write(this->writer, batch)
                        : h2vi_text_walks_write(&this->text, batch);
}

/* Collective. To a reader on rank 0 goes no more at once than a rank has. */
static h2v_status walk_all(walk_job *this)
{
    const int64_t room_of_all = this->output.temporary ? this->num_walks : this->room;
    h2v_status status = H2V_OK;
    for (int64_t begin = 0; status == H2V_OK && begin < this->num_walks;) {
        h2vi_file_batch batch = h2vi_file_batch_at(this->graph, this->num_walks, begin,
                                                   this->room, room_of_all);
        status = walk_batch(this, &batch);
        begin = batch.end;
    }
    return status;
}

static h2v_status close_output(walk_job *this)
{
    return this->writer ? h2vi_walks_close(&this->writer)
                        : h2vi_text_walks_close(&this->text);
}

/* Collective. */
static h2v_status commit(walk_job *this)
{
    if (!this->files->output) return H2V_OK;
    const h2v_status status =
        this->world->rank == 0 ? h2vi_output_commit(&this->output) : H2V_OK;
    return h2vi_agree_patiently(this->world, status,
                                "rank 0 to flush the output to the disk");
}

static h2v_status check_request(const h2v_embed_params *params, const h2v_walk_files *files)
{
    h2v_embed_params looked_at = h2v_embed_params_default();
    if (params->method == H2V_METHOD_FASTRP)
        return h2v_fail(H2V_ERR_ARGUMENT, "--method fastrp does not walk");
    if (!files->output && (!files->sink || files->format != H2V_WALKS_TEXT))
        return h2v_fail(H2V_ERR_ARGUMENT, "Only text can go elsewhere than to a file");
    looked_at.method = params->method;
    looked_at.walks = params->walks;
    looked_at.walk_length = params->walk_length;
    looked_at.p = params->p;
    looked_at.q = params->q;
    return h2vi_check_params(&looked_at);
}

/* Collective. From the graph to the last walk. */
static h2v_status walk_graph(walk_job *this, int64_t visits_at_once)
{
    const h2vi_walk_params walks = h2vi_walks_of(this->params);
    h2v_status status = h2v_graph_load(this->world, this->files->graph, &this->graph);
    if (status != H2V_OK) return status;
    this->num_walks = this->graph->num_vertices * (int64_t)this->params->walks;
    status = open_output(this);
    if (status == H2V_OK && this->files->format == H2V_WALKS_TEXT)
        visits_at_once = h2vi_text_walks_at_once(&this->text, visits_at_once);
    if (status == H2V_OK) status = h2v_agree(this->world, reserve(this, visits_at_once));
    if (status == H2V_OK)
        status = h2vi_walk_engine_open(this->graph, &walks, NULL, NULL, &this->engine);
    if (status == H2V_OK) status = walk_all(this);
    const h2v_status closed = close_output(this);
    return status == H2V_OK ? closed : status;
}

static void job_clear(walk_job *this)
{
    h2vi_output_discard(&this->output);
    h2vi_walk_engine_clear(&this->engine);
    h2v_graph_destroy(&this->graph);
    h2vi_text_walks_clear(&this->text);
    free(this->starts);
    free(this->tokens);
    free(this->visit_starts);
}

h2v_status h2vi_write_walks(const h2v_world *world, const h2v_embed_params *params,
                            const h2v_walk_files *files, int64_t visits_at_once,
                            h2v_walk_summary *summary)
{
    *summary = (h2v_walk_summary){0};
    const double start = h2vi_wall_seconds();
    h2v_status status = check_request(params, files);
    if (status != H2V_OK) return status; /* the same on all ranks */
    walk_job job = {.world = world,
                    .params = params,
                    .files = files,
                    .text = {.world = world, .file = -1}};
    status = begin_output(&job);
    if (status == H2V_OK) status = walk_graph(&job, visits_at_once);
    const double end = h2vi_wall_seconds();
    if (status == H2V_OK) status = commit(&job);
    if (status == H2V_OK) {
        h2vi_sum(world, 1, &job.num_visits);
        *summary = (h2v_walk_summary){.num_vertices = job.graph->num_vertices,
                                      .num_walks = job.num_walks,
                                      .num_visits = job.num_visits,
                                      .seconds = end - start,
                                      .flush_seconds = h2vi_wall_seconds() - end};
    }
    job_clear(&job);
    return status;
}

h2v_status h2v_walk(const h2v_world *world, const h2v_embed_params *params,
                    const h2v_walk_files *files, h2v_walk_summary *summary)
{
    return h2vi_write_walks(world, params, files, VISITS_AT_ONCE, summary);
}
