/* SPDX-License-Identifier: MIT */

/* Skip-gram with negative sampling as published (Mikolov et al. 2013, arXiv:1310.4546) and
 * as word2vec programs it: one pair after the other, each with negatives of its own; a
 * negative that is the context is left out. What `sequential` trains, and nothing of the
 * library is in it: the two can be wrong only apart. */
#pragma once

#include <stdint.h>

#include "alias.h"

enum { SKIP_GRAM_LANES = 16 };

typedef struct skip_gram {
    int stride;    /* floats a row, a multiple of SKIP_GRAM_LANES */
    int negatives; /* of a pair */
    uint32_t num_vertices;
    float *in, *out;         /* shape [num_vertices, stride] */
    const h2vi_alias *noise; /* shape [num_vertices] */
    uint64_t random;         /* state of the generator of negatives */
    float *change;           /* scratch: of the center, shape [stride] */
    uint32_t *targets;       /* scratch: the negatives of a pair, shape [negatives] */
} skip_gram;

typedef void skip_gram_train(skip_gram *model, uint32_t center, uint32_t context,
                             float rate);

/* The same loops for any machine, and for those with AVX2; they return the same bits. */
skip_gram_train skip_gram_train_plain;
skip_gram_train skip_gram_train_avx2;
