/* SPDX-License-Identifier: MIT */

/* Homes of blocks learn whose the rows of their blocks are: the owner of a vertex owns its
 * context row. */
#pragma once

#include <stdint.h>

#include "blocks.h"
#include "groups.h"
#include "migrate.h"

typedef struct h2vi_owner_bytes {
    int64_t sent, received;
} h2vi_owner_bytes;

/* Collective. `slots` out: for each block with a home on this rank the slots of the
 * vertices of its rows, H2V_NO_SLOT where a row is nobody's, shape
 * [parts_per_group][rows_per_block]; NULL for other blocks. To be released by the caller,
 * also after a failure. All homes of all groups together hold 4 bytes a vertex and group;
 * what travels does so in windows, and takes about 32 MiB of a rank at a time. */
H2V_CHECKED h2v_status h2vi_find_row_owners(const h2vi_moved *moved,
                                            const h2vi_blocks *blocks,
                                            const h2vi_groups *groups, h2v_slot **slots,
                                            h2vi_owner_bytes *bytes);
