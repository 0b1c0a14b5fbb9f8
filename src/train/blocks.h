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

/* Local. Deal the same order to another number of blocks; what h2vi_blocks_create() would
 * have made. ERR_ARGUMENT if they are too many. */
H2V_CHECKED h2v_status h2vi_blocks_redeal(h2vi_blocks *blocks, int num_blocks);

/* Local. The context slot in `to` of what has `context_slot` in `from`, where `to` is
 * `from` dealt again. */
uint32_t h2vi_blocks_translate(const h2vi_blocks *from, const h2vi_blocks *to,
                               uint32_t context_slot);

/* The rows of one block in one class, and how many of them serve as negatives. */
typedef struct h2vi_block_class {
    int64_t first, count; /* rows of the block */
    int64_t num_pooled;   /* 1..count */
    float weight;         /* of the class in the block: count * weight^0.75 */
} h2vi_block_class;

/* The noise tables of one block, built in scratch of one thread. */
typedef struct h2vi_noise_tables {
    h2vi_block_class *classes; /* that the block has rows of, heaviest first */
    int num_classes;
    h2vi_noise_class *rows;
    h2vi_alias *alias;
    float *weights;
    double *shares;  /* the builder's, as are */
    uint32_t *lists; /* two, one after the other */
} h2vi_noise_tables;

H2V_CHECKED h2v_status h2vi_noise_tables_init(const h2vi_blocks *blocks,
                                              h2vi_noise_tables *tables);
void h2vi_noise_tables_clear(h2vi_noise_tables *tables);

/* Local. List tables->classes of `block`. Of each class as many rows are pooled as its
 * share of `pool` rows of the block, rounded up, or all. A pool of rows_per_block or more
 * has all rows. */
void h2vi_block_classes_list(const h2vi_blocks *blocks, int block, int64_t pool,
                             h2vi_noise_tables *tables);

/* Local. Point `noise` at the tables of the classes listed; seed, round and cell are the
 * caller's. Negatives are numbers of pooled rows, class after class: with all rows pooled,
 * rows of the block. */
void h2vi_noise_tables_build(h2vi_noise_tables *tables, h2vi_noise *noise);
