/* SPDX-License-Identifier: MIT */

/* The lanes of a thread: walkers get in as others are gone. */
#include "walk_worker.h"

#include "alloc.h"
#include "fail.h"
#include "first_order.h"
#include "second_order.h"

#include <stdlib.h>

static bool is_second_order(const h2vi_walk_worker *worker)
{
    return worker->engine->edges.buckets != NULL;
}

h2v_status h2vi_walk_worker_init(const h2vi_walk_engine *engine, const h2vi_walk_run *run,
                                 h2vi_walk_worker *worker)
{
    const h2v_graph *graph = engine->graph;
    const int rank = graph->world->rank;
    *worker = (h2vi_walk_worker){.engine = engine,
                                 .run = run,
                                 .first = (h2v_slot)graph->first[rank],
                                 .end = (h2v_slot)graph->first[rank + 1],
                                 .random_many = h2vi_random_many_of(engine->isa)};
    worker->turn = is_second_order(worker) ? h2vi_turn_second_order_of(engine->isa)
                                           : h2vi_turn_first_order_of(engine->isa);
    worker->batch = h2vi_alloc_n(1, sizeof *worker->batch);
    if (!worker->batch) return h2vi_fail_memory("walkers");
    for (int i = 0; i < H2VI_WALKERS; i++) worker->batch->everyone[i] = (h2vi_lane)i;
    return H2V_OK;
}

void h2vi_walk_worker_clear(h2vi_walk_worker *worker)
{
    free(worker->batch);
    free(worker->leavers);
    free(worker->visits);
}

static h2vi_walker make_walker(const h2vi_walk_worker *worker, int64_t index)
{
    const h2v_graph *graph = worker->engine->graph;
    const h2vi_start start = worker->run->starts[index];
    const uint32_t vertex = worker->engine->first_start + start.vertex;
    return (h2vi_walker){.home_rank = (uint32_t)graph->world->rank,
                         .home_index = (uint32_t)index,
                         .gid = graph->gids[vertex],
                         .walk = start.walk,
                         .current = worker->first + vertex,
                         .previous = H2V_NO_SLOT,
                         .candidate = H2V_NO_SLOT,
                         .step = 0};
}

/* The answer to a walker that came for its candidate here: whether the dart accepts it,
 * knowing whether the arc candidate -> previous is there. */
static bool accepts(const h2vi_walk_worker *worker, const h2vi_walker *walker)
{
    const h2vi_walk_engine *engine = worker->engine;
    const uint32_t vertex = walker->candidate - worker->first;
    const h2vi_walk_row *row = &engine->rows[vertex];
    const bool is_near = h2vi_edge_set_has(
        &engine->edges, h2vi_edge_set_row(vertex, row->offset, row->degree),
        walker->previous);
    const h2vi_words random =
        h2vi_random(engine->params.seed, worker->run->purpose, worker->run->epoch,
                    walker->walk, walker->gid, walker->step);
    return random.w[1] < (is_near ? engine->bias.near : engine->bias.far);
}

/* A walker gets a lane, and perhaps leaves it at once. Returns whether it comes to its
 * vertex, rather than being there since an attempt that was refused elsewhere. */
static bool enter(h2vi_walk_worker *worker, const h2vi_walker *walker)
{
    h2vi_walk_batch *batch = worker->batch;
    const h2vi_lane i = (h2vi_lane)batch->count;
    h2vi_batch_add(batch, walker);
    if (walker->candidate == H2V_NO_SLOT) return h2vi_walker_attempt(walker) == 0;
    if (accepts(worker, walker)) {
        batch->previous[i] = walker->current;
        batch->current[i] = walker->candidate;
        batch->step[i] = h2vi_walker_position(walker) + 1;
        worker->num_steps++;
        return true;
    }
    batch->step[i] += 1U << H2VI_POSITION_BITS;
    if (!h2vi_is_here(worker, walker->current)) h2vi_walk_leave(worker, i, H2V_NO_SLOT);
    return false;
}

/* Fill the lanes with walkers (NULL: the run's starts) from `begin` on; returns where that
 * ends. */
static int64_t fill(h2vi_walk_worker *worker, const h2vi_walker *walkers, int64_t begin,
                    int64_t end)
{
    h2vi_walk_batch *batch = worker->batch;
    h2vi_lane *arrivals = batch->lists[1];
    const int first_new = batch->count;
    int num_arrivals = 0;
    while (batch->count < H2VI_WALKERS && begin < end) {
        arrivals[num_arrivals] = (h2vi_lane)batch->count;
        const h2vi_walker walker = walkers ? walkers[begin] : make_walker(worker, begin);
        num_arrivals += enter(worker, &walker);
        begin++;
    }
    if (is_second_order(worker)) {
        h2vi_enter_second_order(worker, first_new);
        h2vi_arrive_second_order(worker, num_arrivals, arrivals);
    }
    return begin;
}

/* A walk is gone from here, perhaps before it is full: what it has not reached here is
 * H2V_NO_SLOT, until a visit to there comes home. */
static void close_walk(h2vi_walk_worker *worker, int lane)
{
    const h2vi_walk_batch *batch = worker->batch;
    const int64_t walk_length = worker->engine->params.walk_length;
    h2vi_token *walk = worker->run->tokens + batch->home_index[lane] * walk_length;
    const uint32_t reached = batch->reached[lane];
    memset(walk + reached, 0xff, (size_t)(walk_length - reached) * sizeof *walk);
}

/* From the last one on, so that who takes a lane is not gone. */
static void sweep(h2vi_walk_worker *worker, bool is_start)
{
    h2vi_walk_batch *batch = worker->batch;
    const bool *end = batch->is_gone + batch->count;
    h2vi_lane *gone = batch->lists[0];
    int num_gone = 0;
    for (const bool *at = batch->is_gone; at < end; at++) {
        at = memchr(at, true, (size_t)(end - at));
        if (!at) break;
        gone[num_gone++] = (h2vi_lane)(at - batch->is_gone);
    }
    while (num_gone-- > 0) {
        if (is_start && worker->run->tokens) close_walk(worker, gone[num_gone]);
        h2vi_batch_drop(batch, gone[num_gone]);
    }
}

/* Advance walkers (NULL: the run's starts) of [begin, end) until none is left. */
static void advance(h2vi_walk_worker *worker, const h2vi_walker *walkers, int64_t begin,
                    int64_t end)
{
    while (begin < end || worker->batch->count > 0) {
        begin = fill(worker, walkers, begin, end);
        if (is_second_order(worker)) sweep(worker, walkers == NULL);
        worker->turn(worker);
        sweep(worker, walkers == NULL);
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
