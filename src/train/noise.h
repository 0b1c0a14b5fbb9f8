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

#include "random_many.h"

typedef struct h2vi_noise {
    uint64_t seed;
    uint32_t round, cell; /* cell = part * blocks of a group + block */
    uint32_t num_classes;
    const uint32_t *thresholds, *others; /* alias table of the classes (alias.h) */
    const uint32_t *firsts, *counts;     /* rows of each class; none is empty */
} h2vi_noise;

enum { H2VI_NOISE_BATCH = 2 * H2VI_MANY };
