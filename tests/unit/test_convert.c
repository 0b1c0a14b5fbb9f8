/* SPDX-License-Identifier: MIT */

/* From text to file: what the graph file holds, for each thing that the policy decides, and
 * that a failure anywhere leaves no file. */
#include "halo2vec/convert.h"

#include "alloc.h"
#include "graph_hdf5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const INPUT = "test_convert.txt";
static const char VERTICES[] = "test_convert_vertices.txt";
static const char OUTPUT[] = "test_convert.h5";

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static h2v_convert_params params_of_test(void)
{
    h2v_convert_params params = h2v_convert_params_default();
    params.num_inputs = 1;
    params.inputs = &INPUT;
    params.output = OUTPUT;
    params.overwrite = true;
    return params;
}

typedef struct expected_graph {
    int64_t num_vertices, num_arcs;
    int64_t numbers[8];
    int64_t offsets[9];
    uint32_t targets[16];
    float weights[16];
} expected_graph;

static void assert_file(const expected_graph *expected, bool weighted)
{
    h2vi_csr csr;
    h2vi_ids ids;
    h2v_digest digest;
    assert_int_equal(h2vi_graph_read(OUTPUT, &csr, &ids, &digest), H2V_OK);
    assert_int_equal(h2vi_csr_check(&csr), H2V_OK);
    assert_int_equal(csr.num_vertices, expected->num_vertices);
    assert_int_equal(csr.num_arcs, expected->num_arcs);
    const size_t n = (size_t)csr.num_vertices, m = (size_t)csr.num_arcs;
    assert_memory_equal(ids.numbers, expected->numbers, n * sizeof *ids.numbers);
    assert_memory_equal(csr.offsets, expected->offsets, (n + 1) * sizeof *csr.offsets);
    assert_memory_equal(csr.targets, expected->targets, m * sizeof *csr.targets);
    assert_int_equal(csr.weights != NULL, weighted);
    if (weighted) assert_memory_equal(csr.weights, expected->weights, m * sizeof(float));
    const h2v_digest found = h2vi_csr_digest(&csr, &ids);
    assert_true(found.low == digest.low && found.high == digest.high);
    h2vi_csr_clear(&csr);
    h2vi_ids_clear(&ids);
}

static h2v_convert_summary convert(const h2v_convert_params *params, const char *text)
{
    h2v_convert_summary summary;
    write_text(INPUT, text);
    if (h2v_convert(params, &summary) != H2V_OK) fail_msg("%s", h2v_error_message());
    return summary;
}

static void undirected_edges_lead_both_ways(void **state)
{
    (void)state;
    const h2v_convert_params params = params_of_test();
    const h2v_convert_summary s =
        convert(&params, "30 10\n10 20\n10 30\n20 20\n40 40\n10 20\n");
    assert_file(&(expected_graph){.num_vertices = 4,
                                  .num_arcs = 4,
                                  .numbers = {30, 10, 20, 40},
                                  .offsets = {0, 1, 3, 4, 4},
                                  .targets = {1, 0, 2, 1}},
                false);
    assert_int_equal(s.num_lines, 6);
    assert_int_equal(s.num_vertices, 4);
    assert_int_equal(s.num_edges, 2);
    assert_int_equal(s.num_arcs, 4);
    assert_int_equal(s.num_duplicates, 2);
    assert_int_equal(s.num_self_loops, 2);
    assert_int_equal(s.num_isolated, 1);
    assert_true(s.ids_are_numbers);
    assert_int_equal(s.num_text_bytes, 36);
}

static void directed_edges_lead_one_way(void **state)
{
    (void)state;
    h2v_convert_params params = params_of_test();
    params.directed = true;
    params.keep_self_loops = true;
    const h2v_convert_summary s = convert(&params, "30 10\n10 20\n10 30\n20 20\n10 20\n");
    assert_file(&(expected_graph){.num_vertices = 3,
                                  .num_arcs = 4,
                                  .numbers = {30, 10, 20},
                                  .offsets = {0, 1, 3, 4},
                                  .targets = {1, 0, 2, 2}},
                false);
    assert_int_equal(s.num_edges, 4);
    assert_int_equal(s.num_duplicates, 1);
    assert_int_equal(s.num_isolated, 0);
}

/* In floats, adding ones to 2^24 would add nothing. */
static void weights_add_up_in_the_order_of_lines(void **state)
{
    (void)state;
    h2v_convert_params params = params_of_test();
    params.weighted = true;
    params.keep_self_loops = true;
    (void)convert(&params, "1 2 16777216\n2 1 1\n1 2 1\n2 2 0.5\n1 2 2\n");
    assert_file(&(expected_graph){.num_vertices = 2,
                                  .num_arcs = 3,
                                  .numbers = {1, 2},
                                  .offsets = {0, 1, 3},
                                  .targets = {1, 0, 1},
                                  .weights = {16777220, 16777220, 0.5F}},
                true);
}

static void ids_are_sorted_if_asked(void **state)
{
    (void)state;
    h2v_convert_params params = params_of_test();
    params.sort_ids = true;
    params.vertices = VERTICES;
    write_text(VERTICES, "7\n-8\n10\n");
    const h2v_convert_summary s = convert(&params, "30 10\n10 20\n-5 30\n");
    assert_file(&(expected_graph){.num_vertices = 6,
                                  .num_arcs = 6,
                                  .numbers = {-8, -5, 7, 10, 20, 30},
                                  .offsets = {0, 0, 1, 1, 3, 4, 6},
                                  .targets = {5, 4, 5, 3, 1, 3}},
                false);
    assert_int_equal(s.num_isolated, 2);
    assert_int_equal(s.num_lines, 6);
}

static void vertices_alone_are_a_graph(void **state)
{
    (void)state;
    h2v_convert_params params = params_of_test();
    params.vertices = VERTICES;
    write_text(VERTICES, "7\n");
    (void)convert(&params, "# no edge\n");
    assert_file(&(expected_graph){.num_vertices = 1, .numbers = {7}}, false);
    params.weighted = true;
    (void)convert(&params, "");
    assert_file(&(expected_graph){.num_vertices = 1, .numbers = {7}}, true);
}

static void assert_failure(const h2v_convert_params *params, h2v_status expected,
                           const char *fragment)
{
    h2v_convert_summary summary;
    assert_int_equal(h2v_convert(params, &summary), expected);
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

static void parameters_are_checked(void **state)
{
    (void)state;
    const char *const twice[] = {"-", "-"};
    h2v_convert_params params = params_of_test();
    params.num_inputs = 0;
    assert_failure(&params, H2V_ERR_ARGUMENT, "No input");
    params = params_of_test();
    params.output = NULL;
    assert_failure(&params, H2V_ERR_ARGUMENT, "No output");
    params = params_of_test();
    params.delimiter = '\n';
    assert_failure(&params, H2V_ERR_ARGUMENT, "delimiter");
    params = params_of_test();
    params.num_threads = -1;
    assert_failure(&params, H2V_ERR_ARGUMENT, "-1 threads");
    params = params_of_test();
    params.num_inputs = 2;
    params.inputs = twice;
    assert_failure(&params, H2V_ERR_ARGUMENT,
                   "Standard input can be read once, not 2 times");
}

static void failures_leave_no_file(void **state)
{
    (void)state;
    h2v_convert_params params = params_of_test();
    (void)remove(OUTPUT);
    write_text(INPUT, "1 2\nx\n");
    assert_failure(&params, H2V_ERR_DATA, "test_convert.txt:2: One column");
    write_text(INPUT, "% only this\n\n");
    assert_failure(&params, H2V_ERR_DATA, "test_convert.txt holds no edge and no vertex");
    assert_int_not_equal(access(OUTPUT, F_OK), 0);
    write_text(OUTPUT, "mine");
    params.overwrite = false;
    assert_failure(&params, H2V_ERR_EXISTS, "exists");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    h2v_convert_params params = params_of_test();
    params.weighted = params.sort_ids = true;
    write_text(INPUT, "1 2 1\n2 3 1\na b 2\n3 1 5\n");
    (void)remove(OUTPUT);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        h2v_convert_summary summary;
        h2vi_alloc_fail_after(k);
        status = h2v_convert(&params, &summary);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_OK) break;
        assert_int_equal(status, H2V_ERR_NOMEM);
        assert_int_not_equal(access(OUTPUT, F_OK), 0);
    }
    assert_true(num_failures > 30);
}

static int clean_up(void **state)
{
    (void)state;
    (void)remove(INPUT);
    (void)remove(VERTICES);
    (void)remove(OUTPUT);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undirected_edges_lead_both_ways),
        cmocka_unit_test(directed_edges_lead_one_way),
        cmocka_unit_test(weights_add_up_in_the_order_of_lines),
        cmocka_unit_test(ids_are_sorted_if_asked),
        cmocka_unit_test(vertices_alone_are_a_graph),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(failures_leave_no_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
