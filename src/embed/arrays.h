/* SPDX-License-Identifier: MIT */

/* What arrays hold, and what they take: allocations of a huge page or more are rounded up
 * to such pages (alloc.h), which is a lot where arrays are a few pages long. */
#pragma once

#include <stdint.h>

#include "alloc.h"

typedef struct h2vi_arrays {
    int64_t used;  /* bytes that items need, as a run reports them */
    int64_t taken; /* bytes that are allocated */
} h2vi_arrays;

/* One array of `count` items. */
static inline void h2vi_arrays_add(h2vi_arrays *arrays, int64_t count, int64_t item_bytes)
{
    arrays->used += count * item_bytes;
    arrays->taken += h2vi_alloc_bytes(count * item_bytes);
}

/* One array with room for 1 / `share` more. */
static inline void h2vi_arrays_add_roomy(h2vi_arrays *arrays, int64_t count, int share,
                                         int64_t item_bytes)
{
    h2vi_arrays_add(arrays, count + count / share, item_bytes);
}
