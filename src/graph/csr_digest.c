/* SPDX-License-Identifier: MIT */

/* The digest is a sum of hashes, so neither the order of vertices nor that of edges shows
 * in it; an undirected edge enters once, its ends' hashes ordered by value. Edges wait
 * until there are many: their ids come from memory together, and are hashed together. */
#include "csr.h"
#include "hash.h"
#include "hash_many.h"

typedef struct hasher {
    const h2vi_csr *csr;
    const h2vi_ids *ids;
    const h2vi_hash_kernels *kernels;
    h2v_digest sum;
    uint32_t targets[H2VI_HASHED_AT_ONCE];
    h2vi_hashed_edges edges; /* the targets' hashes are missing */
} hasher;

static void add(h2v_digest *sum, h2v_digest hash)
{
    sum->low += hash.low;
    sum->high += hash.high;
}

static h2v_digest hash_id(const h2vi_ids *ids, int64_t gid)
{
    if (h2vi_ids_are_numbers(ids))
        return h2vi_hash128(&ids->numbers[gid], sizeof ids->numbers[gid]);
    const int64_t *start = ids->starts + gid;
    return h2vi_hash128(ids->text + start[0], (size_t)(start[1] - start[0] - 1));
}

static void hash_targets(hasher *h)
{
    const int count = h->edges.count;
    h2vi_hashes *hashes = &h->edges.targets;
    if (h2vi_ids_are_numbers(h->ids)) {
        int64_t numbers[H2VI_HASHED_AT_ONCE];
        for (int i = 0; i < count; i++) numbers[i] = h->ids->numbers[h->targets[i]];
        h->kernels->hash_numbers(numbers, count, hashes);
        return;
    }
    for (int i = 0; i < count; i++) {
        const h2v_digest hash = hash_id(h->ids, h->targets[i]);
        hashes->low[i] = hash.low;
        hashes->high[i] = hash.high;
    }
}

static void hash_edges(hasher *h)
{
    hash_targets(h);
    h->kernels->add_edges(&h->edges, 0, &h->sum);
    h->edges.count = 0;
}

static void prefetch_ids(const h2vi_ids *ids, const uint32_t *gids, int count)
{
    if (h2vi_ids_are_numbers(ids))
        for (int i = 0; i < count; i++) __builtin_prefetch(ids->numbers + gids[i]);
    else
        for (int i = 0; i < count; i++) __builtin_prefetch(ids->starts + gids[i]);
}

/* Let edges of one source wait; there is room for them. */
static void push_edges(hasher *h, h2v_digest source, const uint32_t *targets,
                       const float *weights, int count)
{
    h2vi_hashed_edges *edges = &h->edges;
    const int first = edges->count;
    prefetch_ids(h->ids, targets, count);
    for (int i = 0; i < count; i++) h->targets[first + i] = targets[i];
    for (int i = 0; i < count; i++) edges->sources.low[first + i] = source.low;
    for (int i = 0; i < count; i++) edges->sources.high[first + i] = source.high;
    for (int i = 0; i < count; i++)
        edges->weights[first + i] = weights ? (double)weights[i] : 1.0;
    edges->count += count;
}

/* Where row u's edges begin that are hashed there: an undirected one is at its lower end.
 */
static int64_t first_hashed(const h2vi_csr *csr, uint32_t u)
{
    const int64_t first = csr->offsets[u];
    const bool all =
        csr->directed || first == csr->offsets[u + 1] || csr->targets[first] >= u;
    return all ? first : h2vi_csr_lower_bound(csr, u, u);
}

/* Add row u's vertex and its edges. */
static void hash_row(hasher *h, uint32_t u)
{
    const h2vi_csr *csr = h->csr;
    const h2v_digest source = hash_id(h->ids, u);
    const int64_t end = csr->offsets[u + 1];
    add(&h->sum, source);
    for (int64_t e = first_hashed(csr, u); e < end;) {
        const int64_t left = end - e, room = H2VI_HASHED_AT_ONCE - h->edges.count;
        const int count = (int)(left < room ? left : room);
        push_edges(h, source, csr->targets + e, csr->weights ? csr->weights + e : NULL,
                   count);
        e += count;
        if (h->edges.count == H2VI_HASHED_AT_ONCE) hash_edges(h);
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
    hasher h = {.csr = csr,
                .ids = ids,
                .kernels = h2vi_hash_kernels_of(h2vi_best_isa()),
                .edges.directed = csr->directed};
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
