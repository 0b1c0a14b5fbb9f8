/* SPDX-License-Identifier: MIT */

/* Negatives of one block: rows in proportion to weight^0.75 (Mikolov et al. 2013,
 * arXiv:1310.4546). Rows of a block lie in descending classes of weight (blocks.h), and all
 * rows of a class weigh the same, so a draw is a class from an alias table that fits the L1
 * cache, then a uniform row of it.
 *
 * Negatives come in batches of 32, from 16 consecutive counters of the cell: negative i <
 * 16 from the first two words of counter 16 batch + i, negative 16 + i from its other two.
 * So the n-th negative of a cell is a function of (seed, round, cell, n). */
#pragma once

#include <stdint.h>

#include "alias.h"
#include "random_many.h"

/* The rows of a class; none is empty. */
typedef struct h2vi_noise_class {
    uint32_t first, count;
} h2vi_noise_class;

typedef struct h2vi_noise {
    uint64_t seed;
    uint32_t round, cell; /* cell = part * blocks of a group + block */
    uint32_t num_classes;
    const h2vi_alias *alias; /* shape [num_classes] */
    const h2vi_noise_class *classes;
} h2vi_noise;

enum { H2VI_NOISE_BATCH = 2 * H2VI_MANY };
