/* SPDX-License-Identifier: MIT */

/* The one file that knows which hash is behind hash.h. */
#include "hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t h2vi_hash64(const void *bytes, size_t num_bytes)
{
    return XXH3_64bits(bytes, num_bytes);
}

h2v_digest h2vi_hash128(const void *bytes, size_t num_bytes)
{
    const XXH128_hash_t hash = XXH3_128bits(bytes, num_bytes);
    return (h2v_digest){.low = hash.low64, .high = hash.high64};
}

static inline void hash_each(const unsigned char *items, size_t size, size_t count,
                             h2v_digest *hashes)
{
    for (size_t i = 0; i < count; i++) {
        const XXH128_hash_t hash = XXH3_128bits(items + i * size, size);
        hashes[i] = (h2v_digest){.low = hash.low64, .high = hash.high64};
    }
}

void h2vi_hash128_each(const void *items, size_t size, size_t count, h2v_digest *hashes)
{
    /* Where the compiler knows the size, nothing is left of xxHash's choices by length. */
    if (size == 8)
        hash_each(items, 8, count, hashes);
    else if (size == 40)
        hash_each(items, 40, count, hashes);
    else
        hash_each(items, size, count, hashes);
}
