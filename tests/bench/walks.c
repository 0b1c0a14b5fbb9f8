/* SPDX-License-Identifier: MIT */

/* walks (GRAPH.h5 | --rmat SCALE FACTOR) [--p X --q X] [--weighted] [--walk-length N]
 *       [--walks N] [--repeat N] [--threads N]
 *
 * How fast walks are on one rank, paths written: from every vertex that has an arc, so many
 * walks of each, at most WALKS_AT_ONCE in a call, as an embedding asks for them. CPU
 * seconds of all threads (to be pinned by the caller), with all that h2vi_walk() does; the
 * median of the repetitions, the least and the greatest. --weighted gives every edge a
 * random weight, of 1 to 2. */
#include <inttypes.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bench.h"
#include "clock.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "random.h"
#include "rmat.h"
#include "walk_engine.h"

enum { WALKS_AT_ONCE = 1 << 17 };

typedef struct bench {
    const char *path; /* NULL: R-MAT */
    rmat rmat;
    h2vi_walk_params params;
    bool is_weighted;
    int walks, repeat, num_threads;

    h2v_world *world;
    h2vi_csr csr;
    int64_t first[2]; /* slots of the one rank */
    uint32_t *gids;
    h2v_graph graph;
    h2vi_walk_engine engine;
    h2vi_start *starts;
    int64_t num_starts;
    h2vi_token *tokens;
    double rates[BENCH_MAX_REPEAT]; /* million steps a CPU second */
} bench;

static h2v_status parse_bias(const char *option, const char *text, double *bias)
{
    char *end = NULL;
    *bias = text ? strtod(text, &end) : 0;
    if (!text || *end != '\0' || !(*bias > 0 && *bias < 1e9))
        return h2v_fail(H2V_ERR_ARGUMENT, "%s takes numbers above 0", option);
    return H2V_OK;
}

/* argv[argc] is NULL, so that a value that is missing is no number. */
static h2v_status parse(char **argv, bench *b)
{
    *b = (bench){.rmat = {18, 16, 1},
                 .params = {80, 1, 1, 1},
                 .walks = 10,
                 .repeat = 5,
                 .num_threads = 1};
    for (int i = 1; argv[i]; i++) {
        const char *name = argv[i];
        h2v_status status = H2V_OK;
        if (strcmp(name, "--weighted") == 0) {
            b->is_weighted = true;
        } else if (strcmp(name, "--p") == 0) {
            status = parse_bias(name, argv[++i], &b->params.p);
        } else if (strcmp(name, "--q") == 0) {
            status = parse_bias(name, argv[++i], &b->params.q);
        } else if (strcmp(name, "--walk-length") == 0) {
            status =
                bench_number(name, argv[++i], H2V_MAX_WALK_LENGTH, &b->params.walk_length);
        } else if (strcmp(name, "--walks") == 0) {
            status = bench_number(name, argv[++i], 100000, &b->walks);
        } else if (strcmp(name, "--repeat") == 0) {
            status = bench_number(name, argv[++i], BENCH_MAX_REPEAT, &b->repeat);
        } else if (strcmp(name, "--threads") == 0) {
            status = bench_number(name, argv[++i], 1024, &b->num_threads);
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

/* A number of the two ends in either order. */
static float weight_of(uint32_t u, uint32_t v)
{
    const uint32_t low = u < v ? u : v, high = u < v ? v : u;
    return 1 + h2vi_unit(h2vi_random(1, H2VI_FOR_GENERATOR, 0, low, high, 0).w[0]);
}

static h2v_status add_weights(h2vi_csr *csr)
{
    if (!csr->weights) csr->weights = h2vi_alloc_n(csr->num_arcs, sizeof *csr->weights);
    if (!csr->weights) return h2vi_fail_memory("weights");
    for (int64_t v = 0; v < csr->num_vertices; v++)
        for (int64_t e = csr->offsets[v]; e < csr->offsets[v + 1]; e++)
            csr->weights[e] = weight_of((uint32_t)v, csr->targets[e]);
    return H2V_OK;
}

static h2v_status load(bench *b)
{
    h2v_status status = b->path ? h2vi_graph_read(b->path, &b->csr, NULL, NULL)
                                : rmat_generate(&b->rmat, &b->csr);
    if (status == H2V_OK && b->is_weighted) status = add_weights(&b->csr);
    return status;
}

/* The graph in the engine's form: slots are gids. */
static h2v_status prepare(bench *b)
{
    const h2vi_csr *csr = &b->csr;
    b->gids = h2vi_alloc_n(csr->num_vertices, sizeof *b->gids);
    b->starts = h2vi_alloc_n(csr->num_vertices * b->walks, sizeof *b->starts);
    b->tokens =
        h2vi_alloc_n((int64_t)WALKS_AT_ONCE * b->params.walk_length, sizeof *b->tokens);
    if (!b->gids || !b->starts || !b->tokens) return h2vi_fail_memory("walks");
    for (int64_t v = 0; v < csr->num_vertices; v++) b->gids[v] = (uint32_t)v;
    for (int walk = 0; walk < b->walks; walk++)
        for (int64_t v = 0; v < csr->num_vertices; v++)
            if (csr->offsets[v] < csr->offsets[v + 1])
                b->starts[b->num_starts++] = (h2vi_start){(uint32_t)v, (uint32_t)walk};
    b->first[1] = csr->num_vertices;
    b->graph = (h2v_graph){.world = b->world,
                           .num_vertices = csr->num_vertices,
                           .num_arcs = csr->num_arcs,
                           .directed = csr->directed,
                           .first = b->first,
                           .num_owned = csr->num_vertices,
                           .offsets = csr->offsets,
                           .targets = csr->targets,
                           .weights = csr->weights,
                           .gids = b->gids};
    return h2vi_walk_engine_init(&b->graph, &b->params, NULL, NULL, &b->engine);
}

static h2v_status walk(bench *b)
{
    h2v_status status = H2V_OK;
    for (int64_t done = 0; status == H2V_OK && done < b->num_starts;
         done += WALKS_AT_ONCE) {
        const int64_t left = b->num_starts - done;
        const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK,
                                   .num_walks = left < WALKS_AT_ONCE ? left : WALKS_AT_ONCE,
                                   .starts = b->starts + done,
                                   .tokens = b->tokens};
        status = h2vi_walk(&b->engine, &run);
    }
    return status;
}

/* The first turn, which is not kept, brings pages and caches. */
static h2v_status measure(bench *b)
{
    h2v_status status = H2V_OK;
    for (int turn = -1; status == H2V_OK && turn < b->repeat; turn++) {
        const int64_t steps = b->engine.num_steps;
        const double start = h2vi_seconds_on(CLOCK_PROCESS_CPUTIME_ID);
        status = walk(b);
        const double seconds = h2vi_seconds_on(CLOCK_PROCESS_CPUTIME_ID) - start;
        if (turn >= 0)
            b->rates[turn] = 1e-6 * (double)(b->engine.num_steps - steps) / seconds;
    }
    return status;
}

static void report(bench *b)
{
    const double median = bench_median(b->repeat, b->rates);
    (void)printf("vertices: %" PRId64 "\narcs: %" PRId64 "\n", b->csr.num_vertices,
                 b->csr.num_arcs);
    (void)printf("paths written: %" PRId64 "\nsteps: %" PRId64 "\n", b->num_starts,
                 b->engine.num_steps / (b->repeat + 1));
    (void)printf("million steps per CPU second, median: %.2f\n", median);
    (void)printf("million steps per CPU second, least: %.2f\n", b->rates[0]);
    (void)printf("million steps per CPU second, greatest: %.2f\n", b->rates[b->repeat - 1]);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    bench b;
    h2v_status status = parse(argv, &b);
    if (status == H2V_OK) status = h2v_world_create(MPI_COMM_SELF, b.num_threads, &b.world);
    if (status == H2V_OK) status = load(&b);
    if (status == H2V_OK) status = prepare(&b);
    if (status == H2V_OK) status = measure(&b);
    if (status == H2V_OK)
        report(&b);
    else
        (void)fprintf(stderr, "walks: %s\n", h2v_error_message());
    h2vi_walk_engine_clear(&b.engine);
    h2vi_csr_clear(&b.csr);
    free(b.gids);
    free(b.starts);
    free(b.tokens);
    h2v_world_destroy(&b.world);
    MPI_Finalize();
    return status == H2V_OK ? 0 : 1;
}
