/* SPDX-License-Identifier: MIT */

/* Edges while a graph is built: chains of chunks of fixed size. A chunk that has been read
 * is handed back to the pool and used again, so sorting a list takes no more memory than
 * the list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"

enum { H2VI_CHUNK_EDGES = 512, H2VI_CHUNK_TARGETS = 2 * H2VI_CHUNK_EDGES };

typedef struct h2vi_edge {
    uint32_t source, target;
} h2vi_edge;

typedef struct h2vi_edge_chunk {
    struct h2vi_edge_chunk *next;
    int64_t count;
    union {
        h2vi_edge edges[H2VI_CHUNK_EDGES];
        uint32_t targets[H2VI_CHUNK_TARGETS]; /* of edges in the order of their sources */
    } as;
    float weights[]; /* shape [H2VI_CHUNK_EDGES] if weighted, else none */
} h2vi_edge_chunk;

/* Zeroed, it is empty. */
typedef struct h2vi_edge_list {
    h2vi_edge_chunk *first, *last;
    int64_t num_chunks;
    int64_t count; /* edges in all chunks, as those who fill them keep it */
} h2vi_edge_list;

/* Zeroed but for `weighted`, it is empty. Used by all threads. */
typedef struct h2vi_edge_pool {
    bool weighted;
    h2vi_edge_chunk *unused;
} h2vi_edge_pool;

/* An empty chunk at the end of the list. */
H2V_CHECKED h2v_status h2vi_edge_list_extend(h2vi_edge_pool *pool, h2vi_edge_list *list);

/* Move all chunks of `tail` behind those of `list`. */
void h2vi_edge_list_join(h2vi_edge_list *list, h2vi_edge_list *tail);

/* Take the first chunk off; NULL if there is none. */
h2vi_edge_chunk *h2vi_edge_list_shift(h2vi_edge_list *list);

/* Hand a chunk, or all chunks of a list, back. */
void h2vi_edge_pool_put(h2vi_edge_pool *pool, h2vi_edge_chunk *chunk);
void h2vi_edge_list_clear(h2vi_edge_pool *pool, h2vi_edge_list *list);

/* Give the memory of unused chunks back to the system. */
void h2vi_edge_pool_trim(h2vi_edge_pool *pool);

/* Add an edge. The weight is ignored if the pool is unweighted. */
static inline h2v_status h2vi_edge_list_add(h2vi_edge_pool *pool, h2vi_edge_list *list,
                                            h2vi_edge edge, float weight)
{
    if (!list->last || list->last->count == H2VI_CHUNK_EDGES) {
        const h2v_status status = h2vi_edge_list_extend(pool, list);
        if (status != H2V_OK) return status;
    }
    h2vi_edge_chunk *chunk = list->last;
    chunk->as.edges[chunk->count] = edge;
    if (pool->weighted) chunk->weights[chunk->count] = weight;
    chunk->count++;
    list->count++;
    return H2V_OK;
}
