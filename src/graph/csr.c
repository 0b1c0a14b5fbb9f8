/* SPDX-License-Identifier: MIT */

/* Compressed sparse rows: the checker, lookups, and the digest. The digest is a sum of
 * hashes, so neither the order of vertices nor that of edges shows in it; an undirected
 * edge enters once, its ends' hashes ordered by value. */
#include "csr.h"

#include "fail.h"
#include "hash.h"

#include <math.h>
#include <stdlib.h>

enum { HASHED_AT_ONCE = 64 };

void h2vi_csr_clear(h2vi_csr *csr)
{
    free(csr->offsets);
    free(csr->targets);
    free(csr->weights);
    *csr = (h2vi_csr){0};
}

/* Where target v stands in row u, or where it would stand. */
static int64_t lower_bound(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    int64_t low = csr->offsets[u], high = csr->offsets[u + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (csr->targets[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t find_arc(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    const int64_t e = lower_bound(csr, u, v);
    return e < csr->offsets[u + 1] && csr->targets[e] == v ? e : -1;
}

bool h2vi_csr_has_arc(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    return find_arc(csr, u, v) >= 0;
}

/* Row u on its own: targets in range and ascending, weights finite and > 0. */
static h2v_status check_row(const h2vi_csr *csr, uint32_t u)
{
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++) {
        if (csr->targets[e] >= csr->num_vertices)
            return h2v_fail(H2V_ERR_DATA, "Row %u has target %u; there are %lld vertices",
                            u, csr->targets[e], (long long)csr->num_vertices);
        if (e > csr->offsets[u] && csr->targets[e - 1] >= csr->targets[e])
            return h2v_fail(H2V_ERR_DATA, "Row %u is not strictly ascending at target %u",
                            u, csr->targets[e]);
        if (csr->weights && !(isfinite(csr->weights[e]) && csr->weights[e] > 0.0F))
            return h2v_fail(H2V_ERR_DATA, "Arc %u -> %u has weight %g; it must be > 0", u,
                            csr->targets[e], (double)csr->weights[e]);
    }
    return H2V_OK;
}

/* Every arc of row u has its reverse, with the same weight. */
static h2v_status check_reverse(const h2vi_csr *csr, uint32_t u)
{
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++) {
        const uint32_t v = csr->targets[e];
        const int64_t back = find_arc(csr, v, u);
        if (back < 0)
            return h2v_fail(H2V_ERR_DATA, "Undirected arc %u -> %u has no reverse", u, v);
        if (csr->weights && csr->weights[e] != csr->weights[back])
            return h2v_fail(H2V_ERR_DATA, "Arc %u -> %u and its reverse differ in weight",
                            u, v);
    }
    return H2V_OK;
}

static h2v_status check_offsets(const h2vi_csr *csr)
{
    if (csr->num_vertices < 0 || csr->num_vertices > H2V_MAX_VERTICES || csr->num_arcs < 0)
        return h2v_fail(H2V_ERR_DATA, "%lld vertices and %lld arcs cannot be",
                        (long long)csr->num_vertices, (long long)csr->num_arcs);
    if (csr->offsets[0] != 0 || csr->offsets[csr->num_vertices] != csr->num_arcs)
        return h2v_fail(H2V_ERR_DATA, "Offsets run from %lld to %lld, not from 0 to %lld",
                        (long long)csr->offsets[0],
                        (long long)csr->offsets[csr->num_vertices],
                        (long long)csr->num_arcs);
    for (int64_t u = 0; u < csr->num_vertices; u++)
        if (csr->offsets[u] > csr->offsets[u + 1])
            return h2v_fail(H2V_ERR_DATA, "Offsets descend at row %lld", (long long)u);
    return H2V_OK;
}

h2v_status h2vi_csr_check(const h2vi_csr *csr)
{
    h2v_status status = check_offsets(csr);
    for (int64_t u = 0; status == H2V_OK && u < csr->num_vertices; u++)
        status = check_row(csr, (uint32_t)u);
    for (int64_t u = 0; status == H2V_OK && !csr->directed && u < csr->num_vertices; u++)
        status = check_reverse(csr, (uint32_t)u);
    return status;
}

int64_t h2vi_csr_num_edges(const h2vi_csr *csr)
{
    if (csr->directed) return csr->num_arcs;
    int64_t num_loops = 0;
#pragma omp parallel for schedule(static) reduction(+ : num_loops)
    for (int64_t u = 0; u < csr->num_vertices; u++)
        num_loops += find_arc(csr, (uint32_t)u, (uint32_t)u) >= 0;
    return (csr->num_arcs + num_loops) / 2;
}

static bool is_above(h2v_digest a, h2v_digest b)
{
    return a.high > b.high || (a.high == b.high && a.low > b.low);
}

static void add(h2v_digest *sum, h2v_digest hash)
{
    sum->low += hash.low;
    sum->high += hash.high;
}

/* The hash of each of some ids, at most HASHED_AT_ONCE. */
static void hash_ids(const h2vi_ids *ids, const uint32_t *gids, int count,
                     h2v_digest *hashes)
{
    if (h2vi_ids_are_numbers(ids)) {
        int64_t numbers[HASHED_AT_ONCE];
        for (int i = 0; i < count; i++) numbers[i] = ids->numbers[gids[i]];
        h2vi_hash128_each(numbers, sizeof *numbers, (size_t)count, hashes);
        return;
    }
    for (int i = 0; i < count; i++) {
        const int64_t *start = ids->starts + gids[i];
        hashes[i] = h2vi_hash128(ids->text + start[0], (size_t)(start[1] - start[0] - 1));
    }
}

static void prefetch_id(const h2vi_ids *ids, uint32_t gid)
{
    if (h2vi_ids_are_numbers(ids))
        __builtin_prefetch(ids->numbers + gid);
    else
        __builtin_prefetch(ids->starts + gid);
}

/* One edge, as it is hashed: 40 bytes without padding. */
typedef struct hashed_edge {
    h2v_digest first, second;
    double weight;
} hashed_edge;

/* Edges that wait to be hashed together: the hashes of many overlap in time. */
typedef struct hasher {
    const h2vi_csr *csr;
    const h2vi_ids *ids;
    h2v_digest sum;
    int count;
    uint32_t targets[HASHED_AT_ONCE];
    hashed_edge edges[HASHED_AT_ONCE]; /* `second` is missing */
} hasher;

static void hash_edges(hasher *h)
{
    h2v_digest hashes[HASHED_AT_ONCE];
    hash_ids(h->ids, h->targets, h->count, hashes);
    for (int i = 0; i < h->count; i++) {
        hashed_edge *edge = &h->edges[i];
        const bool is_swapped = !h->csr->directed && is_above(edge->first, hashes[i]);
        edge->second = is_swapped ? edge->first : hashes[i];
        if (is_swapped) edge->first = hashes[i];
    }
    h2vi_hash128_each(h->edges, sizeof *h->edges, (size_t)h->count, hashes);
    for (int i = 0; i < h->count; i++) add(&h->sum, hashes[i]);
    h->count = 0;
}

/* Add row u's vertex and its edges, of which an undirected one is hashed at its lower end.
 */
static void hash_row(hasher *h, uint32_t u)
{
    const h2vi_csr *csr = h->csr;
    h2v_digest source;
    hash_ids(h->ids, &u, 1, &source);
    add(&h->sum, source);
    const int64_t end = csr->offsets[u + 1];
    for (int64_t e = csr->directed ? csr->offsets[u] : lower_bound(csr, u, u); e < end;
         e++) {
        prefetch_id(h->ids, csr->targets[e]);
        h->targets[h->count] = csr->targets[e];
        h->edges[h->count].first = source;
        h->edges[h->count].weight = csr->weights ? (double)csr->weights[e] : 1.0;
        if (++h->count == HASHED_AT_ONCE) hash_edges(h);
    }
}

h2v_digest h2vi_csr_hash_header(const h2vi_csr *csr, const h2vi_ids *ids, int64_t num_arcs)
{
    const uint64_t header[5] = {(uint64_t)csr->num_vertices, (uint64_t)num_arcs,
                                csr->directed, csr->weights != NULL,
                                h2vi_ids_are_numbers(ids)};
    return h2vi_hash128(header, sizeof header);
}

h2v_digest h2vi_csr_hash_rows(const h2vi_csr *csr, const h2vi_ids *ids, int64_t low,
                              int64_t high)
{
    hasher h = {.csr = csr, .ids = ids};
    for (int64_t u = low; u < high; u++) hash_row(&h, (uint32_t)u);
    hash_edges(&h);
    return h.sum;
}

h2v_digest h2vi_csr_digest(const h2vi_csr *csr, const h2vi_ids *ids)
{
    enum { ROWS = 1024 };
    const int64_t n = csr->num_vertices;
    const h2v_digest start = h2vi_csr_hash_header(csr, ids, csr->num_arcs);
    uint64_t low = start.low, high = start.high;

#pragma omp parallel for schedule(dynamic, 1) reduction(+ : low, high)
    for (int64_t u = 0; u < n; u += ROWS) {
        const h2v_digest sum = h2vi_csr_hash_rows(csr, ids, u, n - u < ROWS ? n : u + ROWS);
        low += sum.low;
        high += sum.high;
    }
    return (h2v_digest){.low = low, .high = high};
}
