/* SPDX-License-Identifier: MIT */

/* Many strings, numbered in the order in which they come. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "ids.h"

/* Zeroed, it is empty. */
typedef struct h2vi_string_store {
    int64_t num_strings;
    int64_t num_blocks;
    int64_t num_bytes;  /* of all strings, each with its NUL */
    int64_t block_used; /* bytes of the last block */
    void **blocks;      /* of text */
    void **pages;       /* of places: in which block each string stands, and where */
} h2vi_string_store;

/* Copy a string of at most H2V_MAX_ID_BYTES to the end. */
H2V_CHECKED h2v_status h2vi_string_store_add(h2vi_string_store *store, const char *text,
                                             uint32_t length);

/* Whether string `i` is this text. */
bool h2vi_string_store_equals(const h2vi_string_store *store, int64_t i, const char *text,
                              uint32_t length);

/* All strings, end to end; the store is empty afterwards. */
H2V_CHECKED h2v_status h2vi_string_store_take(h2vi_string_store *store, h2vi_ids *ids);

void h2vi_string_store_clear(h2vi_string_store *store);
