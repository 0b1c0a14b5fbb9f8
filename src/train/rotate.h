/* SPDX-License-Identifier: MIT */

/* One rotation: in each group of B parts, at step s part p trains the block of home
 * (p + s) mod B, counted within the group, alone; then the block moves on to part p - 1.
 * Nobody waits for a step to end: a cell may start as soon as its part and its block are
 * free. Threads take cells from a list; the main thread, which alone speaks MPI, passes
 * blocks on between its own cells. */
#pragma once

#include <stdint.h>

#include "block_set.h"
#include "halo2vec/embed.h"
#include "halo2vec/world.h"

/* Train one cell; called by any thread of the team, `thread` in 0..num_threads - 1. `home`
 * is the block's (block_set.h), `rows` its rows. */
typedef void h2vi_cell_task(void *context, int thread, int part, int step, int home,
                            float *rows);

/* Called by the main thread between cells; may be NULL. */
typedef void h2vi_rotation_tick(void *context, double share_done);

typedef struct h2vi_rotation {
    const h2v_world *world;
    int num_parts, num_groups, first_part, num_local_parts;
    int dim;                 /* numbers of a row that travel */
    h2v_precision precision; /* of rows on the wire, with f16 for int8; the task has rounded
                                them to it */
    h2vi_cell_task *task;
    h2vi_rotation_tick *tick;
    void *context;
    int64_t bytes_sent, bytes_received, rows_sent, rows_received; /* added to */
} h2vi_rotation;

/* Collective. Rotate once; in the end every block is at home. Errors: ERR_NOMEM, on all
 * ranks. */
H2V_CHECKED h2v_status h2vi_rotate(h2vi_rotation *rotation, h2vi_block_set *blocks);

/* Spare buffers that the block set of a rank with these parts needs. */
int h2vi_rotation_num_spare(int num_parts, int num_groups, int first_part,
                            int num_local_parts);
