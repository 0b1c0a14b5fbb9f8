/* SPDX-License-Identifier: MIT */

/* The one file that knows which library's hash is behind hash.h. */
#include "hash.h"

#include "hash_many.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t h2vi_hash64(const void *bytes, size_t num_bytes)
{
    return XXH3_64bits(bytes, num_bytes);
}

static inline h2v_digest hash128(const void *bytes, size_t num_bytes)
{
    const XXH128_hash_t hash = XXH3_128bits(bytes, num_bytes);
    return (h2v_digest){.low = hash.low64, .high = hash.high64};
}

h2v_digest h2vi_hash128(const void *bytes, size_t num_bytes)
{
    return hash128(bytes, num_bytes);
}

static void hash_numbers(const int64_t *numbers, int count, h2vi_hashes *hashes)
{
    for (int i = 0; i < count; i++) {
        const h2v_digest hash = hash128(&numbers[i], sizeof numbers[i]);
        hashes->low[i] = hash.low;
        hashes->high[i] = hash.high;
    }
}

static bool is_above(h2v_digest a, h2v_digest b)
{
    return a.high > b.high || (a.high == b.high && a.low > b.low);
}

/* One edge, as it is hashed: 40 bytes without padding. */
typedef struct hashed_edge {
    h2v_digest first, second;
    double weight;
} hashed_edge;

static void add_edges(const h2vi_hashed_edges *edges, int first, h2v_digest *sum)
{
    const h2vi_hashes *sources = &edges->sources, *targets = &edges->targets;
    for (int i = first; i < edges->count; i++) {
        const h2v_digest source = {.low = sources->low[i], .high = sources->high[i]};
        const h2v_digest target = {.low = targets->low[i], .high = targets->high[i]};
        const bool is_swapped = !edges->directed && is_above(source, target);
        const hashed_edge edge = {.first = is_swapped ? target : source,
                                  .second = is_swapped ? source : target,
                                  .weight = edges->weights[i]};
        const h2v_digest hash = hash128(&edge, sizeof edge);
        sum->low += hash.low;
        sum->high += hash.high;
    }
}

const h2vi_hash_kernels h2vi_hash_scalar = {hash_numbers, add_edges};

const h2vi_hash_kernels *h2vi_hash_kernels_of(h2vi_isa isa)
{
    /* A machine with AVX-512 has AVX2. */
    static const h2vi_hash_kernels *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = &h2vi_hash_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = &h2vi_hash_avx2,
        [H2VI_AVX512] = &h2vi_hash_avx2,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}
