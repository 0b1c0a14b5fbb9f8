/* SPDX-License-Identifier: MIT */

/* The two hashes of a graph's digest (csr.h), many at a time: of a vertex's id that is a
 * number, and of an edge. They are h2vi_hash128() of the same bytes, by each kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/types.h"
#include "isa.h"

enum { H2VI_HASHED_AT_ONCE = 64 };

typedef struct h2vi_hashes {
    uint64_t low[H2VI_HASHED_AT_ONCE], high[H2VI_HASHED_AT_ONCE];
} h2vi_hashes;

typedef struct h2vi_hashed_edges {
    bool directed; /* else the lower hash of an edge's ends comes first */
    int count;
    h2vi_hashes sources, targets; /* of the ends' ids */
    double weights[H2VI_HASHED_AT_ONCE];
} h2vi_hashed_edges;

typedef struct h2vi_hash_kernels {
    /* The hash of the 8 bytes of each number. */
    void (*hash_numbers)(const int64_t *numbers, int count, h2vi_hashes *hashes);

    /* Add to `sum` the hash of every edge from number `first` on: of 40 bytes, which are
     * the two ends' hashes (low half first) and the weight. */
    void (*add_edges)(const h2vi_hashed_edges *edges, int first, h2v_digest *sum);
} h2vi_hash_kernels;

extern const h2vi_hash_kernels h2vi_hash_scalar, h2vi_hash_avx2;

const h2vi_hash_kernels *h2vi_hash_kernels_of(h2vi_isa isa); /* NULL if it is not here */
