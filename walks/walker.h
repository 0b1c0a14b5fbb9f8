/* SPDX-License-Identifier: MIT */

/* A walker as it travels between ranks, and what it leaves behind. A walker carries all
 * that its future depends on: with the seed, the epoch and the purpose of the run, which
 * all ranks know, its next step is determined wherever it is taken. */
#pragma once

#include <stdint.h>

#include "halo2vec/types.h"

typedef struct h2vi_walker {
    uint32_t home_rank;  /* where its walk is collected */
    uint32_t home_index; /* which walk of that rank */
    uint32_t gid, walk;  /* start vertex and walk number: what its draws depend on */
    h2v_slot current;    /* where it stands */
    h2v_slot previous;   /* where it came from; H2V_NO_SLOT at the start */
    h2v_slot candidate;  /* H2V_NO_SLOT, or where it goes if its owner finds the arc
                            candidate -> previous to speak for it (second order) */
    uint32_t step;       /* position in the walk, 15 bits, and attempts refused, 17 bits */
} h2vi_walker;

enum { H2VI_POSITION_BITS = 15, H2VI_MAX_ATTEMPT = (1 << 17) - 1 };

static inline uint32_t h2vi_walker_position(const h2vi_walker *walker)
{
    return walker->step & ((1U << H2VI_POSITION_BITS) - 1);
}

static inline uint32_t h2vi_walker_attempt(const h2vi_walker *walker)
{
    return walker->step >> H2VI_POSITION_BITS;
}

/* A vertex of a walk, as training reads it. */
typedef struct h2vi_token {
    h2v_slot slot;         /* H2V_NO_SLOT past the end of the walk */
    uint32_t context_slot; /* H2V_NO_SLOT if subsampling dropped it */
} h2vi_token;

/* A token on its way to the walk's home. */
typedef struct h2vi_visit {
    uint32_t home_rank, home_index, position;
    h2vi_token token;
} h2vi_visit;
