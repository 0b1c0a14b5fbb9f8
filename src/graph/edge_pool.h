/* SPDX-License-Identifier: MIT */

/* Chunks of edges of fixed size, handed out and taken back while a graph is built. They lie
 * in slabs. A chunk that is asked for comes from an old slab if there is one with room, so
 * what is kept moves there in time, and whole slabs fall empty. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { H2VI_CHUNK_EDGES = 512, H2VI_CHUNK_TARGETS = 2 * H2VI_CHUNK_EDGES };

typedef struct h2vi_edge {
    uint32_t source, target;
} h2vi_edge;

typedef struct h2vi_edge_slab h2vi_edge_slab;

typedef struct h2vi_edge_chunk {
    struct h2vi_edge_chunk *next;
    h2vi_edge_slab *home;
    int64_t count;
    union {
        h2vi_edge edges[H2VI_CHUNK_EDGES];
        uint32_t targets[H2VI_CHUNK_TARGETS]; /* of edges in the order of their sources */
    } as;
    float weights[]; /* shape [H2VI_CHUNK_EDGES] if weighted, else none */
} h2vi_edge_chunk;

/* Zeroed but for `weighted`, it is empty. Used by all threads. */
typedef struct h2vi_edge_pool {
    bool weighted;
    int64_t num_slabs; /* ever made */
    h2vi_edge_slab *first, *last;
    h2vi_edge_slab *roomy; /* slabs that have a chunk left, the first the oldest of late */
} h2vi_edge_pool;

/* A chunk with contents undefined; NULL if memory is out. */
h2vi_edge_chunk *h2vi_edge_pool_take(h2vi_edge_pool *pool);

/* Hand a chunk back. */
void h2vi_edge_pool_put(h2vi_edge_pool *pool, h2vi_edge_chunk *chunk);

/* Give the memory of slabs of which no chunk is in use back to the system. */
void h2vi_edge_pool_trim(h2vi_edge_pool *pool);
