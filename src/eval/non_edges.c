/* SPDX-License-Identifier: MIT */

/* Rejection: draw both ends, refuse what is an edge, a loop or already there. The pairs
 * found are kept in a hash set with linear probing, keyed by both gids in one word; no pair
 * has the key 0, which so marks an empty place. An end in proportion to its degree is the
 * end of a uniformly drawn arc. Attempt k for pair i uses the random numbers of the counter
 * (i, k). */
#include "non_edges.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

enum { ATTEMPTS_FOR_NEW = 1000, ATTEMPTS = 1000000 };

typedef struct pair_set {
    int shift; /* 64 - log2 of the number of places */
    uint64_t mask;
    uint64_t *keys;
} pair_set;

typedef struct drawing {
    const h2vi_csr *csr;
    h2v_negatives kind;
    uint64_t seed;
    h2vi_purpose purpose;
    pair_set seen;
} drawing;

static h2v_status make_set(int64_t num_pairs, pair_set *set)
{
    int bits = 4;
    while ((int64_t)1 << bits < 2 * num_pairs) bits++;
    set->shift = 64 - bits;
    set->mask = ((uint64_t)1 << bits) - 1;
    set->keys = h2vi_alloc((size_t)1 << bits, sizeof *set->keys);
    return set->keys ? H2V_OK : h2vi_fail_memory("negative pairs");
}

/* Whether the key was not there before. */
static bool insert(pair_set *set, uint64_t key)
{
    uint64_t place = (key * UINT64_C(0x9E3779B97F4A7C15)) >> set->shift;
    while (set->keys[place] != 0 && set->keys[place] != key)
        place = (place + 1) & set->mask;
    const bool is_new = set->keys[place] == 0;
    set->keys[place] = key;
    return is_new;
}

uint64_t h2vi_count_non_edges(const h2vi_csr *csr)
{
    const uint64_t n = (uint64_t)csr->num_vertices;
    if (n == 0) return 0;
    uint64_t num_loops = 0;
    for (uint32_t v = 0; v < n; v++) num_loops += h2vi_csr_has_arc(csr, v, v);
    const uint64_t num_arcs = (uint64_t)csr->num_arcs - num_loops;
    return csr->directed ? n * (n - 1) - num_arcs : (n * (n - 1) - num_arcs) / 2;
}

uint32_t h2vi_arc_source(const h2vi_csr *csr, int64_t arc)
{
    int64_t low = 0, high = csr->num_vertices; /* offsets[low] <= arc < offsets[high] */
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (csr->offsets[middle] <= arc)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static void draw_ends(const drawing *draw, int64_t pair, uint32_t attempt, uint32_t ends[2])
{
    const h2vi_csr *csr = draw->csr;
    const h2vi_words r =
        h2vi_random(draw->seed, draw->purpose, (uint32_t)draw->kind,
                    (uint32_t)((uint64_t)pair >> 32), (uint32_t)pair, attempt);
    const bool is_uniform = draw->kind == H2V_NEGATIVES_UNIFORM;
    const uint64_t range = (uint64_t)(is_uniform ? csr->num_vertices : csr->num_arcs);
    const uint64_t first = h2vi_below64(r.w[0], r.w[1], range);
    const uint64_t second = h2vi_below64(r.w[2], r.w[3], range);
    if (is_uniform) {
        ends[0] = (uint32_t)first;
        ends[1] = (uint32_t)second;
    } else {
        ends[0] =
            csr->directed ? h2vi_arc_source(csr, (int64_t)first) : csr->targets[first];
        ends[1] = csr->targets[second];
    }
    if (!csr->directed && ends[0] > ends[1]) {
        const uint32_t larger = ends[0];
        ends[0] = ends[1];
        ends[1] = larger;
    }
}

static bool find_non_edge(drawing *draw, int64_t pair, uint32_t ends[2])
{
    for (uint32_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        draw_ends(draw, pair, attempt, ends);
        if (ends[0] == ends[1] || h2vi_csr_has_arc(draw->csr, ends[0], ends[1])) continue;
        const bool is_new = insert(&draw->seen, (uint64_t)ends[0] << 32 | ends[1]);
        if (is_new || attempt >= ATTEMPTS_FOR_NEW) return true;
    }
    return false;
}

h2v_status h2vi_draw_non_edges(const h2vi_csr *csr, h2v_negatives kind, uint64_t seed,
                               h2vi_purpose purpose, int64_t num_pairs, uint32_t *pairs)
{
    const uint64_t num_non_edges = h2vi_count_non_edges(csr);
    if (num_non_edges < (uint64_t)num_pairs)
        return h2v_fail(
            H2V_ERR_DATA,
            "The graph has %llu pairs of vertices without an edge; %lld are needed",
            (unsigned long long)num_non_edges, (long long)num_pairs);

    drawing draw = {csr, kind, seed, purpose, {0}};
    h2v_status status = make_set(num_pairs, &draw.seen);
    for (int64_t i = 0; status == H2V_OK && i < num_pairs; i++)
        if (!find_non_edge(&draw, i, pairs + 2 * i))
            status =
                h2v_fail(H2V_ERR_DATA,
                         "The graph is too dense: %d attempts found no pair of vertices "
                         "without an edge (%s negatives)",
                         ATTEMPTS, h2v_negatives_name(kind));
    free(draw.seen.keys);
    return status;
}
