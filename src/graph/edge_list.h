/* SPDX-License-Identifier: MIT */

/* Edges while a graph is built: chains of chunks. A chunk that has been read is handed back
 * to the pool and used again, so sorting a list takes no more memory than the list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge_pool.h"
#include "halo2vec/status.h"

/* Zeroed, it is empty. */
typedef struct h2vi_edge_list {
    h2vi_edge_chunk *first, *last;
    int64_t num_chunks;
    int64_t count; /* edges in all chunks, as those who fill them keep it */
} h2vi_edge_list;

/* An empty chunk at the end of the list. */
H2V_CHECKED h2v_status h2vi_edge_list_extend(h2vi_edge_pool *pool, h2vi_edge_list *list);

/* Move all chunks of `tail` behind those of `list`. */
void h2vi_edge_list_join(h2vi_edge_list *list, h2vi_edge_list *tail);

/* Take the first chunk off; NULL if there is none. */
h2vi_edge_chunk *h2vi_edge_list_shift(h2vi_edge_list *list);

/* Hand all chunks back. */
void h2vi_edge_list_clear(h2vi_edge_pool *pool, h2vi_edge_list *list);

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
