/* SPDX-License-Identifier: MIT */

/* The set of edges knows exactly the arcs of the graph, however their hashes collide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "alloc.h"
#include "dense_graphs.h"
#include "edge_set.h"

enum { N = 60, MAX_DEGREE = 1000 };

/* Rows of every length from 0 to N - 1, with targets all over. */
static bool is_arc(uint32_t u, uint32_t v)
{
    return (v * 7 + u * 3) % N < u;
}

static bool has(const h2v_graph *graph, const h2vi_edge_set *set, int64_t v,
                h2v_slot target)
{
    const int64_t offset = graph->offsets[v];
    return h2vi_edge_set_has(
        set, h2vi_edge_set_row(v, offset, graph->offsets[v + 1] - offset), target);
}

static void it_has_the_arcs_and_no_others(void **state)
{
    (void)state;
    dense_graph dense = dense_make(N, true, false, is_arc);
    const h2v_graph graph = {
        .num_owned = N, .offsets = dense.csr.offsets, .targets = dense.csr.targets};
    h2vi_edge_set set;
    assert_int_equal(h2vi_edge_set_init(&graph, &set), H2V_OK);
    for (uint32_t u = 0; u < N; u++)
        for (uint32_t v = 0; v < N; v++)
            assert_int_equal(has(&graph, &set, u, v), is_arc(u, v));
    h2vi_edge_set_clear(&set);
    assert_null(set.buckets);
    dense_clear(&dense);
}

/* Targets that all start in the same bucket of their row, in its last one too. */
static void collisions_are_resolved(void **state)
{
    (void)state;
    const h2vi_edge_row row = h2vi_edge_set_row(0, 0, MAX_DEGREE);
    const int64_t places[] = {0, row.count / 2, row.count - 1};
    for (int i = 0; i < 3; i++) {
        h2v_slot targets[MAX_DEGREE], others[MAX_DEGREE];
        int num_targets = 0, num_others = 0;
        for (h2v_slot slot = 0; num_others < MAX_DEGREE; slot++) {
            if (h2vi_edge_set_start(row, slot) != places[i]) continue;
            if (num_targets < MAX_DEGREE)
                targets[num_targets++] = slot;
            else
                others[num_others++] = slot;
        }
        int64_t offsets[] = {0, MAX_DEGREE};
        const h2v_graph graph = {.num_owned = 1, .offsets = offsets, .targets = targets};
        h2vi_edge_set set;
        assert_int_equal(h2vi_edge_set_init(&graph, &set), H2V_OK);
        for (int t = 0; t < MAX_DEGREE; t++) {
            assert_true(has(&graph, &set, 0, targets[t]));
            assert_false(has(&graph, &set, 0, others[t]));
        }
        h2vi_edge_set_clear(&set);
    }
}

/* Buckets of a row are its own, and half full at most, wherever the row begins. */
static void rows_follow_one_another(void **state)
{
    (void)state;
    int64_t offset = 0, first = 0;
    for (int64_t v = 0; v < 1000; v++) {
        const int64_t degree = v * v % 37;
        const h2vi_edge_row row = h2vi_edge_set_row(v, offset, degree);
        assert_true(row.first == first);
        assert_true(H2VI_BUCKET * row.count > 2 * degree);
        assert_true(row.count <= degree / 4 + 2);
        first += row.count;
        offset += degree;
    }
}

static void an_empty_graph_has_none(void **state)
{
    (void)state;
    int64_t offsets[] = {0, 0};
    h2v_slot nothing = 0;
    const h2v_graph graph = {.num_owned = 1, .offsets = offsets, .targets = &nothing};
    h2vi_edge_set set;
    assert_int_equal(h2vi_edge_set_init(&graph, &set), H2V_OK);
    assert_false(has(&graph, &set, 0, 0));
    h2vi_edge_set_clear(&set);
}

static void it_says_when_memory_is_out(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    int64_t offsets[] = {0, 1};
    h2v_slot target = 0;
    const h2v_graph graph = {.num_owned = 1, .offsets = offsets, .targets = &target};
    h2vi_edge_set set;
    h2vi_alloc_fail_after(0);
    const h2v_status status = h2vi_edge_set_init(&graph, &set);
    h2vi_alloc_fail_after(-1);
    assert_int_equal(status, H2V_ERR_NOMEM);
    assert_non_null(strstr(h2v_error_message(), "set of edges"));
    assert_null(set.buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_arcs_and_no_others),
        cmocka_unit_test(collisions_are_resolved),
        cmocka_unit_test(rows_follow_one_another),
        cmocka_unit_test(an_empty_graph_has_none),
        cmocka_unit_test(it_says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
