/* SPDX-License-Identifier: MIT */

/* multiply [GRAPH.h5 | --rmat SCALE FACTOR] [--dim N] [--bf16] [--repeat N]
 *
 * How fast A X is, beside what the memory gives, on one thread (to be pinned by the
 * caller): reading an array as large as X, gathering rows by a loop by hand (gather.h) and
 * nothing else, the kernels' sums, and their sums with what finishes rows. All take turns,
 * so that what else the machine does meets all alike; CPU seconds, the median of the
 * repetitions and the least and the greatest. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bench.h"
#include "fail.h"
#include "gather.h"
#include "graph_hdf5.h"
#include "multiply.h"
#include "random.h"
#include "rmat.h"

enum { NUM_DISTANCES = 5 };

/* What is measured: reading, gathering at each distance, sums, sums and the rest. */
enum { READ, GATHER, SUM = GATHER + NUM_DISTANCES, WHOLE, NUM_MEASURED };

static const gather_ahead distances[NUM_DISTANCES] = {
    {0, 16}, {32, 8}, {64, 8}, {64, 16}, {128, 8}};

typedef struct bench {
    const char *path; /* NULL: R-MAT */
    rmat rmat;
    int dim, repeat;
    h2v_row_type row_type;
    h2vi_isa isa;

    h2vi_csr csr;
    h2vi_multiplication a;
    size_t num_bytes; /* of X */
    void *rows, *to;
    float *sums, *result;
    double seconds[NUM_MEASURED][BENCH_MAX_REPEAT];
} bench;

/* argv[argc] is NULL, so that a value that is missing is no number. */
static h2v_status parse(char **argv, bench *b)
{
    *b = (bench){.rmat = {18, 16, 1}, .dim = 128, .repeat = 5, .isa = h2vi_best_isa()};
    for (int i = 1; argv[i]; i++) {
        const char *name = argv[i];
        h2v_status status = H2V_OK;
        if (strcmp(name, "--bf16") == 0) {
            b->row_type = H2V_ROWS_BF16;
        } else if (strcmp(name, "--dim") == 0) {
            status = bench_number(name, argv[++i], 65536, &b->dim);
        } else if (strcmp(name, "--repeat") == 0) {
            status = bench_number(name, argv[++i], BENCH_MAX_REPEAT, &b->repeat);
        } else if (strcmp(name, "--rmat") == 0) {
            status = bench_number(name, argv[++i], 31, &b->rmat.scale);
            if (status == H2V_OK)
                status = bench_number(name, argv[++i], 4096, &b->rmat.factor);
        } else if (name[0] == '-') {
            status = h2v_fail(H2V_ERR_ARGUMENT, "%s: no such option", name);
        } else {
            b->path = name;
        }
        if (status != H2V_OK) return status;
    }
    return H2V_OK;
}

static void fill_rows(const bench *b, int64_t num_entries)
{
    for (int64_t i = 0; i < num_entries; i++) {
        const uint32_t word = (uint32_t)i * 0x9E3779B9U; /* any numbers do */
        if (b->row_type == H2V_ROWS_BF16)
            ((uint16_t *)b->rows)[i] = (uint16_t)(0x3f80 + (word >> 25));
        else
            ((float *)b->rows)[i] = h2vi_unit(word);
    }
}

static h2v_status prepare(bench *b)
{
    const h2v_status status = b->path ? h2vi_graph_read(b->path, &b->csr, NULL, NULL)
                                      : rmat_generate(&b->rmat, &b->csr);
    if (status != H2V_OK) return status;
    const int stride = (b->dim + H2VI_ROW_LANES - 1) / H2VI_ROW_LANES * H2VI_ROW_LANES;
    const size_t size = b->row_type == H2V_ROWS_BF16 ? sizeof(uint16_t) : sizeof(float);
    const int64_t num_entries = b->csr.num_vertices * stride;
    b->num_bytes = (size_t)num_entries * size;
    b->rows = h2vi_alloc_n(num_entries, size);
    b->to = h2vi_alloc_n(num_entries, size);
    b->result = h2vi_alloc_n(num_entries, sizeof *b->result);
    b->sums = h2vi_alloc_n(stride, sizeof *b->sums);
    if (!b->rows || !b->to || !b->result || !b->sums) return h2vi_fail_memory("rows");
    fill_rows(b, num_entries);
    memset(b->to, 1, b->num_bytes);
    memset(b->result, 0, (size_t)num_entries * sizeof *b->result);
    b->a = (h2vi_multiplication){b->csr.offsets,      b->csr.targets,  b->csr.weights,
                                 b->csr.num_vertices, b->csr.num_arcs, stride,
                                 b->row_type,         b->rows,         NULL};
    return H2V_OK;
}

static const gather_loops *loops_of(const bench *b)
{
#ifdef H2V_HAS_X86_KERNELS
    if (b->isa == H2VI_AVX512) return &gather_avx512;
    if (b->isa == H2VI_AVX2) return &gather_avx2;
#endif
    (void)b;
    return NULL;
}

static gather_rows *gather_of(const bench *b)
{
    const gather_loops *loops = loops_of(b);
    if (!loops || b->a.stride != GATHER_COLUMNS || b->a.weights) return NULL;
    return b->row_type == H2V_ROWS_BF16 ? loops->bf16 : loops->f32;
}

static void sum_rows(const bench *b)
{
    h2vi_sum_row *const sum_row = h2vi_sum_row_of(b->isa);
    for (int64_t v = 0; v < b->csr.num_vertices; v++)
        sum_row(&b->a, v, 0, b->a.stride, b->sums);
}

static void multiply(const bench *b)
{
    h2vi_sum_row *const sum_row = h2vi_sum_row_of(b->isa);
    h2vi_finish_row *const finish_row = h2vi_finish_row_of(b->isa);
    const h2vi_finishing how = {b->a.stride, H2V_UNIT_ROWS_NONE, b->row_type, 0.5F};
    const int64_t row_bytes = (int64_t)b->num_bytes / b->csr.num_vertices;
    for (int64_t v = 0; v < b->csr.num_vertices; v++) {
        sum_row(&b->a, v, 0, b->a.stride, b->sums);
        const int64_t degree = b->csr.offsets[v + 1] - b->csr.offsets[v];
        finish_row(&how, (float)degree, b->sums, (char *)b->to + v * row_bytes,
                   b->result + v * b->a.stride);
    }
}

static void run_one(void *context, int what)
{
    bench *b = context;
    if (what == READ && loops_of(b))
        (void)loops_of(b)->read(b->num_bytes / 512 * 64, b->rows);
    else if (what >= GATHER && what < SUM && gather_of(b))
        gather_of(b)(&b->a, b->csr.num_vertices, distances[what - GATHER], b->sums);
    else if (what == SUM)
        sum_rows(b);
    else if (what == WHOLE)
        multiply(b);
}

/* `amount` a second, of each repetition. */
static void print(const bench *b, const char *label, const char *unit, double amount,
                  const double *seconds)
{
    (void)printf("%s: %.2f %s (%.2f to %.2f)\n", label, amount / seconds[b->repeat / 2],
                 unit, amount / seconds[b->repeat - 1], amount / seconds[0]);
}

static void print_arcs(const bench *b, const char *name, const double *seconds)
{
    char label[64];
    const double num_arcs = (double)b->csr.num_arcs;
    (void)snprintf(label, sizeof label, "%s, million arcs per second", name);
    print(b, label, "", num_arcs * 1e-6, seconds);
    (void)snprintf(label, sizeof label, "%s, gathered GB per second", name);
    print(b, label, "",
          num_arcs / (double)b->csr.num_vertices * (double)b->num_bytes * 1e-9, seconds);
}

static void report(bench *b)
{
    double medians[NUM_MEASURED];
    int best = GATHER;
    for (int what = 0; what < NUM_MEASURED; what++)
        medians[what] = bench_median(b->repeat, b->seconds[what]);
    for (int what = GATHER; what < SUM; what++)
        if (medians[what] < medians[best]) best = what;
    (void)printf("vertices: %" PRId64 "\narcs: %" PRId64 "\nbytes of rows: %zu\n"
                 "instructions: %s\n",
                 b->csr.num_vertices, b->csr.num_arcs, b->num_bytes, h2vi_isa_name(b->isa));
    if (loops_of(b))
        print(b, "read, GB per second", "", (double)b->num_bytes * 1e-9, b->seconds[READ]);
    if (gather_of(b)) {
        print_arcs(b, "gather by hand", b->seconds[best]);
        (void)printf("arcs ahead: %" PRId64 " and %" PRId64 "\n",
                     distances[best - GATHER].far, distances[best - GATHER].near);
    }
    print_arcs(b, "sums", b->seconds[SUM]);
    print_arcs(b, "sums and finish", b->seconds[WHOLE]);
    if (!gather_of(b)) return;
    (void)printf("sums / gather by hand: %.3f\n", medians[best] / medians[SUM]);
    (void)printf("sums and finish / gather by hand: %.3f\n",
                 medians[best] / medians[WHOLE]);
}

int main(int argc, char **argv)
{
    (void)argc;
    bench b;
    h2v_status status = parse(argv, &b);
    if (status == H2V_OK) status = prepare(&b);
    if (status == H2V_OK) {
        bench_turns(b.repeat, NUM_MEASURED, run_one, &b, b.seconds);
        report(&b);
    } else {
        (void)fprintf(stderr, "multiply: %s\n", h2v_error_message());
    }
    h2vi_csr_clear(&b.csr);
    free(b.rows);
    free(b.to);
    free(b.sums);
    free(b.result);
    return status == H2V_OK ? 0 : 1;
}
