/* SPDX-License-Identifier: MIT */

/* A turn of the first order, for the file of an instruction set to include after it has
 * defined
 *
 *     vec, GROUP          a register of GROUP numbers of 64 bits; GROUP divides H2VI_MANY
 *     load, store         such numbers
 *     widen               numbers of 32 bits, to 64
 *     narrow              stores low halves as numbers of 32 bits
 *     broadcast, add, high_halves
 *     multiply            low halves
 *     join                low halves of the first, high halves of the second
 *     keep_where_low      the first where the low half of the second is not 0, else 0
 *     load_rows           of vertices: their offsets; and degrees with context slots above
 *     pick, pick_pairs    items at places: of 32 bits, to 64; and of 64
 *     toss                the third where the low half of the second, the coin, is at most
 *                         that of the first, else the high half of the first
 *     turn_group          tokens by phase become tokens by lane
 *
 * All lanes take all four steps, as a loop that asks nobody is fastest: those that have
 * ended or left go on somewhere, and it does not count. What a pass reads in vectors, an
 * earlier one has written in vectors, for the sake of store forwarding. */
#pragma once

#include "first_order.h"

#define INLINE static inline __attribute__((always_inline))

/* What is known of a turn when it is compiled. */
typedef struct turn_kind {
    bool is_closed, is_weighted, is_far; /* as the engine's */
} turn_kind;

/* The walkers stand before the quads that they are in, or come in the middle. Lanes that
 * nobody has are filled up to `count`, with a vertex that is here. */
INLINE void begin(h2vi_walk_worker *worker, turn_kind kind, int count)
{
    h2vi_walk_batch *batch = worker->batch;
    for (int i = batch->count; i < count; i++) {
        batch->current[i] = worker->first;
        batch->step[i] = 0;
    }
    for (int i = 0; i < count; i++) {
        batch->quad[i] = h2vi_batch_quad(batch, i);
        batch->from[i] = batch->to[i] = batch->step[i] % H2VI_QUAD;
    }
    for (int i = batch->count; i < count; i++) batch->to[i] = H2VI_ENDED;
    if (kind.is_closed) return;
    for (int i = 0; i < count; i++) batch->at[i] = batch->current[i] - worker->first;
}

/* First half of a step: stage the token, choose the arc. What the second half reads is
 * fetched into the second level of caches, which takes more misses at a time than the
 * first. */
INLINE void choose(const h2vi_walk_worker *worker, turn_kind kind, int phase, int count)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    h2vi_walk_batch *batch = worker->batch;
    const uint32_t *at = kind.is_closed ? batch->current : batch->at;
    const vec first = broadcast(worker->first);
    for (int i = 0; i < count; i += GROUP) {
        const uint32_t *words = batch->draws[i / H2VI_MANY].words[phase] + i % H2VI_MANY;
        vec offsets, rest;
        load_rows(rows, at + i, &offsets, &rest);
        const vec products = multiply(widen(words), rest);
        vec arcs = add(offsets, high_halves(products));
        if (!kind.is_closed || phase == 0) {
            arcs = keep_where_low(arcs, rest);
            narrow(batch->degree + i, rest);
        }
        store(batch->path[phase] + i, join(add(widen(at + i), first), rest));
        store(batch->arc + i, arcs);
        if (kind.is_weighted) store(batch->product + i, products);
        for (int g = i; kind.is_far && g < i + GROUP; g++) {
            __builtin_prefetch(&targets[batch->arc[g]], 0, 2);
            if (kind.is_weighted) __builtin_prefetch(&alias[batch->arc[g]], 0, 2);
        }
    }
}

/* Second half: where the arcs lead. Of what lies elsewhere, something is fetched in vain.
 */
INLINE void follow(const h2vi_walk_worker *worker, turn_kind kind, int count)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    h2vi_walk_batch *batch = worker->batch;
    h2v_slot *next = kind.is_closed ? batch->current : batch->next;
    for (int i = 0; i < count; i += GROUP) {
        vec slots = pick(targets, batch->arc + i);
        if (kind.is_weighted) {
            const vec pairs = pick_pairs(worker->engine->alias, batch->arc + i);
            slots = toss(pairs, load(batch->product + i), slots);
        }
        narrow(next + i, slots);
        for (int g = i; kind.is_far && g < i + GROUP; g++)
            __builtin_prefetch(&rows[next[g] - worker->first]);
    }
}

/* Which lanes make the step, and are on their way still. A lane takes part in the phase
 * that `to` says. Compilers make vectors of this if its choices are masks. */
INLINE void go(h2vi_walk_worker *worker, uint32_t phase, int count)
{
    const uint32_t last = (uint32_t)worker->engine->params.walk_length - 1;
    const uint32_t full = last % H2VI_QUAD == phase ? last - phase : UINT32_MAX;
    const h2v_slot first = worker->first, num_owned = worker->end - first;
    h2vi_walk_batch *batch = worker->batch;
    uint32_t num_steps = 0;
    for (int i = 0; i < count; i++) {
        const h2v_slot next = batch->next[i], current = batch->current[i];
        const uint32_t to = batch->to[i], degree = batch->degree[i], quad = batch->quad[i];
        const uint32_t is_on = to == phase ? UINT32_MAX : 0;
        const uint32_t steps = degree != 0 && quad != full ? is_on : 0;
        const h2v_slot now = (next & steps) | (current & ~steps);
        const uint32_t is_here = now - first < num_owned ? UINT32_MAX : 0;
        const uint32_t ended = ~(steps & is_here) & H2VI_ENDED;
        num_steps += steps & 1;
        batch->current[i] = now;
        batch->at[i] = (now - first) & is_here;
        batch->to[i] = ((phase + 1 + ended) & is_on) | (to & ~is_on);
    }
    worker->num_steps += num_steps;
}

/* The same for all phases, if the kind is closed: every walk begins and ends here, and none
 * ends early but by a start without arcs. */
INLINE void go_through(h2vi_walk_worker *worker)
{
    const uint32_t walk_length = (uint32_t)worker->engine->params.walk_length;
    h2vi_walk_batch *batch = worker->batch;
    uint32_t num_steps = 0;
    for (int i = 0; i < batch->count; i++) {
        const uint32_t left = walk_length - batch->quad[i], degree = batch->degree[i];
        const uint32_t most = left < H2VI_QUAD ? left : H2VI_QUAD;
        const uint32_t to = degree != 0 ? most : 1;
        const uint32_t is_end = left <= H2VI_QUAD || degree == 0;
        num_steps += to - is_end;
        batch->to[i] = to | is_end * H2VI_ENDED;
    }
    worker->num_steps += num_steps;
}

/* Settle who is gone. Returns whether all were here for the whole quad. */
INLINE bool end(h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    uint32_t all = 0, num_tokens = 0;
    for (int i = 0; i < batch->count; i++) {
        all |= batch->to[i];
        num_tokens += batch->to[i] % H2VI_ENDED - batch->from[i];
    }
    for (int i = 0; all >= H2VI_ENDED && i < batch->count; i++) {
        batch->is_gone[i] = batch->to[i] >= H2VI_ENDED;
        batch->to[i] %= H2VI_ENDED;
    }
    return num_tokens == (uint32_t)batch->count * H2VI_QUAD;
}

/* Whole quads, at home, of tokens that are wanted as they are. */
INLINE void deliver(h2vi_walk_worker *worker)
{
    const uint64_t walk_length = (uint64_t)worker->engine->params.walk_length;
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < batch->count; i++) batch->reached[i] = batch->quad[i] + H2VI_QUAD;
    for (int i = 0; i < batch->count; i += GROUP) {
        h2vi_token *to[GROUP];
        for (int g = 0; g < GROUP; g++) {
            const int lane = i + g;
            to[g] = lane < batch->count
                        ? worker->run->tokens + batch->home_index[lane] * walk_length +
                              batch->quad[lane]
                        : batch->tokens[lane];
        }
        turn_group(batch, i, to);
    }
}

INLINE void note(h2vi_walk_worker *worker, int count)
{
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < count; i += GROUP) {
        h2vi_token *to[GROUP];
        for (int g = 0; g < GROUP; g++) to[g] = batch->tokens[i + g];
        turn_group(batch, i, to);
    }
    h2vi_walk_note(worker, batch->count, batch->everyone);
}

INLINE void take_turn(h2vi_walk_worker *worker, turn_kind kind)
{
    const h2vi_walk_run *run = worker->run;
    h2vi_walk_batch *batch = worker->batch;
    const int count = (batch->count + H2VI_MANY - 1) / H2VI_MANY * H2VI_MANY;
    begin(worker, kind, count);
    h2vi_batch_draw(worker);
    for (int phase = 0; phase < H2VI_QUAD; phase++) {
        choose(worker, kind, phase, count);
        follow(worker, kind, count);
        if (!kind.is_closed) go(worker, (uint32_t)phase, count);
    }
    if (kind.is_closed) go_through(worker);
    if (end(worker) && kind.is_closed && run->tokens && !run->visits &&
        !worker->engine->keep)
        deliver(worker);
    else
        note(worker, count);
    for (int i = 0; i < batch->count; i++) batch->step[i] = batch->quad[i] + batch->to[i];
    for (int i = 0; !kind.is_closed && i < batch->count; i++)
        if (batch->is_gone[i] && !h2vi_is_here(worker, batch->current[i]))
            h2vi_walk_leave(worker, (h2vi_lane)i, H2V_NO_SLOT);
}

INLINE void take_turn_of(h2vi_walk_worker *worker, bool is_closed, bool is_weighted)
{
    if (worker->engine->is_far)
        take_turn(worker, (turn_kind){is_closed, is_weighted, true});
    else
        take_turn(worker, (turn_kind){is_closed, is_weighted, false});
}

static void take_turn_of_its_kind(h2vi_walk_worker *worker)
{
    const bool is_weighted = worker->engine->alias != NULL;
    if (worker->engine->is_closed && is_weighted)
        take_turn_of(worker, true, true);
    else if (worker->engine->is_closed)
        take_turn_of(worker, true, false);
    else if (is_weighted)
        take_turn_of(worker, false, true);
    else
        take_turn_of(worker, false, false);
}
