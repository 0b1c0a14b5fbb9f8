/* SPDX-License-Identifier: MIT */

/* Checks for tests on several ranks. A failing check says so and goes on, since a rank that
 * stopped would leave the others waiting; check_report() adds up the failures of all ranks.
 * Tests of one rank use cmocka. */
#pragma once

#include <inttypes.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "halo2vec/status.h"

static int check_num_checks, check_num_failures;

static inline int check_rank(void)
{
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline void check_that(int holds, const char *text, const char *file, int line)
{
    check_num_checks++;
    if (holds) return;
    check_num_failures++;
    (void)fprintf(stderr, "%s:%d: rank %d: %s does not hold\n", file, line, check_rank(),
                  text);
}

static inline void check_equal(int64_t actual, int64_t expected, const char *text,
                               const char *file, int line)
{
    check_num_checks++;
    if (actual == expected) return;
    check_num_failures++;
    (void)fprintf(stderr, "%s:%d: rank %d: %s is %" PRId64 ", expected %" PRId64 "\n", file,
                  line, check_rank(), text, actual, expected);
}

static inline void check_status(h2v_status actual, h2v_status expected,
                                const char *fragment, const char *text, const char *file,
                                int line)
{
    const int has_fragment =
        actual == H2V_OK || strstr(h2v_error_message(), fragment) != NULL;
    check_num_checks++;
    if (actual == expected && has_fragment) return;
    check_num_failures++;
    (void)fprintf(stderr, "%s:%d: rank %d: %s gives %d \"%s\", expected %d with \"%s\"\n",
                  file, line, check_rank(), text, (int)actual,
                  actual == H2V_OK ? "" : h2v_error_message(), (int)expected, fragment);
}

#define CHECK(condition) check_that((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_EQ(actual, expected)                                                         \
    check_equal((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)
/* The call gives this status, and a message that holds the fragment ("" for any). */
#define CHECK_STATUS(call, expected, fragment)                                             \
    check_status((call), (expected), (fragment), #call, __FILE__, __LINE__)

/* Collective. What main returns: 0 if all checks held on all ranks, and each rank made
 * some. */
static inline int check_report(void)
{
    int failures = check_num_failures + (check_num_checks == 0);
    MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return failures == 0 ? 0 : 1;
}
