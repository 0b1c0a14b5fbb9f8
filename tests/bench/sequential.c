/* SPDX-License-Identifier: MIT */

/* sequential GRAPH.h5 -o EMBEDDING.h5 [--walks N] [--walk-length N] [--window N]
 *            [--negatives N] [--dim N] [--seed N] [--repeat N] [--report FILE]
 *
 * What quality is judged against: skip-gram with negative sampling as textbooks have it
 * (skip_gram.h), one pair after the other, on the walks and windows that `embed` has for
 * the same seed, from the same first rows and with negatives by the same weights. Starts
 * are shuffled for each walk number (Perozzi et al. 2014, doi:10.1145/2623330.2623732). The
 * learning rate falls linearly with walks, from .025 to a ten-thousandth of it.
 *
 * Writes an embedding that `evaluate links` reads, and prints how fast it was, in CPU
 * seconds of one thread: the median of the repetitions, the least and the greatest, with
 * walks and pairs, without reading and writing. The report is what settings.py reads. */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bench.h"
#include "clock.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "isa.h"
#include "noise_weights.h"
#include "output_rows.h"
#include "skip_gram.h"
#include "starts.h"

enum { WALKS_AT_ONCE = 1 << 13 };

typedef struct reference {
    const char *path, *output, *report;
    h2v_embed_params params;
    int repeat;

    h2v_world *world;
    h2v_graph *graph; /* as loaded: slots are gids */
    skip_gram model;
    skip_gram_train *train;
    h2vi_alias *noise;
    h2vi_walk_engine engine;
    h2vi_start *starts; /* of one walk number, shape [num_vertices] */
    h2vi_token *tokens; /* shape [WALKS_AT_ONCE, walk_length] */
    int64_t num_pairs;  /* of a repetition */
    double walk_seconds, train_seconds;
    double rates[BENCH_MAX_REPEAT]; /* million pairs a CPU second */
} reference;

/* argv[argc] is NULL, so that a value that is missing is no number. */
static h2v_status parse(char **argv, reference *this)
{
    *this = (reference){.params = h2v_embed_params_default(), .repeat = 1};
    h2v_embed_params *params = &this->params;
    params->parts = params->rounds = 1;
    int seed = 1;
    for (int i = 1; argv[i]; i++) {
        const char *name = argv[i];
        if (name[0] != '-') {
            this->path = name;
            continue;
        }
        const char **text = strcmp(name, "-o") == 0         ? &this->output
                            : strcmp(name, "--report") == 0 ? &this->report
                                                            : NULL;
        int *number = strcmp(name, "--walks") == 0         ? &params->walks
                      : strcmp(name, "--walk-length") == 0 ? &params->walk_length
                      : strcmp(name, "--window") == 0      ? &params->window
                      : strcmp(name, "--negatives") == 0   ? &params->negatives
                      : strcmp(name, "--dim") == 0         ? &params->dim
                      : strcmp(name, "--seed") == 0        ? &seed
                      : strcmp(name, "--repeat") == 0      ? &this->repeat
                                                           : NULL;
        const int most = number == &this->repeat          ? BENCH_MAX_REPEAT
                         : number == &params->walk_length ? H2V_MAX_WALK_LENGTH
                                                          : 65536;
        h2v_status status = H2V_OK;
        if (number)
            status = bench_number(name, argv[++i], most, number);
        else if (!text)
            status = h2v_fail(H2V_ERR_ARGUMENT, "%s: no such option", name);
        else if (!(*text = argv[++i]))
            status = h2v_fail(H2V_ERR_ARGUMENT, "%s: no value", name);
        if (status != H2V_OK) return status;
    }
    params->seed = (uint64_t)seed;
    if (!this->path || !this->output)
        return h2v_fail(H2V_ERR_ARGUMENT, "A graph file and -o with an output are needed");
    return H2V_OK;
}

/* ---- before ---- */

static h2v_status build_noise(reference *this)
{
    const int64_t n = this->graph->num_vertices;
    int64_t *counts = h2vi_alloc_n(2 * n, sizeof *counts); /* visits, then weights */
    float *weights = h2vi_alloc_n(n, sizeof *weights);
    h2vi_alias_scratch scratch = {.share = h2vi_alloc_n(n, sizeof *scratch.share),
                                  .small = h2vi_alloc_n(n, sizeof *scratch.small),
                                  .large = h2vi_alloc_n(n, sizeof *scratch.large)};
    this->noise = h2vi_alloc_n(n, sizeof *this->noise);
    h2v_status status = H2V_OK;
    if (!counts || !weights || !scratch.share || !scratch.small || !scratch.large ||
        !this->noise)
        status = h2vi_fail_memory("the noise");
    if (status == H2V_OK)
        status = h2v_embed_count_visits(this->graph, &this->params, counts);
    if (status == H2V_OK)
        status = h2vi_noise_weights(this->graph, &this->params, counts, counts + n);
    if (status == H2V_OK) {
        for (int64_t v = 0; v < n; v++) {
            const double root = sqrt((double)counts[n + v]);
            weights[v] = (float)(root * sqrt(root)); /* to the power of .75 */
        }
        h2vi_alias_build(n, weights, &scratch, this->noise);
    }
    free(counts);
    free(weights);
    free(scratch.share);
    free(scratch.small);
    free(scratch.large);
    return status;
}

static h2v_status prepare(reference *this)
{
    const h2v_embed_params *params = &this->params;
    h2v_status status = h2v_graph_load(this->world, this->path, &this->graph);
    if (status == H2V_OK) status = build_noise(this);
    if (status != H2V_OK) return status;
    const h2vi_walk_params walks = h2vi_walks_of(params);
    status = h2vi_walk_engine_init(this->graph, &walks, NULL, NULL, &this->engine);
    if (status != H2V_OK) return status;

    const int64_t n = this->graph->num_vertices;
    const int stride = h2vi_stride_of(params->dim);
    this->model = (skip_gram){
        .stride = stride,
        .negatives = params->negatives,
        .num_vertices = (uint32_t)n,
        .in = h2vi_alloc_n(n * stride, sizeof *this->model.in),
        .out = h2vi_alloc_n(n * stride, sizeof *this->model.out),
        .noise = this->noise,
        .change = h2vi_alloc_n(stride, sizeof *this->model.change),
        .targets = h2vi_alloc_n(params->negatives, sizeof *this->model.targets)};
    this->starts = h2vi_alloc_n(n, sizeof *this->starts);
    this->tokens =
        h2vi_alloc_n((int64_t)WALKS_AT_ONCE * params->walk_length, sizeof *this->tokens);
    if (!this->model.in || !this->model.out || !this->model.change ||
        !this->model.targets || !this->starts || !this->tokens)
        return h2vi_fail_memory("rows and walks");
    this->train = skip_gram_train_plain;
#ifdef H2V_HAS_X86_KERNELS
    if (h2vi_isa_is_here(H2VI_AVX2)) this->train = skip_gram_train_avx2;
#endif
    return H2V_OK;
}

static void begin_rows(reference *this)
{
    const h2v_embed_params *params = &this->params;
    skip_gram *model = &this->model;
    const int64_t n = this->graph->num_vertices;
    for (int64_t v = 0; v < n; v++)
        h2vi_draw_noise(params->seed, (uint32_t)v, params->dim,
                        model->in + v * model->stride);
    memset(model->out, 0, (size_t)(n * model->stride) * sizeof *model->out);
    model->random = params->seed;
}

/* ---- training ---- */

/* One walk of every vertex, in random order (Fisher and Yates). */
static void shuffle_starts(reference *this, uint32_t walk)
{
    const uint32_t n = this->model.num_vertices;
    for (uint32_t v = 0; v < n; v++) {
        const uint32_t word =
            h2vi_random(this->params.seed, H2VI_FOR_GENERATOR, 0, walk, v, 0).w[0];
        const uint32_t place = h2vi_below(word, v + 1);
        this->starts[v] = this->starts[place];
        this->starts[place] = (h2vi_start){v, walk};
    }
}

/* Half-widths of windows are drawn as route.c draws them, so that pairs are the same. */
static void train_walk(reference *this, h2vi_start start, const h2vi_token *walk,
                       float rate)
{
    const h2v_embed_params *params = &this->params;
    int length = 0;
    while (length < params->walk_length && walk[length].slot != H2V_NO_SLOT) length++;
    h2vi_words random = {{0}};
    for (int i = 0; i < length; i++) {
        if (i % 4 == 0)
            random = h2vi_random(params->seed, H2VI_FOR_WINDOW, 0, start.walk, start.vertex,
                                 (uint32_t)i / 4);
        const int reach = 1 + (int)h2vi_below(random.w[i % 4], (uint32_t)params->window);
        const int begin = i > reach ? i - reach : 0;
        const int end = i + reach < length ? i + reach + 1 : length;
        for (int j = begin; j < end; j++)
            if (j != i) this->train(&this->model, walk[i].slot, walk[j].slot, rate);
        this->num_pairs += end - begin - 1;
    }
}

/* Walks [first, first + count) of starts; `num_before`: walks of all numbers before. */
static h2v_status train_batch(reference *this, int64_t first, int64_t count,
                              int64_t num_before)
{
    const int walk_length = this->params.walk_length;
    const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK,
                               .num_walks = count,
                               .starts = this->starts + first,
                               .tokens = this->tokens};
    const double start = h2vi_thread_seconds();
    const h2v_status status = h2vi_walk(&this->engine, &run);
    const double middle = h2vi_thread_seconds();
    if (status != H2V_OK) return status;

    const double all = (double)this->graph->num_vertices * this->params.walks;
    for (int64_t w = 0; w < count; w++) {
        const double left = 1 - (double)(num_before + first + w) / all;
        const double rate = this->params.learning_rate * (left > 1e-4 ? left : 1e-4);
        train_walk(this, run.starts[w], run.tokens + w * walk_length, (float)rate);
    }
    this->walk_seconds += middle - start;
    this->train_seconds += h2vi_thread_seconds() - middle;
    return H2V_OK;
}

static h2v_status train(reference *this)
{
    const int64_t n = this->graph->num_vertices;
    h2v_status status = H2V_OK;
    begin_rows(this);
    this->num_pairs = 0;
    this->walk_seconds = this->train_seconds = 0;
    for (int walk = 0; walk < this->params.walks; walk++) {
        shuffle_starts(this, (uint32_t)walk);
        for (int64_t first = 0; status == H2V_OK && first < n; first += WALKS_AT_ONCE)
            status = train_batch(this, first,
                                 n - first < WALKS_AT_ONCE ? n - first : WALKS_AT_ONCE,
                                 n * walk);
    }
    return status;
}

/* ---- after ---- */

static h2v_status create_file(const reference *this)
{
    const h2vi_embedding_header header = {.num_vertices = this->graph->num_vertices,
                                          .dim = this->params.dim,
                                          .directed = this->graph->directed,
                                          .has_contexts = true,
                                          .digest = this->graph->digest,
                                          .seed = this->params.seed,
                                          .parts = 1,
                                          .groups = 1,
                                          .method = "sequential",
                                          .parameters = "{}"};
    h2vi_ids ids = {0};
    h2v_status status = h2vi_graph_read_ids(this->path, &ids);
    if (status == H2V_OK) status = h2vi_embedding_create(this->output, &header, &ids);
    h2vi_ids_clear(&ids);
    return status;
}

static h2v_status write_rows(const reference *this)
{
    const int dim = this->params.dim, stride = this->model.stride;
    h2vi_embedding_writer *writer = NULL;
    h2v_status status = create_file(this);
    if (status == H2V_OK) status = h2vi_embedding_open(this->world, this->output, &writer);
    if (status == H2V_OK)
        status = h2vi_write_owned_rows(this->graph, dim, stride, this->model.in,
                                       "embeddings", writer);
    if (status == H2V_OK)
        status = h2vi_write_owned_rows(this->graph, dim, stride, this->model.out,
                                       "contexts", writer);
    const h2v_status closed = h2vi_embedding_close(&writer);
    return status == H2V_OK ? closed : status;
}

static h2v_status write_report(const reference *this)
{
    FILE *file = fopen(this->report, "w");
    if (!file) return h2v_fail(H2V_ERR_IO, "'%s' cannot be written", this->report);
    (void)fprintf(file,
                  "{\"parameters\": {\"method\": \"sequential\"}, \"num_pairs\": %" PRId64
                  ",\n \"phases\": {\"walk\": {\"cpu_seconds\": %.6f}, "
                  "\"train\": {\"cpu_seconds\": %.6f}}}\n",
                  this->num_pairs, this->walk_seconds, this->train_seconds);
    if (fclose(file) == 0) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "'%s' cannot be written", this->report);
}

static void print(reference *this)
{
    const double median = bench_median(this->repeat, this->rates);
    (void)printf("pairs: %" PRId64 "\nCPU seconds of walks: %.3f\n"
                 "CPU seconds of pairs: %.3f\n",
                 this->num_pairs, this->walk_seconds, this->train_seconds);
    (void)printf("million pairs per CPU second: %.3f (%.3f to %.3f)\n", median,
                 this->rates[0], this->rates[this->repeat - 1]);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    reference this;
    h2v_status status = parse(argv, &this);
    if (status == H2V_OK) status = h2v_world_create(MPI_COMM_SELF, 1, &this.world);
    if (status == H2V_OK) status = prepare(&this);
    for (int turn = 0; status == H2V_OK && turn < this.repeat; turn++) {
        status = train(&this);
        this.rates[turn] =
            1e-6 * (double)this.num_pairs / (this.walk_seconds + this.train_seconds);
    }
    if (status == H2V_OK) status = write_rows(&this);
    if (status == H2V_OK && this.report) status = write_report(&this);
    if (status == H2V_OK)
        print(&this);
    else
        (void)fprintf(stderr, "sequential: %s\n", h2v_error_message());
    h2vi_walk_engine_clear(&this.engine);
    free(this.model.in);
    free(this.model.out);
    free(this.model.change);
    free(this.model.targets);
    free(this.noise);
    free(this.starts);
    free(this.tokens);
    h2v_graph_destroy(&this.graph);
    h2v_world_destroy(&this.world);
    MPI_Finalize();
    return status == H2V_OK ? 0 : 1;
}
