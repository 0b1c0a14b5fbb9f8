/* SPDX-License-Identifier: MIT */

/* Hold out edges: see evaluate.h. The edges are shuffled by the seed (Fisher and Yates); in
 * that order those that join two components form a spanning forest (Kruskal 1956,
 * doi:10.1090/S0002-9939-1956-0078686-7, with union-find), which stays in the training
 * graph, and the first of all others are held out. So the components stay as they are; in a
 * directed graph these are the weakly connected ones. Loops are no links: they stay and
 * count as edges. The negatives are drawn against the whole graph before its rows are
 * shortened in place. */
#include "halo2vec/evaluate.h"

#include "alloc.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "non_edges.h"
#include "output.h"
#include "pairs_hdf5.h"
#include "random.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct edge {
    uint32_t source, target;
} edge;

/* Everything that a split owns. */
typedef struct splitting {
    const h2v_split_params *params;
    h2vi_csr csr; /* the whole graph, then the training graph */
    h2vi_ids ids;
    int64_t num_edges;
    h2vi_pairs pairs;
} splitting;

static h2v_status check_params(const h2v_split_params *params)
{
    if (!params->graph || !params->output)
        return h2v_fail(H2V_ERR_ARGUMENT, "A split needs a graph file and an output");
    if (!(params->fraction > 0.0 && params->fraction < 1.0))
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "Fraction %g is not between 0 and 1, both excluded",
                        params->fraction);
    return H2V_OK;
}

/* To overwrite a directory is to remove it with all that is in it: only a split may go. */
static h2v_status check_replaceable(const char *path)
{
    static const char *const expected[] = {".", "..", "train.h5", "pairs.h5"};
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT) return H2V_OK;
    if (!directory)
        return h2v_fail(H2V_ERR_EXISTS, "Output '%s' cannot be replaced: %s", path,
                        strerror(errno));
    h2v_status status = H2V_OK;
    for (struct dirent *entry = readdir(directory); entry && status == H2V_OK;
         entry = readdir(directory)) {
        size_t i = 0;
        while (i < sizeof expected / sizeof *expected &&
               strcmp(entry->d_name, expected[i]) != 0)
            i++;
        if (i == sizeof expected / sizeof *expected)
            status = h2v_fail(H2V_ERR_EXISTS,
                              "Output '%s' holds '%s', which no split wrote; name another",
                              path, entry->d_name);
    }
    (void)closedir(directory);
    return status;
}

/* All edges but loops; undirected ones once. */
static int64_t list_edges(const h2vi_csr *csr, edge *edges)
{
    int64_t num_edges = 0;
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        const uint32_t source = (uint32_t)v;
        for (int64_t a = csr->offsets[v]; a < csr->offsets[v + 1]; a++) {
            const uint32_t target = csr->targets[a];
            if (target == source || (!csr->directed && target < source)) continue;
            edges[num_edges++] = (edge){source, target};
        }
    }
    return num_edges;
}

static void shuffle(uint64_t seed, int64_t num_edges, edge *edges)
{
    for (int64_t i = num_edges - 1; i > 0; i--) {
        const h2vi_words random = h2vi_random(
            seed, H2VI_FOR_SPLIT, 0, (uint32_t)((uint64_t)i >> 32), (uint32_t)i, 0);
        const uint64_t other = h2vi_below64(random.w[0], random.w[1], (uint64_t)i + 1);
        const edge kept = edges[i];
        edges[i] = edges[other];
        edges[other] = kept;
    }
}

static uint32_t find_root(uint32_t *parents, uint32_t v)
{
    while (parents[v] != v) {
        parents[v] = parents[parents[v]]; /* halve the path */
        v = parents[v];
    }
    return v;
}

/* Move the edges outside the spanning forest to the front, their order kept, and count
 * them; `parents`: shape [num_vertices]. */
static int64_t skip_forest(int64_t num_vertices, uint32_t *parents, int64_t num_edges,
                           edge *edges)
{
    for (int64_t v = 0; v < num_vertices; v++) parents[v] = (uint32_t)v;
    int64_t num_free = 0;
    for (int64_t e = 0; e < num_edges; e++) {
        const uint32_t a = find_root(parents, edges[e].source);
        const uint32_t b = find_root(parents, edges[e].target);
        if (a == b)
            edges[num_free++] = edges[e];
        else if (a < b) /* halving keeps paths short enough: O(log n) amortized */
            parents[b] = a;
        else
            parents[a] = b;
    }
    return num_free;
}

static h2v_status check_wanted(const splitting *split, int64_t num_free)
{
    const int64_t wanted = split->pairs.num_pairs;
    if (wanted < 1)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "Fraction %g of %" PRId64 " edges is less than one edge",
                        split->params->fraction, split->num_edges);
    if (wanted <= num_free) return H2V_OK;

    /* Rounded down to what %.4f prints, so that it works when pasted back. */
    const double largest = floor(1e4 * (double)num_free / (double)split->num_edges) / 1e4;
    const char *reason = split->params->allow_disconnect
                             ? "leaves no edge to train on"
                             : "cannot be held out without cutting a component";
    if (largest <= 0.0)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "Fraction %g %s, and no other can: %" PRId64 " of %" PRId64
                        " edges can go",
                        split->params->fraction, reason, num_free, split->num_edges);
    return h2v_fail(H2V_ERR_ARGUMENT, "Fraction %g %s; the largest that can is %.4f",
                    split->params->fraction, reason, largest);
}

/* Choose the positives. */
static h2v_status hold_out(splitting *split)
{
    const int64_t n = split->csr.num_vertices;
    h2vi_pairs *pairs = &split->pairs;
    pairs->num_pairs = llround(split->params->fraction * (double)split->num_edges);

    edge *edges = h2vi_alloc_n(split->num_edges, sizeof *edges);
    uint32_t *parents = h2vi_alloc_n(n, sizeof *parents);
    h2v_status status = edges && parents ? H2V_OK : h2vi_fail_memory("the list of edges");
    if (status != H2V_OK) goto cleanup;

    int64_t num_free = list_edges(&split->csr, edges);
    shuffle(split->params->seed, num_free, edges);
    if (!split->params->allow_disconnect)
        num_free = skip_forest(n, parents, num_free, edges);
    else if (num_free == split->num_edges)
        num_free--; /* one is left to train on */
    status = check_wanted(split, num_free);
    if (status != H2V_OK) goto cleanup;

    pairs->positives = h2vi_alloc_n(2 * pairs->num_pairs, sizeof *pairs->positives);
    if (!pairs->positives) {
        status = h2vi_fail_memory("held-out edges");
        goto cleanup;
    }
    for (int64_t i = 0; i < pairs->num_pairs; i++) {
        pairs->positives[2 * i] = edges[i].source;
        pairs->positives[2 * i + 1] = edges[i].target;
    }

cleanup:
    free(parents);
    free(edges);
    return status;
}

static h2v_status draw_negatives(splitting *split)
{
    h2v_status status = H2V_OK;
    for (int kind = 0; status == H2V_OK && kind < H2V_NUM_NEGATIVES; kind++) {
        uint32_t *list = h2vi_alloc_n(2 * split->pairs.num_pairs, sizeof *list);
        if (!list) return h2vi_fail_memory("negative pairs");
        split->pairs.negatives[kind] = list;
        status = h2vi_draw_non_edges(&split->csr, (h2v_negatives)kind, split->params->seed,
                                     H2VI_FOR_NON_EDGE, split->pairs.num_pairs, list);
    }
    return status;
}

/* Where the arc u -> v, which is there, stands in the targets. */
static int64_t find_arc(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    int64_t low = csr->offsets[u], high = csr->offsets[u + (int64_t)1];
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (csr->targets[middle] <= v)
            low = middle;
        else
            high = middle;
    }
    H2V_ASSERT(csr->targets[low] == v);
    return low;
}

/* Shorten the rows in place to the arcs that are not marked. */
static void drop_marked(h2vi_csr *csr, const uint8_t *is_held_out)
{
    int64_t kept = 0, begin = 0;
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        const int64_t end = csr->offsets[v + 1];
        for (int64_t a = begin; a < end; a++) {
            if (is_held_out[a]) continue;
            csr->targets[kept] = csr->targets[a];
            if (csr->weights) csr->weights[kept] = csr->weights[a];
            kept++;
        }
        begin = end;
        csr->offsets[v + 1] = kept;
    }
    csr->num_arcs = kept;
}

static h2v_status make_training_graph(splitting *split)
{
    h2vi_csr *csr = &split->csr;
    uint8_t *is_held_out = h2vi_alloc_n(csr->num_arcs, sizeof *is_held_out);
    if (!is_held_out) return h2vi_fail_memory("the training graph");
    for (int64_t i = 0; i < split->pairs.num_pairs; i++) {
        const uint32_t u = split->pairs.positives[2 * i];
        const uint32_t v = split->pairs.positives[2 * i + 1];
        is_held_out[find_arc(csr, u, v)] = 1;
        if (!csr->directed) is_held_out[find_arc(csr, v, u)] = 1;
    }
    drop_marked(csr, is_held_out);
    free(is_held_out);
    split->pairs.train_digest = h2vi_csr_digest(csr, &split->ids);
    return H2V_OK;
}

static h2v_status write_split(const splitting *split, const char *directory)
{
    char path[4096], provenance[256];
    (void)snprintf(provenance, sizeof provenance,
                   "split of graph %016" PRIx64 "%016" PRIx64 ", fraction %g, seed %" PRIu64
                   "%s",
                   split->pairs.graph_digest.high, split->pairs.graph_digest.low,
                   split->params->fraction, split->params->seed,
                   split->params->allow_disconnect ? ", components may be cut" : "");
    if (snprintf(path, sizeof path, "%s/train.h5", directory) >= (int)sizeof path)
        return h2v_fail(H2V_ERR_IO, "Output path is too long: '%s'", directory);
    const h2v_status status = h2vi_graph_write(path, &split->csr, &split->ids, provenance);
    if (status != H2V_OK) return status;
    (void)snprintf(path, sizeof path, "%s/pairs.h5", directory);
    return h2vi_pairs_write(path, &split->pairs);
}

static h2v_status make_split(splitting *split, const char *directory)
{
    h2vi_pairs *pairs = &split->pairs;
    h2v_status status = h2vi_graph_read(split->params->graph, &split->csr, &split->ids,
                                        &pairs->graph_digest);
    if (status == H2V_OK) status = h2vi_csr_check(&split->csr);
    if (status != H2V_OK) return status;
    split->num_edges = h2vi_csr_num_edges(&split->csr);
    if (split->num_edges == 0)
        return h2v_fail(H2V_ERR_DATA, "'%s' has no edge to hold out", split->params->graph);
    pairs->num_vertices = split->csr.num_vertices;
    pairs->directed = split->csr.directed;
    pairs->fraction = split->params->fraction;
    pairs->seed = split->params->seed;

    status = hold_out(split);
    if (status == H2V_OK) status = draw_negatives(split);
    if (status == H2V_OK) status = make_training_graph(split);
    if (status == H2V_OK) status = write_split(split, directory);
    return status;
}

h2v_status h2v_evaluate_split(const h2v_split_params *params, h2v_split_summary *summary)
{
    *summary = (h2v_split_summary){0};
    h2v_status status = check_params(params);
    if (status != H2V_OK) return status;

    splitting split = {.params = params};
    h2vi_output output = {0};
    if (params->overwrite) status = check_replaceable(params->output);
    if (status == H2V_OK)
        status = h2vi_output_begin_directory(
            params->output, params->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING,
            &output);
    if (status == H2V_OK) status = make_split(&split, output.temporary);
    if (status == H2V_OK) status = h2vi_output_commit(&output);
    if (status == H2V_OK)
        *summary = (h2v_split_summary){
            .num_vertices = split.csr.num_vertices,
            .num_edges = split.num_edges,
            .num_train_edges = split.num_edges - split.pairs.num_pairs,
            .num_positives = split.pairs.num_pairs,
        };
    h2vi_output_discard(&output);
    h2vi_pairs_clear(&split.pairs);
    h2vi_ids_clear(&split.ids);
    h2vi_csr_clear(&split.csr);
    return status;
}
