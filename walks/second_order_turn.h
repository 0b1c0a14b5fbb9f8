/* SPDX-License-Identifier: MIT */

/* A turn of the second order, for the file of an instruction set to include after it has
 * defined, for H2VI_MANY lanes,
 *
 *     pick            items of 32 bits at places
 *     pick_pairs      thresholds and others at places
 *     look_up         whether the buckets at places have the targets, and whether such a
 *                     search does not end there; masks
 *     append          the lanes from i on that a mask has to a list; returns its count
 *
 * A turn is a chain of passes over groups of lanes. What decides is a mask, of 32 bits, so
 * that compilers make vectors of it; only what walkers do who step is done for a list of
 * lanes. Lanes past the last walker hold what was there: they do as the others do, with
 * numbers that are in range, and nobody looks. Short loops that are to become vectors must
 * not be unrolled: gcc would do that first. */
#pragma once

#include <string.h>

#include "second_order.h"

#define INLINE static inline __attribute__((always_inline))

enum { TOKENS_AHEAD = 8 }; /* a cache line that the walk is going to write to */

/* What is known of a turn when it is compiled. */
typedef struct turn_kind {
    bool is_plain; /* closed and undirected: any edge can be looked up at previous */
    bool is_weighted;
} turn_kind;

/* The counters of a group's attempts become their words. */
INLINE void draw(const h2vi_walk_worker *worker, int i, h2vi_many *draws)
{
    const h2vi_walk_batch *batch = worker->batch;
    const uint32_t purpose = h2vi_purpose_word(worker->run->purpose, worker->run->epoch);
    memcpy(draws->words[0], batch->step + i, sizeof draws->words[0]);
    memcpy(draws->words[1], batch->walk + i, sizeof draws->words[1]);
    memcpy(draws->words[2], batch->gid + i, sizeof draws->words[2]);
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) draws->words[3][j] = purpose;
    worker->random_many(worker->engine->params.seed, 1, draws);
}

/* Exact; machines without AVX-512 have vectors only for signed numbers. */
INLINE double to_double(uint32_t number)
{
    return (double)(int32_t)(number ^ 0x80000000U) + 0x1p31;
}

/* Choose the arcs to the candidates; and see which words fall into the area that the return
 * edge has above the envelope. */
INLINE void choose(h2vi_walk_worker *worker, turn_kind kind, int i)
{
    const h2vi_bias *bias = &worker->engine->bias;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    h2vi_walk_batch *batch = worker->batch;
    h2vi_many draws;
    draw(worker, i, &draws);
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) {
        const uint64_t product = (uint64_t)draws.words[0][j] * batch->degree[i + j];
        batch->arc[i + j] = batch->offset[i + j] + (int64_t)(product >> 32);
        if (kind.is_weighted) batch->coin[i + j] = (uint32_t)product;
    }
    for (int j = 0; j < H2VI_MANY; j++) {
        __builtin_prefetch(&targets[batch->arc[i + j]], 0, 2);
        if (kind.is_weighted) __builtin_prefetch(&alias[batch->arc[i + j]], 0, 2);
    }
    memcpy(batch->dart + i, draws.words[1], sizeof draws.words[1]);
    const double envelope = bias->envelope, folded = bias->folded;
    if (kind.is_weighted || folded == 0) {
        memset(batch->is_back + i, 0, H2VI_MANY * sizeof *batch->is_back);
        return;
    }
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) {
        const double area = to_double(batch->degree[i + j]) * envelope + folded;
        batch->is_back[i + j] =
            to_double(draws.words[2][j]) * 0x1p-32 * area < folded ? UINT32_MAX : 0;
    }
}

INLINE void follow(const h2vi_walk_worker *worker, turn_kind kind, int i,
                   h2v_slot candidates[H2VI_MANY])
{
    const h2vi_walk_batch *batch = worker->batch;
    pick(worker->engine->graph->targets, batch->arc + i, candidates);
    if (!kind.is_weighted) return;
    uint32_t thresholds[H2VI_MANY], others[H2VI_MANY];
    pick_pairs(worker->engine->alias, batch->arc + i, thresholds, others);
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++)
        candidates[j] = batch->coin[i + j] <= thresholds[j] ? candidates[j] : others[j];
}

/* Whether a dart is below a threshold, which may be 2^32. */
INLINE uint32_t below(uint64_t threshold, uint32_t dart)
{
    const uint32_t last = (uint32_t)(threshold - 1);
    return dart <= last ? threshold > 0 ? UINT32_MAX : 0 : 0;
}

/* Judge the candidates by their darts alone, if these decide. In `next` where the lanes
 * would go: to the candidate, or back, if the dart falls on the fold (directed: if there is
 * an arc back). All steps become those of the next attempt, until somebody steps. */
INLINE void judge(h2vi_walk_worker *worker, turn_kind kind, int i)
{
    const h2vi_walk_engine *engine = worker->engine;
    const h2vi_bias bias = engine->bias;
    const uint64_t low = bias.near < bias.far ? bias.near : bias.far;
    const uint64_t high = bias.near < bias.far ? bias.far : bias.near;
    const uint32_t is_undirected =
        kind.is_plain || !engine->graph->directed ? UINT32_MAX : 0;
    h2vi_walk_batch *batch = worker->batch;
    const h2v_slot *keys = (const h2v_slot *)engine->edges.buckets;
    h2v_slot candidates[H2VI_MANY];
    follow(worker, kind, i, candidates);
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) {
        const uint32_t dart = batch->dart[i + j], step = batch->step[i + j];
        const h2v_slot previous = batch->previous[i + j], candidate = candidates[j];
        const uint32_t is_start = previous == H2V_NO_SLOT ? UINT32_MAX : 0;
        const uint32_t is_only = batch->degree[i + j] == 1 ? UINT32_MAX : 0;
        const uint32_t is_last =
            step >= (uint32_t)H2VI_MAX_ATTEMPT << H2VI_POSITION_BITS ? UINT32_MAX : 0;
        const uint32_t is_free = is_start | is_only | is_last;
        const uint32_t is_return = candidate == previous ? UINT32_MAX : 0;
        const uint32_t goes_back = batch->is_back[i + j] & ~is_free;
        const uint32_t as_return = is_return & below(bias.to_return, dart);
        const uint32_t is_below = as_return | (below(low, dart) & ~is_return);
        const uint32_t may_be = as_return | (below(high, dart) & ~is_return);
        const uint32_t is_accepted =
            is_free | (goes_back & is_undirected) | (is_below & ~goes_back);
        const uint32_t is_open = (goes_back | may_be) & ~is_accepted;
        batch->next[i + j] = (previous & goes_back) | (candidate & ~goes_back);
        batch->is_accepted[i + j] = is_accepted;
        batch->is_open[i + j] = is_open;
        batch->step[i + j] = step + (1U << H2VI_POSITION_BITS);
    }
    if (!kind.is_plain) return;
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) {
        const uint32_t hash = h2vi_edge_set_hash(batch->next[i + j]);
        const int64_t at = (int64_t)((uint64_t)hash * batch->num_buckets[i + j] >> 32);
        const int64_t mask = (int32_t)batch->is_open[i + j];
        batch->bucket[i + j] = ((batch->edges[i + j] + at) & mask) * H2VI_BUCKET;
    }
    for (int j = 0; j < H2VI_MANY; j++)
        __builtin_prefetch(keys + batch->bucket[i + j], 0, 2);
}

/* The edges that decide about open lanes, where not all are at previous; a walker goes
 * where its edge can be looked up. In an undirected graph that is better done at the
 * previous vertex, whose row was just read. */
INLINE void ask(h2vi_walk_worker *worker, int i)
{
    const h2vi_walk_engine *engine = worker->engine;
    const bool is_directed = engine->graph->directed;
    h2vi_walk_batch *batch = worker->batch;
    const int end = i + H2VI_MANY < batch->count ? i + H2VI_MANY : batch->count;
    for (; i < end; i++) {
        batch->bucket[i] = 0;
        if (!batch->is_open[i]) continue;
        const h2v_slot next = batch->next[i], previous = batch->previous[i];
        batch->target[i] = previous;
        if (next == previous) {
            batch->asked[i] = h2vi_batch_edges(worker, i);
        } else if (!is_directed && h2vi_is_here(worker, previous)) {
            batch->asked[i] = (h2vi_edge_row){batch->edges[i], batch->num_buckets[i]};
            batch->target[i] = next;
        } else if (h2vi_is_here(worker, next)) {
            const uint32_t vertex = next - worker->first;
            const h2vi_walk_row *row = &engine->rows[vertex];
            batch->asked[i] = h2vi_edge_set_row(vertex, row->offset, row->degree);
        } else {
            batch->is_open[i] = 0;
            batch->step[i] -= 1U << H2VI_POSITION_BITS;
            h2vi_walk_leave(worker, (h2vi_lane)i, next);
            continue;
        }
        const int64_t bucket = h2vi_edge_set_start(batch->asked[i], batch->target[i]);
        __builtin_prefetch(engine->edges.buckets[bucket], 0, 2);
        batch->bucket[i] = bucket * H2VI_BUCKET;
    }
}

/* Look the edges up. */
INLINE void decide(h2vi_walk_worker *worker, turn_kind kind, int i)
{
    const h2vi_walk_engine *engine = worker->engine;
    const uint32_t is_near_likely = engine->bias.near > engine->bias.far ? UINT32_MAX : 0;
    h2vi_walk_batch *batch = worker->batch;
    const h2v_slot *targets = kind.is_plain ? batch->next : batch->target;
    uint32_t is_there[H2VI_MANY], is_unsettled[H2VI_MANY], num_unsettled = 0;
    look_up((const h2v_slot *)engine->edges.buckets, batch->bucket + i, targets + i,
            is_there, is_unsettled);
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++)
        num_unsettled |= is_unsettled[j] & batch->is_open[i + j];
    if (__builtin_expect(num_unsettled != 0, false))
        for (int j = 0; j < H2VI_MANY; j++) {
            if (i + j >= batch->count) break; /* what stands there is nobody's */
            if (!(is_unsettled[j] & batch->is_open[i + j])) continue;
            const h2vi_edge_row plain = {batch->edges[i + j], batch->num_buckets[i + j]};
            const bool has = h2vi_edge_set_has(&engine->edges,
                                               kind.is_plain ? plain : batch->asked[i + j],
                                               targets[i + j]);
            is_there[j] = has ? UINT32_MAX : 0;
        }
#pragma GCC unroll 1
    for (int j = 0; j < H2VI_MANY; j++) {
        uint32_t is_wanted = is_near_likely;
        if (!kind.is_plain && batch->next[i + j] == batch->previous[i + j])
            is_wanted = UINT32_MAX;
        batch->is_accepted[i + j] |= batch->is_open[i + j] & ~(is_there[j] ^ is_wanted);
    }
}

/* Step there; those who come to a vertex of this rank are left. */
INLINE int move(h2vi_walk_worker *worker, turn_kind kind, int count, h2vi_lane *lanes)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    h2vi_walk_batch *batch = worker->batch;
    int num_left = 0;
    worker->num_steps += count;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const h2vi_edge_row edges = h2vi_batch_edges(worker, i);
        batch->edges[i] = edges.first;
        batch->num_buckets[i] = (uint32_t)edges.count;
        batch->previous[i] = batch->current[i];
        batch->current[i] = batch->next[i];
        batch->step[i] = h2vi_batch_position(batch, i) + 1; /* no attempt refused yet */
        if (kind.is_plain || h2vi_is_here(worker, batch->current[i])) {
            __builtin_prefetch(&rows[batch->current[i] - worker->first]);
            lanes[num_left++] = i;
        } else {
            h2vi_walk_leave(worker, i, H2V_NO_SLOT);
        }
    }
    return num_left;
}

/* Tokens that are wanted as they are, at home: each goes there by itself. */
INLINE void arrive_at_home(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    const uint32_t walk_length = (uint32_t)worker->engine->params.walk_length;
    h2vi_walk_batch *batch = worker->batch;
    h2vi_token *tokens = worker->run->tokens;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const h2vi_walk_row *row = h2vi_batch_stand(worker, i);
        const uint32_t position = h2vi_batch_position(batch, i);
        const uint64_t token = (uint64_t)row->context_slot << 32 | batch->current[i];
        h2vi_token *to = &tokens[(uint64_t)batch->home_index[i] * walk_length + position];
        memcpy(to, &token, sizeof token);
        __builtin_prefetch(to + TOKENS_AHEAD, 1, 2);
        batch->reached[i] = position + 1;
        batch->is_gone[i] = position + 1 == walk_length;
    }
}

INLINE void take_turn(h2vi_walk_worker *worker, turn_kind kind)
{
    const h2vi_walk_run *run = worker->run;
    h2vi_walk_batch *batch = worker->batch;
    h2vi_lane *lanes = batch->lists[0];
    for (int i = 0; i < batch->count; i += H2VI_MANY) choose(worker, kind, i);
    for (int i = 0; i < batch->count; i += H2VI_MANY) {
        judge(worker, kind, i);
        if (!kind.is_plain) ask(worker, i);
    }
    int count = 0;
    for (int i = 0; i < batch->count; i += H2VI_MANY) {
        decide(worker, kind, i);
        count = append(batch->is_accepted + i, i, lanes, count);
    }
    while (count > 0 && lanes[count - 1] >= batch->count) count--;
    count = move(worker, kind, count, lanes);
    if (kind.is_plain && run->tokens && !run->visits && !worker->engine->keep) {
        arrive_at_home(worker, count, lanes);
        return;
    }
    for (int k = 0; k < count; k++) (void)h2vi_batch_stand(worker, lanes[k]);
    h2vi_arrive_second_order(worker, count, lanes);
}

static void take_turn_of_its_kind(h2vi_walk_worker *worker)
{
    const bool is_weighted = worker->engine->alias != NULL;
    const bool is_plain = worker->engine->is_closed && !worker->engine->graph->directed;
    if (is_plain && is_weighted)
        take_turn(worker, (turn_kind){true, true});
    else if (is_plain)
        take_turn(worker, (turn_kind){true, false});
    else if (is_weighted)
        take_turn(worker, (turn_kind){false, true});
    else
        take_turn(worker, (turn_kind){false, false});
}
