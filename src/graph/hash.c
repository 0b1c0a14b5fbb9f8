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
