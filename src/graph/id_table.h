/* SPDX-License-Identifier: MIT */

/* From ids to gids while a graph is read: gids are given out in the order of insertion.
 * Finding may be done by many threads at once, inserting by one alone and while nobody
 * finds. All ids are numbers until h2vi_id_table_turn_to_strings(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "ids.h"

/* An id as it stands in a text. */
typedef struct h2vi_token {
    const char *text; /* not ended; without NUL */
    int64_t number;   /* its value, where ids are numbers */
    uint64_t hash;    /* of a string; filled in by the table */
    uint32_t length;
} h2vi_token;

typedef struct h2vi_id_table h2vi_id_table;

H2V_CHECKED h2v_status h2vi_id_table_create(h2vi_id_table **table);
void h2vi_id_table_destroy(h2vi_id_table **table);

bool h2vi_id_table_holds_numbers(const h2vi_id_table *table);
int64_t h2vi_id_table_num_ids(const h2vi_id_table *table);

/* The gids of `count` ids, H2V_NO_SLOT where one is not there. Fills in hashes. */
void h2vi_id_table_find(const h2vi_id_table *table, int64_t count, h2vi_token *tokens,
                        uint32_t *gids);

/* The same for numbers, where ids are such. Whoever asks for their memory some time before
 * does not wait for it. */
void h2vi_id_table_prefetch_numbers(const h2vi_id_table *table, int64_t count,
                                    const int64_t *numbers);
void h2vi_id_table_find_numbers(const h2vi_id_table *table, int64_t count,
                                const int64_t *numbers, uint32_t *gids);

/* The gid of an id that is inserted if it is not there. A string's hash must be filled in.
 * Errors: ERR_DATA beyond H2V_MAX_VERTICES, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_id_table_insert(h2vi_id_table *table, const h2vi_token *token,
                                            uint32_t *gid);

/* Ask for the memory that finding or inserting `token` will touch. */
void h2vi_id_table_prefetch(const h2vi_id_table *table, const h2vi_token *token);

/* From now on ids are strings; numbers become their decimal text, under the same gids. */
H2V_CHECKED h2v_status h2vi_id_table_turn_to_strings(h2vi_id_table *table);

/* All ids in the order of their gids; the table is empty afterwards. */
H2V_CHECKED h2v_status h2vi_id_table_take(h2vi_id_table *table, h2vi_ids *ids);
