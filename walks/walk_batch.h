/* SPDX-License-Identifier: MIT */

/* Many walkers under way at once, an array for each of their fields: what a turn does to
 * all of them is a loop without branches to guess, whose cache misses overlap. All stand on
 * vertices of this rank; one that ends or leaves is marked, and swept out after the turn.
 */
#pragma once

#include <string.h>

#include "random_many.h"
#include "walk_engine.h"

enum {
    H2VI_WALKERS = 256,
    H2VI_QUAD = 4,  /* steps that one draw of four words is good for */
    H2VI_ENDED = 8, /* or'ed to the end of a quad: the walk ends there, or leaves */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a token's slot is its low half");

/* Indices of lanes. */
typedef uint16_t h2vi_lane;

typedef struct h2vi_walk_batch {
    /* Lanes [0, count). */
    int count;
    h2v_slot current[H2VI_WALKERS], previous[H2VI_WALKERS];
    uint32_t step[H2VI_WALKERS]; /* as h2vi_walker's */
    uint32_t gid[H2VI_WALKERS], walk[H2VI_WALKERS];
    uint32_t home_rank[H2VI_WALKERS], home_index[H2VI_WALKERS];

    /* Of one turn. */
    h2vi_many draws[H2VI_WALKERS / H2VI_MANY]; /* lane i: [i / 16].words[...][i % 16] */
    int64_t arc[H2VI_WALKERS];                 /* the arc that was drawn */
    uint64_t product[H2VI_WALKERS];            /* low half: whether it is to be its other */

    h2v_slot next[H2VI_WALKERS]; /* where it leads */
    uint32_t degree[H2VI_WALKERS];

    /* First order: */
    uint32_t quad[H2VI_WALKERS]; /* the position where the lane's quad begins */
    uint32_t at[H2VI_WALKERS];   /* a local index: of current, if the lane is on */
    h2vi_token path[H2VI_QUAD][H2VI_WALKERS]; /* tokens by phase */

    /* Second order: the row of current, and the edges of previous, if they are here; what
     * the darts say; and where the edge is looked up that decides about going to `next`. */
    int64_t offset[H2VI_WALKERS], edges[H2VI_WALKERS], bucket[H2VI_WALKERS];
    uint32_t num_buckets[H2VI_WALKERS];
    uint32_t coin[H2VI_WALKERS], dart[H2VI_WALKERS];
    uint32_t is_back[H2VI_WALKERS], is_accepted[H2VI_WALKERS], is_open[H2VI_WALKERS];
    h2v_slot target[H2VI_WALKERS];
    h2vi_edge_row asked[H2VI_WALKERS];

    bool is_gone[H2VI_WALKERS];
    uint32_t reached[H2VI_WALKERS]; /* tokens wanted: so many positions are noted */

    /* What is to be noted: lane i was at the positions of its quad from `from` to before
     * `to`; the token of position p is the (p % 4)-th. */
    h2vi_token tokens[H2VI_WALKERS][H2VI_QUAD];
    uint32_t from[H2VI_WALKERS], to[H2VI_WALKERS];

    h2vi_lane everyone[H2VI_WALKERS]; /* 0, 1, 2 ... */
    h2vi_lane lists[2][H2VI_WALKERS]; /* scratch */
} h2vi_walk_batch;

static inline uint32_t h2vi_batch_position(const h2vi_walk_batch *batch, int i)
{
    return batch->step[i] & ((1U << H2VI_POSITION_BITS) - 1);
}

/* The position in the walk where lane i's quad begins. */
static inline uint32_t h2vi_batch_quad(const h2vi_walk_batch *batch, int i)
{
    return batch->step[i] & ((1U << H2VI_POSITION_BITS) - H2VI_QUAD);
}

/* Stage the token of the position of lane i that is the phase-th of its quad. One store of
 * both halves: compilers make less of two. */
static inline void h2vi_batch_stage(h2vi_walk_batch *batch, int i, int phase, h2v_slot slot,
                                    uint32_t context_slot)
{
    const uint64_t token = (uint64_t)context_slot << 32 | slot;
    memcpy(&batch->tokens[i][phase], &token, sizeof token);
}

static inline void h2vi_batch_add(h2vi_walk_batch *batch, const h2vi_walker *walker)
{
    const int i = batch->count++;
    batch->current[i] = walker->current;
    batch->previous[i] = walker->previous;
    batch->step[i] = walker->step;
    batch->gid[i] = walker->gid;
    batch->walk[i] = walker->walk;
    batch->home_rank[i] = walker->home_rank;
    batch->home_index[i] = walker->home_index;
    batch->is_gone[i] = false;
}

static inline h2vi_walker h2vi_batch_walker(const h2vi_walk_batch *batch, int i)
{
    return (h2vi_walker){.home_rank = batch->home_rank[i],
                         .home_index = batch->home_index[i],
                         .gid = batch->gid[i],
                         .walk = batch->walk[i],
                         .current = batch->current[i],
                         .previous = batch->previous[i],
                         .candidate = H2V_NO_SLOT,
                         .step = batch->step[i]};
}

/* Lane i is gone: the last one takes its place. */
static inline void h2vi_batch_drop(h2vi_walk_batch *batch, int i)
{
    const int last = batch->count - 1;
    const h2vi_walker walker = h2vi_batch_walker(batch, last);
    batch->count = i;
    h2vi_batch_add(batch, &walker);
    batch->reached[i] = batch->reached[last];
    batch->offset[i] = batch->offset[last];
    batch->degree[i] = batch->degree[last];
    batch->edges[i] = batch->edges[last];
    batch->num_buckets[i] = batch->num_buckets[last];
    batch->count = last;
}
