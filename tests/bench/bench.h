/* SPDX-License-Identifier: MIT */

/* What the benches in C share: numbers of the command line, turns, and the middle of what
 * was repeated. */
#pragma once

#include <stdlib.h>

#include "clock.h"
#include "fail.h"

enum { BENCH_MAX_REPEAT = 99 };

/* `text`: what follows the option; NULL: nothing. */
static inline h2v_status bench_number(const char *option, const char *text, int most,
                                      int *number)
{
    char *end = NULL;
    const long value = text ? strtol(text, &end, 10) : 0;
    if (!text || *end != '\0' || value < 1 || value > most)
        return h2v_fail(H2V_ERR_ARGUMENT, "%s takes numbers from 1 to %d", option, most);
    *number = (int)value;
    return H2V_OK;
}

static inline int bench_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Let `count` things that run(context, i) does take turns, so that what else the machine
 * does meets all alike. CPU seconds; the first turn, which is not kept, brings pages and
 * caches. */
static inline void bench_turns(int repeat, int count, void (*run)(void *, int),
                               void *context, double (*seconds)[BENCH_MAX_REPEAT])
{
    for (int turn = -1; turn < repeat; turn++)
        for (int i = 0; i < count; i++) {
            const double start = h2vi_thread_seconds();
            run(context, i);
            if (turn >= 0) seconds[i][turn] = h2vi_thread_seconds() - start;
        }
}

/* Sorts; the median of an even number is the greater of the middle two. */
static inline double bench_median(int count, double *values)
{
    qsort(values, (size_t)count, sizeof *values, bench_compare);
    return values[count / 2];
}
