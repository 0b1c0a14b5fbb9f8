/* SPDX-License-Identifier: MIT */

/* A block is one piece of memory, below the size at which huge pages are asked for. Edges
 * go to their pieces by counting: twice through a run that is in the cache. */
#include "edge_block.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

/* Pieces of so many rows fit the cache when they are sorted, with 32 edges a row; smaller
 * graphs have FEW_BITS pieces all the same, so that threads can share them. */
enum { WORD_BITS = 32, KEY_BITS = 48, PIECE_BITS = 12, FEW_BITS = 8, MANY_BITS = 10 };

enum { LINE_BYTES = 64 };

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

h2vi_edge_layout h2vi_edge_layout_for(int64_t num_vertices)
{
    int gid_bits = 1;
    while ((num_vertices - 1) >> gid_bits > 0) gid_bits++;
    int row_bits = gid_bits - FEW_BITS;
    if (row_bits < 0) row_bits = 0;
    if (row_bits > PIECE_BITS) row_bits = PIECE_BITS;
    if (row_bits < gid_bits - MANY_BITS) row_bits = gid_bits - MANY_BITS;
    return (h2vi_edge_layout){.row_bits = at_most(row_bits, KEY_BITS - gid_bits),
                              .gid_bits = gid_bits};
}

static size_t lines_of(int64_t count, size_t size)
{
    return ((size_t)count * size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

/* Room for a block, its arrays one behind the other; starts are zero. */
static h2vi_edge_block *allocate(h2vi_edge_layout layout, int64_t num_pieces, int64_t count,
                                 bool weighted)
{
    const bool is_wide = layout.row_bits + layout.gid_bits > WORD_BITS;
    const size_t header = lines_of(1, sizeof(h2vi_edge_block));
    const size_t starts = lines_of(num_pieces + 1, sizeof(uint32_t));
    const size_t low = lines_of(count, sizeof(uint32_t));
    const size_t high = is_wide ? lines_of(count, sizeof(uint16_t)) : 0;
    const size_t weights = weighted ? lines_of(count, sizeof(float)) : 0;
    char *memory = h2vi_alloc_small_pages(header + starts + low + high + weights, 1);
    if (!memory) return NULL;
    h2vi_edge_block *block = (void *)memory;
    char *const arrays = memory + header;
    *block = (h2vi_edge_block){.layout = layout, .num_pieces = num_pieces};
    block->starts = memset(arrays, 0, starts);
    block->low = (void *)(arrays + starts);
    if (is_wide) block->high = (void *)(arrays + starts + low);
    if (weighted) block->weights = (void *)(arrays + starts + low + high);
    return block;
}

/* Which end is lower is not to be foreseen: both are computed, without a jump. */
static inline h2vi_edge turned(h2vi_edge edge, bool directed)
{
    const uint32_t a = edge.source, b = edge.target;
    const uint32_t swapped = directed ? 0 : (a ^ b) & -(uint32_t)(a > b);
    return (h2vi_edge){.source = a ^ swapped, .target = b ^ swapped};
}

/* Where each piece begins, from their counts in the same places. */
static void place_pieces(h2vi_edge_block *block)
{
    uint32_t start = 0;
    for (int64_t p = 0; p < block->num_pieces; p++) {
        const uint32_t count = block->starts[p];
        block->starts[p] = start;
        start += count;
    }
}

/* Inlined where `directed`, wide or not and weighted or not are constants. */
static inline void fill(h2vi_edge_block *block, const h2vi_edge_run *run, bool directed,
                        uint16_t *high, float *weights)
{
    const int row_bits = block->layout.row_bits, gid_bits = block->layout.gid_bits;
    const uint64_t mask = ((uint64_t)1 << row_bits) - 1;
    uint32_t *const starts = block->starts, *const low = block->low;
    for (int64_t i = 0; i < run->count; i++)
        starts[turned(run->edges[i], directed).source >> row_bits]++;
    place_pieces(block);
    for (int64_t i = 0; i < run->count; i++) {
        const h2vi_edge edge = turned(run->edges[i], directed);
        const uint64_t key = (edge.source & mask) << gid_bits | edge.target;
        const uint32_t place = starts[edge.source >> row_bits]++;
        low[place] = (uint32_t)key;
        if (high) high[place] = (uint16_t)(key >> WORD_BITS);
        if (weights) weights[place] = run->weights[i];
    }
    /* Every piece has moved its start to its end, which is where the next begins. */
    memmove(starts + 1, starts, (size_t)block->num_pieces * sizeof *starts);
    starts[0] = 0;
}

h2v_status h2vi_edge_block_create(const h2vi_edge_run *run, bool directed,
                                  int64_t num_vertices, h2vi_edge_block **out)
{
    const h2vi_edge_layout layout = h2vi_edge_layout_for(num_vertices);
    const int64_t num_pieces = ((num_vertices - 1) >> layout.row_bits) + 1;
    h2vi_edge_block *block = allocate(layout, num_pieces, run->count, run->weights);
    *out = block;
    if (!block) return h2vi_fail_memory("edges");
    if (block->high || block->weights)
        fill(block, run, directed, block->high, block->weights);
    else if (directed)
        fill(block, run, true, NULL, NULL);
    else
        fill(block, run, false, NULL, NULL);
    return H2V_OK;
}

void h2vi_edge_block_unpack(const h2vi_edge_block *block, h2vi_edge_run *run)
{
    run->count = block->starts[block->num_pieces];
    for (int64_t p = 0; p < block->num_pieces; p++)
        for (int64_t i = block->starts[p]; i < block->starts[p + 1]; i++)
            run->edges[i] = h2vi_edge_block_get(block, p, i);
    if (block->weights)
        memcpy(run->weights, block->weights, (size_t)run->count * sizeof *run->weights);
}

void h2vi_edge_list_append(h2vi_edge_list *list, h2vi_edge_block *block)
{
    block->next = NULL;
    if (list->last)
        list->last->next = block;
    else
        list->first = block;
    list->last = block;
    list->num_blocks++;
    list->count += block->starts[block->num_pieces];
}

void h2vi_edge_list_clear(h2vi_edge_list *list)
{
    for (h2vi_edge_block *block = list->first; block;) {
        h2vi_edge_block *const next = block->next;
        free(block);
        block = next;
    }
    *list = (h2vi_edge_list){0};
}
