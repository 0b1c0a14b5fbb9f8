/* SPDX-License-Identifier: MIT */

/* Steps of the second order, by rejection. A turn is one attempt of every lane: draw a
 * candidate by weight, judge it by its dart, look up the edge that the dart leaves open,
 * move those that are accepted. What comes before the judgement is done for all lanes, so
 * that compilers make vectors of it; the rest for lists of lanes. */
#include <string.h>

#include "walk_worker.h"

/* Choose the arcs to the candidates; a vertex without any ends the walk. */
static void choose(h2vi_walk_worker *worker)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    h2vi_walk_batch *batch = worker->batch;
    for (int i = 0; i < batch->count; i++) {
        const h2vi_walk_row row = rows[batch->current[i] - worker->first];
        h2vi_batch_choose(batch, i, &row, h2vi_batch_word(batch, i, 0));
        __builtin_prefetch(&targets[batch->arc[i]], 0, 2);
        if (alias) __builtin_prefetch(&alias[batch->arc[i]], 0, 2);
        batch->degree[i] = row.degree;
        batch->is_gone[i] = row.degree == 0;
    }
    for (int i = 0; i < batch->count; i++)
        batch->next[i] = h2vi_batch_follow(batch, i, targets, alias);
}

/* Whether a dart is below a threshold, which may be 2^32. */
static inline uint32_t below(uint64_t threshold, uint32_t dart)
{
    const uint32_t last = (uint32_t)(threshold - 1);
    return (uint32_t)(dart <= last) & (uint32_t)(threshold > 0);
}

/* Exact; machines without AVX-512 have vectors only for signed numbers. */
static inline double to_double(uint32_t number)
{
    return (double)(int32_t)(number ^ 0x80000000U) + 0x1p31;
}

/* Which darts fall into the area that the return edge has above the envelope. */
static void fold(const h2vi_bias *bias, h2vi_walk_batch *batch)
{
    const double envelope = bias->envelope, folded = bias->folded;
    for (int k = 0; k < batch->count; k += H2VI_MANY) {
        uint32_t words[H2VI_MANY]; /* not in the batch that is written to */
        memcpy(words, batch->draws[k / H2VI_MANY].words[2], sizeof words);
        for (int j = 0; j < H2VI_MANY; j++) {
            const double area = to_double(batch->degree[k + j]) * envelope + folded;
            batch->is_back[k + j] = to_double(words[j]) * 0x1p-32 * area < folded ? 1U : 0U;
        }
    }
}

/* Judge the candidates by their darts alone, if these decide. Lanes whose candidate is
 * refused stay, an attempt later; in `next` where the others would go: to the candidate, or
 * back, if the dart falls on the fold (directed: if there is an arc back). */
static void judge(h2vi_walk_worker *worker)
{
    const h2vi_walk_engine *engine = worker->engine;
    const h2vi_bias bias = engine->bias;
    const uint64_t low = bias.near < bias.far ? bias.near : bias.far;
    const uint64_t high = bias.near < bias.far ? bias.far : bias.near;
    const uint32_t is_undirected = !engine->graph->directed;
    h2vi_walk_batch *batch = worker->batch;
    fold(&bias, batch);
    for (int k = 0; k < batch->count; k += H2VI_MANY) {
        uint32_t darts[H2VI_MANY]; /* as there */
        memcpy(darts, batch->draws[k / H2VI_MANY].words[1], sizeof darts);
        for (int j = 0; j < H2VI_MANY; j++) {
            const int i = k + j;
            const uint32_t dart = darts[j], step = batch->step[i];
            const h2v_slot previous = batch->previous[i], candidate = batch->next[i];
            const uint32_t is_free =
                (uint32_t)(previous == H2V_NO_SLOT) | (uint32_t)(batch->degree[i] == 1) |
                (uint32_t)(step >> H2VI_POSITION_BITS >= H2VI_MAX_ATTEMPT);
            const uint32_t is_return = candidate == previous;
            const uint32_t goes_back = batch->is_back[i] & ~is_free;
            const uint32_t as_return = is_return & below(bias.to_return, dart);
            const uint32_t is_below = as_return | (below(low, dart) & ~is_return);
            const uint32_t may_be = as_return | (below(high, dart) & ~is_return);
            const uint32_t is_accepted =
                is_free | (goes_back & is_undirected) | (is_below & ~goes_back);
            const uint32_t is_open = (goes_back | may_be) & ~is_accepted;
            const uint32_t is_gone = batch->degree[i] == 0;
            batch->next[i] = goes_back ? previous : candidate;
            batch->step[i] = step + ((1 & ~(is_accepted | is_open)) << H2VI_POSITION_BITS);
            batch->is_accepted[i] = (1 & is_accepted) & ~is_gone;
            batch->is_open[i] = (1 & is_open) & ~is_gone;
        }
    }
}

/* The judgement, as lists of lanes. */
typedef struct judgement {
    int num_accepted, num_open;
    h2vi_lane *accepted, *open;
} judgement;

static void list(const h2vi_walk_batch *batch, judgement *verdicts)
{
    int num_accepted = 0, num_open = 0;
    for (int k = 0; k < batch->count; k++) {
        verdicts->accepted[num_accepted] = (h2vi_lane)k;
        num_accepted += (int)batch->is_accepted[k];
        verdicts->open[num_open] = (h2vi_lane)k;
        num_open += (int)batch->is_open[k];
    }
    verdicts->num_accepted = num_accepted;
    verdicts->num_open = num_open;
}

/* The edges that decide about open lanes; a walker goes where its edge can be looked up. In
 * an undirected graph that is better done at the previous vertex, whose row was just read.
 */
static int ask(h2vi_walk_worker *worker, int count, h2vi_lane *lanes)
{
    const h2vi_walk_engine *engine = worker->engine;
    const bool is_directed = engine->graph->directed;
    h2vi_walk_batch *batch = worker->batch;
    int num_left = 0;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const h2v_slot next = batch->next[i], previous = batch->previous[i];
        h2v_slot from = next, to = previous;
        if (next == previous) {
            from = batch->current[i];
        } else if (!is_directed && h2vi_is_here(worker, previous)) {
            from = previous;
            to = next;
        } else if (!h2vi_is_here(worker, next)) {
            h2vi_walk_leave(worker, i, next);
            continue;
        }
        const uint32_t vertex = from - worker->first;
        const h2vi_walk_row *row = &engine->rows[vertex];
        batch->asked[i] = h2vi_edge_set_row(vertex, row->offset, row->degree);
        batch->target[i] = to;
        batch->bucket[i] = engine->edges.buckets[h2vi_edge_set_start(batch->asked[i], to)];
        __builtin_prefetch(batch->bucket[i], 0, 2);
        lanes[num_left++] = i;
    }
    return num_left;
}

/* Look the edges up; those that are accepted are added to the verdicts. */
static void decide(h2vi_walk_worker *worker, judgement *verdicts)
{
    const h2vi_walk_engine *engine = worker->engine;
    const bool is_near_likely = engine->bias.near > engine->bias.far;
    h2vi_walk_batch *batch = worker->batch;
    int num_accepted = verdicts->num_accepted;
    for (int k = 0; k < verdicts->num_open; k++) {
        const h2vi_lane i = verdicts->open[k];
        const h2v_slot target = batch->target[i];
        bool is_there = h2vi_bucket_has(batch->bucket[i], target);
        if (__builtin_expect(!is_there & !h2vi_bucket_has_room(batch->bucket[i]), false))
            is_there = h2vi_edge_set_has(&engine->edges, batch->asked[i], target);
        const bool is_wanted = (batch->next[i] == batch->previous[i]) | is_near_likely;
        const bool is_accepted = is_there == is_wanted;
        batch->step[i] += (uint32_t)!is_accepted << H2VI_POSITION_BITS;
        verdicts->accepted[num_accepted] = i;
        num_accepted += is_accepted;
    }
    verdicts->num_accepted = num_accepted;
}

/* Step there; those who come to a vertex of this rank are left. */
static int move(h2vi_walk_worker *worker, int count, h2vi_lane *lanes)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    h2vi_walk_batch *batch = worker->batch;
    int num_left = 0;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        batch->previous[i] = batch->current[i];
        batch->current[i] = batch->next[i];
        batch->step[i] = h2vi_batch_position(batch, i) + 1; /* no attempt refused yet */
        if (h2vi_is_here(worker, batch->current[i])) {
            __builtin_prefetch(&rows[batch->current[i] - worker->first]);
            lanes[num_left++] = i;
        } else {
            h2vi_walk_leave(worker, i, H2V_NO_SLOT);
        }
    }
    worker->num_steps += count;
    return num_left;
}

void h2vi_arrive_second_order(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const uint32_t walk_length = (uint32_t)worker->engine->params.walk_length;
    h2vi_walk_batch *batch = worker->batch;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const uint32_t position = h2vi_batch_position(batch, i);
        const h2v_slot current = batch->current[i];
        h2vi_batch_stage(batch, i, (int)(position % H2VI_QUAD), current,
                         rows[current - worker->first].context_slot);
        batch->from[i] = position % H2VI_QUAD;
        batch->to[i] = batch->from[i] + 1;
        batch->is_gone[i] = position + 1 == walk_length;
    }
    h2vi_walk_note(worker, count, lanes);
}

void h2vi_turn_second_order(h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    judgement verdicts = {.accepted = batch->lists[0], .open = batch->lists[1]};
    h2vi_batch_draw(worker, 0);
    choose(worker);
    judge(worker);
    list(batch, &verdicts);
    verdicts.num_open = ask(worker, verdicts.num_open, verdicts.open);
    decide(worker, &verdicts);
    const int num_here = move(worker, verdicts.num_accepted, verdicts.accepted);
    h2vi_arrive_second_order(worker, num_here, verdicts.accepted);
}
