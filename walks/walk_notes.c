/* SPDX-License-Identifier: MIT */

/* What walkers leave behind: tokens, here or on their way home, subsampled, and counts of
 * visits. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "walk_worker.h"

/* Room for one more item: the array doubles. */
static void *grow(void *items, int64_t count, int64_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    const int64_t wanted = *capacity > 0 ? 2 * *capacity : 1024;
    void *larger = h2vi_regrow(items, (size_t)count, (size_t)wanted, size);
    if (larger) *capacity = wanted;
    return larger;
}

void h2vi_walk_leave(h2vi_walk_worker *worker, h2vi_lane lane, h2v_slot candidate)
{
    h2vi_walker *room = grow(worker->leavers, worker->num_leavers, &worker->leaver_capacity,
                             sizeof *worker->leavers);
    worker->batch->is_gone[lane] = true;
    if (!room) {
        worker->status = H2V_ERR_NOMEM;
        return;
    }
    worker->leavers = room;
    worker->leavers[worker->num_leavers] = h2vi_batch_walker(worker->batch, lane);
    worker->leavers[worker->num_leavers++].candidate = candidate;
}

static void send_home(h2vi_walk_worker *worker, const h2vi_visit *visit)
{
    h2vi_visit *room = grow(worker->visits, worker->num_visits, &worker->visit_capacity,
                            sizeof *worker->visits);
    if (!room) {
        worker->status = H2V_ERR_NOMEM;
        return;
    }
    worker->visits = room;
    worker->visits[worker->num_visits++] = *visit;
}

/* ---- subsampling -----------------------------------------------------------------------
 */

/* Tokens whose fate needs a draw. */
typedef struct doubtful {
    int count;
    h2vi_many draws;
    h2vi_token *tokens[H2VI_MANY];
    uint32_t keep[H2VI_MANY];
} doubtful;

static void settle_doubts(const h2vi_walk_worker *worker, doubtful *doubts)
{
    worker->random_many(worker->engine->params.seed, 1, &doubts->draws);
    for (int k = 0; k < doubts->count; k++)
        if (doubts->draws.words[0][k] > doubts->keep[k])
            doubts->tokens[k]->context_slot = H2V_NO_SLOT;
    doubts->count = 0;
}

static void subsample(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    h2vi_walk_batch *batch = worker->batch;
    const uint32_t *keep = worker->engine->keep;
    doubtful doubts = {0};
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        for (uint32_t j = batch->from[i]; j < batch->to[i]; j++) {
            const uint32_t vertex = batch->tokens[i][j].slot - worker->first;
            if (keep[vertex] == UINT32_MAX) continue;
            const int n = doubts.count++;
            doubts.draws.words[0][n] = h2vi_batch_quad(batch, i) + j;
            doubts.draws.words[1][n] = batch->walk[i];
            doubts.draws.words[2][n] = batch->gid[i];
            doubts.draws.words[3][n] =
                h2vi_purpose_word(H2VI_FOR_SUBSAMPLE, worker->run->epoch);
            doubts.tokens[n] = &batch->tokens[i][j];
            doubts.keep[n] = keep[vertex];
            if (doubts.count == H2VI_MANY) settle_doubts(worker, &doubts);
        }
    }
    if (doubts.count > 0) settle_doubts(worker, &doubts);
}

/* ---- counting and delivering -----------------------------------------------------------
 */

static void count_visits(const h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    const h2vi_walk_batch *batch = worker->batch;
    const bool is_alone = worker->engine->graph->world->num_threads == 1;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        for (uint32_t j = batch->from[i]; j < batch->to[i]; j++) {
            int64_t *visits =
                &worker->run->visits[batch->tokens[i][j].slot - worker->first];
            if (is_alone) {
                (*visits)++;
            } else {
#pragma omp atomic
                (*visits)++;
            }
        }
    }
}

static void send_quad(h2vi_walk_worker *worker, h2vi_lane i)
{
    const h2vi_walk_batch *batch = worker->batch;
    for (uint32_t j = batch->from[i]; j < batch->to[i]; j++)
        send_home(worker,
                  &(h2vi_visit){batch->home_rank[i], batch->home_index[i],
                                h2vi_batch_quad(batch, i) + j, batch->tokens[i][j]});
}

static void deliver(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    h2vi_walk_batch *batch = worker->batch;
    const uint32_t here = (uint32_t)worker->engine->graph->world->rank;
    const int64_t walk_length = worker->engine->params.walk_length;
    h2vi_token *tokens = worker->run->tokens;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const uint32_t from = batch->from[i], to = batch->to[i];
        batch->reached[i] = h2vi_batch_quad(batch, i) + to;
        if (batch->home_rank[i] != here) {
            send_quad(worker, i);
            continue;
        }
        h2vi_token *quad =
            tokens + batch->home_index[i] * walk_length + h2vi_batch_quad(batch, i);
        if (to - from == H2VI_QUAD)
            memcpy(quad, batch->tokens[i], sizeof batch->tokens[i]);
        else
            for (uint32_t j = from; j < to; j++) quad[j] = batch->tokens[i][j];
    }
}

void h2vi_walk_note(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    if (worker->run->visits) count_visits(worker, count, lanes);
    if (!worker->run->tokens) return;
    if (worker->engine->keep) subsample(worker, count, lanes);
    deliver(worker, count, lanes);
}
