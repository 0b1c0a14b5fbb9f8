/* SPDX-License-Identifier: MIT */

/* An undirected graph's rows hold every edge once, at its lower end. Here the other
 * direction is added. Row v becomes first those u < v that name v, then its own targets;
 * going through the rows in ascending order finds the former in ascending order, so nothing
 * is sorted. Each thread goes through all rows, but writes only to a range of v of its own.
 */
#include "edge_rows.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

/* The first arc of row u whose target is at least `low`. */
static int64_t first_at_least(const h2vi_csr *rows, int64_t u, uint32_t low)
{
    int64_t begin = rows->offsets[u], end = rows->offsets[u + 1];
    while (begin < end) {
        const int64_t middle = begin + (end - begin) / 2;
        if (rows->targets[middle] < low)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Count, for each v in [low, high), the rows u < v that name it. */
static void count_lower(const h2vi_csr *rows, int64_t low, int64_t high, int64_t *counts)
{
    for (int64_t u = 0; u < high; u++) {
        const int64_t end = rows->offsets[u + 1];
        for (int64_t e = first_at_least(rows, u, (uint32_t)low); e < end; e++) {
            const uint32_t v = rows->targets[e];
            if (v >= high) break;
            counts[v] += v != u;
        }
    }
}

/* Write those u to the places where each row v now begins, and move these on. */
static void write_lower(const h2vi_csr *rows, int64_t low, int64_t high, h2vi_csr *csr)
{
    for (int64_t u = 0; u < high; u++) {
        const int64_t end = rows->offsets[u + 1];
        for (int64_t e = first_at_least(rows, u, (uint32_t)low); e < end; e++) {
            const uint32_t v = rows->targets[e];
            if (v >= high) break;
            if (v == u) continue; /* a loop is one arc */
            const int64_t place = csr->offsets[v]++;
            csr->targets[place] = (uint32_t)u;
            if (csr->weights) csr->weights[place] = rows->weights[e];
        }
    }
}

static int64_t row_length(const h2vi_csr *rows, int64_t v)
{
    return rows->offsets[v + 1] - rows->offsets[v];
}

/* Counts of lower neighbors, in place, to where rows begin. */
static void place_rows(const h2vi_csr *rows, h2vi_csr *csr)
{
    int64_t start = 0;
    for (int64_t v = 0; v < rows->num_vertices; v++) {
        const int64_t length = csr->offsets[v] + row_length(rows, v);
        csr->offsets[v] = start;
        start += length;
    }
    csr->offsets[rows->num_vertices] = csr->num_arcs = start;
}

/* Copy each row's own targets behind the lower ones; offsets stand there now. */
static void write_upper(const h2vi_csr *rows, int num_threads, h2vi_csr *csr)
{
#pragma omp parallel for schedule(dynamic, 4096) num_threads(num_threads)
    for (int64_t u = 0; u < rows->num_vertices; u++) {
        const size_t length = (size_t)row_length(rows, u);
        const int64_t from = rows->offsets[u], to = csr->offsets[u];
        memcpy(csr->targets + to, rows->targets + from, length * sizeof *csr->targets);
        if (csr->weights)
            memcpy(csr->weights + to, rows->weights + from, length * sizeof *csr->weights);
    }
}

/* From where each row's upper half begins back to where the row does. */
static void restore_offsets(const h2vi_csr *rows, h2vi_csr *csr)
{
    for (int64_t v = rows->num_vertices - 1; v > 0; v--)
        csr->offsets[v] = csr->offsets[v - 1] + row_length(rows, v - 1);
    csr->offsets[0] = 0;
}

/* The first vertex at or behind a share of all arcs. */
static int64_t vertex_at_share(const h2vi_csr *csr, int t, int num_threads)
{
    const int64_t arcs = csr->num_arcs / num_threads * t;
    int64_t low = 0, high = csr->num_vertices;
    if (t == num_threads) return high;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (csr->offsets[middle] < arcs)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static h2v_status fill(const h2vi_csr *rows, int num_threads, h2vi_csr *csr)
{
    int64_t *bounds = h2vi_alloc_n((int64_t)num_threads + 1, sizeof *bounds);
    if (!bounds) return h2vi_fail_memory("the adjacency");
    for (int t = 0; t <= num_threads; t++) bounds[t] = vertex_at_share(csr, t, num_threads);
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++) write_lower(rows, bounds[t], bounds[t + 1], csr);
    free(bounds);
    write_upper(rows, num_threads, csr);
    restore_offsets(rows, csr);
    return H2V_OK;
}

h2v_status h2vi_rows_mirror(h2vi_csr *rows, int num_threads, h2vi_csr *csr)
{
    const int64_t n = rows->num_vertices;
    h2v_status status = H2V_OK;
    *csr = (h2vi_csr){.num_vertices = n};
    csr->offsets = h2vi_alloc_n(n + 1, sizeof *csr->offsets);
    if (!csr->offsets) {
        status = h2vi_fail_memory("the adjacency");
        goto cleanup;
    }
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++)
        count_lower(rows, n * t / num_threads, n * (t + 1) / num_threads, csr->offsets);
    place_rows(rows, csr);

    csr->targets = h2vi_alloc_n(csr->num_arcs, sizeof *csr->targets);
    if (rows->weights) csr->weights = h2vi_alloc_n(csr->num_arcs, sizeof *csr->weights);
    if (!csr->targets || (rows->weights && !csr->weights))
        status = h2vi_fail_memory("the adjacency");
    else
        status = fill(rows, num_threads, csr);

cleanup:
    h2vi_csr_clear(rows);
    if (status != H2V_OK) h2vi_csr_clear(csr);
    return status;
}
