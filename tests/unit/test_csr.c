/* SPDX-License-Identifier: MIT */

/* The checker must find each way in which a graph can be broken; the digest must see the
 * graph and not how it is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "csr.h"

/* A triangle 0 1 2 with a tail 2 - 3. */
enum { NUM_VERTICES = 4, NUM_ARCS = 8 };

typedef struct example {
    int64_t offsets[NUM_VERTICES + 1];
    uint32_t targets[NUM_ARCS];
    float weights[NUM_ARCS];
    int64_t numbers[NUM_VERTICES];
    h2vi_csr csr;
    h2vi_ids ids;
} example;

static void make_example(example *g)
{
    *g = (example){.offsets = {0, 2, 4, 7, 8},
                   .targets = {1, 2, 0, 2, 0, 1, 3, 2},
                   .weights = {1, 2, 1, 3, 2, 3, 4, 4},
                   .numbers = {10, 20, 30, 40}};
    g->csr = (h2vi_csr){.num_vertices = NUM_VERTICES,
                        .num_arcs = NUM_ARCS,
                        .offsets = g->offsets,
                        .targets = g->targets,
                        .weights = g->weights};
    g->ids = (h2vi_ids){.num_ids = NUM_VERTICES, .numbers = g->numbers};
}

static void assert_broken(const example *g, const char *fragment)
{
    assert_int_equal(h2vi_csr_check(&g->csr), H2V_ERR_DATA);
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

static void a_sound_graph_passes(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    assert_int_equal(h2vi_csr_check(&g.csr), H2V_OK);
    g.csr.weights = NULL;
    assert_int_equal(h2vi_csr_check(&g.csr), H2V_OK);
}

static void each_defect_is_named(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    g.offsets[4] = 7;
    assert_broken(&g, "Offsets run from 0 to 7");
    make_example(&g);
    g.offsets[1] = 5;
    assert_broken(&g, "descend at row 1");
    make_example(&g);
    g.targets[7] = 4;
    assert_broken(&g, "Row 3 has target 4");
    make_example(&g);
    g.targets[0] = 2;
    assert_broken(&g, "Row 0 is not strictly ascending");
    make_example(&g);
    g.targets[7] = 1;
    assert_broken(&g, "arc 2 -> 3 has no reverse");
    make_example(&g);
    g.weights[7] = 5;
    assert_broken(&g, "differ in weight");
    make_example(&g);
    g.weights[0] = g.weights[2] = 0;
    assert_broken(&g, "must be > 0");
    make_example(&g);
    g.weights[0] = g.weights[2] = NAN;
    assert_broken(&g, "must be > 0");
}

static void a_directed_graph_needs_no_reverse(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    g.targets[7] = 1;
    g.csr.directed = true;
    assert_int_equal(h2vi_csr_check(&g.csr), H2V_OK);
}

static void arcs_are_found(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    assert_true(h2vi_csr_has_arc(&g.csr, 2, 3));
    assert_true(h2vi_csr_has_arc(&g.csr, 3, 2));
    assert_false(h2vi_csr_has_arc(&g.csr, 3, 0));
    assert_false(h2vi_csr_has_arc(&g.csr, 1, 3));
}

static void a_loop_counts_as_one_edge(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    assert_int_equal(h2vi_csr_num_edges(&g.csr), 4);
    int64_t offsets[] = {0, 2, 3};
    uint32_t targets[] = {0, 1, 0};
    h2vi_csr loop = {
        .num_vertices = 2, .num_arcs = 3, .offsets = offsets, .targets = targets};
    assert_int_equal(h2vi_csr_num_edges(&loop), 2);
    loop.directed = true;
    assert_int_equal(h2vi_csr_num_edges(&loop), 3);
}

static void assert_digest(const example *g, h2v_digest expected, bool is_equal)
{
    const h2v_digest digest = h2vi_csr_digest(&g->csr, &g->ids);
    assert_int_equal(digest.low == expected.low && digest.high == expected.high, is_equal);
}

/* The same graph with vertices 0 and 3 exchanged. */
static void the_digest_does_not_see_the_order(void **state)
{
    (void)state;
    example g, other;
    make_example(&g);
    make_example(&other);
    const h2v_digest digest = h2vi_csr_digest(&g.csr, &g.ids);
    memcpy(other.offsets, (int64_t[]){0, 1, 3, 6, 8}, sizeof other.offsets);
    memcpy(other.targets, (uint32_t[]){2, 2, 3, 0, 1, 3, 1, 2}, sizeof other.targets);
    memcpy(other.weights, (float[]){4, 3, 1, 4, 3, 2, 1, 2}, sizeof other.weights);
    memcpy(other.numbers, (int64_t[]){40, 20, 30, 10}, sizeof other.numbers);
    assert_int_equal(h2vi_csr_check(&other.csr), H2V_OK);
    assert_digest(&other, digest, true);
}

static void the_digest_sees_ids_weights_and_flags(void **state)
{
    (void)state;
    example g;
    make_example(&g);
    const h2v_digest digest = h2vi_csr_digest(&g.csr, &g.ids);
    assert_digest(&g, digest, true);
    g.numbers[3] = 41;
    assert_digest(&g, digest, false);
    make_example(&g);
    g.weights[6] = g.weights[7] = 5;
    assert_digest(&g, digest, false);
    make_example(&g);
    g.csr.directed = true;
    assert_digest(&g, digest, false);
    make_example(&g);
    g.csr.weights = NULL;
    assert_digest(&g, digest, false);
    make_example(&g);
    int64_t starts[] = {0, 3, 6, 9, 12};
    char text[] = "10\0"
                  "20\0"
                  "30\0"
                  "40";
    g.ids = (h2vi_ids){.num_ids = 4, .text = text, .starts = starts};
    assert_digest(&g, digest, false);
}

/* A wheel of directed arcs, turned around, has the same ids and the same number of arcs. */
static void the_digest_of_a_directed_graph_sees_directions(void **state)
{
    (void)state;
    int64_t offsets[] = {0, 1, 2, 3}, numbers[] = {1, 2, 3};
    uint32_t forward[] = {1, 2, 0}, backward[] = {2, 0, 1};
    const h2vi_ids ids = {.num_ids = 3, .numbers = numbers};
    h2vi_csr csr = {.num_vertices = 3, .num_arcs = 3, .directed = true, .offsets = offsets};
    csr.targets = forward;
    const h2v_digest one = h2vi_csr_digest(&csr, &ids);
    csr.targets = backward;
    const h2v_digest two = h2vi_csr_digest(&csr, &ids);
    assert_true(one.low != two.low && one.high != two.high);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_graph_passes),
        cmocka_unit_test(each_defect_is_named),
        cmocka_unit_test(a_directed_graph_needs_no_reverse),
        cmocka_unit_test(arcs_are_found),
        cmocka_unit_test(a_loop_counts_as_one_edge),
        cmocka_unit_test(the_digest_does_not_see_the_order),
        cmocka_unit_test(the_digest_sees_ids_weights_and_flags),
        cmocka_unit_test(the_digest_of_a_directed_graph_sees_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
