/* SPDX-License-Identifier: MIT */

/* Hashes of bytes: xxHash (XXH3), whose values are fixed for ever. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "halo2vec/types.h"

uint64_t h2vi_hash64(const void *bytes, size_t num_bytes);
h2v_digest h2vi_hash128(const void *bytes, size_t num_bytes);
