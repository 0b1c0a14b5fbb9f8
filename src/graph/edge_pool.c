/* SPDX-License-Identifier: MIT */

/* The first touch of a page costs more than the edges on it. Slabs are below the size at
 * which huge pages are asked for: these cost more, where a virtual machine's free memory
 * goes back to its host, than they save while edges are spread over hundreds of chunks.
 * Threads meet here once per some hundred edges. */
#include "edge_pool.h"

#include "alloc.h"

#include <malloc.h>
#include <stdlib.h>

enum { SLAB_BYTES = 1 << 20, LINE_BYTES = 64 };

struct h2vi_edge_slab {
    h2vi_edge_slab *next, *next_roomy;
    int64_t number;
    int64_t num_made; /* chunks so far, and how many of them are in use */
    int64_t num_used;
    h2vi_edge_chunk *unused;
    unsigned char chunks[] __attribute__((aligned(LINE_BYTES)));
};

static int64_t chunk_bytes(const h2vi_edge_pool *pool)
{
    const int64_t weights = pool->weighted ? H2VI_CHUNK_EDGES * (int64_t)sizeof(float) : 0;
    const int64_t num_bytes = (int64_t)sizeof(h2vi_edge_chunk) + weights;
    return (num_bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

/* Chunks that fit a slab, less a line that the allocator may round up. */
static int64_t chunks_per_slab(const h2vi_edge_pool *pool)
{
    return (SLAB_BYTES - LINE_BYTES - (int64_t)sizeof(h2vi_edge_slab)) / chunk_bytes(pool);
}

static h2vi_edge_slab *add_slab(h2vi_edge_pool *pool)
{
    h2vi_edge_slab *slab = h2vi_alloc_raw(SLAB_BYTES - LINE_BYTES, 1);
    if (!slab) return NULL;
    *slab = (h2vi_edge_slab){.number = pool->num_slabs++};
    if (pool->last)
        pool->last->next = slab;
    else
        pool->first = slab;
    pool->last = slab;
    return slab;
}

static h2vi_edge_chunk *take_from(const h2vi_edge_pool *pool, h2vi_edge_slab *slab)
{
    h2vi_edge_chunk *chunk = slab->unused;
    if (chunk) {
        slab->unused = chunk->next;
    } else {
        chunk = (h2vi_edge_chunk *)(void *)(slab->chunks +
                                            slab->num_made++ * chunk_bytes(pool));
        chunk->home = slab;
    }
    slab->num_used++;
    return chunk;
}

h2vi_edge_chunk *h2vi_edge_pool_take(h2vi_edge_pool *pool)
{
    h2vi_edge_chunk *chunk = NULL;
#pragma omp critical(h2vi_edge_pool)
    {
        if (!pool->roomy) pool->roomy = add_slab(pool);
        h2vi_edge_slab *slab = pool->roomy;
        if (slab) chunk = take_from(pool, slab);
        if (slab && slab->num_used == chunks_per_slab(pool)) pool->roomy = slab->next_roomy;
    }
    return chunk;
}

/* First, if it is older than what is first, else second: no list is walked. */
static void make_roomy(h2vi_edge_pool *pool, h2vi_edge_slab *slab)
{
    h2vi_edge_slab **place = &pool->roomy;
    if (*place && (*place)->number < slab->number) place = &(*place)->next_roomy;
    slab->next_roomy = *place;
    *place = slab;
}

void h2vi_edge_pool_put(h2vi_edge_pool *pool, h2vi_edge_chunk *chunk)
{
    h2vi_edge_slab *slab = chunk->home;
#pragma omp critical(h2vi_edge_pool)
    {
        if (slab->num_used == chunks_per_slab(pool)) make_roomy(pool, slab);
        chunk->next = slab->unused;
        slab->unused = chunk;
        slab->num_used--;
    }
}

void h2vi_edge_pool_trim(h2vi_edge_pool *pool)
{
    h2vi_edge_slab *slab = pool->first, **roomy = &pool->roomy;
    pool->first = pool->last = NULL;
    while (slab) {
        h2vi_edge_slab *const next = slab->next;
        slab->next = NULL;
        if (slab->num_used == 0) {
            free(slab);
        } else {
            if (pool->last)
                pool->last->next = slab;
            else
                pool->first = slab;
            pool->last = slab;
            if (slab->num_used < chunks_per_slab(pool)) {
                *roomy = slab;
                roomy = &slab->next_roomy;
            }
        }
        slab = next;
    }
    *roomy = NULL;
#ifdef __GLIBC__
    (void)malloc_trim(0); /* what was freed may lie between what was not */
#endif
}
