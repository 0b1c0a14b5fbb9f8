/* SPDX-License-Identifier: MIT */

/* Both directions of the drawn edges are put into rows in any order; turning rows into
 * columns then sorts them, since the graph is its own transpose. */
#include "rmat.h"

#include <stdlib.h>

#include "alloc.h"
#include "fail.h"
#include "random.h"

typedef struct rmat_edge {
    uint32_t ends[2];
} rmat_edge;

/* A quarter of the matrix for each bit, from its own random word. */
static rmat_edge draw_edge(const rmat *what, uint64_t i)
{
    static const double a = 0.57, b = 0.19, c = 0.19;
    const uint32_t one = (uint32_t)(a * 0x1p32), two = (uint32_t)((a + b) * 0x1p32),
                   three = (uint32_t)((a + b + c) * 0x1p32);
    rmat_edge edge = {{0, 0}};
    h2vi_words random = {{0}};
    for (int level = 0; level < what->scale; level++) {
        if (level % 4 == 0)
            random = h2vi_random(what->seed, H2VI_FOR_GENERATOR, 1, (uint32_t)(i >> 32),
                                 (uint32_t)i, (uint32_t)level / 4);
        const uint32_t word = random.w[level % 4];
        const uint32_t quarter = (uint32_t)(word >= one) + (word >= two) + (word >= three);
        edge.ends[0] = edge.ends[0] << 1 | quarter >> 1;
        edge.ends[1] = edge.ends[1] << 1 | (quarter & 1);
    }
    return edge;
}

/* Places of the vertices, each order as likely. */
static void shuffle(const rmat *what, uint32_t num_vertices, uint32_t *places)
{
    for (uint32_t v = 0; v < num_vertices; v++) {
        const uint32_t word = h2vi_random(what->seed, H2VI_FOR_GENERATOR, 0, 0, v, 0).w[0];
        const uint32_t other = h2vi_below(word, v + 1);
        places[v] = places[other];
        places[other] = v;
    }
}

/* Both directions of each edge but loops; rows in the order of drawing. Edges are drawn
 * twice, to count and to place them, rather than kept. */
static void draw_rows(const rmat *what, int64_t num_edges, const uint32_t *places,
                      h2vi_csr *csr, int64_t *next)
{
    int64_t *const offsets = csr->offsets;
    for (int64_t i = 0; i < num_edges; i++) {
        const rmat_edge edge = draw_edge(what, (uint64_t)i);
        const int is_edge = edge.ends[0] != edge.ends[1];
        for (int end = 0; end < 2; end++)
            offsets[places[edge.ends[end]] + (int64_t)1] += is_edge;
    }
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        offsets[v + 1] += offsets[v];
        next[v] = offsets[v];
    }
    for (int64_t i = 0; i < num_edges; i++) {
        const rmat_edge edge = draw_edge(what, (uint64_t)i);
        if (edge.ends[0] == edge.ends[1]) continue;
        const uint32_t u = places[edge.ends[0]], v = places[edge.ends[1]];
        csr->targets[next[u]++] = v;
        csr->targets[next[v]++] = u;
    }
}

/* To `to` the rows of the transposed matrix, ascending. */
static void transpose(const h2vi_csr *csr, int64_t *next, uint32_t *to)
{
    for (int64_t v = 0; v < csr->num_vertices; v++) next[v] = csr->offsets[v];
    for (int64_t v = 0; v < csr->num_vertices; v++)
        for (int64_t i = csr->offsets[v]; i < csr->offsets[v + 1]; i++)
            to[next[csr->targets[i]]++] = (uint32_t)v;
}

/* Of equal neighbors in ascending rows one stays. */
static void drop_duplicates(h2vi_csr *csr)
{
    int64_t kept = 0, begin = 0;
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        const int64_t end = csr->offsets[v + 1], first = kept;
        for (int64_t i = begin; i < end; i++)
            if (kept == first || csr->targets[kept - 1] != csr->targets[i])
                csr->targets[kept++] = csr->targets[i];
        csr->offsets[v + 1] = kept;
        begin = end;
    }
    csr->num_arcs = kept;
}

h2v_status rmat_generate(const rmat *what, h2vi_csr *csr)
{
    const int64_t num_vertices = (int64_t)1 << what->scale;
    const int64_t num_edges = num_vertices * what->factor;
    *csr = (h2vi_csr){.num_vertices = num_vertices};
    csr->offsets = h2vi_alloc_n(num_vertices + 1, sizeof *csr->offsets);
    csr->targets = h2vi_alloc_n(2 * num_edges, sizeof *csr->targets);
    uint32_t *sorted = h2vi_alloc_n(2 * num_edges, sizeof *sorted);
    uint32_t *places = h2vi_alloc_n(num_vertices, sizeof *places);
    int64_t *next = h2vi_alloc_n(num_vertices, sizeof *next);
    h2v_status status = H2V_OK;
    if (csr->offsets && csr->targets && sorted && places && next) {
        shuffle(what, (uint32_t)num_vertices, places);
        draw_rows(what, num_edges, places, csr, next);
        transpose(csr, next, sorted);
        uint32_t *const drawn = csr->targets;
        csr->targets = sorted;
        sorted = drawn;
        drop_duplicates(csr);
    } else {
        status = h2vi_fail_memory("an R-MAT graph");
        h2vi_csr_clear(csr);
    }
    free(sorted);
    free(places);
    free(next);
    return status;
}
