/* SPDX-License-Identifier: MIT */

/* Chunks are small against the whole and are never moved; threads meet only at the pool,
 * once per some hundred edges. */
#include "edge_list.h"

#include "alloc.h"
#include "fail.h"

#include <malloc.h>
#include <stdlib.h>

static h2vi_edge_chunk *take_unused(h2vi_edge_pool *pool)
{
    h2vi_edge_chunk *chunk = NULL;
#pragma omp critical(h2vi_edge_pool)
    {
        chunk = pool->unused;
        if (chunk) pool->unused = chunk->next;
    }
    return chunk;
}

void h2vi_edge_pool_put(h2vi_edge_pool *pool, h2vi_edge_chunk *chunk)
{
#pragma omp critical(h2vi_edge_pool)
    {
        chunk->next = pool->unused;
        pool->unused = chunk;
    }
}

h2v_status h2vi_edge_list_extend(h2vi_edge_pool *pool, h2vi_edge_list *list)
{
    h2vi_edge_chunk *chunk = take_unused(pool);
    if (!chunk) {
        const size_t num_weights = pool->weighted ? H2VI_CHUNK_EDGES : 0;
        chunk = h2vi_alloc_raw(sizeof *chunk + num_weights * sizeof *chunk->weights, 1);
    }
    if (!chunk) return h2vi_fail_memory("edges");
    chunk->next = NULL;
    chunk->count = 0;
    if (list->last)
        list->last->next = chunk;
    else
        list->first = chunk;
    list->last = chunk;
    list->num_chunks++;
    return H2V_OK;
}

void h2vi_edge_list_join(h2vi_edge_list *list, h2vi_edge_list *tail)
{
    if (tail->first) {
        if (list->last)
            list->last->next = tail->first;
        else
            list->first = tail->first;
        list->last = tail->last;
        list->num_chunks += tail->num_chunks;
        list->count += tail->count;
    }
    *tail = (h2vi_edge_list){0};
}

h2vi_edge_chunk *h2vi_edge_list_shift(h2vi_edge_list *list)
{
    h2vi_edge_chunk *chunk = list->first;
    if (!chunk) return NULL;
    list->first = chunk->next;
    if (!list->first) list->last = NULL;
    list->num_chunks--;
    return chunk;
}

void h2vi_edge_list_clear(h2vi_edge_pool *pool, h2vi_edge_list *list)
{
    for (h2vi_edge_chunk *chunk = h2vi_edge_list_shift(list); chunk;
         chunk = h2vi_edge_list_shift(list))
        h2vi_edge_pool_put(pool, chunk);
    *list = (h2vi_edge_list){0};
}

void h2vi_edge_pool_trim(h2vi_edge_pool *pool)
{
    for (h2vi_edge_chunk *chunk = take_unused(pool); chunk; chunk = take_unused(pool))
        free(chunk);
#ifdef __GLIBC__
    (void)malloc_trim(
        0); /* freed chunks lie between others: free() alone keeps their pages */
#endif
}
