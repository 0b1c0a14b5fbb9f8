/* SPDX-License-Identifier: MIT */

/* Splits: what is held out and what remains make up the whole graph, no component is cut,
 * negatives are no edges and come with the right frequencies, and the same seed writes the
 * same bytes. */
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
#include "graph_hdf5.h"
#include "halo2vec/evaluate.h"
#include "non_edges.h"
#include "pairs_hdf5.h"

enum { MAX_VERTICES = 128 };

static const char GRAPH[] = "test_split.h5";

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

/* Two components of 50 and 49 vertices, and one vertex alone. */
static bool two_clouds(uint32_t u, uint32_t v)
{
    if (u == 99 || v == 99 || u / 50 != v / 50) return false;
    return v == u + 1 || (u * 31 + v * 17 + (u ^ v)) % 6 == 0;
}

static bool ring_of_ten(uint32_t u, uint32_t v)
{
    return v == u + 1 || (u == 0 && v == 9);
}

static bool path(uint32_t u, uint32_t v)
{
    return v == u + 1;
}

static bool complete(uint32_t u, uint32_t v)
{
    return u != v;
}

static bool empty(uint32_t u, uint32_t v)
{
    (void)u;
    (void)v;
    return false;
}

static void write_graph(const dense_graph *graph)
{
    assert_int_equal(h2vi_graph_write(GRAPH, &graph->csr, &graph->ids, "a test"), H2V_OK);
}

static void remove_split(const char *directory)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s/train.h5", directory);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s/pairs.h5", directory);
    (void)unlink(name);
    (void)rmdir(directory);
}

static h2v_status split(double fraction, uint64_t seed, bool allow_disconnect,
                        const char *directory)
{
    h2v_split_summary summary;
    const h2v_split_params params = {.graph = GRAPH,
                                     .output = directory,
                                     .fraction = fraction,
                                     .seed = seed,
                                     .allow_disconnect = allow_disconnect,
                                     .overwrite = true};
    return h2v_evaluate_split(&params, &summary);
}

/* Label every vertex with the smallest of its component, by repeated sweeps. */
static void label_components(const h2vi_csr *csr, uint32_t *labels)
{
    for (uint32_t v = 0; v < csr->num_vertices; v++) labels[v] = v;
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (uint32_t u = 0; u < csr->num_vertices; u++) {
            for (int64_t a = csr->offsets[u]; a < csr->offsets[u + 1]; a++) {
                const uint32_t v = csr->targets[a];
                const uint32_t low = labels[u] < labels[v] ? labels[u] : labels[v];
                if (labels[u] != low || labels[v] != low) is_changed = true;
                labels[u] = labels[v] = low;
            }
        }
    }
}

static void assert_same_components(const h2vi_csr *whole, const h2vi_csr *train)
{
    uint32_t before[MAX_VERTICES], after[MAX_VERTICES];
    label_components(whole, before);
    label_components(train, after);
    assert_memory_equal(before, after, (size_t)whole->num_vertices * sizeof *before);
}

/* Positives are arcs of the whole graph that training lacks, each once; all other arcs are
 * there, with their weights. */
static void assert_complementary(const h2vi_csr *whole, const h2vi_csr *train,
                                 const h2vi_pairs *pairs)
{
    static uint8_t is_held_out[MAX_VERTICES][MAX_VERTICES];
    memset(is_held_out, 0, sizeof is_held_out);
    for (int64_t i = 0; i < pairs->num_pairs; i++) {
        const uint32_t u = pairs->positives[2 * i], v = pairs->positives[2 * i + 1];
        assert_true(u != v);
        assert_true(whole->directed || u < v);
        assert_true(h2vi_csr_has_arc(whole, u, v));
        assert_int_equal(is_held_out[u][v], 0);
        is_held_out[u][v] = 1;
        if (!whole->directed) is_held_out[v][u] = 1;
    }
    int64_t train_arc = 0;
    for (uint32_t u = 0; u < whole->num_vertices; u++) {
        for (int64_t a = whole->offsets[u]; a < whole->offsets[u + 1]; a++) {
            if (is_held_out[u][whole->targets[a]]) continue;
            assert_true(train_arc < train->offsets[u + 1]);
            assert_int_equal(train->targets[train_arc], whole->targets[a]);
            if (whole->weights) assert_true(train->weights[train_arc] == whole->weights[a]);
            train_arc++;
        }
        assert_int_equal(train_arc, train->offsets[u + 1]);
    }
}

static void assert_negatives(const h2vi_csr *whole, const h2vi_pairs *pairs)
{
    for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++) {
        static uint8_t is_there[MAX_VERTICES][MAX_VERTICES];
        memset(is_there, 0, sizeof is_there);
        for (int64_t i = 0; i < pairs->num_pairs; i++) {
            const uint32_t u = pairs->negatives[kind][2 * i];
            const uint32_t v = pairs->negatives[kind][2 * i + 1];
            assert_true(whole->directed ? u != v : u < v);
            assert_false(h2vi_csr_has_arc(whole, u, v));
            assert_int_equal(is_there[u][v], 0);
            is_there[u][v] = 1;
        }
    }
}

static void assert_valid_split(const dense_graph *whole, double fraction)
{
    h2vi_csr train;
    h2vi_ids ids;
    h2v_digest digest;
    h2vi_pairs pairs;
    assert_int_equal(h2vi_graph_read("test_split.d/train.h5", &train, &ids, &digest),
                     H2V_OK);
    assert_int_equal(h2vi_csr_check(&train), H2V_OK);
    assert_int_equal(h2vi_pairs_read("test_split.d/pairs.h5", &pairs), H2V_OK);

    const int64_t num_edges = h2vi_csr_num_edges(&whole->csr);
    const h2v_digest whole_digest = h2vi_csr_digest(&whole->csr, &whole->ids);
    assert_int_equal(pairs.num_pairs, llround(fraction * (double)num_edges));
    assert_int_equal(h2vi_csr_num_edges(&train), num_edges - pairs.num_pairs);
    assert_int_equal(pairs.num_vertices, whole->csr.num_vertices);
    assert_int_equal(pairs.directed, whole->csr.directed);
    assert_true(pairs.fraction == fraction);
    assert_memory_equal(&pairs.train_digest, &digest, sizeof digest);
    assert_memory_equal(&pairs.graph_digest, &whole_digest, sizeof digest);
    assert_int_equal(ids.num_ids, whole->ids.num_ids);
    assert_memory_equal(ids.numbers, whole->ids.numbers,
                        (size_t)ids.num_ids * sizeof *ids.numbers);
    assert_complementary(&whole->csr, &train, &pairs);
    assert_same_components(&whole->csr, &train);
    assert_negatives(&whole->csr, &pairs);
    h2vi_pairs_clear(&pairs);
    h2vi_ids_clear(&ids);
    h2vi_csr_clear(&train);
}

/* Directed ones have loops too: the rule accepts some u = v. */
static void splits_are_valid(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        dense_graph graph = dense_make(100, kind / 2 == 1, kind % 2 == 1, two_clouds);
        write_graph(&graph);
        for (uint64_t seed = 0; seed < 8; seed++) {
            const double fraction = 0.07 * (double)(seed + 1);
            assert_int_equal(split(fraction, seed, false, "test_split.d"), H2V_OK);
            assert_valid_split(&graph, fraction);
        }
        dense_clear(&graph);
    }
    remove_split("test_split.d");
}

static bool are_equal_files(const char *a, const char *b)
{
    static char bytes[2][1 << 20];
    size_t num_bytes[2];
    const char *names[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(names[i], "rb");
        assert_non_null(file);
        num_bytes[i] = fread(bytes[i], 1, sizeof bytes[i], file);
        (void)fclose(file);
    }
    return num_bytes[0] > 0 && num_bytes[0] == num_bytes[1] &&
           memcmp(bytes[0], bytes[1], num_bytes[0]) == 0;
}

static void the_seed_decides(void **state)
{
    (void)state;
    dense_graph graph = dense_make(100, false, true, two_clouds);
    write_graph(&graph);
    assert_int_equal(split(0.2, 5, false, "test_split.d"), H2V_OK);
    (void)sleep(1); /* a time stamp of seconds would differ */
    assert_int_equal(split(0.2, 5, false, "test_split.again"), H2V_OK);
    assert_true(are_equal_files("test_split.d/train.h5", "test_split.again/train.h5"));
    assert_true(are_equal_files("test_split.d/pairs.h5", "test_split.again/pairs.h5"));
    assert_int_equal(split(0.2, 6, false, "test_split.again"), H2V_OK);
    assert_false(are_equal_files("test_split.d/train.h5", "test_split.again/train.h5"));
    assert_false(are_equal_files("test_split.d/pairs.h5", "test_split.again/pairs.h5"));
    remove_split("test_split.again");
    remove_split("test_split.d");
    dense_clear(&graph);
}

static void the_largest_fraction_is_told(void **state)
{
    (void)state;
    dense_graph ring = dense_make(10, false, false, ring_of_ten);
    write_graph(&ring);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_ERR_ARGUMENT);
    assert_says("the largest that can is 0.1000");
    assert_int_equal(split(0.1000, 1, false, "test_split.d"), H2V_OK);
    assert_valid_split(&ring, 0.1);
    assert_int_equal(split(0.9, 1, true, "test_split.d"), H2V_OK);
    assert_int_equal(split(0.99, 1, true, "test_split.d"), H2V_ERR_ARGUMENT);
    assert_says("leaves no edge to train on; the largest that can is 0.9000");
    dense_clear(&ring);

    /* What is told works for any number of edges, and 0.0001 more does not. */
    dense_graph clouds = dense_make(100, true, false, two_clouds);
    write_graph(&clouds);
    assert_int_equal(split(0.999, 1, false, "test_split.d"), H2V_ERR_ARGUMENT);
    const char *told = strstr(h2v_error_message(), "is 0.");
    assert_non_null(told);
    const double largest = strtod(told + 3, NULL);
    assert_int_equal(split(largest, 1, false, "test_split.d"), H2V_OK);
    assert_valid_split(&clouds, largest);
    const double edge = 1.0 / (double)h2vi_csr_num_edges(&clouds.csr);
    assert_int_equal(split(largest + edge, 1, false, "test_split.d"), H2V_ERR_ARGUMENT);
    dense_clear(&clouds);
    remove_split("test_split.d");
}

static void refusals(void **state)
{
    (void)state;
    dense_graph graph = dense_make(20, false, false, path);
    write_graph(&graph);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_ERR_ARGUMENT);
    assert_says("no other can: 0 of 19 edges");
    const double bad[] = {0.0, 1.0, -0.5, 2.0, (double)NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(split(bad[i], 1, true, "test_split.d"), H2V_ERR_ARGUMENT);
        assert_says("is not between 0 and 1");
    }
    assert_int_equal(split(0.01, 1, true, "test_split.d"), H2V_ERR_ARGUMENT);
    assert_says("less than one edge");
    dense_clear(&graph);

    graph = dense_make(20, false, false, empty);
    write_graph(&graph);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_ERR_DATA);
    assert_says("has no edge");
    dense_clear(&graph);

    graph = dense_make(20, false, false, complete);
    write_graph(&graph);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_ERR_DATA);
    assert_says("0 pairs of vertices without an edge; 38 are needed");
    dense_clear(&graph);

    (void)unlink(GRAPH);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_ERR_IO);
    assert_int_not_equal(access("test_split.d", F_OK), 0);
}

static void an_existing_output_is_kept(void **state)
{
    (void)state;
    dense_graph graph = dense_make(100, false, false, two_clouds);
    write_graph(&graph);
    assert_int_equal(split(0.2, 1, false, "test_split.d"), H2V_OK);
    h2v_split_summary summary;
    const h2v_split_params params = {
        .graph = GRAPH, .output = "test_split.d", .fraction = 0.3, .seed = 1};
    assert_int_equal(h2v_evaluate_split(&params, &summary), H2V_ERR_EXISTS);
    assert_valid_split(&graph, 0.2);

    /* Not even asked to: somebody's file is in it. */
    FILE *file = fopen("test_split.d/notes", "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(split(0.3, 1, false, "test_split.d"), H2V_ERR_EXISTS);
    assert_says("holds 'notes', which no split wrote");
    assert_int_equal(unlink("test_split.d/notes"), 0);
    assert_valid_split(&graph, 0.2);
    assert_int_equal(split(0.3, 1, false, GRAPH), H2V_ERR_EXISTS);
    assert_says("Not a directory");
    remove_split("test_split.d");
    dense_clear(&graph);
}

static void failing_allocations(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    dense_graph graph = dense_make(100, false, true, two_clouds);
    write_graph(&graph);
    h2v_status status = H2V_ERR_NOMEM;
    int count = 0;
    for (; status == H2V_ERR_NOMEM; count++) {
        h2vi_alloc_fail_after(count);
        status = split(0.2, 1, false, "test_split.d");
        h2vi_alloc_fail_after(-1);
        assert_true((access("test_split.d", F_OK) == 0) == (status == H2V_OK));
    }
    assert_int_equal(status, H2V_OK);
    assert_true(count > 10);
    remove_split("test_split.d");
    (void)unlink(GRAPH);
    dense_clear(&graph);
}

/* A hub, a loop, a mutual pair when directed. */
static bool uneven(uint32_t u, uint32_t v)
{
    return (u == 0 && v < 4) || (u == 1 && v == 2) || (u == 4 && v == 5) ||
           (u == 2 && v == 0);
}

/* In-degrees, counted apart from the row lengths (the out-degrees). */
static void count_in_degrees(const h2vi_csr *csr, int64_t *degrees)
{
    for (int64_t a = 0; a < csr->num_arcs; a++) degrees[csr->targets[a]]++;
}

/* The expected share of every non-edge, up to a factor: 1, or out-degree x in-degree (both
 * ways if undirected). */
static double share_of(const h2vi_csr *csr, h2v_negatives kind, const int64_t *in_degrees,
                       uint32_t u, uint32_t v)
{
    if (u == v || (!csr->directed && u > v) || h2vi_csr_has_arc(csr, u, v)) return 0.0;
    if (kind == H2V_NEGATIVES_UNIFORM) return 1.0;
    return (double)((csr->offsets[u + 1] - csr->offsets[u]) * in_degrees[v]);
}

/* Chi-square over fixed seeds. With at most 25 degrees of freedom a value above 60 has a
 * chance below 1e-4; the seeds are fixed, so the outcome is, too. */
static void assert_frequencies(const h2vi_csr *csr, h2v_negatives kind)
{
    enum { N = 6, DRAWS = 20000 };
    int64_t in_degrees[N] = {0};
    int counts[N][N] = {{0}};
    double total = 0.0, chi_square = 0.0;
    count_in_degrees(csr, in_degrees);
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        uint32_t pair[2];
        assert_int_equal(h2vi_draw_non_edges(csr, kind, seed, H2VI_FOR_NON_EDGE, 1, pair),
                         H2V_OK);
        counts[pair[0]][pair[1]]++;
    }
    for (uint32_t u = 0; u < N; u++)
        for (uint32_t v = 0; v < N; v++) total += share_of(csr, kind, in_degrees, u, v);
    for (uint32_t u = 0; u < N; u++) {
        for (uint32_t v = 0; v < N; v++) {
            const double mean = DRAWS * share_of(csr, kind, in_degrees, u, v) / total;
            if (mean > 0.0)
                chi_square += (counts[u][v] - mean) * (counts[u][v] - mean) / mean;
            else
                assert_int_equal(counts[u][v], 0);
        }
    }
    assert_true(chi_square < 60.0);
}

static void negatives_come_with_their_frequencies(void **state)
{
    (void)state;
    for (int directed = 0; directed < 2; directed++) {
        dense_graph graph = dense_make(6, directed == 1, false, uneven);
        assert_frequencies(&graph.csr, H2V_NEGATIVES_UNIFORM);
        assert_frequencies(&graph.csr, H2V_NEGATIVES_DEGREE);
        dense_clear(&graph);
    }
}

static void all_non_edges_can_be_had(void **state)
{
    (void)state;
    uint32_t pairs[2 * 25];
    dense_graph graph = dense_make(6, true, false, uneven);
    assert_int_equal(h2vi_count_non_edges(&graph.csr), 30 - 6);
    assert_int_equal(h2vi_draw_non_edges(&graph.csr, H2V_NEGATIVES_UNIFORM, 1,
                                         H2VI_FOR_NON_EDGE, 24, pairs),
                     H2V_OK);
    uint8_t is_there[6][6] = {{0}};
    for (int i = 0; i < 24; i++) {
        assert_int_equal(is_there[pairs[2 * i]][pairs[2 * i + 1]], 0);
        is_there[pairs[2 * i]][pairs[2 * i + 1]] = 1;
    }
    assert_int_equal(h2vi_draw_non_edges(&graph.csr, H2V_NEGATIVES_UNIFORM, 1,
                                         H2VI_FOR_NON_EDGE, 25, pairs),
                     H2V_ERR_DATA);
    dense_clear(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_are_valid),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(the_largest_fraction_is_told),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_existing_output_is_kept),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(negatives_come_with_their_frequencies),
        cmocka_unit_test(all_non_edges_can_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
