/* SPDX-License-Identifier: MIT */

/* Tasks are listed once, and taken from a counter in each power. */
#include "work.h"

#include "alloc.h"
#include "clock.h"
#include "fail.h"
#include "halo2vec/types.h"

#include <omp.h>
#include <stdlib.h>

/* What a row costs beside its arcs, in arcs. */
enum { ROW_ARCS = 4 };

/* ---- which rows, in which order */

/* Local. Interior rows first. */
static h2v_status put_in_order(const h2vi_ghosts *ghosts, h2vi_work *work)
{
    const h2v_graph *graph = ghosts->graph;
    const int64_t num_owned = graph->num_owned;
    uint8_t *is_boundary = h2vi_alloc_n(num_owned, sizeof *is_boundary);
    work->order = h2vi_alloc_n(num_owned, sizeof *work->order);
    if (!is_boundary || !work->order) {
        free(is_boundary);
        return h2vi_fail_memory("the order of rows");
    }
    int64_t num_interior = 0;
#pragma omp parallel for schedule(static) num_threads(graph->world->num_threads)           \
    reduction(+ : num_interior)
    for (int64_t v = 0; v < num_owned; v++) {
        for (int64_t i = graph->offsets[v]; i < graph->offsets[v + 1] && !is_boundary[v];
             i++)
            is_boundary[v] = ghosts->sources[i] >= num_owned;
        num_interior += !is_boundary[v];
    }
    int64_t at[2] = {0, num_interior};
    for (int64_t v = 0; v < num_owned; v++) work->order[at[is_boundary[v]]++] = (uint32_t)v;
    work->num_interior = num_interior;
    free(is_boundary);
    return H2V_OK;
}

/* ---- the tasks */

/* Without tasks it only counts. */
typedef struct task_list {
    const h2vi_work *work;
    const int64_t *offsets;
    h2vi_row_task *tasks;
    int64_t num_tasks;
    int num_hubs;
} task_list;

static int64_t num_arcs_at(const task_list *list, int64_t at)
{
    const uint32_t v = list->work->order[at];
    return list->offsets[v + 1] - list->offsets[v];
}

static void add(task_list *list, h2vi_row_task task)
{
    if (list->tasks) list->tasks[list->num_tasks] = task;
    list->num_tasks++;
}

/* Slices of about H2VI_HUB_ARCS arcs, if each had all columns. */
static void add_hub(task_list *list, int64_t at)
{
    const int stride = list->work->stride, num_blocks = stride / H2VI_ROW_LANES;
    const int64_t wanted = (num_arcs_at(list, at) + H2VI_HUB_ARCS - 1) / H2VI_HUB_ARCS;
    const int num_slices = wanted < num_blocks ? (int)wanted : num_blocks;
    for (int i = 0; i < num_slices; i++)
        add(list, (h2vi_row_task){
                      .begin = at,
                      .end = at + 1,
                      .begin_column = num_blocks * i / num_slices * H2VI_ROW_LANES,
                      .end_column = num_blocks * (i + 1) / num_slices * H2VI_ROW_LANES,
                      .hub = list->num_hubs,
                      .num_slices = num_slices});
    list->num_hubs++;
}

static void add_run(task_list *list, int64_t begin, int64_t end)
{
    if (begin < end)
        add(list,
            (h2vi_row_task){
                .begin = begin, .end = end, .end_column = list->work->stride, .hub = -1});
}

/* Places [begin, end) of the order: hubs first, since they take longest. */
static void add_rows(task_list *list, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        if (num_arcs_at(list, i) > H2VI_HUB_ARCS) add_hub(list, i);
    int64_t first = begin, num_arcs = 0;
    for (int64_t i = begin; i < end; i++) {
        const bool is_hub = num_arcs_at(list, i) > H2VI_HUB_ARCS;
        num_arcs += num_arcs_at(list, i) + ROW_ARCS;
        if (!is_hub && num_arcs < H2VI_TASK_ARCS) continue;
        add_run(list, first, is_hub ? i : i + 1);
        first = i + 1;
        num_arcs = 0;
    }
    add_run(list, first, end);
}

static task_list list_tasks(const h2vi_ghosts *ghosts, h2vi_work *work,
                            h2vi_row_task *tasks)
{
    task_list list = {.work = work, .offsets = ghosts->graph->offsets, .tasks = tasks};
    add_rows(&list, 0, work->num_interior);
    work->num_interior_tasks = list.num_tasks;
    add_rows(&list, work->num_interior, ghosts->graph->num_owned);
    return list;
}

h2v_status h2vi_work_create(const h2vi_ghosts *ghosts, int stride, h2vi_work *work)
{
    *work = (h2vi_work){.stride = stride};
    const h2v_status status = put_in_order(ghosts, work);
    if (status != H2V_OK) {
        h2vi_work_clear(work);
        return status;
    }
    const task_list list = list_tasks(ghosts, work, NULL);
    work->num_tasks = list.num_tasks;
    work->num_hubs = list.num_hubs;
    work->tasks = h2vi_alloc_n(list.num_tasks, sizeof *work->tasks);
    work->hub_sums = h2vi_alloc_n((int64_t)list.num_hubs * stride, sizeof *work->hub_sums);
    work->to_come = h2vi_alloc_n(list.num_hubs, sizeof *work->to_come);
    if (!work->tasks || !work->hub_sums || !work->to_come) {
        h2vi_work_clear(work);
        return h2vi_fail_memory("tasks of rows");
    }
    (void)list_tasks(ghosts, work, work->tasks);
    for (int64_t i = 0; i < work->num_tasks; i++)
        if (work->tasks[i].hub >= 0)
            atomic_init(&work->to_come[work->tasks[i].hub], work->tasks[i].num_slices);
    return H2V_OK;
}

int64_t h2vi_work_task_bytes(int64_t num_owned, int64_t num_arcs)
{
    const int64_t num_tasks = (num_arcs + ROW_ARCS * num_owned) / H2VI_TASK_ARCS + 2;
    return num_tasks * (int64_t)sizeof(h2vi_row_task);
}

void h2vi_work_clear(h2vi_work *work)
{
    free(work->order);
    free(work->tasks);
    free(work->hub_sums);
    free((void *)work->to_come);
    *work = (h2vi_work){0};
}

/* ---- doing them */

static void finish(const h2vi_power_step *step, int64_t v, float *sums)
{
    step->finish_row(&step->how, step->divisors[v], sums, step->to + v * step->row_bytes,
                     step->result + v * step->how.stride);
}

/* Who sums a hub's last slice finishes its row, and makes ready for the next power. */
static void do_slice(h2vi_work *work, const h2vi_power_step *step,
                     const h2vi_row_task *task)
{
    const int64_t v = work->order[task->begin];
    float *sums = work->hub_sums + (int64_t)task->hub * work->stride;
    step->sum_row(&step->a, v, task->begin_column, task->end_column, sums);
    if (atomic_fetch_sub(&work->to_come[task->hub], 1) > 1) return;
    atomic_store(&work->to_come[task->hub], task->num_slices);
    finish(step, v, sums);
}

static void do_run(const h2vi_work *work, const h2vi_power_step *step,
                   const h2vi_row_task *task)
{
    _Alignas(64) float sums[H2V_MAX_DIM];
    for (int64_t i = task->begin; i < task->end; i++) {
        const int64_t v = work->order[i];
        step->sum_row(&step->a, v, 0, work->stride, sums);
        finish(step, v, sums);
    }
}

double h2vi_work_do(h2vi_work *work, h2vi_rows rows, const h2vi_power_step *step,
                    h2vi_ghost_pull *pull)
{
    const bool is_interior = rows == H2VI_INTERIOR_ROWS;
    const int64_t end = is_interior ? work->num_interior_tasks : work->num_tasks;
    _Atomic int64_t next = is_interior ? 0 : work->num_interior_tasks;
    double seconds = 0;
#pragma omp parallel num_threads(pull->exchange.world->num_threads) reduction(+ : seconds)
    {
        const double start = h2vi_thread_seconds();
        for (int64_t i = atomic_fetch_add(&next, 1); i < end;
             i = atomic_fetch_add(&next, 1)) {
            const h2vi_row_task *task = &work->tasks[i];
            if (task->hub >= 0)
                do_slice(work, step, task);
            else
                do_run(work, step, task);
            if (omp_get_thread_num() == 0) h2vi_ghost_pull_poke(pull);
        }
        seconds += h2vi_thread_seconds() - start;
    }
    return seconds;
}
