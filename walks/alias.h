/* SPDX-License-Identifier: MIT */

/* Alias tables: a draw from n weights in O(1) (Walker 1977, doi:10.1145/355744.355749;
 * built in O(n) after Vose 1991, doi:10.1109/32.92917). Slot i holds its own index with
 * probability threshold / 2^32, else `other`. The table is a function of the weights in
 * their order. */
#pragma once

#include <stdint.h>

typedef struct h2vi_alias {
    uint32_t threshold; /* UINT32_MAX: always itself */
    uint32_t other;
} h2vi_alias;

/* Scratch of the builder, shape [n] each. */
typedef struct h2vi_alias_scratch {
    double *share;
    uint32_t *small, *large;
} h2vi_alias_scratch;

/* Build a table of `n` > 0 weights, finite, >= 0, of a sum > 0. */
void h2vi_alias_build(int64_t n, const float *weights, const h2vi_alias_scratch *scratch,
                      h2vi_alias *table);

/* Draw from a table of n slots by one random word: its high part chooses the slot, its low
 * part the coin, which is uniform to n / 2^32. */
static inline uint32_t h2vi_alias_draw(const h2vi_alias *table, uint32_t n, uint32_t word)
{
    const uint64_t product = (uint64_t)word * n;
    const uint32_t slot = (uint32_t)(product >> 32);
    return (uint32_t)product <= table[slot].threshold ? slot : table[slot].other;
}
