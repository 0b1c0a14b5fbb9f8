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
    const char *activity; /* around it */
} h2vi_phase_clock;

/* As in "waited 3 s for blocks in training". */
static inline const char *h2vi_phase_activity(h2v_phase phase)
{
    static const char *const names[H2V_NUM_PHASES] = {
        "loading", "trial walks", "partitioning", "migration", "walking",
        "routing", "pulling",     "training",     "pushing",   "writing"};
    return names[phase];
}

static inline h2vi_phase_clock h2vi_phase_begin(h2v_rank_report *report, h2v_phase phase)
{
    return (h2vi_phase_clock){report, phase, h2vi_wall_seconds(), h2vi_process_seconds(),
                              h2vi_wait_name_activity(h2vi_phase_activity(phase))};
}

static inline void h2vi_phase_end(const h2vi_phase_clock *clock)
{
    clock->report->wall_seconds[clock->phase] += h2vi_wall_seconds() - clock->wall;
    clock->report->cpu_seconds[clock->phase] += h2vi_process_seconds() - clock->cpu;
    (void)h2vi_wait_name_activity(clock->activity);
}
