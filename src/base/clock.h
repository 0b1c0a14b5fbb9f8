/* SPDX-License-Identifier: MIT */

/* Three clocks: the wall, and the CPU time of the calling thread and of the process. Who
 * waits asleep uses none; MPI waits awake. */
#pragma once

#include <time.h>

static inline double h2vi_seconds_on(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline double h2vi_wall_seconds(void)
{
    return h2vi_seconds_on(CLOCK_MONOTONIC);
}

static inline double h2vi_thread_seconds(void)
{
    return h2vi_seconds_on(CLOCK_THREAD_CPUTIME_ID);
}

static inline double h2vi_process_seconds(void)
{
    return h2vi_seconds_on(CLOCK_PROCESS_CPUTIME_ID);
}

/* For waits that end at a time: so long from now. */
static inline struct timespec h2vi_time_in(clockid_t clock, long nanoseconds)
{
    struct timespec time;
    (void)clock_gettime(clock, &time);
    time.tv_nsec += nanoseconds;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}
