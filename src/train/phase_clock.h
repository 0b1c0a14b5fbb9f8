/* SPDX-License-Identifier: MIT */

/* Wall and CPU seconds of a phase, added to a rank's report. */
#pragma once

#include "clock.h"
#include "halo2vec/embed.h"

typedef struct h2vi_phase_clock {
    h2v_rank_report *report;
    h2v_phase phase;
    double wall, cpu;
} h2vi_phase_clock;

static inline h2vi_phase_clock h2vi_phase_begin(h2v_rank_report *report, h2v_phase phase)
{
    return (h2vi_phase_clock){report, phase, h2vi_wall_seconds(), h2vi_process_seconds()};
}

static inline void h2vi_phase_end(const h2vi_phase_clock *clock)
{
    clock->report->wall_seconds[clock->phase] += h2vi_wall_seconds() - clock->wall;
    clock->report->cpu_seconds[clock->phase] += h2vi_process_seconds() - clock->cpu;
}
