/* SPDX-License-Identifier: MIT */

/* Small graphs given by a rule, for tests: whether u -> v is an arc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alloc.h"
#include "csr.h"
#include "ids.h"

/* Of an undirected graph it is asked with u <= v only. */
typedef bool (*dense_rule)(uint32_t u, uint32_t v);

typedef struct dense_graph {
    h2vi_csr csr;
    h2vi_ids ids; /* vertex v is named 10 v + 3 */
} dense_graph;

static inline bool dense_has(const h2vi_csr *csr, dense_rule rule, uint32_t u, uint32_t v)
{
    return csr->directed || u <= v ? rule(u, v) : rule(v, u);
}

/* The same both ways. */
static inline float dense_weight(uint32_t u, uint32_t v)
{
    return 1.0F + (float)((u * v + u + v) % 7);
}

static inline dense_graph dense_make(int64_t n, bool directed, bool weighted,
                                     dense_rule rule)
{
    dense_graph graph = {.csr = {.num_vertices = n, .directed = directed},
                         .ids = {.num_ids = n}};
    h2vi_csr *csr = &graph.csr;
    csr->offsets = h2vi_alloc_n(n + 1, sizeof *csr->offsets);
    csr->targets = h2vi_alloc_n(n * n, sizeof *csr->targets);
    if (weighted) csr->weights = h2vi_alloc_n(n * n, sizeof *csr->weights);
    graph.ids.numbers = h2vi_alloc_n(n, sizeof *graph.ids.numbers);
    for (uint32_t u = 0; u < n; u++) {
        for (uint32_t v = 0; v < n; v++) {
            if (!dense_has(csr, rule, u, v)) continue;
            if (weighted) csr->weights[csr->num_arcs] = dense_weight(u, v);
            csr->targets[csr->num_arcs++] = v;
        }
        csr->offsets[u + 1] = csr->num_arcs;
        graph.ids.numbers[u] = 10 * (int64_t)u + 3;
    }
    return graph;
}

static inline void dense_clear(dense_graph *graph)
{
    h2vi_csr_clear(&graph->csr);
    h2vi_ids_clear(&graph->ids);
}
