/* SPDX-License-Identifier: MIT */

/* Wall and CPU seconds of a phase, added to a rank's report; waits are told apart by phase.
 */
#pragma once

#include "clock.h"
#include "halo2vec/embed.h"
#include "wait.h"

typedef struct h2vi_phase_clock {
    h2v_rank_report *report;
    h2v_phase phase;
    double wall, cpu;
    const char *activity;   /* around it */
    const h2v_world *world; /* NULL, or whose traffic belongs to the phase */
    h2v_traffic before;
} h2vi_phase_clock;

/* As in "waited 3 s for blocks in training". */
static inline const char *h2vi_phase_activity(h2v_phase phase)
{
    static const char *const names[H2V_NUM_PHASES] = {
        "loading",        "trial walks", "partitioning", "migration",
        "initialization", "multiplying", "walking",      "routing",
        "pulling",        "training",    "pushing",      "writing"};
    return names[phase];
}

static inline h2vi_phase_clock h2vi_phase_begin(h2v_rank_report *report, h2v_phase phase)
{
    return (h2vi_phase_clock){.report = report,
                              .phase = phase,
                              .wall = h2vi_wall_seconds(),
                              .cpu = h2vi_process_seconds(),
                              .activity =
                                  h2vi_wait_name_activity(h2vi_phase_activity(phase))};
}

/* The same for a phase that nothing overlaps: all bytes that move in it are its own. */
static inline h2vi_phase_clock
h2vi_phase_begin_counting(const h2v_world *world, h2v_rank_report *report, h2v_phase phase)
{
    h2vi_phase_clock clock = h2vi_phase_begin(report, phase);
    clock.world = world;
    clock.before = *world->traffic;
    return clock;
}

static inline void h2vi_phase_end(const h2vi_phase_clock *clock)
{
    clock->report->wall_seconds[clock->phase] += h2vi_wall_seconds() - clock->wall;
    clock->report->cpu_seconds[clock->phase] += h2vi_process_seconds() - clock->cpu;
    (void)h2vi_wait_name_activity(clock->activity);
    if (!clock->world) return;
    const h2v_traffic *now = clock->world->traffic;
    clock->report->bytes_sent[clock->phase] += now->bytes_sent - clock->before.bytes_sent;
    clock->report->bytes_received[clock->phase] +=
        now->bytes_received - clock->before.bytes_received;
}
