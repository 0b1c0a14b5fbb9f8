/* SPDX-License-Identifier: MIT */

/* The one file that speaks to LIBLINEAR (Fan et al. 2008, JMLR 9:1871-1874): L2-regularized
 * logistic regression in the primal (trust-region Newton), C = 1, an intercept. Nothing in
 * it is random. The library prints unless told otherwise. */
#include "logistic.h"

#include "alloc.h"
#include "fail.h"
#include "non_edges.h"
#include "random.h"

#include <linear.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_EDGES = 20000 };

/* Pairs of vertices: first edges, then non-edges. */
typedef struct link_sample {
    int num_edges, num_pairs;
    uint32_t *pairs; /* shape [num_pairs, 2] */
} link_sample;

/* LIBLINEAR's sparse rows: nodes of (index from 1, value), ended by index -1. */
typedef struct example_set {
    double *labels;             /* shape [num_pairs] */
    struct feature_node *nodes; /* shape [num_pairs, dim + 2] */
    struct feature_node **rows; /* shape [num_pairs], into nodes */
} example_set;

static void print_nothing(const char *text)
{
    (void)text;
}

static bool is_link(const h2vi_csr *csr, uint32_t source, uint32_t target)
{
    return csr->directed ? source != target : source < target;
}

static int64_t count_links(const h2vi_csr *csr)
{
    int64_t num_links = 0;
    for (int64_t v = 0; v < csr->num_vertices; v++)
        for (int64_t a = csr->offsets[v]; a < csr->offsets[v + 1]; a++)
            num_links += is_link(csr, (uint32_t)v, csr->targets[a]);
    return num_links;
}

static void take_all_links(const h2vi_csr *csr, uint32_t *pairs)
{
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        for (int64_t a = csr->offsets[v]; a < csr->offsets[v + 1]; a++) {
            if (!is_link(csr, (uint32_t)v, csr->targets[a])) continue;
            *pairs++ = (uint32_t)v;
            *pairs++ = csr->targets[a];
        }
    }
}

/* With replacement: among so many a repetition is rare. From a loop on to the next arc. */
static void draw_links(const h2vi_csr *csr, uint64_t seed, int num_links, uint32_t *pairs)
{
    for (int i = 0; i < num_links; i++) {
        const h2vi_words random =
            h2vi_random(seed, H2VI_FOR_CLASSIFIER, H2V_NUM_NEGATIVES, 0, (uint32_t)i, 0);
        int64_t arc =
            (int64_t)h2vi_below64(random.w[0], random.w[1], (uint64_t)csr->num_arcs);
        uint32_t source = h2vi_arc_source(csr, arc);
        while (csr->targets[arc] == source) {
            arc = (arc + 1) % csr->num_arcs;
            source = h2vi_arc_source(csr, arc);
        }
        pairs[2 * i] = source;
        pairs[2 * i + 1] = csr->targets[arc];
    }
}

static h2v_status draw_sample(const h2vi_csr *csr, uint64_t seed, link_sample *sample)
{
    const int64_t num_links = count_links(csr);
    sample->num_edges = num_links < MAX_EDGES ? (int)num_links : MAX_EDGES;
    const uint64_t num_non_edges = h2vi_count_non_edges(csr);
    const int num_negatives = num_non_edges < (uint64_t)sample->num_edges
                                  ? (int)num_non_edges
                                  : sample->num_edges;
    sample->num_pairs = sample->num_edges + num_negatives;
    sample->pairs = h2vi_alloc_n(2 * (int64_t)sample->num_pairs, sizeof *sample->pairs);
    if (!sample->pairs) return h2vi_fail_memory("the classifier's sample");

    if (num_links <= MAX_EDGES)
        take_all_links(csr, sample->pairs);
    else
        draw_links(csr, seed, sample->num_edges, sample->pairs);
    return h2vi_draw_non_edges(csr, H2V_NEGATIVES_UNIFORM, seed, H2VI_FOR_CLASSIFIER,
                               num_negatives,
                               sample->pairs + 2 * (int64_t)sample->num_edges);
}

static h2v_status make_examples(const link_sample *sample, int64_t dim,
                                const float *vectors, example_set *examples)
{
    const int64_t stride = dim + 2; /* the intercept's node, and the end */
    examples->labels = h2vi_alloc_n(sample->num_pairs, sizeof *examples->labels);
    examples->rows = h2vi_alloc_n(sample->num_pairs, sizeof(struct feature_node *));
    examples->nodes = h2vi_alloc_n(sample->num_pairs * stride, sizeof *examples->nodes);
    if (!examples->labels || !examples->rows || !examples->nodes)
        return h2vi_fail_memory("the classifier's examples");

    for (int64_t i = 0; i < sample->num_pairs; i++) {
        const float *first = vectors + sample->pairs[2 * i] * dim;
        const float *second = vectors + sample->pairs[2 * i + 1] * dim;
        struct feature_node *row = examples->nodes + i * stride;
        for (int64_t d = 0; d < dim; d++)
            row[d] =
                (struct feature_node){(int)d + 1, (double)first[d] * (double)second[d]};
        row[dim] = (struct feature_node){(int)dim + 1, 1.0};
        row[dim + 1].index = -1;
        examples->rows[i] = row;
        examples->labels[i] = i < sample->num_edges ? 1.0 : 0.0;
    }
    return H2V_OK;
}

static h2v_status fit(const link_sample *sample, const example_set *examples, int64_t dim,
                      double *weights)
{
    const struct problem problem = {.l = sample->num_pairs,
                                    .n = (int)dim + 1,
                                    .y = examples->labels,
                                    .x = examples->rows,
                                    .bias = 1.0};
    const struct parameter parameter = {
        .solver_type = L2R_LR, .eps = 1e-4, .C = 1.0, .p = 0.1};
    set_print_string_function(print_nothing);
    struct model *model = train(&problem, &parameter);
    if (!model) return h2vi_fail_memory("the classifier");

    /* The weights speak for the label that came first. */
    const double sign = model->label[0] == 1 ? 1.0 : -1.0;
    bool is_finite = true;
    for (int64_t d = 0; d <= dim; d++) {
        weights[d] = sign * model->w[d];
        is_finite = is_finite && isfinite(weights[d]);
    }
    free_and_destroy_model(&model);
    return is_finite
               ? H2V_OK
               : h2v_fail(H2V_ERR_DATA, "Logistic regression does not converge on these "
                                        "vectors; are they huge?");
}

h2v_status h2vi_logistic_fit(const h2vi_csr *csr, uint64_t seed, int64_t dim,
                             const float *vectors, double *weights, bool *is_fitted)
{
    *is_fitted = false;
    link_sample sample = {0};
    example_set examples = {0};
    h2v_status status = draw_sample(csr, seed, &sample);
    if (status != H2V_OK) goto cleanup;
    if (sample.num_edges == 0 || sample.num_pairs == sample.num_edges) goto cleanup;

    status = make_examples(&sample, dim, vectors, &examples);
    if (status == H2V_OK) status = fit(&sample, &examples, dim, weights);
    *is_fitted = status == H2V_OK;

cleanup:
    free(examples.nodes);
    free(examples.rows);
    free(examples.labels);
    free(sample.pairs);
    return status;
}
