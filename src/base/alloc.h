/* SPDX-License-Identifier: MIT */

/* Memory: checked products, zeroed, aligned to a cache line, huge pages for large arrays.
 * In checked builds an allocation can be made to fail, so that tests walk every error path.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zeroed array of `count` elements of `size` bytes, 64-byte aligned; NULL if the product
 * overflows or memory is out. A count of 0 gives a valid pointer. Release with free(). */
void *h2vi_alloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* The same for an array whose length is a signed count. */
static inline void *h2vi_alloc_n(int64_t count, size_t size)
{
    return count < 0 ? NULL : h2vi_alloc((size_t)count, size);
}

/* The same with contents undefined, for what is written before it is read: the pages of a
 * large array then come to the threads, and the memory, that touch them first. */
void *h2vi_alloc_raw(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

static inline void *h2vi_alloc_raw_n(int64_t count, size_t size)
{
    return count < 0 ? NULL : h2vi_alloc_raw((size_t)count, size);
}

/* The same, but huge pages are not asked for: for what lives for a moment, or grows piece
 * by piece. Where free memory goes back to a host, as in many virtual machines, the first
 * touch of a huge page may cost five times as much a byte. */
void *h2vi_alloc_small_pages(size_t count, size_t size)
    __attribute__((malloc, warn_unused_result));

/* Resize to `count` elements and keep the first `kept`: a new array, the old one freed;
 * NULL, and the old one kept, if memory is out. */
void *h2vi_regrow(void *old, size_t kept, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* What an array of so many bytes takes: large ones are rounded up to huge pages. */
int64_t h2vi_alloc_bytes(int64_t num_bytes);

/* Let the allocations after the next `count` ones of this thread fail; a negative count
 * switches this off. Without effect in builds that are not checked. */
void h2vi_alloc_fail_after(int64_t count);

/* Whether this build can fail allocations. */
int h2vi_alloc_can_fail(void);
