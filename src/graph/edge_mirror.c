/* SPDX-License-Identifier: MIT */

/* Row v becomes first those u < v that name v, then its own targets; going through the rows
 * in ascending order finds the former in ascending order, so nothing is sorted. Each row
 * remembers how far it was read, as its targets ascend from range to range. */
#include "edge_mirror.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

/* The rows whose next targets are asked for while a row is read. */
enum { LOOK_AHEAD = 16 };

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
            counts[v] += v != u; /* a loop is one arc */
        }
    }
}

static int64_t row_length(const h2vi_csr *rows, int64_t v)
{
    return rows->offsets[v + 1] - rows->offsets[v];
}

/* Counts of lower neighbors, in place, to where rows begin. */
static void place_rows(h2vi_mirror *mirror)
{
    const int64_t n = mirror->rows.num_vertices;
    int64_t start = 0;
    for (int64_t v = 0; v < n; v++) {
        const int64_t length = mirror->offsets[v] + row_length(&mirror->rows, v);
        mirror->offsets[v] = start;
        start += length;
    }
    mirror->offsets[n] = start;
}

h2v_status h2vi_mirror_create(h2vi_csr *rows, int num_threads, h2vi_mirror *mirror)
{
    const int64_t n = rows->num_vertices;
    *mirror = (h2vi_mirror){.rows = *rows};
    *rows = (h2vi_csr){0};
    mirror->offsets = h2vi_alloc_n(n + 1, sizeof *mirror->offsets);
    mirror->taken = h2vi_alloc_n(n, sizeof *mirror->taken);
    if (!mirror->offsets || !mirror->taken) {
        h2vi_mirror_clear(mirror);
        return h2vi_fail_memory("the adjacency");
    }
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++)
        count_lower(&mirror->rows, n * t / num_threads, n * (t + 1) / num_threads,
                    mirror->offsets);
    place_rows(mirror);
    return H2V_OK;
}

void h2vi_mirror_clear(h2vi_mirror *mirror)
{
    h2vi_csr_clear(&mirror->rows);
    free(mirror->offsets);
    free(mirror->taken);
    *mirror = (h2vi_mirror){0};
}

/* Write every u that names a v < `high` to the place where row v now begins, and move that
 * on. Ranges before this one have taken all below it. */
static void read_lower(h2vi_mirror *mirror, int64_t high, int64_t start, uint32_t *targets,
                       float *weights)
{
    const h2vi_csr *rows = &mirror->rows;
    for (int64_t u = 0; u < high; u++) {
        const int64_t begin = rows->offsets[u], end = rows->offsets[u + 1];
        int64_t e = begin + mirror->taken[u];
        if (u + LOOK_AHEAD < high)
            __builtin_prefetch(rows->targets + rows->offsets[u + LOOK_AHEAD] +
                               mirror->taken[u + LOOK_AHEAD]);
        for (; e < end && rows->targets[e] < high; e++) {
            const uint32_t v = rows->targets[e];
            if (v == u) continue;
            const int64_t place = mirror->offsets[v]++ - start;
            targets[place] = (uint32_t)u;
            if (weights) weights[place] = rows->weights[e];
        }
        mirror->taken[u] = (uint32_t)(e - begin);
    }
}

void h2vi_mirror_read(h2vi_mirror *mirror, int64_t low, int64_t high, uint32_t *targets,
                      float *weights)
{
    const h2vi_csr *rows = &mirror->rows;
    int64_t *offsets = mirror->offsets;
    const int64_t start = offsets[low];
    read_lower(mirror, high, start, targets, weights);
    for (int64_t v = low; v < high; v++) { /* offsets stand at the upper halves now */
        const size_t length = (size_t)row_length(rows, v);
        const int64_t from = rows->offsets[v], to = offsets[v] - start;
        memcpy(targets + to, rows->targets + from, length * sizeof *targets);
        if (weights) memcpy(weights + to, rows->weights + from, length * sizeof *weights);
    }
    for (int64_t v = high - 1; v > low; v--)
        offsets[v] = offsets[v - 1] + row_length(rows, v - 1);
    if (low < high) offsets[low] = start;
}
