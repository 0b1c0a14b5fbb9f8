/* SPDX-License-Identifier: MIT */

/* cell [--dim N] [--centers N] [--rows N] [--pairs N] [--repeat N] [--scalar 1]
 *
 * How fast the kernels train a cell, on one thread (to be pinned by the caller): `centers`
 * rows with `pairs` contexts each among `rows` others, by each instruction set that is
 * here. All take turns, so that what else the machine does meets all alike; CPU seconds,
 * the median of the repetitions and the least and the greatest. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cells.h"

enum { PAIRS_OF_A_TURN = 1 << 21 };

typedef struct bench {
    int dim, centers, rows, pairs, repeat, scalar;
    const test_cell *test;
    double seconds[H2VI_NUM_ISAS][BENCH_MAX_REPEAT];
} bench;

static h2v_status parse(char **argv, bench *b)
{
    *b = (bench){.dim = 128, .centers = 940, .rows = 940, .pairs = 16, .repeat = 5};
    h2v_status status = H2V_OK;
    for (int i = 1; status == H2V_OK && argv[i]; i += 2) {
        int *number = strcmp(argv[i], "--dim") == 0       ? &b->dim
                      : strcmp(argv[i], "--centers") == 0 ? &b->centers
                      : strcmp(argv[i], "--rows") == 0    ? &b->rows
                      : strcmp(argv[i], "--pairs") == 0   ? &b->pairs
                      : strcmp(argv[i], "--repeat") == 0  ? &b->repeat
                      : strcmp(argv[i], "--scalar") == 0  ? &b->scalar
                                                          : NULL;
        const int most = number == &b->repeat ? BENCH_MAX_REPEAT : 1 << 20;
        if (!number) return h2v_fail(H2V_ERR_ARGUMENT, "%s: no such option", argv[i]);
        status = bench_number(argv[i], argv[i + 1], most, number);
    }
    return status;
}

static h2vi_train_cell *kernel_of(const bench *b, int isa)
{
    return isa == H2VI_SCALAR && !b->scalar ? NULL : h2vi_cell_kernel((h2vi_isa)isa);
}

/* A turn is as many passes as make about PAIRS_OF_A_TURN. */
static int passes(const bench *b)
{
    return 1 + PAIRS_OF_A_TURN / (b->centers * b->pairs);
}

static void train_one(void *context, int isa)
{
    const bench *b = context;
    h2vi_train_cell *kernel = kernel_of(b, isa);
    for (int pass = 0; kernel && pass < passes(b); pass++) kernel(&b->test->cell);
}

static void report(bench *b)
{
    const double millions = 1e-6 * passes(b) * b->centers * b->pairs;
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        if (!kernel_of(b, isa)) continue;
        double *seconds = b->seconds[isa];
        const double median = bench_median(b->repeat, seconds);
        (void)printf("%s, million pairs per CPU second: %.2f (%.2f to %.2f)\n",
                     h2vi_isa_name((h2vi_isa)isa), millions / median,
                     millions / seconds[b->repeat - 1], millions / seconds[0]);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    bench b;
    test_cell test;
    if (parse(argv, &b) != H2V_OK) {
        (void)fprintf(stderr, "cell: %s\n", h2v_error_message());
        return 1;
    }
    int *pairs_of = h2vi_alloc_n(b.centers, sizeof *pairs_of);
    if (!pairs_of) return 1;
    for (int c = 0; c < b.centers; c++) pairs_of[c] = b.pairs;
    cell_init(b.dim, b.centers, pairs_of, b.rows, &test);
    test.cell.rate_begin = test.cell.rate_end = 1e-6F; /* rows stay what they are */
    b.test = &test;
    bench_turns(b.repeat, H2VI_NUM_ISAS, train_one, &b, b.seconds);
    report(&b);
    cell_clear(&test);
    free(pairs_of);
    return 0;
}
