/* SPDX-License-Identifier: MIT */

/* Steps of the first order. A turn is what one draw is good for: up to four steps of every
 * lane, from a position divisible by four to the next one. All lanes take all of them, as a
 * loop that asks nobody is fastest: those that have ended or left go on somewhere, and it
 * does not count. */
#include <string.h>

#include "walk_worker.h"

/* First half of a step: stage the token, choose the arc. What the second half reads is
 * fetched into the second level of caches, which takes more misses at a time than the
 * first. */
static void choose(const h2vi_walk_worker *worker, int phase)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    const h2v_slot first = worker->first;
    h2vi_walk_batch *batch = worker->batch;
    for (int k = 0; k < batch->count; k += H2VI_MANY) {
        const uint32_t *words = batch->draws[k / H2VI_MANY].words[phase];
        for (int j = 0; j < H2VI_MANY; j++) {
            const h2v_slot slot = batch->at[k + j];
            const h2vi_walk_row *row = &rows[slot - first];
            h2vi_batch_stage(batch, k + j, phase, slot, row->context_slot);
            h2vi_batch_choose(batch, k + j, row, words[j]);
            batch->degree[k + j] = row->degree;
            __builtin_prefetch(&targets[batch->arc[k + j]], 0, 2);
            if (alias) __builtin_prefetch(&alias[batch->arc[k + j]], 0, 2);
        }
    }
}

/* Second half: where the arcs lead. What lies elsewhere is fetched in vain. */
static void follow(const h2vi_walk_worker *worker)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    const h2v_slot first = worker->first;
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < batch->count; i++) {
        const h2v_slot next = h2vi_batch_follow(batch, i, targets, alias);
        batch->next[i] = next;
        __builtin_prefetch(&rows[next - first]);
    }
}

/* Which of the lanes on their way have made the step, and are on their way still. */
static void go(h2vi_walk_worker *worker, uint32_t phase)
{
    const uint32_t last = (uint32_t)worker->engine->params.walk_length - 1;
    const uint32_t full = last % H2VI_QUAD == phase ? last - phase : UINT32_MAX;
    const h2v_slot first = worker->first, num_owned = worker->end - first;
    h2vi_walk_batch *batch = worker->batch;
    const int count = batch->count;
    uint32_t num_steps = 0;
    for (int i = 0; i < count; i++) {
        const h2v_slot next = batch->next[i], current = batch->current[i];
        const uint32_t was_on = batch->is_on[i];
        const uint32_t is_on = was_on & (uint32_t)(batch->from[i] <= phase);
        const uint32_t steps =
            is_on & (uint32_t)(batch->degree[i] > 0) & (uint32_t)(batch->quad[i] != full);
        const h2v_slot to = steps ? next : current;
        const uint32_t is_here = to - first < num_owned;
        batch->to[i] += is_on;
        num_steps += steps;
        batch->current[i] = to;
        batch->at[i] = is_here ? to : first;
        batch->is_on[i] = (was_on ^ is_on) | (steps & is_here);
    }
    worker->num_steps += num_steps;
}

/* The walkers stand before the quads that they are in, or come in the middle. Lanes that
 * nobody has are filled up to whole groups, with vertices that are here. */
static void begin(h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < batch->count; i++) {
        batch->quad[i] = h2vi_batch_quad(batch, i);
        batch->from[i] = batch->to[i] = batch->step[i] % H2VI_QUAD;
        batch->at[i] = batch->current[i];
        batch->is_on[i] = true;
    }
    for (int i = batch->count; i % H2VI_MANY != 0; i++) batch->at[i] = worker->first;
}

/* Those that are on still stand at the next quad; others have ended, or are elsewhere. */
static void finish(h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < batch->count; i++) {
        batch->step[i] = batch->quad[i] + batch->to[i];
        batch->is_gone[i] = !batch->is_on[i];
    }
    for (int i = 0; i < batch->count; i++)
        if (batch->is_gone[i] && !h2vi_is_here(worker, batch->current[i]))
            h2vi_walk_leave(worker, (h2vi_lane)i, H2V_NO_SLOT);
}

void h2vi_turn_first_order(h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    h2vi_batch_draw(worker, 2);
    begin(worker);
    for (int phase = 0; phase < H2VI_QUAD; phase++) {
        choose(worker, phase);
        follow(worker);
        go(worker, (uint32_t)phase);
    }
    h2vi_walk_note(worker, batch->count, batch->everyone);
    finish(worker);
}
