/* SPDX-License-Identifier: MIT */

/* One thread's share of a walk: it advances walkers until they end or leave the rank, and
 * keeps what must go to other ranks. No communication here. */
#pragma once

#include "walk_batch.h"
#include "walk_engine.h"

typedef struct h2vi_walk_worker h2vi_walk_worker;

/* Local. A turn of all lanes: up to four steps of the first order, or one attempt of the
 * second. Lanes that end or leave are marked gone. */
typedef void h2vi_walk_turn(h2vi_walk_worker *worker);

struct h2vi_walk_worker {
    const h2vi_walk_engine *engine;
    const h2vi_walk_run *run;
    h2v_slot first, end; /* slots of this rank */
    h2vi_random_many *random_many;
    h2vi_walk_turn *turn;
    h2vi_walk_batch *batch;
    h2vi_walker *leavers;
    int64_t num_leavers, leaver_capacity;
    h2vi_visit *visits; /* of walks that live elsewhere */
    int64_t num_visits, visit_capacity;
    int64_t num_steps;
    double seconds;    /* thread CPU time */
    h2v_status status; /* ERR_NOMEM once a leaver or visit found no room */
};

/* Where a walker that is not here is to go. */
static inline h2v_slot h2vi_walker_destination(const h2vi_walker *walker)
{
    return walker->candidate != H2V_NO_SLOT ? walker->candidate : walker->current;
}

/* Local. For walks of a run; ERR_NOMEM. Cleared in either case. */
H2V_CHECKED h2v_status h2vi_walk_worker_init(const h2vi_walk_engine *engine,
                                             const h2vi_walk_run *run,
                                             h2vi_walk_worker *worker);
void h2vi_walk_worker_clear(h2vi_walk_worker *worker);

/* Local. Start walks [begin, end) of the run, and write their tokens here: H2V_NO_SLOT
 * where they have not been. */
void h2vi_walk_start(h2vi_walk_worker *worker, int64_t begin, int64_t end);

/* Local. Go on with walkers that arrived. */
void h2vi_walk_resume(h2vi_walk_worker *worker, int64_t num_walkers,
                      const h2vi_walker *walkers);

/* ---- between the files of a worker -------------------------------------------------- */

static inline bool h2vi_is_here(const h2vi_walk_worker *worker, h2v_slot slot)
{
    return slot - worker->first < worker->end - worker->first;
}

/* Local. The lane's walker, if its candidate is none, or the candidate, is elsewhere. */
void h2vi_walk_leave(h2vi_walk_worker *worker, h2vi_lane lane, h2v_slot candidate);

/* Local. Note the tokens of `count` lanes: at home, or for the way there; subsampled, and
 * counted, as the run asks. */
void h2vi_walk_note(h2vi_walk_worker *worker, int count, const h2vi_lane *lanes);

/* A draw for every lane, one for the four steps of a quad. */
static inline void h2vi_batch_draw(const h2vi_walk_worker *worker)
{
    h2vi_walk_batch *batch = worker->batch;
    const uint32_t purpose = h2vi_purpose_word(worker->run->purpose, worker->run->epoch);
    const int num_many = (batch->count + H2VI_MANY - 1) / H2VI_MANY;
    for (int k = 0; k < num_many; k++) {
        h2vi_many *draw = &batch->draws[k];
        const int i = k * H2VI_MANY;
        for (int j = 0; j < H2VI_MANY; j++)
            draw->words[0][j] = batch->step[i + j] / H2VI_QUAD;
        memcpy(draw->words[1], batch->walk + i, sizeof draw->words[1]);
        memcpy(draw->words[2], batch->gid + i, sizeof draw->words[2]);
        for (int j = 0; j < H2VI_MANY; j++) draw->words[3][j] = purpose;
    }
    worker->random_many(worker->engine->params.seed, num_many, batch->draws);
}
