/* SPDX-License-Identifier: MIT */

/* Each piece has one chunk that is being filled. Chunks are handed back as fast as new ones
 * are taken. */
#include "edge_divide.h"

#include <stddef.h>

void h2vi_divider_begin(h2vi_divider *divider, h2vi_edge_pool *pool, h2vi_digit digit,
                        h2vi_edge_list *pieces)
{
    divider->pool = pool;
    divider->digit = digit;
    divider->pieces = pieces;
    divider->num_pieces = 1 << digit.num_bits;
    for (int i = 0; i < divider->num_pieces; i++)
        divider->open[i] = (h2vi_open_chunk){NULL, H2VI_CHUNK_EDGES};
}

/* Record how far the last chunk of a piece was filled. */
static void close_chunk(h2vi_open_chunk *open, h2vi_edge_list *piece)
{
    if (!open->chunk) return;
    open->chunk->count = open->count;
    piece->count += open->count;
    *open = (h2vi_open_chunk){NULL, H2VI_CHUNK_EDGES};
}

static h2v_status open_next(h2vi_divider *divider, uint64_t i)
{
    h2vi_edge_list *piece = &divider->pieces[i];
    close_chunk(&divider->open[i], piece);
    const h2v_status status = h2vi_edge_list_extend(divider->pool, piece);
    if (status == H2V_OK) divider->open[i] = (h2vi_open_chunk){piece->last, 0};
    return status;
}

h2v_status h2vi_divider_add(h2vi_divider *divider, h2vi_edge_chunk *chunk)
{
    const int gid_bits = divider->digit.gid_bits, shift = divider->digit.shift;
    const uint64_t mask = ((uint64_t)1 << divider->digit.num_bits) - 1;
    const bool weighted = divider->pool->weighted;
    const int64_t count = chunk->count;
    h2v_status status = H2V_OK;
    for (int64_t i = 0; i < count; i++) {
        const h2vi_edge edge = chunk->as.edges[i];
        const uint64_t key = (uint64_t)edge.source << gid_bits | edge.target;
        h2vi_open_chunk *open = &divider->open[key >> shift & mask];
        if (open->count == H2VI_CHUNK_EDGES) {
            status = open_next(divider, key >> shift & mask);
            if (status != H2V_OK) break;
        }
        open->chunk->as.edges[open->count] = edge;
        if (weighted) open->chunk->weights[open->count] = chunk->weights[i];
        open->count++;
    }
    h2vi_edge_pool_put(divider->pool, chunk);
    return status;
}

void h2vi_divider_end(h2vi_divider *divider)
{
    for (int i = 0; i < divider->num_pieces; i++)
        close_chunk(&divider->open[i], &divider->pieces[i]);
}

h2v_status h2vi_edge_list_divide(h2vi_edge_pool *pool, h2vi_digit digit,
                                 h2vi_edge_list *edges, h2vi_edge_list *pieces)
{
    h2vi_divider divider;
    h2v_status status = H2V_OK;
    h2vi_divider_begin(&divider, pool, digit, pieces);
    while (status == H2V_OK && edges->first)
        status = h2vi_divider_add(&divider, h2vi_edge_list_shift(edges));
    h2vi_divider_end(&divider);
    h2vi_edge_list_clear(pool, edges);
    return status;
}
