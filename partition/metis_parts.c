/* SPDX-License-Identifier: MIT */

/* METIS 5 (Karypis and Kumar, A fast and high quality multilevel scheme for partitioning
 * irregular graphs, 1998, doi:10.1137/S1064827595287997). Debian builds it with 32-bit
 * indices: counts and weight sums are checked against idx_t before anything is narrowed. It
 * reports success as 1, is not safe to call from two threads, and has crashed for one part,
 * which the caller therefore never asks for. */
#define _DEFAULT_SOURCE
#include "metis_parts.h"

#include "alloc.h"
#include "fail.h"

#include <math.h>
#include <metis.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static const int64_t INDEX_MAX = sizeof(idx_t) == 4 ? INT32_MAX : INT64_MAX;
/* Room for METIS to add weights of coarse vertices without overflow. */
static const int64_t WEIGHT_SUM = (int64_t)1 << 30;

typedef struct metis_graph {
    idx_t num_vertices;
    idx_t *offsets, *targets, *vertex_weights, *edge_weights;
} metis_graph;

static void metis_graph_clear(metis_graph *graph)
{
    free(graph->offsets);
    free(graph->targets);
    free(graph->vertex_weights);
    free(graph->edge_weights);
}

/* METIS leaves many small freed pieces, which would stay with the process for the whole of
 * training. */
static void return_memory(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

/* Work per vertex in integers of at least 1 whose sum is below WEIGHT_SUM. */
static void scale_vertex_weights(const h2vi_whole_graph *whole, int64_t most_work,
                                 idx_t *weights)
{
    const double most = (double)most_work;
    double sum = 0;
    for (int64_t v = 0; v < whole->num_vertices; v++)
        sum += fmin((double)whole->vertex_weights[v], most);
    const double room = (double)(WEIGHT_SUM - whole->num_vertices);
    const double scale = sum > room && room > 0 ? room / sum : 1;
    for (int64_t v = 0; v < whole->num_vertices; v++)
        weights[v] = 1 + (idx_t)(fmin((double)whole->vertex_weights[v], most) * scale);
}

/* Edge weights in integers of at least 1: 1,000 steps up to the largest, fewer if the sum
 * would be too large. */
static void scale_edge_weights(const h2vi_whole_graph *whole, idx_t *weights)
{
    const int64_t m = whole->offsets[whole->num_vertices];
    double sum = 0, largest = 0;
    for (int64_t e = 0; e < m; e++) {
        sum += (double)whole->weights[e];
        if ((double)whole->weights[e] > largest) largest = (double)whole->weights[e];
    }
    double scale = largest > 0 ? 1000 / largest : 1;
    const double room = (double)(WEIGHT_SUM - m);
    if (sum * scale > room) scale = room > 0 ? room / sum : 0;
    for (int64_t e = 0; e < m; e++)
        weights[e] = 1 + (idx_t)((double)whole->weights[e] * scale);
}

bool h2vi_metis_counts_to(int64_t num_vertices, int64_t num_arcs)
{
    return num_vertices < INDEX_MAX && num_arcs < INDEX_MAX && num_vertices < WEIGHT_SUM;
}

static h2v_status to_metis(h2vi_whole_graph *whole, int64_t most_work, metis_graph *graph,
                           int64_t *num_bytes)
{
    const int64_t n = whole->num_vertices, m = whole->offsets[n];
    if (!h2vi_metis_counts_to(n, m))
        return h2v_fail(H2V_ERR_PARTITION,
                        "METIS here counts to %lld, the graph has %lld arcs; use "
                        "--partitioner fennel",
                        (long long)INDEX_MAX, (long long)m);
    graph->num_vertices = (idx_t)n;
    graph->offsets = h2vi_alloc_n(n + 1, sizeof *graph->offsets);
    graph->targets = h2vi_alloc_n(m, sizeof *graph->targets);
    graph->vertex_weights = h2vi_alloc_n(n, sizeof *graph->vertex_weights);
    if (whole->weights) graph->edge_weights = h2vi_alloc_n(m, sizeof *graph->edge_weights);
    if (!graph->offsets || !graph->targets || !graph->vertex_weights ||
        (whole->weights && !graph->edge_weights))
        return h2vi_fail_memory("METIS's graph");
    for (int64_t v = 0; v <= n; v++) graph->offsets[v] = (idx_t)whole->offsets[v];
    for (int64_t e = 0; e < m; e++) graph->targets[e] = (idx_t)whole->targets[e];
    scale_vertex_weights(whole, most_work, graph->vertex_weights);
    if (whole->weights) scale_edge_weights(whole, graph->edge_weights);

    const int64_t width = sizeof(idx_t);
    *num_bytes = n * 16 + m * (whole->weights ? 8 : 4) /* whole */
                 + (2 * n + m * (whole->weights ? 2 : 1)) * width;
    h2vi_whole_graph_clear(whole);
    return H2V_OK;
}

h2v_status h2vi_metis_partition(h2vi_whole_graph *whole, int num_parts, int64_t most_work,
                                uint64_t seed, int32_t *parts, int64_t *num_bytes)
{
    metis_graph graph = {0};
    idx_t *assigned = NULL;
    h2v_status status = to_metis(whole, most_work, &graph, num_bytes);
    if (status != H2V_OK) goto cleanup;
    assigned = h2vi_alloc_n(graph.num_vertices, sizeof *assigned);
    if (!assigned) {
        status = h2vi_fail_memory("METIS's parts");
        goto cleanup;
    }

    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_NUMBERING] = 0;
    options[METIS_OPTION_SEED] = (idx_t)(seed & 0x7fffffff);
    idx_t num_constraints = 1, wanted = num_parts, cut = 0;
    const int outcome =
        METIS_PartGraphKway(&graph.num_vertices, &num_constraints, graph.offsets,
                            graph.targets, graph.vertex_weights, NULL, graph.edge_weights,
                            &wanted, NULL, NULL, options, &cut, assigned);
    if (outcome != METIS_OK) {
        status = h2v_fail(H2V_ERR_PARTITION, "METIS failed with code %d%s", outcome,
                          outcome == METIS_ERROR_MEMORY ? " (out of memory)" : "");
        goto cleanup;
    }
    for (idx_t v = 0; v < graph.num_vertices; v++) parts[v] = (int32_t)assigned[v];

cleanup:
    metis_graph_clear(&graph);
    free(assigned);
    return_memory();
    return status;
}
