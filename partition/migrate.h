/* SPDX-License-Identifier: MIT */

/* Moving vertices to the ranks of their parts. New slots are in the order (part, gid), so a
 * rank owns the vertices of its parts, consecutive part by part. Rows keep their order. */
#pragma once

#include "graph_rows.h"
#include "halo2vec/partition.h"

/* What travels with a vertex beside its row. */
typedef struct h2vi_vertex {
    uint32_t slot;         /* set by the migration */
    uint32_t gid;          /* set by the migration */
    uint32_t context_slot; /* where its context row lives (blocks.h) */
    uint32_t keep;         /* threshold of subsampling (walk_engine.h) */
    int64_t num_arcs;      /* set by the migration */
} h2vi_vertex;

typedef struct h2vi_moved {
    h2v_graph *graph; /* the same graph in the new slots */
    int num_parts;
    int64_t *part_first;   /* first slot of each part, shape [num_parts + 1] */
    h2vi_vertex *vertices; /* of the owned vertices in slot order, shape [num_owned] */
    int64_t bytes_sent, bytes_received;
} h2vi_moved;

/* Collective. `vertices`: of the vertices owned in `graph`, shape [num_owned]; overwritten.
 * Memory for a moment: what leaves and what arrives, once more each, and 4 bytes for every
 * vertex of the graph. */
H2V_CHECKED h2v_status h2vi_migrate(const h2v_graph *graph, const h2v_partition *partition,
                                    h2vi_vertex *vertices, h2vi_moved *moved);
void h2vi_moved_clear(h2vi_moved *moved);
