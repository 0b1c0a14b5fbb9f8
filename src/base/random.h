/* SPDX-License-Identifier: MIT */

/* Random numbers as a function of what they are for: Philox4x32-10 (Salmon et al., Parallel
 * random numbers: as easy as 1, 2, 3, SC 2011, doi:10.1145/2063384.2063405).
 *
 * Key: the seed. Counter, 128 bits, least significant word first:
 *
 *     word 0   step      which block of four numbers within the use
 *     word 1   walk      walk number, or what else counts
 *     word 2   vertex    gid, or what else is drawn for
 *     word 3   purpose * 2^24 + epoch
 *
 * Nobody draws "the next number", so it never matters who draws, or when. */
#pragma once

#include <stdint.h>

typedef enum h2vi_purpose {
    H2VI_FOR_WALK = 1,
    H2VI_FOR_TRIAL_WALK,
    H2VI_FOR_WINDOW,
    H2VI_FOR_SUBSAMPLE,
    H2VI_FOR_NEGATIVE,
    H2VI_FOR_INIT,
    H2VI_FOR_BLOCK,
    H2VI_FOR_ROUND,
    H2VI_FOR_HASH_PART,
    H2VI_FOR_SPLIT,
    H2VI_FOR_NON_EDGE,
    H2VI_FOR_CLASSIFIER,
    H2VI_FOR_GENERATOR,
    H2VI_FOR_POOL,
    H2VI_FOR_ROUNDING,
    H2VI_FOR_PROJECTION,
    H2VI_FOR_PROPERTY
} h2vi_purpose;

typedef struct h2vi_words {
    uint32_t w[4];
} h2vi_words;

/* The four numbers of one counter. `epoch` is below 2^24. */
h2vi_words h2vi_random(uint64_t seed, h2vi_purpose purpose, uint32_t epoch, uint32_t walk,
                       uint32_t vertex, uint32_t step);

/* A number below n from one word, by the high half of a product (Lemire 2019,
 * doi:10.1145/3230636): the chance of a value is off by less than n / 2^32. */
static inline uint32_t h2vi_below(uint32_t word, uint32_t n)
{
    return (uint32_t)(((uint64_t)word * n) >> 32);
}

/* Both compilers have it; ISO C has not. */
__extension__ typedef unsigned __int128 h2vi_uint128;

/* The same for n up to 2^63 from two words. */
static inline uint64_t h2vi_below64(uint32_t high, uint32_t low, uint64_t n)
{
    const uint64_t word = (uint64_t)high << 32 | low;
    return (uint64_t)(((h2vi_uint128)word * n) >> 64);
}

/* A float in [0, 1) from the high 24 bits of a word. */
static inline float h2vi_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}
