/* SPDX-License-Identifier: MIT */

/* Many walkers in flight: each loop advances all of them by one step, so that their cache
 * misses overlap. A first-order step is taken in two halves with a prefetch between. */
#include "walk_worker.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

enum { NUM_LANES = 32 };

typedef enum outcome { GOES_ON, IS_GONE } outcome;

typedef struct walk_lane {
    h2vi_walker walker;
    h2vi_words words;    /* first order: the draws of four steps */
    uint32_t word_block; /* which four; UINT32_MAX: none yet */
    int64_t arc;         /* first order: the arc chosen for this step */
} walk_lane;

/* ---- what walkers leave behind ------------------------------------------------------ */

/* Room for one more item: the array doubles. */
static void *grow(void *items, int64_t count, int64_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    const int64_t wanted = *capacity > 0 ? 2 * *capacity : 1024;
    void *larger = h2vi_regrow(items, (size_t)count, (size_t)wanted, size);
    if (larger) *capacity = wanted;
    return larger;
}

static outcome leave(h2vi_walk_worker *worker, const h2vi_walker *walker)
{
    h2vi_walker *room = grow(worker->leavers, worker->num_leavers, &worker->leaver_capacity,
                             sizeof *worker->leavers);
    if (room) {
        worker->leavers = room;
        worker->leavers[worker->num_leavers++] = *walker;
    } else {
        worker->status = H2V_ERR_NOMEM;
    }
    return IS_GONE;
}

static bool is_here(const h2vi_walk_worker *worker, h2v_slot slot)
{
    return slot - worker->first < worker->end - worker->first;
}

static h2vi_words draw(const h2vi_walk_worker *worker, const h2vi_walker *walker,
                       uint32_t step)
{
    return h2vi_random(worker->engine->params.seed, worker->run->purpose,
                       worker->run->epoch, walker->walk, walker->gid, step);
}

static h2vi_token make_token(const h2vi_walk_worker *worker, const h2vi_walker *walker)
{
    const h2vi_walk_engine *engine = worker->engine;
    const uint32_t vertex = walker->current - worker->first;
    h2vi_token token = {walker->current, engine->rows[vertex].context_slot};
    if (engine->keep && engine->keep[vertex] != UINT32_MAX) {
        const h2vi_words random =
            h2vi_random(engine->params.seed, H2VI_FOR_SUBSAMPLE, worker->run->epoch,
                        walker->walk, walker->gid, h2vi_walker_position(walker));
        if (random.w[0] > engine->keep[vertex]) token.context_slot = H2V_NO_SLOT;
    }
    return token;
}

/* The walker stands on a vertex of this rank for the first time: note it, and see whether
 * the walk is full. */
static outcome visit(h2vi_walk_worker *worker, const h2vi_walker *walker)
{
    const h2vi_walk_run *run = worker->run;
    const uint32_t position = h2vi_walker_position(walker);
    const int walk_length = worker->engine->params.walk_length;
    if (run->visits) {
        int64_t *count = &run->visits[walker->current - worker->first];
#pragma omp atomic
        (*count)++;
    }
    if (run->tokens) {
        const h2vi_token token = make_token(worker, walker);
        if ((int)walker->home_rank == worker->engine->graph->world->rank) {
            run->tokens[(int64_t)walker->home_index * walk_length + position] = token;
        } else {
            h2vi_visit *room = grow(worker->visits, worker->num_visits,
                                    &worker->visit_capacity, sizeof *worker->visits);
            if (!room) {
                worker->status = H2V_ERR_NOMEM;
                return IS_GONE;
            }
            worker->visits = room;
            worker->visits[worker->num_visits++] =
                (h2vi_visit){walker->home_rank, walker->home_index, position, token};
        }
    }
    return (int)position + 1 == walk_length ? IS_GONE : GOES_ON;
}

/* Step to `next`, which may live elsewhere: then its owner notes the visit. */
static outcome move(h2vi_walk_worker *worker, h2vi_walker *walker, h2v_slot next)
{
    worker->num_steps++;
    walker->previous = walker->current;
    walker->current = next;
    walker->candidate = H2V_NO_SLOT;
    walker->step = h2vi_walker_position(walker) + 1; /* no attempt refused yet */
    if (!is_here(worker, next)) return leave(worker, walker);
    __builtin_prefetch(&worker->engine->rows[next - worker->first]);
    return visit(worker, walker);
}

/* ---- first order -----------------------------------------------------------------------
 */

static int64_t choose_arc(const h2vi_walk_engine *engine, const h2vi_walk_row *row,
                          uint32_t word)
{
    if (engine->alias)
        return row->offset +
               h2vi_alias_draw(engine->alias + row->offset, row->degree, word);
    return row->offset + h2vi_below(word, row->degree);
}

/* First half: choose the arc. A vertex without arcs ends the walk. */
static outcome choose_first_order(h2vi_walk_worker *worker, walk_lane *lane)
{
    const h2vi_walk_engine *engine = worker->engine;
    const h2vi_walk_row *row = &engine->rows[lane->walker.current - worker->first];
    if (row->degree == 0) return IS_GONE;
    const uint32_t position = h2vi_walker_position(&lane->walker);
    if (lane->word_block != position / 4) {
        lane->word_block = position / 4;
        lane->words = draw(worker, &lane->walker, lane->word_block);
    }
    lane->arc = choose_arc(engine, row, lane->words.w[position % 4]);
    __builtin_prefetch(&engine->graph->targets[lane->arc]);
    return GOES_ON;
}

static int advance_first_order(h2vi_walk_worker *worker, walk_lane *lanes, int num_lanes)
{
    const h2v_slot *targets = worker->engine->graph->targets;
    for (int i = 0; i < num_lanes;) {
        if (choose_first_order(worker, &lanes[i]) == GOES_ON)
            i++;
        else
            lanes[i] = lanes[--num_lanes];
    }
    for (int i = 0; i < num_lanes;) {
        if (move(worker, &lanes[i].walker, targets[lanes[i].arc]) == GOES_ON)
            i++;
        else
            lanes[i] = lanes[--num_lanes];
    }
    return num_lanes;
}

/* ---- second order ----------------------------------------------------------------------
 */

static outcome refuse(h2vi_walk_worker *worker, h2vi_walker *walker)
{
    walker->candidate = H2V_NO_SLOT;
    walker->step += 1U << H2VI_POSITION_BITS;
    return is_here(worker, walker->current) ? GOES_ON : leave(worker, walker);
}

/* Decide about `candidate`, knowing whether the arc candidate -> previous is there. */
static outcome decide(h2vi_walk_worker *worker, h2vi_walker *walker, h2v_slot candidate,
                      uint32_t dart, bool is_near)
{
    const h2vi_bias *bias = &worker->engine->bias;
    if (dart < (is_near ? bias->near : bias->far)) return move(worker, walker, candidate);
    return refuse(worker, walker);
}

/* Whether the dart falls into the area that the return edge has above the envelope. */
static bool falls_on_fold(const h2vi_bias *bias, uint32_t degree, uint32_t word)
{
    const double area = (double)degree * bias->envelope + bias->folded;
    return (double)word * 0x1p-32 * area < bias->folded;
}

/* One attempt. Where the test of an edge must be made elsewhere, the walker goes there. */
static outcome attempt_second_order(h2vi_walk_worker *worker, h2vi_walker *walker)
{
    const h2vi_walk_engine *engine = worker->engine;
    const h2vi_bias *bias = &engine->bias;
    const bool is_directed = engine->graph->directed;
    const uint32_t vertex = walker->current - worker->first;
    const h2vi_walk_row *row = &engine->rows[vertex];
    if (row->degree == 0) return IS_GONE;

    const h2vi_words random = draw(worker, walker, walker->step);
    const h2v_slot candidate = engine->graph->targets[choose_arc(engine, row, random.w[0])];
    if (walker->previous == H2V_NO_SLOT || row->degree == 1 || /* no bias, or no choice */
        h2vi_walker_attempt(walker) >= H2VI_MAX_ATTEMPT)
        return move(worker, walker, candidate);

    if (bias->folded > 0 && falls_on_fold(bias, row->degree, random.w[2])) {
        const bool can_return =
            !is_directed || h2vi_edge_set_has(&engine->edges, vertex, walker->previous);
        return can_return ? move(worker, walker, walker->previous) : refuse(worker, walker);
    }
    const uint32_t dart = random.w[1];
    if (candidate == walker->previous)
        return dart < bias->to_return ? move(worker, walker, candidate)
                                      : refuse(worker, walker);
    if (dart < bias->near && dart < bias->far) return move(worker, walker, candidate);
    if (dart >= bias->near && dart >= bias->far) return refuse(worker, walker);

    bool is_near = false;
    if (is_here(worker, candidate)) {
        is_near =
            h2vi_edge_set_has(&engine->edges, candidate - worker->first, walker->previous);
    } else if (!is_directed && is_here(worker, walker->previous)) {
        is_near =
            h2vi_edge_set_has(&engine->edges, walker->previous - worker->first, candidate);
    } else {
        walker->candidate = candidate;
        return leave(worker, walker);
    }
    return decide(worker, walker, candidate, dart, is_near);
}

static int advance_second_order(h2vi_walk_worker *worker, walk_lane *lanes, int num_lanes)
{
    for (int i = 0; i < num_lanes;) {
        if (attempt_second_order(worker, &lanes[i].walker) == GOES_ON)
            i++;
        else
            lanes[i] = lanes[--num_lanes];
    }
    return num_lanes;
}

/* ---- feeding the lanes
 * ------------------------------------------------------------------- */

static h2vi_walker make_walker(const h2vi_walk_worker *worker, int64_t index)
{
    const h2v_graph *graph = worker->engine->graph;
    const h2vi_start start = worker->run->starts[index];
    return (h2vi_walker){.home_rank = (uint32_t)graph->world->rank,
                         .home_index = (uint32_t)index,
                         .gid = graph->gids[start.vertex],
                         .walk = start.walk,
                         .current = worker->first + start.vertex,
                         .previous = H2V_NO_SLOT,
                         .candidate = H2V_NO_SLOT,
                         .step = 0};
}

/* A walker comes from another rank: it asks about a candidate here, was refused one
 * elsewhere, or steps on a vertex here. */
static outcome arrive(h2vi_walk_worker *worker, h2vi_walker *walker)
{
    if (walker->candidate != H2V_NO_SLOT) {
        const bool is_near = h2vi_edge_set_has(
            &worker->engine->edges, walker->candidate - worker->first, walker->previous);
        const uint32_t dart = draw(worker, walker, walker->step).w[1];
        return decide(worker, walker, walker->candidate, dart, is_near);
    }
    return h2vi_walker_attempt(walker) > 0 ? GOES_ON : visit(worker, walker);
}

/* Advance what `walkers` holds (NULL: the run's starts) in [begin, end) until none is left.
 */
static void advance(h2vi_walk_worker *worker, const h2vi_walker *walkers, int64_t begin,
                    int64_t end)
{
    walk_lane lanes[NUM_LANES];
    int num_lanes = 0;
    const bool is_first_order = worker->engine->edges.keys == NULL;
    while (begin < end || num_lanes > 0) {
        while (num_lanes < NUM_LANES && begin < end) {
            walk_lane *lane = &lanes[num_lanes];
            lane->word_block = UINT32_MAX;
            lane->walker = walkers ? walkers[begin] : make_walker(worker, begin);
            const outcome fate =
                walkers ? arrive(worker, &lane->walker) : visit(worker, &lane->walker);
            if (fate == GOES_ON) num_lanes++;
            begin++;
        }
        num_lanes = is_first_order ? advance_first_order(worker, lanes, num_lanes)
                                   : advance_second_order(worker, lanes, num_lanes);
    }
}

void h2vi_walk_start(h2vi_walk_worker *worker, int64_t begin, int64_t end)
{
    advance(worker, NULL, begin, end);
}

void h2vi_walk_resume(h2vi_walk_worker *worker, int64_t num_walkers,
                      const h2vi_walker *walkers)
{
    advance(worker, walkers, 0, num_walkers);
}
