/* SPDX-License-Identifier: MIT */

/* One thread's share of a walk: it advances walkers until they end or leave the rank, and
 * keeps what must go to other ranks. No communication here. */
#pragma once

#include "walk_engine.h"

typedef struct h2vi_walk_worker {
    const h2vi_walk_engine *engine;
    const h2vi_walk_run *run;
    h2v_slot first, end; /* slots of this rank */
    h2vi_walker *leavers;
    int64_t num_leavers, leaver_capacity;
    h2vi_visit *visits; /* of walks that live elsewhere */
    int64_t num_visits, visit_capacity;
    int64_t num_steps;
    double seconds;    /* thread CPU time */
    h2v_status status; /* ERR_NOMEM once a leaver or visit found no room */
} h2vi_walk_worker;

/* Where a walker that is not here is to go. */
static inline h2v_slot h2vi_walker_destination(const h2vi_walker *walker)
{
    return walker->candidate != H2V_NO_SLOT ? walker->candidate : walker->current;
}

/* Local. Start walks [begin, end) of the run. */
void h2vi_walk_start(h2vi_walk_worker *worker, int64_t begin, int64_t end);

/* Local. Go on with walkers that arrived. */
void h2vi_walk_resume(h2vi_walk_worker *worker, int64_t num_walkers,
                      const h2vi_walker *walkers);
