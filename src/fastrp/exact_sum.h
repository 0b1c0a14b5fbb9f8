/* SPDX-License-Identifier: MIT */

/* Sums of numbers over threads and ranks that no order changes: each number becomes an
 * integer of a power-of-two unit, 2^-62 of the power of two above the largest magnitude of
 * all, and integers are added. A sum is kept in two halves, which h2vi_sum() may add; it
 * holds 2^32 numbers. */
#pragma once

#include <math.h>
#include <stdint.h>

/* Both compilers have it; ISO C has not. */
__extension__ typedef __int128 h2vi_int128;

typedef struct h2vi_exact_sum {
    int64_t high, low; /* the sum is high * H2VI_EXACT_HALF + low */
} h2vi_exact_sum;

#define H2VI_EXACT_HALF ((int64_t)1 << 31)

/* Units in 1: a power of two. `largest`: positive, finite, between squares of floats. */
static inline double h2vi_exact_scale(double largest)
{
    int exponent = 0;
    (void)frexp(largest, &exponent); /* largest < 2^exponent */
    return ldexp(1, 62 - exponent);
}

/* |x| <= largest */
static inline void h2vi_exact_add(h2vi_exact_sum *sum, double scale, double x)
{
    const int64_t units = llrint(x * scale);
    sum->high += units / H2VI_EXACT_HALF;
    sum->low += units % H2VI_EXACT_HALF;
}

/* Rounded once. */
static inline double h2vi_exact_value(const h2vi_exact_sum *sum, double scale)
{
    return (double)((h2vi_int128)sum->high * H2VI_EXACT_HALF + sum->low) / scale;
}
