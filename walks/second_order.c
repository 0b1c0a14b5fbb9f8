/* SPDX-License-Identifier: MIT */

/* The turn in plain C, and the choice among the files; and what is done once a walker. */
#include "second_order.h"

static inline void pick(const uint32_t *items, const int64_t *places,
                        uint32_t found[H2VI_MANY])
{
    for (int j = 0; j < H2VI_MANY; j++) found[j] = items[places[j]];
}
static inline void pick_pairs(const h2vi_alias *items, const int64_t *places,
                              uint32_t thresholds[H2VI_MANY], uint32_t others[H2VI_MANY])
{
    for (int j = 0; j < H2VI_MANY; j++) {
        thresholds[j] = items[places[j]].threshold;
        others[j] = items[places[j]].other;
    }
}
static inline void look_up(const h2v_slot *keys, const int64_t *places,
                           const h2v_slot *targets, uint32_t is_there[H2VI_MANY],
                           uint32_t is_unsettled[H2VI_MANY])
{
    for (int j = 0; j < H2VI_MANY; j++) {
        const h2v_slot *bucket = keys + places[j];
        is_there[j] = h2vi_bucket_has(bucket, targets[j]) ? UINT32_MAX : 0;
        is_unsettled[j] = h2vi_bucket_has_room(bucket) ? 0 : ~is_there[j];
    }
}
static inline int append(const uint32_t *masks, int i, h2vi_lane *lanes, int count)
{
    for (int j = 0; j < H2VI_MANY; j++) {
        lanes[count] = (h2vi_lane)(i + j);
        count += (int)(masks[j] & 1);
    }
    return count;
}

#include "second_order_turn.h"

void h2vi_turn_second_order_scalar(h2vi_walk_worker *worker)
{
    take_turn_of_its_kind(worker);
}

h2vi_walk_turn *h2vi_turn_second_order_of(h2vi_isa isa)
{
    static h2vi_walk_turn *const turns[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_turn_second_order_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_turn_second_order_avx2,
        [H2VI_AVX512] = h2vi_turn_second_order_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? turns[isa] : NULL;
}

void h2vi_enter_second_order(h2vi_walk_worker *worker, int begin)
{
    const h2vi_walk_row *rows = worker->engine->rows;
    h2vi_walk_batch *batch = worker->batch;
    for (int i = begin; i < batch->count; i++) {
        if (batch->is_gone[i]) continue;
        (void)h2vi_batch_stand(worker, i);
        h2vi_edge_row edges = {0, 1};
        if (h2vi_is_here(worker, batch->previous[i])) {
            const uint32_t vertex = batch->previous[i] - worker->first;
            edges = h2vi_edge_set_row(vertex, rows[vertex].offset, rows[vertex].degree);
        }
        batch->edges[i] = edges.first;
        batch->num_buckets[i] = (uint32_t)edges.count;
    }
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
        batch->is_gone[i] = position + 1 == walk_length || batch->degree[i] == 0;
    }
    h2vi_walk_note(worker, count, lanes);
}
