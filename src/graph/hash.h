/* SPDX-License-Identifier: MIT */

/* Hashes of bytes: xxHash (XXH3), whose values are fixed for ever. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "halo2vec/types.h"

uint64_t h2vi_hash64(const void *bytes, size_t num_bytes);
h2v_digest h2vi_hash128(const void *bytes, size_t num_bytes);

/* hashes[i]: the 128 bits of item i of `count` items of `size` bytes each, end to end. */
void h2vi_hash128_each(const void *items, size_t size, size_t count, h2v_digest *hashes);
