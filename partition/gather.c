/* SPDX-License-Identifier: MIT */

/* Rank 0 receives the rows in rank order, which is gid order, and makes them symmetric. */
#include "gather.h"

#include "agree.h"
#include "alloc.h"
#include "exchange.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

void h2vi_whole_graph_clear(h2vi_whole_graph *whole)
{
    free(whole->offsets);
    free(whole->targets);
    free(whole->weights);
    free(whole->vertex_weights);
    *whole = (h2vi_whole_graph){0};
}

/* Collective. Concatenate every rank's `count` items of `item_bytes` on rank 0, in rank
 * order; `*whole` is an array of its own there, NULL elsewhere. */
static h2v_status gather_array(const h2v_world *world, size_t item_bytes, int64_t count,
                               const void *items, void **whole)
{
    h2vi_exchange exchange;
    *whole = NULL;
    h2v_status status = h2v_agree(world, h2vi_exchange_init(world, item_bytes, &exchange));
    if (status == H2V_OK) {
        exchange.what = "slices of the graph";
        exchange.send_counts[0] = count;
        status = h2vi_exchange_run(&exchange, H2V_OK, items);
    }
    if (status == H2V_OK && world->rank == 0) {
        *whole = exchange.received;
        exchange.received = NULL;
    }
    h2vi_exchange_clear(&exchange);
    return status;
}

/* Row lengths to offsets, in place: lengths[v] stand at offsets[v + 1]. */
static h2v_status gather_offsets(const h2v_graph *graph, int64_t **offsets)
{
    const h2v_world *world = graph->world;
    int64_t *lengths = h2vi_alloc_n(graph->num_owned + 1, sizeof *lengths);
    h2v_status status =
        h2v_agree(world, lengths ? H2V_OK : h2vi_fail_memory("row lengths"));
    if (status != H2V_OK) goto cleanup;

    /* Rank 0 sends one more, the zero in front. */
    const int is_root = world->rank == 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        lengths[v + is_root] = graph->offsets[v + 1] - graph->offsets[v];
    void *whole = NULL;
    status =
        gather_array(world, sizeof *lengths, graph->num_owned + is_root, lengths, &whole);
    *offsets = whole;
    if (*offsets)
        for (int64_t v = 0; v < graph->num_vertices; v++)
            (*offsets)[v + 1] += (*offsets)[v];

cleanup:
    free(lengths);
    return status;
}

/* For each arc of a symmetric graph to be: its row, by counting. Rows are filled in
 * ascending order of the other end, first with the reversed arcs, merged with the forward
 * ones below. */
static h2v_status reverse(const h2vi_whole_graph *forward, h2vi_whole_graph *backward)
{
    const int64_t n = forward->num_vertices, m = forward->offsets[n];
    *backward = (h2vi_whole_graph){.num_vertices = n};
    backward->offsets = h2vi_alloc_n(n + 2, sizeof *backward->offsets);
    backward->targets = h2vi_alloc_n(m, sizeof *backward->targets);
    if (forward->weights) backward->weights = h2vi_alloc_n(m, sizeof *backward->weights);
    if (!backward->offsets || !backward->targets ||
        (forward->weights && !backward->weights))
        return h2vi_fail_memory("the reversed graph");

    int64_t *next =
        backward->offsets + 1; /* where row v is written next; ends as its end */
    for (int64_t e = 0; e < m; e++) next[forward->targets[e] + 1]++;
    for (int64_t v = 0; v < n; v++) next[v + 1] += next[v];
    for (int64_t u = 0; u < n; u++) {
        for (int64_t e = forward->offsets[u]; e < forward->offsets[u + 1]; e++) {
            const int64_t at = next[forward->targets[e]]++;
            backward->targets[at] = (uint32_t)u;
            if (forward->weights) backward->weights[at] = forward->weights[e];
        }
    }
    return H2V_OK;
}

/* Merge row u of both graphs into `row` (and `row_weights`), without the loop. */
static int64_t merge_row(const h2vi_whole_graph *a, const h2vi_whole_graph *b, int64_t u,
                         uint32_t *row, float *row_weights)
{
    int64_t i = a->offsets[u], j = b->offsets[u], length = 0;
    const int64_t i_end = a->offsets[u + 1], j_end = b->offsets[u + 1];
    while (i < i_end || j < j_end) {
        const uint32_t from_a = i < i_end ? a->targets[i] : UINT32_MAX;
        const uint32_t from_b = j < j_end ? b->targets[j] : UINT32_MAX;
        const uint32_t target = from_a < from_b ? from_a : from_b;
        float weight = 0;
        if (from_a == target) {
            weight += a->weights ? a->weights[i] : 0;
            i++;
        }
        if (from_b == target) {
            weight += b->weights ? b->weights[j] : 0;
            j++;
        }
        if ((int64_t)target == u) continue;
        row[length] = target;
        if (row_weights) row_weights[length] = weight;
        length++;
    }
    return length;
}

/* Local. Make a directed graph symmetric. */
static h2v_status symmetrize(h2vi_whole_graph *whole)
{
    const int64_t n = whole->num_vertices;
    h2vi_whole_graph backward = {0}, both = {.num_vertices = n};
    h2v_status status = reverse(whole, &backward);
    if (status != H2V_OK) goto cleanup;

    both.offsets = h2vi_alloc_n(n + 1, sizeof *both.offsets);
    both.targets = h2vi_alloc_n(2 * whole->offsets[n], sizeof *both.targets);
    if (whole->weights)
        both.weights = h2vi_alloc_n(2 * whole->offsets[n], sizeof *both.weights);
    if (!both.offsets || !both.targets || (whole->weights && !both.weights)) {
        status = h2vi_fail_memory("the symmetric graph");
        goto cleanup;
    }
    for (int64_t u = 0; u < n; u++) {
        const int64_t at = both.offsets[u];
        both.offsets[u + 1] = at + merge_row(whole, &backward, u, both.targets + at,
                                             both.weights ? both.weights + at : NULL);
    }
    both.vertex_weights = whole->vertex_weights;
    whole->vertex_weights = NULL;
    const h2vi_whole_graph directed = *whole;
    *whole = both;
    both = directed; /* released below */

cleanup:
    h2vi_whole_graph_clear(&backward);
    h2vi_whole_graph_clear(&both);
    return status;
}

/* Local. Take the loops out of a symmetric graph, in place. */
static void drop_loops(h2vi_whole_graph *whole)
{
    int64_t kept = 0, begin = 0;
    for (int64_t u = 0; u < whole->num_vertices; u++) {
        const int64_t end = whole->offsets[u + 1];
        for (int64_t e = begin; e < end; e++) {
            if ((int64_t)whole->targets[e] == u) continue;
            if (whole->weights) whole->weights[kept] = whole->weights[e];
            whole->targets[kept++] = whole->targets[e];
        }
        begin = end;
        whole->offsets[u + 1] = kept;
    }
}

h2v_status h2vi_gather_whole(const h2v_graph *graph, const int64_t *vertex_weights,
                             h2vi_whole_graph *whole)
{
    const h2v_world *world = graph->world;
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    void *targets = NULL, *weights = NULL, *work = NULL;
    *whole = (h2vi_whole_graph){.num_vertices = graph->num_vertices};

    h2v_status status = gather_offsets(graph, &whole->offsets);
    if (status == H2V_OK)
        status =
            gather_array(world, sizeof *graph->targets, num_arcs, graph->targets, &targets);
    whole->targets = targets;
    if (status == H2V_OK && graph->weights)
        status =
            gather_array(world, sizeof *graph->weights, num_arcs, graph->weights, &weights);
    whole->weights = weights;
    if (status == H2V_OK)
        status = gather_array(world, sizeof *vertex_weights, graph->num_owned,
                              vertex_weights, &work);
    whole->vertex_weights = work;

    if (status == H2V_OK && world->rank == 0) {
        if (graph->directed)
            status = symmetrize(whole);
        else
            drop_loops(whole);
    }
    status = h2vi_agree_patiently(world, status, "rank 0 to make the graph symmetric");
    if (status != H2V_OK) h2vi_whole_graph_clear(whole);
    return status;
}
