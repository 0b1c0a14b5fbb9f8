/* SPDX-License-Identifier: MIT */

/* A whole graph on one rank, as convert builds it and evaluate reads it: compressed sparse
 * rows. Invariants (h2vi_csr_check): offsets[0] = 0, non-decreasing, the last is num_arcs;
 * targets strictly ascending within a row, each below num_vertices; weights finite and > 0;
 * if undirected, u -> v and v -> u are both there, with one weight. A self loop, if kept,
 * is one arc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "ids.h"

typedef struct h2vi_csr {
    int64_t num_vertices;
    int64_t num_arcs;
    bool directed;
    int64_t *offsets;  /* shape [num_vertices + 1] */
    uint32_t *targets; /* gids, shape [num_arcs] */
    float *weights;    /* NULL if unweighted, else shape [num_arcs] */
} h2vi_csr;

/* Release the arrays and zero the struct. */
void h2vi_csr_clear(h2vi_csr *csr);

/* Local. O(num_arcs log degree). ERR_DATA names the first violation. */
H2V_CHECKED h2v_status h2vi_csr_check(const h2vi_csr *csr);

/* Where target v stands in row u, or where it would stand. */
int64_t h2vi_csr_lower_bound(const h2vi_csr *csr, uint32_t u, uint32_t v);

/* Whether arc u -> v is there: binary search. */
bool h2vi_csr_has_arc(const h2vi_csr *csr, uint32_t u, uint32_t v);

/* Distinct edges: arcs if directed, else unordered pairs (a loop counts once). */
int64_t h2vi_csr_num_edges(const h2vi_csr *csr);

/* The digest of types.h: a hash (xxHash, 128 bits) of every vertex's id, and of every edge
 * by its two ends' hashes (ordered by value if undirected) and its weight (1 if
 * unweighted), summed modulo 2^64 per half; num_vertices, num_arcs and the flags hashed in.
 */
h2v_digest h2vi_csr_digest(const h2vi_csr *csr, const h2vi_ids *ids);

/* The digest in pieces, which are to be added up: what is no row (with the number of arcs
 * that the graph is to have), and the rows of the vertices in [low, high). For an
 * undirected graph, arcs to lower gids are not looked at. */
h2v_digest h2vi_csr_hash_header(const h2vi_csr *csr, const h2vi_ids *ids, int64_t num_arcs);
h2v_digest h2vi_csr_hash_rows(const h2vi_csr *csr, const h2vi_ids *ids, int64_t low,
                              int64_t high);
