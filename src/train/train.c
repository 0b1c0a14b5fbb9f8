/* SPDX-License-Identifier: MIT */

/* The loop over rounds. A round walks from its share of all (walk, vertex) starts: each
 * vertex's walks are spread evenly over the rounds of an epoch, from an offset drawn for
 * the vertex. The learning rate is a function of (round, step, place in the cell). */
#include "train.h"

#include "alloc.h"
#include "block_wire.h"
#include "cell.h"
#include "clock.h"
#include "fail.h"
#include "phase_clock.h"
#include "random.h"
#include "rotate.h"
#include "route.h"
#include "walk_engine.h"

#include <stdlib.h>

typedef struct h2vi_trainer {
    const h2vi_training *training;
    h2vi_walk_engine engine;
    h2vi_router router;
    h2vi_rotation rotation;
    h2vi_train_cell *kernel;
    h2vi_cell_scratch *scratch;     /* one a thread */
    uint32_t *context_slots, *keep; /* of the owned vertices */
    h2vi_start *starts;
    h2vi_token *tokens;
    int64_t start_capacity;
    int round;
    int64_t pairs_before; /* of the rounds before this one */
    double start;         /* wall clock at the first round */
} h2vi_trainer;

/* ---- starts of a round
 * -------------------------------------------------------------------------- */

static uint32_t round_of_walk(uint32_t offset, uint32_t walk, uint32_t walks,
                              uint32_t rounds)
{
    const h2vi_uint128 place = ((h2vi_uint128)walk << 32 | offset) * rounds / walks;
    return (uint32_t)(place >> 32);
}

/* Walks of one vertex in a round of its epoch, into starts[0..]; returns how many. */
static int64_t starts_of_vertex(const h2vi_trainer *trainer, uint32_t vertex,
                                uint32_t epoch, uint32_t round, h2vi_start *starts)
{
    const h2v_embed_params *params = trainer->training->params;
    const uint32_t walks = (uint32_t)params->walks;
    const uint32_t rounds = (uint32_t)(params->rounds / params->epochs);
    const uint32_t gid = trainer->training->moved->graph->gids[vertex];
    const uint32_t offset =
        h2vi_random(params->seed, H2VI_FOR_ROUND, epoch, 0, gid, 0).w[0];
    uint32_t walk = (uint32_t)((uint64_t)round * walks / rounds); /* at most one too late */
    if (walk > 0) walk--;
    int64_t count = 0;
    for (; walk < walks && round_of_walk(offset, walk, walks, rounds) <= round; walk++) {
        if (round_of_walk(offset, walk, walks, rounds) < round) continue;
        if (starts) starts[count] = (h2vi_start){vertex, walk};
        count++;
    }
    return count;
}

static h2v_status collect_starts(h2vi_trainer *trainer, uint32_t epoch, uint32_t round,
                                 h2vi_walk_run *run)
{
    const h2v_embed_params *params = trainer->training->params;
    const int64_t num_owned = trainer->training->moved->graph->num_owned;
    const double begin = h2vi_thread_seconds();
    int64_t count = 0;
    for (int64_t v = 0; v < num_owned; v++)
        count += starts_of_vertex(trainer, (uint32_t)v, epoch, round, NULL);
    if (count > UINT32_MAX)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "%lld walks start on one rank in one round; more --rounds or ranks "
                        "make them fewer than 2^32",
                        (long long)count);
    if (count > trainer->start_capacity || !trainer->tokens) {
        free(trainer->starts);
        free(trainer->tokens);
        trainer->start_capacity = count + count / 16;
        trainer->starts = h2vi_alloc_n(trainer->start_capacity, sizeof *trainer->starts);
        trainer->tokens = h2vi_alloc_n(trainer->start_capacity * params->walk_length,
                                       sizeof *trainer->tokens);
        if (!trainer->starts || !trainer->tokens) {
            trainer->start_capacity = 0;
            return h2vi_fail_memory("a round's walks");
        }
    }
    int64_t at = 0;
    for (int64_t v = 0; v < num_owned; v++)
        at += starts_of_vertex(trainer, (uint32_t)v, epoch, round, trainer->starts + at);
    *run = (h2vi_walk_run){.purpose = H2VI_FOR_WALK,
                           .epoch = epoch,
                           .num_walks = count,
                           .starts = trainer->starts,
                           .tokens = trainer->tokens};
    h2vi_walk_engine_add_serial(&trainer->engine, h2vi_thread_seconds() - begin);
    return H2V_OK;
}

/* ---- cells
 * ----------------------------------------------------------------------------------------
 */

static float rate_at(const h2vi_trainer *trainer, int step_of_round)
{
    const h2v_embed_params *params = trainer->training->params;
    const double place =
        (trainer->round + (double)step_of_round / params->parts) / params->rounds;
    const double share = 1 - place > 1e-4 ? 1 - place : 1e-4;
    return (float)(params->learning_rate * share);
}

static void train_cell(void *context, int thread, int part, int step, int block,
                       float *rows)
{
    h2vi_trainer *trainer = context;
    const double begin = h2vi_thread_seconds();
    const h2vi_training *training = trainer->training;
    const h2vi_moved *moved = training->moved;
    const h2vi_router *router = &trainer->router;
    h2vi_cell_scratch *scratch = &trainer->scratch[thread];
    const int num_parts = training->params->parts;
    const int64_t base = moved->graph->first[moved->graph->world->rank];
    const int64_t bin = (int64_t)(part - router->first_part) * num_parts + block;
    const int64_t first = router->bin_starts[bin];
    const int stride = training->model->stride;

    h2vi_cell cell = {.stride = stride,
                      .negatives = training->params->negatives,
                      .num_centers = moved->part_first[part + 1] - moved->part_first[part],
                      .centers =
                          training->model->in + (moved->part_first[part] - base) * stride,
                      .contexts = rows,
                      .rate_begin = rate_at(trainer, step),
                      .rate_end = rate_at(trainer, step + 1),
                      .noise = {.seed = training->params->seed,
                                .round = (uint32_t)trainer->round,
                                .cell = (uint32_t)(part * num_parts + block)}};
    h2vi_cell_sort(router->pairs + first, router->bin_starts[bin + 1] - first, scratch,
                   &cell);
    h2vi_noise_tables_build(training->blocks, block, &scratch->tables, &cell.noise);
    trainer->kernel(&cell);
    const double seconds = h2vi_thread_seconds() - begin;
    scratch->seconds += seconds;
    h2vi_trace_cell(training->trace, part, step, seconds,
                    router->bin_starts[bin + 1] - first);
}

static void tell(void *context, double share_of_round)
{
    const h2vi_trainer *trainer = context;
    const h2vi_training *training = trainer->training;
    const double seconds = h2vi_wall_seconds() - training->start;
    const int64_t own = trainer->pairs_before +
                        (int64_t)(share_of_round * (double)trainer->router.num_pairs);
    const double part_of_all =
        (double)trainer->router.num_local_parts / (double)training->params->parts;
    const double spent = h2vi_wall_seconds() - trainer->start;
    const h2v_progress progress = {
        .phase = H2V_PHASE_TRAIN,
        .share = (trainer->round + share_of_round) / training->params->rounds,
        .round = trainer->round + 1,
        .rounds = training->params->rounds,
        .num_pairs = own,
        .pairs_per_second =
            spent > 0 && part_of_all > 0 ? (double)own / part_of_all / spent : 0,
        .learning_rate =
            (double)rate_at(trainer, (int)(share_of_round * training->params->parts)),
        .seconds = seconds,
        .train_seconds = spent};
    training->callback(training->context, &progress);
}

/* ---- the trace
 * -----------------------------------------------------------------------------------------
 */

/* After an exchange of walkers, and, without one, after the walks. */
static void trace_walk(void *context, const h2vi_exchange *exchange)
{
    const h2vi_trainer *trainer = context;
    h2vi_trace_stage(trainer->training->trace, H2V_PHASE_WALK, trainer->engine.seconds,
                     trainer->engine.serial_seconds, exchange);
}

static void trace_blocks(const h2vi_trainer *trainer)
{
    const h2vi_block_set *blocks = &trainer->training->model->blocks;
    const h2vi_block_wire wire = h2vi_block_wire_of(blocks, trainer->rotation.precision,
                                                    trainer->training->params->dim);
    const int first = trainer->router.first_part;
    for (int p = first; p < first + trainer->router.num_local_parts; p++)
        h2vi_trace_block(trainer->training->trace, p, blocks->num_rows[p] * wire.row_bytes);
}

/* ---- rounds
 * ----------------------------------------------------------------------------------------
 */

static h2v_status reserve_cells(h2vi_trainer *trainer)
{
    const h2vi_router *router = &trainer->router;
    int64_t largest = 0;
    for (int64_t bin = 0; bin < router->num_bins; bin++) {
        const int64_t count = router->bin_starts[bin + 1] - router->bin_starts[bin];
        if (count > largest) largest = count;
    }
    h2v_status status = H2V_OK;
    for (int t = 0; status == H2V_OK && t < trainer->rotation.world->num_threads; t++)
        status = h2vi_cell_scratch_reserve(&trainer->scratch[t], largest);
    return status;
}

/* Collective. */
static h2v_status train_round(h2vi_trainer *trainer)
{
    const h2vi_training *training = trainer->training;
    const h2v_world *world = training->moved->graph->world;
    const int per_epoch = training->params->rounds / training->params->epochs;
    h2vi_walk_run run;
    h2vi_trace_begin_round(training->trace, trainer->round);
    h2vi_phase_clock clock = h2vi_phase_begin(training->report, H2V_PHASE_WALK);
    h2v_status status =
        h2v_agree(world, collect_starts(trainer, (uint32_t)(trainer->round / per_epoch),
                                        (uint32_t)(trainer->round % per_epoch), &run));
    if (status == H2V_OK) status = h2vi_walk(&trainer->engine, &run);
    trace_walk(trainer, NULL);
    h2vi_phase_end(&clock);
    if (status != H2V_OK) return status;

    clock = h2vi_phase_begin(training->report, H2V_PHASE_ROUTE);
    status = h2vi_route(&trainer->router, &run);
    if (status == H2V_OK) status = h2v_agree(world, reserve_cells(trainer));
    h2vi_phase_end(&clock);
    if (status != H2V_OK) return status;

    trace_blocks(trainer);
    clock = h2vi_phase_begin(training->report, H2V_PHASE_TRAIN);
    status = h2vi_rotate(&trainer->rotation, &training->model->blocks);
    h2vi_phase_end(&clock);
    h2vi_trace_rotation(training->trace);
    trainer->pairs_before += trainer->router.num_pairs;
    return status;
}

static void trainer_clear(h2vi_trainer *trainer, int num_threads)
{
    h2vi_walk_engine_clear(&trainer->engine);
    h2vi_router_clear(&trainer->router);
    for (int t = 0; trainer->scratch && t < num_threads; t++)
        h2vi_cell_scratch_clear(&trainer->scratch[t]);
    free(trainer->scratch);
    free(trainer->context_slots);
    free(trainer->keep);
    free(trainer->starts);
    free(trainer->tokens);
}

static int64_t largest_part(const h2vi_moved *moved, int first_part, int num_local)
{
    int64_t largest = 0;
    for (int p = first_part; p < first_part + num_local; p++)
        if (moved->part_first[p + 1] - moved->part_first[p] > largest)
            largest = moved->part_first[p + 1] - moved->part_first[p];
    return largest;
}

/* Local. */
static h2v_status trainer_init(const h2vi_training *training, h2vi_trainer *trainer)
{
    const h2vi_moved *moved = training->moved;
    const h2v_embed_params *params = training->params;
    const h2v_world *world = moved->graph->world;
    const int64_t num_owned = moved->graph->num_owned;
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    const h2vi_walk_params walks = {.walk_length = params->walk_length,
                                    .p = is_node2vec ? params->p : 1,
                                    .q = is_node2vec ? params->q : 1,
                                    .seed = params->seed};
    trainer->training = training;
    trainer->start = h2vi_wall_seconds();
    trainer->kernel = h2vi_fastest_cell_kernel(NULL);
    trainer->context_slots = h2vi_alloc_n(num_owned, sizeof *trainer->context_slots);
    trainer->keep = h2vi_alloc_n(num_owned, sizeof *trainer->keep);
    trainer->scratch = h2vi_alloc_n(world->num_threads, sizeof *trainer->scratch);
    if (!trainer->context_slots || !trainer->keep || !trainer->scratch)
        return h2vi_fail_memory("training");
    for (int64_t v = 0; v < num_owned; v++) {
        trainer->context_slots[v] = moved->vertices[v].context_slot;
        trainer->keep[v] = moved->vertices[v].keep;
    }
    h2v_status status = h2vi_walk_engine_init(moved->graph, &walks, trainer->context_slots,
                                              params->subsample > 0 ? trainer->keep : NULL,
                                              &trainer->engine);
    if (status == H2V_OK)
        status = h2vi_router_init(moved, training->blocks, params->window, &walks,
                                  &trainer->router);
    if (status != H2V_OK) return status;

    trainer->engine.on_exchange = trace_walk;
    trainer->engine.context = trainer;
    trainer->router.trace = training->trace;
    trainer->rotation = (h2vi_rotation){.world = world,
                                        .num_parts = params->parts,
                                        .num_groups = 1,
                                        .first_part = trainer->router.first_part,
                                        .num_local_parts = trainer->router.num_local_parts,
                                        .dim = params->dim,
                                        .precision = H2V_PRECISION_F32,
                                        .task = train_cell,
                                        .tick = training->callback ? tell : NULL,
                                        .context = trainer};
    const int64_t max_centers =
        largest_part(moved, trainer->router.first_part, trainer->router.num_local_parts);
    for (int t = 0; status == H2V_OK && t < world->num_threads; t++)
        status = h2vi_cell_scratch_init(training->blocks, max_centers,
                                        training->model->stride, &trainer->scratch[t]);
    return status;
}

/* What the round loop cost this rank. */
static void add_to_report(const h2vi_trainer *trainer, int num_threads)
{
    h2v_rank_report *report = trainer->training->report;
    const h2v_graph *graph = trainer->training->moved->graph;
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    report->walk_seconds = trainer->engine.seconds;
    report->route_seconds = trainer->router.seconds;
    report->num_steps = trainer->engine.num_steps;
    report->num_pairs = trainer->router.total_pairs;
    report->bytes_sent[H2V_PHASE_WALK] = trainer->engine.bytes_sent;
    report->bytes_received[H2V_PHASE_WALK] = trainer->engine.bytes_received;
    report->bytes_sent[H2V_PHASE_ROUTE] = trainer->router.walks.bytes_sent;
    report->bytes_received[H2V_PHASE_ROUTE] = trainer->router.walks.bytes_received;
    report->bytes_sent[H2V_PHASE_TRAIN] = trainer->rotation.bytes_sent;
    report->bytes_received[H2V_PHASE_TRAIN] = trainer->rotation.bytes_received;
    report->rows_sent[H2V_PHASE_TRAIN] = trainer->rotation.rows_sent;
    report->rows_received[H2V_PHASE_TRAIN] = trainer->rotation.rows_received;
    report->graph_bytes =
        graph->num_owned *
            (int64_t)(sizeof *graph->offsets + sizeof *graph->gids + sizeof(h2vi_vertex) +
                      sizeof(h2vi_walk_row) + 2 * sizeof(uint32_t)) +
        num_arcs * (int64_t)(sizeof *graph->targets +
                             (graph->weights ? sizeof(float) + sizeof(h2vi_alias) : 0) +
                             (trainer->engine.edges.keys ? 2 * sizeof(h2v_slot) : 0));
    report->round_bytes = trainer->engine.buffer_bytes +
                          h2vi_router_bytes(&trainer->router) +
                          trainer->start_capacity *
                              ((int64_t)sizeof(h2vi_start) +
                               trainer->router.walk_length * (int64_t)sizeof(h2vi_token));
    for (int t = 0; t < num_threads; t++) {
        report->cell_seconds += trainer->scratch[t].seconds;
        report->round_bytes += trainer->scratch[t].capacity * (int64_t)sizeof(uint32_t);
    }
}

h2v_status h2vi_train(const h2vi_training *training)
{
    const h2v_world *world = training->moved->graph->world;
    h2vi_trainer trainer = {0};
    h2v_status status = h2v_agree(world, trainer_init(training, &trainer));
    for (; status == H2V_OK && trainer.round < training->params->rounds; trainer.round++)
        status = train_round(&trainer);
    if (status == H2V_OK) add_to_report(&trainer, world->num_threads);
    trainer_clear(&trainer, world->num_threads);
    return status;
}
