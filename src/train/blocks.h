/* SPDX-License-Identifier: MIT */

/* Which block holds the context row of a vertex, and where.
 *
 * Vertices are put in order of descending classes of weight (logarithmic, 16 to the
 * octave), within a class by gid, and dealt like cards: each run of num_blocks vertices
 * gives every block one row, starting with a block drawn for the run. So every block has
 * the same size and the same share of every class: its negatives are a fair sample of all,
 * and a block's rows lie in descending classes. No rank ever needs a table of all vertices.
 */
#pragma once

#include <stdint.h>

#include "graph_rows.h"
#include "noise.h"

typedef struct h2vi_blocks {
    int num_blocks;
    int64_t rows_per_block; /* the last row of some blocks may be nobody's */
    int64_t num_vertices;
    uint64_t seed;
    int num_classes;       /* none is empty */
    int64_t *class_starts; /* place of each class in the order, shape [num_classes + 1] */
    float *class_weights;  /* weight^0.75 of a row of the class, shape [num_classes] */
} h2vi_blocks;

/* Collective. `graph` as loaded (gid order), `weights` of its owned vertices
 * (noise_weights.h), all > 0. `context_slots` out: block * rows_per_block + row of each
 * owned vertex, shape [num_owned].*/
H2V_CHECKED h2v_status h2vi_blocks_create(const h2v_graph *graph, const int64_t *weights,
                                          int num_blocks, uint64_t seed,
                                          h2vi_blocks *blocks, uint32_t *context_slots);
void h2vi_blocks_clear(h2vi_blocks *blocks);

/* The noise tables of one block, built in scratch of one thread. */
typedef struct h2vi_noise_tables {
    uint32_t *numbers; /* four tables and the builder's lists */
    float *weights;
    double *shares;
    void *alias;
} h2vi_noise_tables;

H2V_CHECKED h2v_status h2vi_noise_tables_init(const h2vi_blocks *blocks,
                                              h2vi_noise_tables *tables);
void h2vi_noise_tables_clear(h2vi_noise_tables *tables);

/* Local. Point `noise` at the tables of `block`; seed, round and cell are the caller's. */
void h2vi_noise_tables_build(const h2vi_blocks *blocks, int block,
                             h2vi_noise_tables *tables, h2vi_noise *noise);
