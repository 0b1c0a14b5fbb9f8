/* SPDX-License-Identifier: MIT */

/* Scores whose metrics are known: rows that give each vertex a dimension of its own, with
 * the whole graph in the contexts, so that in-out is the adjacency itself and all else is
 * tied. And every reason to refuse an embedding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dense_graphs.h"
#include "embeddings.h"
#include "graph_hdf5.h"
#include "halo2vec/evaluate.h"
#include "halo2vec/info.h"
#include "pairs_hdf5.h"

enum { NUM_VERTICES = 60 };

static const char GRAPH[] = "test_links.h5";
static const char SPLIT[] = "test_links.d";
static const char EMBEDDING[] = "test_links.emb.h5";
static const char SCORES[] = "test_links.scores.h5";

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

/* Two communities, dense inside; not symmetric, for directed graphs. */
static bool communities(uint32_t u, uint32_t v)
{
    const uint32_t bits = (u * 2654435761U) ^ (v * 40503U) ^ (u << 7);
    return u != v && (v == u + 1 || (u / 30 == v / 30 && (bits >> 4) % 3 == 0));
}

static bool is_directed_case;

static bool is_edge(int64_t u, int64_t v)
{
    if (is_directed_case || u < v) return communities((uint32_t)u, (uint32_t)v);
    return communities((uint32_t)v, (uint32_t)u);
}

/* in_u = unit vector u; out_v[u] = 1 if u -> v. Undirected edges stand on one side only: a
 * pair has its smaller gid first, so that in_u . out_v is 0 and in_v . out_u tells. */
static float adjacency(int context, int64_t v, int64_t d)
{
    if (context) return is_edge(d, v) && (is_directed_case || d > v) ? 1.0F : 0.0F;
    return v == d ? 1.0F : 0.0F;
}

/* in_u[0] = -1 or 1 for the two communities: products are 1 inside and -1 across. */
static float community(int context, int64_t v, int64_t d)
{
    (void)context;
    return d > 0 ? 0.25F : v < 30 ? -1.0F : 1.0F;
}

static float broken_context(int context, int64_t v, int64_t d)
{
    return context && v == 17 && d == 2 ? INFINITY : 1.0F;
}

static float broken_row(int context, int64_t v, int64_t d)
{
    return !context && v == 18 && d == 0 ? NAN : 1.0F;
}

/* The graph, its split, and a header of an embedding of the training graph. */
typedef struct example {
    dense_graph graph;
    h2vi_ids ids;
    h2vi_embedding_header header;
} example;

static example make_example(bool directed)
{
    is_directed_case = directed;
    example made = {.graph = dense_make(NUM_VERTICES, directed, false, communities)};
    h2v_split_summary summary;
    const h2v_split_params params = {
        .graph = GRAPH, .output = SPLIT, .fraction = 0.2, .seed = 3, .overwrite = true};
    assert_int_equal(h2vi_graph_write(GRAPH, &made.graph.csr, &made.graph.ids, "a test"),
                     H2V_OK);
    assert_int_equal(h2v_evaluate_split(&params, &summary), H2V_OK);
    h2vi_csr train;
    made.header = (h2vi_embedding_header){.num_vertices = NUM_VERTICES,
                                          .dim = NUM_VERTICES,
                                          .directed = directed,
                                          .has_contexts = true};
    assert_int_equal(
        h2vi_graph_read("test_links.d/train.h5", &train, &made.ids, &made.header.digest),
        H2V_OK);
    h2vi_csr_clear(&train);
    return made;
}

static void clear_example(example *made)
{
    dense_clear(&made->graph);
    h2vi_ids_clear(&made->ids);
    (void)unlink("test_links.d/train.h5");
    (void)unlink("test_links.d/pairs.h5");
    (void)rmdir(SPLIT);
    (void)unlink(GRAPH);
    (void)unlink(EMBEDDING);
    (void)unlink(SCORES);
}

static void embed(const example *made, embedding_rule rule)
{
    assert_int_equal(embedding_make(EMBEDDING, made->header, &made->ids, rule), H2V_OK);
}

static h2v_links_params params_with(int num_threads)
{
    return (h2v_links_params){.embedding = EMBEDDING,
                              .split = SPLIT,
                              .scores = SCORES,
                              .overwrite = true,
                              .seed = 1,
                              .num_threads = num_threads};
}

static void assert_metrics(const h2v_links_result *result, h2v_scorer scorer,
                           double expected)
{
    assert_true(result->is_available[scorer]);
    for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++) {
        assert_true(result->roc_auc[scorer][kind] == expected);
        assert_true(result->average_precision[scorer][kind] == expected);
    }
}

static void known_scores(void **state)
{
    (void)state;
    for (int directed = 0; directed < 2; directed++) {
        example made = make_example(directed == 1);
        embed(&made, adjacency);
        h2v_links_result result;
        const h2v_links_params params = params_with(2);
        assert_int_equal(h2v_evaluate_links(&params, &result), H2V_OK);
        assert_false(result.is_leaky);
        assert_true(result.num_positives > 50);
        assert_metrics(&result, H2V_SCORE_IN_OUT, 1.0);
        assert_metrics(&result, H2V_SCORE_DOT, 0.5);
        assert_metrics(&result, H2V_SCORE_COSINE, 0.5);
        assert_metrics(&result, H2V_SCORE_LOGISTIC, 0.5);
        clear_example(&made);
    }
}

/* The classifier must find that products of 1 are edges: then every score is the dot
 * product up to a factor and a constant, and all metrics are equal. */
static void the_classifier_learns(void **state)
{
    (void)state;
    example made = make_example(false);
    made.header.dim = 3;
    made.header.has_contexts = false;
    embed(&made, community);
    h2v_links_result result;
    const h2v_links_params params = params_with(1);
    assert_int_equal(h2v_evaluate_links(&params, &result), H2V_OK);
    assert_false(result.is_available[H2V_SCORE_IN_OUT]);
    for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++) {
        const double expected = result.roc_auc[H2V_SCORE_DOT][kind];
        assert_true(expected > 0.6);
        assert_true(result.roc_auc[H2V_SCORE_LOGISTIC][kind] == expected);
        assert_true(result.roc_auc[H2V_SCORE_COSINE][kind] == expected);
    }
    clear_example(&made);
}

static float many_values(int context, int64_t v, int64_t d)
{
    return sinf((float)(v * 7 + d * d + context)) + 0.1F * community(context, v, d % 2);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    example made = make_example(false);
    made.header.dim = 13;
    embed(&made, many_values);
    h2v_links_result results[2];
    for (int i = 0; i < 2; i++) {
        const h2v_links_params params = params_with(1 + 3 * i);
        assert_int_equal(h2v_evaluate_links(&params, &results[i]), H2V_OK);
    }
    assert_memory_equal(results[0].roc_auc, results[1].roc_auc, sizeof results[0].roc_auc);
    assert_memory_equal(results[0].average_precision, results[1].average_precision,
                        sizeof results[0].average_precision);
    char *json = NULL;
    assert_int_equal(h2v_info(SCORES, H2V_INFO_CHECK, &json), H2V_OK);
    assert_non_null(strstr(json, "\"num_score_lists\": 8"));
    free(json);
    clear_example(&made);
}

static void assert_refused(h2v_status expected, const char *fragment)
{
    h2v_links_result result;
    const h2v_links_params params = params_with(1);
    assert_int_equal(h2v_evaluate_links(&params, &result), expected);
    assert_says(fragment);
    assert_int_not_equal(access(SCORES, F_OK), 0); /* no output left behind */
}

static void leaks_are_refused(void **state)
{
    (void)state;
    example made = make_example(false);
    made.header.digest = h2vi_csr_digest(&made.graph.csr, &made.graph.ids);
    embed(&made, adjacency);
    assert_refused(H2V_ERR_LEAK, "the whole graph, held-out edges included");
    made.header.digest.low++;
    embed(&made, adjacency);
    assert_refused(H2V_ERR_LEAK, "another graph");

    h2v_links_result result;
    h2v_links_params params = params_with(1);
    params.allow_leak = true;
    assert_int_equal(h2v_evaluate_links(&params, &result), H2V_OK);
    assert_true(result.is_leaky);
    assert_metrics(&result, H2V_SCORE_IN_OUT, 1.0);
    clear_example(&made);
}

static void other_vertices_are_refused(void **state)
{
    (void)state;
    example made = make_example(false);
    made.ids.numbers[3] ^= made.ids.numbers[4];
    made.ids.numbers[4] ^= made.ids.numbers[3];
    made.ids.numbers[3] ^= made.ids.numbers[4]; /* 3 and 4 swapped */
    embed(&made, adjacency);
    assert_refused(H2V_ERR_DATA, "in another order");

    made.header.num_vertices = made.ids.num_ids = NUM_VERTICES - 1;
    embed(&made, adjacency);
    assert_refused(H2V_ERR_DATA, "59 rows; the split has 60 vertices");
    clear_example(&made);
}

static void broken_rows_are_refused(void **state)
{
    (void)state;
    example made = make_example(false);
    made.header.dim = 4;
    embed(&made, broken_context);
    assert_refused(H2V_ERR_DATA, "row 17 of /contexts is not finite");
    embed(&made, broken_row);
    assert_refused(H2V_ERR_DATA, "row 18 of /embeddings is not finite");
    clear_example(&made);
}

static void files_that_do_not_belong_are_refused(void **state)
{
    (void)state;
    example made = make_example(false);
    assert_refused(H2V_ERR_IO, EMBEDDING);
    embed(&made, adjacency);
    assert_int_equal(h2vi_graph_write("test_links.d/train.h5", &made.graph.csr,
                                      &made.graph.ids, "whole"),
                     H2V_OK);
    assert_refused(H2V_ERR_DATA, "do not come from the same split");
    (void)unlink("test_links.d/pairs.h5");
    assert_refused(H2V_ERR_IO, "pairs.h5");
    clear_example(&made);
}

static void scores_are_not_overwritten_unasked(void **state)
{
    (void)state;
    example made = make_example(false);
    embed(&made, adjacency);
    h2v_links_result result;
    h2v_links_params params = params_with(1);
    assert_int_equal(h2v_evaluate_links(&params, &result), H2V_OK);
    params.overwrite = false;
    assert_int_equal(h2v_evaluate_links(&params, &result), H2V_ERR_EXISTS);
    assert_int_equal(access(SCORES, F_OK), 0);
    params.num_threads = 0;
    assert_int_equal(h2v_evaluate_links(&params, &result), H2V_ERR_ARGUMENT);
    clear_example(&made);
}

static void failing_allocations(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    example made = make_example(false);
    made.header.dim = 2;
    embed(&made, community);
    h2v_links_result result;
    const h2v_links_params params = params_with(1);
    h2v_status status = H2V_ERR_NOMEM;
    int count = 0;
    for (; status == H2V_ERR_NOMEM; count++) {
        h2vi_alloc_fail_after(count);
        status = h2v_evaluate_links(&params, &result);
        h2vi_alloc_fail_after(-1);
        assert_true((access(SCORES, F_OK) == 0) == (status == H2V_OK));
    }
    assert_int_equal(status, H2V_OK);
    assert_true(count > 15);
    clear_example(&made);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_scores),
        cmocka_unit_test(the_classifier_learns),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(leaks_are_refused),
        cmocka_unit_test(other_vertices_are_refused),
        cmocka_unit_test(broken_rows_are_refused),
        cmocka_unit_test(files_that_do_not_belong_are_refused),
        cmocka_unit_test(scores_are_not_overwritten_unasked),
        cmocka_unit_test(failing_allocations),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
