/* SPDX-License-Identifier: MIT */

/* Steps of the second order, by rejection. A turn is one attempt of every lane: draw a
 * candidate by weight, judge it by its dart, look up the edge that the dart leaves open,
 * move those that are accepted. Each of these is a pass over the lanes that it concerns. */
#include "walk_worker.h"

/* Choose the arcs to the candidates; a vertex without any ends the walk. Returns how many
 * lanes are left, and which. */
static int choose(h2vi_walk_worker *worker, h2vi_lane *lanes)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    const h2v_slot *targets = worker->engine->graph->targets;
    const h2vi_alias *alias = worker->engine->alias;
    h2vi_walk_batch *batch = worker->batch;
    int num_left = 0;
    for (int k = 0; k < batch->count; k++) {
        const h2vi_lane i = (h2vi_lane)k;
        const h2vi_walk_row row = rows[batch->current[i] - worker->first];
        h2vi_batch_choose(batch, i, &row, h2vi_batch_word(batch, i, 0));
        __builtin_prefetch(&targets[batch->arc[i]], 0, 2);
        if (alias) __builtin_prefetch(&alias[batch->arc[i]], 0, 2);
        batch->is_gone[i] = row.degree == 0;
        lanes[num_left] = i;
        num_left += row.degree > 0;
    }
    return num_left;
}

/* Whether the dart falls into the area that the return edge has above the envelope. */
static inline bool falls_on_fold(const h2vi_bias *bias, uint32_t degree, uint32_t word)
{
    const double area = (double)degree * bias->envelope + bias->folded;
    return (double)word * 0x1p-32 * area < bias->folded;
}

/* Lists of lanes. */
typedef struct judgement {
    int num_accepted, num_open;
    h2vi_lane *accepted, *open;
} judgement;

/* Judge the candidates of `lanes` by its dart alone, if that decides. Lanes whose
 * candidate is refused stay, an attempt later; in `next` where the others would go: to the
 * candidate, or back, if the dart falls on the fold (directed: if there is an arc back). */
static void judge(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes,
                  judgement *verdicts)
{
    const h2vi_walk_engine *engine = worker->engine;
    const h2vi_walk_row *rows = engine->rows;
    const h2v_slot *targets = engine->graph->targets;
    const h2vi_bias bias = engine->bias;
    const uint64_t low = bias.near < bias.far ? bias.near : bias.far;
    const uint64_t high = bias.near < bias.far ? bias.far : bias.near;
    const bool is_directed = engine->graph->directed;
    h2vi_walk_batch *batch = worker->batch;
    int num_accepted = 0, num_open = 0;
    for (int k = 0; k < count; k++) {
        const h2vi_lane i = lanes[k];
        const uint32_t degree = rows[batch->current[i] - worker->first].degree;
        const h2v_slot previous = batch->previous[i];
        const h2v_slot candidate = h2vi_batch_follow(batch, i, targets, engine->alias);
        const uint32_t dart = h2vi_batch_word(batch, i, 1);
        const bool is_free = (previous == H2V_NO_SLOT) | (degree == 1) |
                             (batch->step[i] >> H2VI_POSITION_BITS >= H2VI_MAX_ATTEMPT);
        const bool goes_back =
            !is_free & falls_on_fold(&bias, degree, h2vi_batch_word(batch, i, 2));
        const bool is_return = candidate == previous;
        const bool is_below = dart < (is_return ? bias.to_return : low);
        const bool is_above = dart >= (is_return ? bias.to_return : high);
        const bool is_accepted = is_free | (goes_back ? !is_directed : is_below);
        const bool is_refused = !is_accepted & !goes_back & is_above;
        const bool is_open = !is_accepted & !is_refused;
        batch->next[i] = goes_back ? previous : candidate;
        batch->step[i] += (uint32_t)is_refused << H2VI_POSITION_BITS;
        verdicts->accepted[num_accepted] = i;
        num_accepted += is_accepted;
        verdicts->open[num_open] = i;
        num_open += is_open;
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
    h2vi_lane *lanes = batch->lists[2];
    const int count = choose(worker, lanes);
    judge(worker, count, lanes, &verdicts);
    verdicts.num_open = ask(worker, verdicts.num_open, verdicts.open);
    decide(worker, &verdicts);
    const int num_here = move(worker, verdicts.num_accepted, verdicts.accepted);
    h2vi_arrive_second_order(worker, num_here, verdicts.accepted);
}
