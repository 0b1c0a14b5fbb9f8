/* SPDX-License-Identifier: MIT */

/* One power as tasks for threads: runs of rows with about equally many arcs. The row of a
 * hub, with very many arcs, is several tasks, each a slice of its columns. Who does what
 * changes no bit. */
#pragma once

#include <stdatomic.h>

#include "ghosts.h"
#include "multiply.h"

enum { H2VI_TASK_ARCS = 8192, H2VI_HUB_ARCS = 65536 };

typedef struct h2vi_row_task {
    int64_t begin, end; /* of the order */
    int begin_column, end_column;
    int hub;        /* -1, or the number of the hub whose row it is */
    int num_slices; /* of the hub */
} h2vi_row_task;

typedef struct h2vi_work {
    int stride;
    uint32_t *order; /* owned rows: interior ones, none of whose arcs lead to ghosts, then
                        boundary ones; ascending in both; shape [num_owned] */
    int64_t num_interior; /* rows */
    h2vi_row_task *tasks; /* interior ones, then boundary ones */
    int64_t num_tasks, num_interior_tasks;
    int num_hubs;
    float *hub_sums;     /* shape [num_hubs, stride] */
    atomic_int *to_come; /* slices of each hub that are not summed, shape [num_hubs] */
} h2vi_work;

/* Local. ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_work_create(const h2vi_ghosts *ghosts, int stride,
                                        h2vi_work *work);
void h2vi_work_clear(h2vi_work *work);

/* Local. Bytes of the tasks of so many rows and arcs, hubs apart. */
int64_t h2vi_work_task_bytes(int64_t num_owned, int64_t num_arcs);

typedef struct h2vi_power_step {
    h2vi_multiplication a;
    h2vi_finishing how;
    h2vi_sum_row *sum_row;
    h2vi_finish_row *finish_row;
    const float *divisors; /* shape [num_owned] */
    char *to;              /* shape [num_owned] rows of row_bytes */
    int64_t row_bytes;
    float *result; /* shape [num_owned, stride] */
} h2vi_power_step;

typedef enum h2vi_rows { H2VI_INTERIOR_ROWS, H2VI_BOUNDARY_ROWS } h2vi_rows;

/* Local. Do the rows of one kind with all threads; between its tasks the main thread lets
 * the messages of `pull` move. Returns the CPU seconds of all threads. */
double h2vi_work_do(h2vi_work *work, h2vi_rows rows, const h2vi_power_step *step,
                    h2vi_ghost_pull *pull);
