/* SPDX-License-Identifier: MIT */

/* The loop over rounds. The learning rate is a function of (round, step, place in the
 * cell). */
#include "train.h"

#include "alloc.h"
#include "block_wire.h"
#include "cell.h"
#include "clock.h"
#include "fail.h"
#include "graph_bytes.h"
#include "packed_rows.h"
#include "phase_clock.h"
#include "random.h"
#include "reconcile.h"
#include "rotate.h"
#include "route.h"
#include "starts.h"
#include "walk_engine.h"

#include <stdlib.h>

typedef struct h2vi_trainer {
    const h2vi_training *training;
    h2vi_walk_engine engine;
    h2vi_router router;
    h2vi_rotation rotation;
    h2vi_reconciler reconciler; /* if there are several groups */
    bool is_pushing;            /* changes of the round before are on their way */
    int blocks_per_group;
    h2vi_train_cell *kernel;
    h2vi_cell_scratch *scratch;     /* one a thread */
    uint32_t *context_slots, *keep; /* of the owned vertices */
    h2vi_starts starts;
    h2vi_walk_run walks; /* of rounds [first_walked, end_walked) */
    int first_walked, end_walked;
    int round;
    int64_t pairs_before; /* of the rounds before this one */
    double start;         /* wall clock at the first round */
} h2vi_trainer;

/* ---- cells
 * ----------------------------------------------------------------------------------------
 */

static float rate_at(const h2vi_trainer *trainer, int step_of_round)
{
    const h2v_embed_params *params = trainer->training->params;
    const double place =
        (trainer->round + (double)step_of_round / trainer->blocks_per_group) /
        params->rounds;
    const double share = 1 - place > 1e-4 ? 1 - place : 1e-4;
    return (float)(params->learning_rate * share);
}

static bool has_groups(const h2vi_trainer *trainer)
{
    return trainer->training->params->groups > 1;
}

/* Blocks that pass from part to part are rounded as if each step crossed a wire. */
static void round_block(const h2vi_trainer *trainer, uint32_t cell, int home, float *rows)
{
    const h2v_embed_params *params = trainer->training->params;
    const h2vi_block_set *set = &trainer->training->model->blocks;
    const h2v_precision precision = trainer->rotation.precision;
    if (precision == H2V_PRECISION_F32 || trainer->blocks_per_group == 1) return;
    for (int64_t i = 0; i < set->num_rows[home]; i++) {
        const h2vi_words random =
            h2vi_random(params->seed, H2VI_FOR_ROUNDING, (uint32_t)trainer->round,
                        H2VI_ROUNDED_FOR_STEP | cell, (uint32_t)i, 0);
        h2vi_round_row(precision, params->dim, rows + i * set->stride, random.w[0]);
    }
}

static void count_updates(const h2vi_cell *cell, float *updates)
{
    const uint32_t num_pairs = cell->pair_starts[cell->num_centers];
    for (uint32_t i = 0; i < num_pairs; i++) updates[cell->pair_rows[i]] += 1;
}

static void train_cell(void *context, int thread, int part, int step, int home, float *rows)
{
    h2vi_trainer *trainer = context;
    const double begin = h2vi_thread_seconds();
    const h2vi_training *training = trainer->training;
    const h2vi_moved *moved = training->moved;
    const h2vi_router *router = &trainer->router;
    h2vi_cell_scratch *scratch = &trainer->scratch[thread];
    const int num_blocks = trainer->blocks_per_group, block = home % num_blocks;
    const int64_t base = moved->graph->first[moved->graph->world->rank];
    const int64_t bin = (int64_t)(part - router->first_part) * num_blocks + block;
    const int64_t first = router->bin_starts[bin];
    const int stride = training->model->stride;
    const h2vi_needed_rows *needed =
        has_groups(trainer)
            ? h2vi_needed(&trainer->reconciler.halo, part / num_blocks, block)
            : NULL;

    h2vi_cell cell = {.stride = stride,
                      .negatives = training->params->negatives,
                      .is_large = h2vi_is_large(training->blocks->rows_per_block),
                      .num_centers = moved->part_first[part + 1] - moved->part_first[part],
                      .centers =
                          training->model->in + (moved->part_first[part] - base) * stride,
                      .contexts = rows,
                      .rate_begin = rate_at(trainer, step),
                      .rate_end = rate_at(trainer, step + 1),
                      .noise = {.seed = training->params->seed,
                                .round = (uint32_t)trainer->round,
                                .cell = (uint32_t)(part * num_blocks + block)},
                      .pool = needed ? needed->pool : NULL};
    h2vi_cell_sort(router->pairs + first, router->bin_starts[bin + 1] - first, needed,
                   scratch, &cell);
    h2vi_block_classes_list(training->blocks, block,
                            needed ? trainer->reconciler.halo.pool
                                   : training->blocks->rows_per_block,
                            &scratch->tables);
    h2vi_noise_tables_build(&scratch->tables, &cell.noise);
    trainer->kernel(&cell);
    if (needed) count_updates(&cell, h2vi_block_updates(&training->model->blocks, home));
    round_block(trainer, cell.noise.cell, home, rows);
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
            (double)rate_at(trainer, (int)(share_of_round * trainer->blocks_per_group)),
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

/* Collective. Combine what the round before changed: it travelled while this one walked. */
static h2v_status finish_push(h2vi_trainer *trainer)
{
    if (!trainer->is_pushing) return H2V_OK;
    h2vi_phase_clock clock = h2vi_phase_begin(trainer->training->report, H2V_PHASE_PUSH);
    const h2v_status status = h2vi_push_end(&trainer->reconciler);
    h2vi_phase_end(&clock);
    trainer->is_pushing = false;
    return status;
}

/* Local. From this round on. */
static h2v_status collect_starts(h2vi_trainer *trainer)
{
    const h2vi_training *training = trainer->training;
    const h2v_graph *graph = training->moved->graph;
    const double begin = h2vi_thread_seconds();
    const int num_rounds =
        h2vi_rounds_at_once(training->params, graph->num_vertices, trainer->round);
    const h2v_status status =
        training->given
            ? h2vi_given_walks_collect(training->params, training->given, trainer->round,
                                       &trainer->starts, &trainer->walks)
            : h2vi_starts_collect(training->params, graph, trainer->round, num_rounds,
                                  &trainer->starts, &trainer->walks);
    trainer->first_walked = trainer->round;
    trainer->end_walked = trainer->round + num_rounds;
    h2vi_walk_engine_add_serial(&trainer->engine, h2vi_thread_seconds() - begin);
    return status;
}

/* Collective. The walks of this round, which may have been made with an earlier one's. */
static h2v_status walk(h2vi_trainer *trainer, h2vi_walk_run *run)
{
    const h2vi_training *training = trainer->training;
    h2v_status status = H2V_OK;
    if (trainer->round >= trainer->end_walked) {
        status = h2v_agree(training->moved->graph->world, collect_starts(trainer));
        if (status == H2V_OK && !training->given)
            status = h2vi_walk(&trainer->engine, &trainer->walks);
    }
    if (status != H2V_OK) return status;
    *run = training->given ? trainer->walks
                           : h2vi_starts_of_round(&trainer->starts, &trainer->walks,
                                                  training->params->walk_length,
                                                  trainer->round - trainer->first_walked);
    return H2V_OK;
}

/* Collective. */
static h2v_status train_round(h2vi_trainer *trainer)
{
    const h2vi_training *training = trainer->training;
    const h2v_world *world = training->moved->graph->world;
    h2vi_walk_run run;
    h2vi_trace_begin_round(training->trace, trainer->round);
    h2vi_phase_clock clock = h2vi_phase_begin(training->report, H2V_PHASE_WALK);
    h2v_status status = walk(trainer, &run);
    trace_walk(trainer, NULL);
    h2vi_phase_end(&clock);
    if (status != H2V_OK) return status;

    clock = h2vi_phase_begin(training->report, H2V_PHASE_ROUTE);
    status = h2vi_route(&trainer->router, &run);
    if (status == H2V_OK) status = h2v_agree(world, reserve_cells(trainer));
    h2vi_trace_agreed(training->trace);
    h2vi_phase_end(&clock);
    if (status != H2V_OK) return status;

    if (has_groups(trainer)) {
        status = finish_push(trainer);
        clock = h2vi_phase_begin(training->report, H2V_PHASE_PULL);
        if (status == H2V_OK)
            status =
                h2vi_pull(&trainer->reconciler, &trainer->router, (uint32_t)trainer->round);
        h2vi_phase_end(&clock);
        if (status != H2V_OK) return status;
    }

    trace_blocks(trainer);
    clock = h2vi_phase_begin(training->report, H2V_PHASE_TRAIN);
    status = h2vi_rotate(&trainer->rotation, &training->model->blocks);
    h2vi_phase_end(&clock);
    h2vi_trace_rotation(training->trace);
    if (status == H2V_OK && has_groups(trainer)) {
        clock = h2vi_phase_begin(training->report, H2V_PHASE_PUSH);
        status = h2vi_push_begin(&trainer->reconciler,
                                 (double)rate_at(trainer, trainer->blocks_per_group / 2));
        h2vi_phase_end(&clock);
        trainer->is_pushing = status == H2V_OK;
    }
    trainer->pairs_before += trainer->router.num_pairs;
    return status;
}

static void trainer_clear(h2vi_trainer *trainer, int num_threads)
{
    h2vi_walk_engine_clear(&trainer->engine);
    h2vi_router_clear(&trainer->router);
    if (has_groups(trainer)) h2vi_reconciler_clear(&trainer->reconciler);
    for (int t = 0; trainer->scratch && t < num_threads; t++)
        h2vi_cell_scratch_clear(&trainer->scratch[t]);
    free(trainer->scratch);
    free(trainer->context_slots);
    free(trainer->keep);
    h2vi_starts_clear(&trainer->starts);
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
    const h2vi_walk_params walks = h2vi_walks_of(params);
    trainer->training = training;
    trainer->start = h2vi_wall_seconds();
    trainer->kernel = h2vi_cell_kernel(h2vi_best_isa());
    trainer->blocks_per_group = params->parts / params->groups;
    trainer->context_slots = h2vi_alloc_n(num_owned, sizeof *trainer->context_slots);
    trainer->keep = h2vi_alloc_n(num_owned, sizeof *trainer->keep);
    trainer->scratch = h2vi_alloc_n(world->num_threads, sizeof *trainer->scratch);
    if (!trainer->context_slots || !trainer->keep || !trainer->scratch)
        return h2vi_fail_memory("training");
    for (int64_t v = 0; v < num_owned; v++) {
        trainer->context_slots[v] = moved->vertices[v].context_slot;
        trainer->keep[v] = moved->vertices[v].keep;
    }
    h2v_status status =
        h2vi_router_init(moved, training->blocks, params->window, &walks, &trainer->router);
    if (status != H2V_OK) return status;

    trainer->router.trace = training->trace;
    trainer->router.starts_are_places = training->given != NULL;
    trainer->rotation =
        (h2vi_rotation){.world = world,
                        .num_parts = params->parts,
                        .num_groups = params->groups,
                        .first_part = trainer->router.first_part,
                        .num_local_parts = trainer->router.num_local_parts,
                        .dim = params->dim,
                        .precision = h2vi_block_precision(params->exchange_precision),
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

/* Collective. Vertices have come to where they are walked on, be it that all come to all.
 */
static h2v_status open_engine(h2vi_trainer *trainer)
{
    const h2vi_training *training = trainer->training;
    const h2v_graph *graph = training->moved->graph;
    const h2vi_walk_params walks = h2vi_walks_of(training->params);
    if (training->given) return H2V_OK;
    const h2vi_phase_clock clock =
        h2vi_phase_begin_counting(graph->world, training->report, H2V_PHASE_MIGRATE);
    const h2v_status status = h2vi_walk_engine_open(
        graph, &walks, trainer->context_slots,
        training->params->subsample > 0 ? trainer->keep : NULL, &trainer->engine);
    h2vi_phase_end(&clock);
    trainer->engine.on_exchange = trace_walk;
    trainer->engine.context = trainer;
    return status;
}

/* What the round loop cost this rank. */
static void add_to_report(const h2vi_trainer *trainer, int num_threads)
{
    h2v_rank_report *report = trainer->training->report;
    const h2v_graph *graph = trainer->training->moved->graph;
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
    if (has_groups(trainer)) {
        h2vi_reconciler_report(&trainer->reconciler, report);
        report->round_bytes += h2vi_reconciler_bytes(&trainer->reconciler);
    }
    const h2vi_walk_params walks = h2vi_walks_of(trainer->training->params);
    report->graph_bytes = h2vi_graph_bytes(
        graph, graph->world->num_ranks, trainer->training->given ? NULL : &walks,
        graph->num_owned, graph->offsets[graph->num_owned]);
    report->round_bytes += trainer->engine.buffer_bytes +
                           h2vi_router_bytes(&trainer->router) +
                           h2vi_starts_bytes(trainer->training->params, &trainer->starts);
    if (trainer->training->given)
        report->round_bytes += h2vi_given_walks_bytes(graph, trainer->training->given);
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
    if (status == H2V_OK) status = open_engine(&trainer);
    if (status == H2V_OK && training->given)
        status = h2vi_given_walks_place(training->moved, training->params->subsample > 0,
                                        training->given);
    if (status == H2V_OK && has_groups(&trainer))
        status = h2vi_reconciler_init(training->params, training->moved, training->blocks,
                                      training->model, &trainer.reconciler);
    trainer.reconciler.trace = trainer.reconciler.halo.trace = training->trace;
    for (; status == H2V_OK && trainer.round < training->params->rounds; trainer.round++)
        status = train_round(&trainer);
    if (status == H2V_OK) status = finish_push(&trainer);
    if (status == H2V_OK) add_to_report(&trainer, world->num_threads);
    trainer_clear(&trainer, world->num_threads);
    return status;
}
