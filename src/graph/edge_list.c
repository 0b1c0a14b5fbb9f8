/* SPDX-License-Identifier: MIT */

/* A chunk is small against the whole and is never moved. The next one is asked for when
 * one is taken off: it lies anywhere in memory. */
#include "edge_list.h"

#include "fail.h"

#include <stddef.h>

h2v_status h2vi_edge_list_extend(h2vi_edge_pool *pool, h2vi_edge_list *list)
{
    h2vi_edge_chunk *chunk = h2vi_edge_pool_take(pool);
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
    if (list->first)
        __builtin_prefetch(list->first);
    else
        list->last = NULL;
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
