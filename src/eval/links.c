/* SPDX-License-Identifier: MIT */

/* Score held-out links: see evaluate.h. One scorer at a time: all pairs are scored (in
 * double, each sum in one fixed order, so that no result depends on the threads), dumped if
 * asked for, sorted and measured. */
#include "halo2vec/evaluate.h"

#include "alloc.h"
#include "clock.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "logistic.h"
#include "metrics.h"
#include "output.h"
#include "pairs_hdf5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that an evaluation owns. */
typedef struct link_evaluation {
    const h2v_links_params *params;
    h2vi_pairs pairs;
    h2vi_csr train;
    h2vi_embedding embedding;
    double *norms;   /* shape [num_vertices] */
    double *weights; /* of the classifier, shape [dim + 1] */
    bool is_leaky, is_fitted;
} link_evaluation;

const char *h2v_scorer_name(h2v_scorer scorer)
{
    static const char *const names[H2V_NUM_SCORERS] = {
        [H2V_SCORE_IN_OUT] = "in-out",
        [H2V_SCORE_DOT] = "dot",
        [H2V_SCORE_COSINE] = "cosine",
        [H2V_SCORE_LOGISTIC] = "logistic",
    };
    return names[scorer];
}

const char *h2v_negatives_name(h2v_negatives negatives)
{
    static const char *const names[H2V_NUM_NEGATIVES] = {
        [H2V_NEGATIVES_UNIFORM] = "uniform",
        [H2V_NEGATIVES_DEGREE] = "degree",
    };
    return names[negatives];
}

/* Four sums, so that the additions need not wait for each other. */
static double dot(int64_t dim, const float *a, const float *b)
{
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    int64_t d = 0;
    for (; d + 4 <= dim; d += 4)
        for (int lane = 0; lane < 4; lane++)
            sums[lane] += (double)a[d + lane] * (double)b[d + lane];
    for (; d < dim; d++) sums[0] += (double)a[d] * (double)b[d];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static double decide(int64_t dim, const double *weights, const float *a, const float *b)
{
    double sum = weights[dim];
    for (int64_t d = 0; d < dim; d++) sum += weights[d] * ((double)a[d] * (double)b[d]);
    return sum;
}

static double score_pair(const link_evaluation *evaluation, h2v_scorer scorer, uint32_t u,
                         uint32_t v)
{
    const h2vi_embedding *embedding = &evaluation->embedding;
    const int64_t dim = embedding->dim;
    const float *in_u = embedding->vectors + u * dim;
    const float *in_v = embedding->vectors + v * dim;
    switch (scorer) {
    case H2V_SCORE_IN_OUT: {
        const double there = dot(dim, in_u, embedding->contexts + v * dim);
        if (evaluation->pairs.directed) return there;
        return there + dot(dim, in_v, embedding->contexts + u * dim);
    }
    case H2V_SCORE_COSINE: {
        const double norms = evaluation->norms[u] * evaluation->norms[v];
        return norms > 0.0 ? dot(dim, in_u, in_v) / norms : 0.0;
    }
    case H2V_SCORE_LOGISTIC:
        return decide(dim, evaluation->weights, in_u, in_v);
    case H2V_SCORE_DOT:
    case H2V_NUM_SCORERS:
        break;
    }
    return dot(dim, in_u, in_v);
}

static void score_pairs(const link_evaluation *evaluation, h2v_scorer scorer,
                        const uint32_t *pairs, double *scores)
{
    const int64_t num_pairs = evaluation->pairs.num_pairs;
#pragma omp parallel for schedule(static) num_threads(evaluation->params->num_threads)
    for (int64_t i = 0; i < num_pairs; i++)
        scores[i] = score_pair(evaluation, scorer, pairs[2 * i], pairs[2 * i + 1]);
}

static h2v_status read_split(link_evaluation *evaluation, h2vi_ids *ids)
{
    const char *split = evaluation->params->split;
    char path[4096];
    if (snprintf(path, sizeof path, "%s/pairs.h5", split) >= (int)sizeof path)
        return h2v_fail(H2V_ERR_IO, "Path is too long: '%s'", split);
    h2v_status status = h2vi_pairs_read(path, &evaluation->pairs);
    if (status != H2V_OK) return status;

    h2v_digest digest = {0, 0};
    (void)snprintf(path, sizeof path, "%s/train.h5", split);
    status = h2vi_graph_read(path, &evaluation->train, ids, &digest);
    if (status == H2V_OK) status = h2vi_csr_check(&evaluation->train);
    if (status != H2V_OK) return status;
    if (memcmp(&digest, &evaluation->pairs.train_digest, sizeof digest) != 0 ||
        evaluation->train.num_vertices != evaluation->pairs.num_vertices)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s': train.h5 and pairs.h5 do not come from the same split",
                        split);
    return H2V_OK;
}

static bool are_same_ids(const h2vi_ids *a, const h2vi_ids *b)
{
    if (a->num_ids != b->num_ids || h2vi_ids_are_numbers(a) != h2vi_ids_are_numbers(b))
        return false;
    if (h2vi_ids_are_numbers(a))
        return memcmp(a->numbers, b->numbers, (size_t)a->num_ids * sizeof *a->numbers) == 0;
    for (int64_t i = 0; i < a->num_ids; i++)
        if (strcmp(a->text + a->starts[i], b->text + b->starts[i]) != 0) return false;
    return true;
}

/* The rows must mean the same vertices: a digest does not tell their order. */
static h2v_status check_rows(const link_evaluation *evaluation, const h2vi_ids *train_ids)
{
    const char *path = evaluation->params->embedding;
    h2vi_ids ids = {0};
    const h2v_status status = h2vi_embedding_read_ids(path, &ids);
    const bool are_same = status == H2V_OK && are_same_ids(&ids, train_ids);
    h2vi_ids_clear(&ids);
    if (status != H2V_OK || are_same) return status;
    return h2v_fail(H2V_ERR_DATA,
                    "'%s' has the vertices of the split in another order, or others; embed "
                    "the split's own train.h5",
                    path);
}

static h2v_status check_finite(const link_evaluation *evaluation, const char *name,
                               const float *rows)
{
    const h2vi_embedding *embedding = &evaluation->embedding;
    const int64_t num_values = rows ? embedding->num_vertices * embedding->dim : 0;
    for (int64_t i = 0; i < num_values; i++)
        if (!isfinite(rows[i]))
            return h2v_fail(H2V_ERR_DATA, "'%s': row %lld of /%s is not finite",
                            evaluation->params->embedding, (long long)(i / embedding->dim),
                            name);
    return H2V_OK;
}

static h2v_status check_leak(link_evaluation *evaluation)
{
    const h2vi_embedding *embedding = &evaluation->embedding;
    evaluation->is_leaky = memcmp(&embedding->digest, &evaluation->pairs.train_digest,
                                  sizeof embedding->digest) != 0;
    if (!evaluation->is_leaky || evaluation->params->allow_leak) return H2V_OK;
    const bool is_whole = memcmp(&embedding->digest, &evaluation->pairs.graph_digest,
                                 sizeof embedding->digest) == 0;
    return h2v_fail(H2V_ERR_LEAK, "Leak: '%s' was trained on %s, not on '%s/train.h5'",
                    evaluation->params->embedding,
                    is_whole ? "the whole graph, held-out edges included" : "another graph",
                    evaluation->params->split);
}

static h2v_status read_embedding(link_evaluation *evaluation, const h2vi_ids *ids)
{
    h2vi_embedding *embedding = &evaluation->embedding;
    h2v_status status = h2vi_embedding_read(evaluation->params->embedding, embedding);
    if (status != H2V_OK) return status;
    if (embedding->num_vertices != evaluation->pairs.num_vertices)
        return h2v_fail(H2V_ERR_DATA, "'%s' has %lld rows; the split has %lld vertices",
                        evaluation->params->embedding, (long long)embedding->num_vertices,
                        (long long)evaluation->pairs.num_vertices);
    status = check_leak(evaluation);
    if (status == H2V_OK) status = check_rows(evaluation, ids);
    if (status == H2V_OK)
        status = check_finite(evaluation, "embeddings", embedding->vectors);
    if (status == H2V_OK)
        status = check_finite(evaluation, "contexts", embedding->contexts);
    return status;
}

/* What the scorers need besides the rows. */
static h2v_status prepare_scorers(link_evaluation *evaluation)
{
    const h2vi_embedding *embedding = &evaluation->embedding;
    const int64_t n = embedding->num_vertices, dim = embedding->dim;
    evaluation->norms = h2vi_alloc_n(n, sizeof *evaluation->norms);
    evaluation->weights = h2vi_alloc_n(dim + 1, sizeof *evaluation->weights);
    if (!evaluation->norms || !evaluation->weights) return h2vi_fail_memory("the scorers");
    for (int64_t v = 0; v < n; v++) {
        const float *row = embedding->vectors + v * dim;
        evaluation->norms[v] = sqrt(dot(dim, row, row));
    }
    return h2vi_logistic_fit(&evaluation->train, evaluation->params->seed, dim,
                             embedding->vectors, evaluation->weights,
                             &evaluation->is_fitted);
}

/* `scores`: shape [2 * num_pairs], used here. */
static h2v_status measure(const link_evaluation *evaluation, h2v_scorer scorer,
                          h2v_negatives negatives, h2vi_scores_writer *writer,
                          double *scores, h2v_links_result *result)
{
    const int64_t num_pairs = evaluation->pairs.num_pairs;
    double *negative_scores = scores + num_pairs;
    score_pairs(evaluation, scorer, evaluation->pairs.positives, scores);
    score_pairs(evaluation, scorer, evaluation->pairs.negatives[negatives],
                negative_scores);
    if (writer) {
        const h2v_status status = h2vi_scores_write(writer, scorer, negatives, scores);
        if (status != H2V_OK) return status;
    }
    h2vi_sort_scores(num_pairs, scores);
    h2vi_sort_scores(num_pairs, negative_scores);
    const h2vi_link_metrics metrics =
        h2vi_measure_links(num_pairs, scores, num_pairs, negative_scores);
    result->roc_auc[scorer][negatives] = metrics.roc_auc;
    result->average_precision[scorer][negatives] = metrics.average_precision;
    return H2V_OK;
}

static h2v_status measure_all(const link_evaluation *evaluation, h2vi_scores_writer *writer,
                              h2v_links_result *result)
{
    result->num_positives = evaluation->pairs.num_pairs;
    result->is_leaky = evaluation->is_leaky;
    double *scores = h2vi_alloc_n(2 * evaluation->pairs.num_pairs, sizeof *scores);
    h2v_status status = scores ? H2V_OK : h2vi_fail_memory("scores");
    for (int scorer = 0; scorer < H2V_NUM_SCORERS; scorer++) {
        const bool is_available = scorer == H2V_SCORE_IN_OUT
                                      ? evaluation->embedding.contexts != NULL
                                  : scorer == H2V_SCORE_LOGISTIC ? evaluation->is_fitted
                                                                 : true;
        result->is_available[scorer] = is_available;
        for (int kind = 0; is_available && kind < H2V_NUM_NEGATIVES; kind++)
            if (status == H2V_OK)
                status = measure(evaluation, (h2v_scorer)scorer, (h2v_negatives)kind,
                                 writer, scores, result);
    }
    free(scores);
    return status;
}

/* Measure, and write the scores to `path`, if any. */
static h2v_status measure_and_write(const link_evaluation *evaluation, const char *path,
                                    h2v_links_result *result)
{
    h2vi_scores_writer *writer = NULL;
    h2v_status status = H2V_OK;
    if (path)
        status =
            h2vi_scores_create(path, &evaluation->pairs, evaluation->is_leaky, &writer);
    if (status == H2V_OK) status = measure_all(evaluation, writer, result);
    const h2v_status closed = h2vi_scores_close(&writer);
    return status != H2V_OK ? status : closed;
}

static h2v_status check_params(const h2v_links_params *params)
{
    if (!params->embedding || !params->split)
        return h2v_fail(H2V_ERR_ARGUMENT, "An evaluation needs an embedding and a split");
    if (params->num_threads < 1)
        return h2v_fail(H2V_ERR_ARGUMENT, "%d threads; at least 1 is needed",
                        params->num_threads);
    return H2V_OK;
}

h2v_status h2v_evaluate_links(const h2v_links_params *params, h2v_links_result *result)
{
    const double start = h2vi_wall_seconds();
    *result = (h2v_links_result){0};
    h2v_status status = check_params(params);
    if (status != H2V_OK) return status;

    link_evaluation evaluation = {.params = params};
    h2vi_output output = {0};
    h2vi_ids ids = {0};
    if (params->scores)
        status = h2vi_output_begin(
            params->scores, params->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING,
            &output);
    if (status == H2V_OK) status = read_split(&evaluation, &ids);
    if (status == H2V_OK) status = read_embedding(&evaluation, &ids);
    if (status == H2V_OK) status = prepare_scorers(&evaluation);
    if (status == H2V_OK) status = measure_and_write(&evaluation, output.temporary, result);
    if (status == H2V_OK && params->scores) status = h2vi_output_commit(&output);
    result->seconds = h2vi_wall_seconds() - start;

    h2vi_output_discard(&output);
    h2vi_ids_clear(&ids);
    h2vi_embedding_clear(&evaluation.embedding);
    h2vi_csr_clear(&evaluation.train);
    h2vi_pairs_clear(&evaluation.pairs);
    free(evaluation.norms);
    free(evaluation.weights);
    return status;
}
