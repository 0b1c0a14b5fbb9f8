/* SPDX-License-Identifier: MIT */

/* Arrays of a huge page or more are aligned to it and ask the kernel for such pages. */
#define _DEFAULT_SOURCE
#include "alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64 };
static const size_t HUGE_PAGE = (size_t)2 << 20;

#ifdef H2V_CHECKED_BUILD
static _Thread_local int64_t allowed = -1;

static int is_refused(void)
{
    if (allowed < 0) return 0;
    if (allowed == 0) return 1;
    allowed--;
    return 0;
}

void h2vi_alloc_fail_after(int64_t count)
{
    allowed = count;
}

int h2vi_alloc_can_fail(void)
{
    return 1;
}
#else
static int is_refused(void)
{
    return 0;
}

void h2vi_alloc_fail_after(int64_t count)
{
    (void)count;
}

int h2vi_alloc_can_fail(void)
{
    return 0;
}
#endif

static size_t alignment_of(size_t num_bytes)
{
    return num_bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
}

/* Never zero bytes. */
static size_t rounded_up(size_t num_bytes)
{
    const size_t alignment = alignment_of(num_bytes);
    return (num_bytes + alignment) & ~(alignment - 1);
}

int64_t h2vi_alloc_bytes(int64_t num_bytes)
{
    return (int64_t)rounded_up((size_t)num_bytes);
}

/* Whether an array of so many bytes may be, and is not refused. */
static int is_allowed(size_t count, size_t size, size_t *num_bytes)
{
    return !is_refused() && !__builtin_mul_overflow(count, size, num_bytes) &&
           *num_bytes <= (size_t)PTRDIFF_MAX - HUGE_PAGE;
}

/* *num_bytes is what the memory holds, of which not all was asked for. */
static void *allocate(size_t count, size_t size, size_t *num_bytes)
{
    if (!is_allowed(count, size, num_bytes)) return NULL;
    const size_t alignment = alignment_of(*num_bytes);
    *num_bytes = rounded_up(*num_bytes);
    void *memory = aligned_alloc(alignment, *num_bytes);
    if (memory && alignment == HUGE_PAGE) (void)madvise(memory, *num_bytes, MADV_HUGEPAGE);
    return memory;
}

void *h2vi_alloc(size_t count, size_t size)
{
    size_t num_bytes = 0;
    void *memory = allocate(count, size, &num_bytes);
    return memory ? memset(memory, 0, num_bytes) : NULL;
}

void *h2vi_alloc_raw(size_t count, size_t size)
{
    size_t num_bytes = 0;
    return allocate(count, size, &num_bytes);
}

void *h2vi_alloc_small_pages(size_t count, size_t size)
{
    size_t num_bytes = 0;
    if (!is_allowed(count, size, &num_bytes)) return NULL;
    return aligned_alloc(CACHE_LINE, (num_bytes / CACHE_LINE + 1) * CACHE_LINE);
}

void *h2vi_regrow(void *old, size_t kept, size_t count, size_t size)
{
    void *memory = h2vi_alloc(count, size);
    if (!memory) return NULL;
    if (old) memcpy(memory, old, kept * size);
    free(old);
    return memory;
}
