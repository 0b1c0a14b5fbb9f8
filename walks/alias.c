/* SPDX-License-Identifier: MIT */

/* Vose's construction: pair each slot below the mean with one above it. */
#include "alias.h"

static uint32_t to_threshold(double share)
{
    return share >= 1 ? UINT32_MAX : (uint32_t)(share * 4294967295.0);
}

void h2vi_alias_build(int64_t n, const float *weights, const h2vi_alias_scratch *scratch,
                      h2vi_alias *table)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)weights[i];

    int64_t num_small = 0, num_large = 0;
    for (int64_t i = 0; i < n; i++) {
        scratch->share[i] = (double)weights[i] * (double)n / sum;
        table[i] = (h2vi_alias){UINT32_MAX, (uint32_t)i};
        if (scratch->share[i] < 1)
            scratch->small[num_small++] = (uint32_t)i;
        else
            scratch->large[num_large++] = (uint32_t)i;
    }
    while (num_small > 0 && num_large > 0) {
        const uint32_t small = scratch->small[--num_small];
        const uint32_t large = scratch->large[num_large - 1];
        table[small] = (h2vi_alias){to_threshold(scratch->share[small]), large};
        scratch->share[large] -= 1 - scratch->share[small];
        if (scratch->share[large] < 1) {
            num_large--;
            scratch->small[num_small++] = large;
        }
    }
    /* What is left is 1 but for rounding, and stays itself. */
}
