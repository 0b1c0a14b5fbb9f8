/* SPDX-License-Identifier: MIT */

/* Edges in any order become rows, each once, with weights added in the order of the list,
 * on any number of threads; lists long enough for every level of the sort, and a list that
 * is one edge a million times. */
#include "edge_rows.h"

#include "alloc.h"
#include "edge_mirror.h"
#include "edge_sort.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct random_graph {
    int64_t num_vertices, num_edges;
    bool directed, weighted;
} random_graph;

static h2vi_edge nth_edge(const random_graph *g, int64_t i)
{
    const h2vi_words r = h2vi_random(3, H2VI_FOR_GENERATOR, 0, 0, (uint32_t)i, 0);
    /* Half of the edges lead from one vertex: a hub, whose row must be divided by target.
     */
    const uint32_t n = (uint32_t)g->num_vertices;
    return (h2vi_edge){r.w[2] % 2 ? n / 2 : h2vi_below(r.w[0], n), h2vi_below(r.w[1], n)};
}

static float nth_weight(int64_t i)
{
    return 0.1F + (float)(i % 7) * 1e5F;
}

/* The edges in blocks, each made when so many vertices are known as its edges name. */
static h2v_status fill(const random_graph *g, h2vi_edge_list *edges)
{
    enum { BLOCK_EDGES = 20000 };
    static h2vi_edge pairs[BLOCK_EDGES];
    static float weights[BLOCK_EDGES];
    int64_t num_vertices = 1;
    h2v_status status = H2V_OK;
    for (int64_t first = 0; status == H2V_OK && first < g->num_edges;
         first += BLOCK_EDGES) {
        const int64_t left = g->num_edges - first;
        h2vi_edge_run run = {.edges = pairs, .weights = g->weighted ? weights : NULL};
        for (; run.count < BLOCK_EDGES && run.count < left; run.count++) {
            const h2vi_edge edge = nth_edge(g, first + run.count);
            pairs[run.count] = edge;
            weights[run.count] = nth_weight(first + run.count);
            if (edge.source >= num_vertices) num_vertices = (int64_t)edge.source + 1;
            if (edge.target >= num_vertices) num_vertices = (int64_t)edge.target + 1;
        }
        h2vi_edge_block *block = NULL;
        status = h2vi_edge_block_create(&run, g->directed, num_vertices, &block);
        if (status == H2V_OK) h2vi_edge_list_append(edges, block);
    }
    return status;
}

/* One edge so many times. */
static void repeat(h2vi_edge edge, float weight, int64_t times, int64_t num_vertices,
                   h2vi_edge_list *edges)
{
    h2vi_edge_run run = {.edges = malloc((size_t)times * sizeof *run.edges),
                         .weights = malloc((size_t)times * sizeof *run.weights),
                         .count = times};
    assert_true(run.edges && run.weights);
    for (int64_t i = 0; i < times; i++) run.edges[i] = edge;
    for (int64_t i = 0; i < times; i++) run.weights[i] = weight;
    h2vi_edge_block *block = NULL;
    assert_int_equal(h2vi_edge_block_create(&run, false, num_vertices, &block), H2V_OK);
    h2vi_edge_list_append(edges, block);
    free(run.edges);
    free(run.weights);
}

typedef struct reference_edge {
    uint64_t key;
    int64_t place;
} reference_edge;

static int compare(const void *a, const void *b)
{
    const reference_edge *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static reference_edge *sort_reference(const random_graph *g)
{
    reference_edge *sorted = malloc(((size_t)g->num_edges + 1) * sizeof *sorted);
    assert_non_null(sorted);
    for (int64_t i = 0; i < g->num_edges; i++) {
        h2vi_edge e = nth_edge(g, i);
        if (!g->directed && e.source > e.target) e = (h2vi_edge){e.target, e.source};
        sorted[i] = (reference_edge){(uint64_t)e.source << 32 | e.target, i};
    }
    qsort(sorted, (size_t)g->num_edges, sizeof *sorted, compare);
    return sorted;
}

static void assert_rows(const random_graph *g, const h2vi_csr *rows, int64_t num_duplicates)
{
    reference_edge *sorted = sort_reference(g);
    int64_t arc = 0;
    for (int64_t i = 0; i < g->num_edges; arc++) {
        const uint64_t key = sorted[i].key;
        double sum = 0;
        for (; i < g->num_edges && sorted[i].key == key; i++)
            sum += (double)nth_weight(sorted[i].place);
        const int64_t source = (int64_t)(key >> 32);
        assert_in_range(arc, rows->offsets[source], rows->offsets[source + 1] - 1);
        assert_int_equal(rows->targets[arc], (uint32_t)key);
        if (g->weighted) assert_true(rows->weights[arc] == (float)sum);
    }
    assert_int_equal(rows->num_arcs, arc);
    assert_int_equal(num_duplicates, g->num_edges - arc);
    free(sorted);
}

/* Both directions, read in some ranges. */
static h2v_status mirror_rows(h2vi_csr *rows, int num_threads, int num_ranges,
                              h2vi_csr *csr)
{
    const int64_t n = rows->num_vertices;
    h2vi_mirror mirror;
    *csr = (h2vi_csr){.num_vertices = n};
    const h2v_status status = h2vi_mirror_create(rows, num_threads, &mirror);
    if (status != H2V_OK) return status;
    csr->num_arcs = mirror.offsets[n];
    csr->offsets = malloc((size_t)(n + 1) * sizeof *csr->offsets);
    csr->targets = malloc((size_t)(csr->num_arcs + 1) * sizeof *csr->targets);
    if (mirror.rows.weights)
        csr->weights = malloc((size_t)(csr->num_arcs + 1) * sizeof *csr->weights);
    assert_true(csr->offsets && csr->targets);
    for (int i = 0; i < num_ranges; i++) {
        const int64_t low = n * i / num_ranges, high = n * (i + 1) / num_ranges;
        const int64_t start = mirror.offsets[low];
        h2vi_mirror_read(&mirror, low, high, csr->targets + start,
                         csr->weights ? csr->weights + start : NULL);
    }
    memcpy(csr->offsets, mirror.offsets, (size_t)(n + 1) * sizeof *csr->offsets);
    h2vi_mirror_clear(&mirror);
    return H2V_OK;
}

static void check_graph(random_graph g, int num_threads)
{
    h2vi_edge_list edges = {0};
    h2vi_csr rows, csr;
    int64_t num_duplicates = -1;
    assert_int_equal(fill(&g, &edges), H2V_OK);
    const h2vi_rows_plan plan = {.num_vertices = g.num_vertices,
                                 .directed = g.directed,
                                 .weighted = g.weighted,
                                 .num_threads = num_threads};
    assert_int_equal(h2vi_edge_list_to_rows(&edges, &plan, &rows, &num_duplicates), H2V_OK);
    assert_null(edges.first);
    assert_rows(&g, &rows, num_duplicates);
    if (g.directed) {
        assert_int_equal(h2vi_csr_check(&rows), H2V_OK);
        h2vi_csr_clear(&rows);
        return;
    }
    const int64_t num_edges = rows.num_arcs;
    assert_int_equal(mirror_rows(&rows, num_threads, 1 + (int)g.num_edges % 5, &csr),
                     H2V_OK);
    assert_int_equal(h2vi_csr_check(&csr), H2V_OK);
    assert_int_equal(h2vi_csr_num_edges(&csr), num_edges);
    h2vi_csr_clear(&csr);
}

static void edges_become_rows(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {
        {1, 0},      {1, 3},         {2, 1},        {3, 10},          {40, 60},
        {300, 5000}, {5000, 100000}, {200, 100000}, {100000, 400000}, {1100000, 200000}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int kind = 0; kind < 4; kind++)
            for (int num_threads = 1; num_threads <= 3; num_threads += 2)
                check_graph((random_graph){.num_vertices = sizes[s][0],
                                           .num_edges = sizes[s][1],
                                           .directed = (kind & 1) != 0,
                                           .weighted = (kind & 2) != 0},
                            num_threads);
}

static void one_edge_many_times_is_one_edge(void **state)
{
    (void)state;
    enum { TIMES = 1000000 };
    h2vi_edge_list edges = {0};
    repeat((h2vi_edge){5, 3}, 0.1F, TIMES, 8, &edges);
    const h2vi_rows_plan plan = {.num_vertices = 8, .weighted = true, .num_threads = 2};
    h2vi_csr rows;
    int64_t num_duplicates = 0;
    assert_int_equal(h2vi_edge_list_to_rows(&edges, &plan, &rows, &num_duplicates), H2V_OK);
    assert_int_equal(num_duplicates, TIMES - 1);
    assert_int_equal(rows.num_arcs, 1);
    assert_int_equal(rows.targets[0], 5);
    assert_true(fabsf(rows.weights[0] - 1e5F) < 0.01F); /* floats would end at 100958 */
    h2vi_csr_clear(&rows);
}

/* The largest gids use all bits that there are, under any layout. */
static void large_gids_are_sorted(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    const int64_t num_vertices = (int64_t)1 << 32;
    const h2vi_edge_layout layout = h2vi_edge_layout_for(num_vertices);
    const uint32_t last = (uint32_t)num_vertices - 1,
                   first = last >> layout.row_bits << layout.row_bits;
    h2vi_edge pairs[COUNT] = {
        {last, last - 1}, {first, last}, {last, 3}, {first, 7}, {last, 3}};
    const h2vi_edge_run run = {.edges = pairs, .count = COUNT};
    h2vi_edge_block *block = NULL;
    assert_int_equal(h2vi_edge_block_create(&run, true, num_vertices, &block), H2V_OK);
    const int64_t piece = last >> layout.row_bits;
    assert_int_equal(block->num_pieces, piece + 1);
    assert_int_equal(block->starts[piece], 0);
    assert_int_equal(h2vi_edge_block_get(block, piece, 1).source, first);
    assert_int_equal(h2vi_edge_block_get(block, piece, 1).target, last);

    static int64_t lengths[1 << 16];
    uint32_t targets[COUNT];
    h2vi_sort_scratch scratch = {0};
    h2vi_sort_job job = {.blocks = &block,
                         .num_blocks = 1,
                         .layout = layout,
                         .piece = piece,
                         .count = COUNT,
                         .targets = targets,
                         .row_lengths = lengths};
    assert_in_range(last - first, 0, sizeof lengths / sizeof *lengths - 1);
    assert_int_equal(h2vi_edge_sort(&job, &scratch), H2V_OK);
    assert_int_equal(job.num_distinct, 4);
    assert_int_equal(lengths[0], 2);
    assert_int_equal(lengths[last - first], 2);
    static const uint32_t sorted[] = {7, UINT32_MAX, 3, UINT32_MAX - 1};
    assert_memory_equal(targets, sorted, sizeof sorted);
    h2vi_sort_scratch_clear(&scratch);
    free(block);
}

static void sums_beyond_a_float_are_refused(void **state)
{
    (void)state;
    int64_t numbers[] = {100, 200, 300};
    const h2vi_ids ids = {.num_ids = 3, .numbers = numbers};
    h2vi_edge_list edges = {0};
    repeat((h2vi_edge){2, 1}, 3e38F, 2, 3, &edges);
    const h2vi_rows_plan plan = {
        .num_vertices = 3, .weighted = true, .num_threads = 1, .ids = &ids};
    h2vi_csr rows;
    int64_t num_duplicates = 0;
    assert_int_equal(h2vi_edge_list_to_rows(&edges, &plan, &rows, &num_duplicates),
                     H2V_ERR_DATA);
    assert_non_null(strstr(h2v_error_message(), "edge '200' '300' add up to more"));
    assert_null(rows.offsets);
    assert_null(edges.first);
}

/* Under new gids, which are the old ones the other way round. */
static h2v_status build(const random_graph *g)
{
    h2vi_edge_list edges = {0};
    h2vi_csr rows = {0}, csr = {0};
    int64_t num_duplicates = 0;
    uint32_t *new_gids = malloc((size_t)g->num_vertices * sizeof *new_gids);
    assert_non_null(new_gids);
    for (int64_t v = 0; v < g->num_vertices; v++)
        new_gids[v] = (uint32_t)(g->num_vertices - 1 - v);
    const h2vi_rows_plan plan = {.num_vertices = g->num_vertices,
                                 .weighted = g->weighted,
                                 .new_gids = new_gids,
                                 .num_threads = 1};
    h2v_status status = fill(g, &edges);
    if (status == H2V_OK)
        status = h2vi_edge_list_to_rows(&edges, &plan, &rows, &num_duplicates);
    if (status == H2V_OK) status = mirror_rows(&rows, 1, 1, &csr);
    h2vi_csr_clear(&csr);
    h2vi_edge_list_clear(&edges);
    free(new_gids);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    const random_graph g = {.num_vertices = 500, .num_edges = 100000, .weighted = true};
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        h2vi_alloc_fail_after(k);
        status = build(&g);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) assert_int_equal(status, H2V_ERR_NOMEM);
    }
    assert_true(num_failures > 30); /* the last are of the mirror */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_become_rows),
        cmocka_unit_test(one_edge_many_times_is_one_edge),
        cmocka_unit_test(large_gids_are_sorted),
        cmocka_unit_test(sums_beyond_a_float_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
