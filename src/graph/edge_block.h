/* SPDX-License-Identifier: MIT */

/* Edges while a graph is built, in blocks of some thousands. A block is divided into pieces
 * by the high bits of the source, so whoever sorts a piece finds its edges together in
 * every block; within a piece they are in the order of the text. What a piece has in common
 * is not stored: up to 2^20 vertices an edge takes four bytes, above them six. (Above 2^30
 * the starts of a block's many pieces take as much again.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"

typedef struct h2vi_edge {
    uint32_t source, target;
} h2vi_edge;

/* Some edges as they were read. */
typedef struct h2vi_edge_run {
    h2vi_edge *edges;
    float *weights; /* NULL if unweighted */
    int64_t count;
} h2vi_edge_run;

/* How a block holds an edge: the source's low bits above the target's bits. */
typedef struct h2vi_edge_layout {
    int row_bits; /* of the source: pieces differ above them */
    int gid_bits; /* gids are below 2^gid_bits */
} h2vi_edge_layout;

/* For so many vertices. More of them never have fewer bits of either kind below 2^29
 * vertices, and never more than 2^16 pieces. */
h2vi_edge_layout h2vi_edge_layout_for(int64_t num_vertices);

typedef struct h2vi_edge_block {
    struct h2vi_edge_block *next;
    h2vi_edge_layout layout;
    int64_t num_pieces;
    uint32_t
        *starts;    /* where pieces begin, shape [num_pieces + 1]; the last is the count */
    uint32_t *low;  /* of each edge the low 32 bits, */
    uint16_t *high; /* and those above, or NULL if there are none */
    float *weights; /* NULL if unweighted */
} h2vi_edge_block;

/* Zeroed, it is empty. */
typedef struct h2vi_edge_list {
    h2vi_edge_block *first, *last;
    int64_t num_blocks;
    int64_t count; /* edges in all blocks */
} h2vi_edge_list;

/* A block of edges between the gids below num_vertices; undirected ones are turned to lead
 * from the lower end. To be appended to a list. */
H2V_CHECKED h2v_status h2vi_edge_block_create(const h2vi_edge_run *run, bool directed,
                                              int64_t num_vertices,
                                              h2vi_edge_block **block);

/* The edges of a block, piece by piece. `run` has room for them. */
void h2vi_edge_block_unpack(const h2vi_edge_block *block, h2vi_edge_run *run);

/* Edge i of a block, which is in `piece`. */
static inline h2vi_edge h2vi_edge_block_get(const h2vi_edge_block *block, int64_t piece,
                                            int64_t i)
{
    const int gid_bits = block->layout.gid_bits;
    const uint64_t high = block->high ? block->high[i] : 0;
    const uint64_t key = high << 32 | block->low[i];
    const uint64_t first = (uint64_t)piece << block->layout.row_bits;
    return (h2vi_edge){.source = (uint32_t)(first | key >> gid_bits),
                       .target = (uint32_t)(key & (((uint64_t)1 << gid_bits) - 1))};
}

void h2vi_edge_list_append(h2vi_edge_list *list, h2vi_edge_block *block);
void h2vi_edge_list_clear(h2vi_edge_list *list);
