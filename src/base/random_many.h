/* SPDX-License-Identifier: MIT */

/* The numbers of random.h, 16 counters at a time. */
#pragma once

#include <stdint.h>

#include "isa.h"
#include "random.h"

enum { H2VI_MANY = 16 };

/* Word j of counter i at words[j][i]: step, walk, vertex, purpose and epoch; then word j of
 * h2vi_random() for them. */
typedef struct h2vi_many {
    uint32_t words[4][H2VI_MANY];
} __attribute__((aligned(64))) h2vi_many;

/* The last word of a counter. */
static inline uint32_t h2vi_purpose_word(h2vi_purpose purpose, uint32_t epoch)
{
    return (uint32_t)purpose << 24 | epoch;
}

/* Local. Counters become random numbers, in their place. */
typedef void h2vi_random_many(uint64_t seed, int64_t count, h2vi_many *many);

h2vi_random_many h2vi_random_many_scalar;
h2vi_random_many h2vi_random_many_avx2;
h2vi_random_many h2vi_random_many_avx512;

h2vi_random_many *h2vi_random_many_of(h2vi_isa isa); /* NULL if it is not here */
