/* SPDX-License-Identifier: MIT */

/* The windows of one walk, and the pairs in them whose centers this rank owns: once to be
 * counted, once to be written. All functions are local, and each thread has a view of its
 * own. */
#pragma once

#include <stdint.h>

#include "route.h"

enum {
    H2VI_SUMMED_LENGTH = UINT8_MAX, /* longer walks are counted pair by pair, */
    H2VI_SUMMED_BLOCKS = 64         /* and so is what has more blocks */
};

/* A walk as it is windowed: what subsampling dropped is gone. */
typedef struct h2vi_walk_view {
    int length;
    uint32_t gid, walk;
    uint32_t owned[H2V_MAX_WALK_LENGTH]; /* the vertex among this rank's, or beyond them */
    uint32_t blocks[H2V_MAX_WALK_LENGTH];
    uint32_t rows[H2V_MAX_WALK_LENGTH];
    int num_centers;
    uint16_t centers[H2V_MAX_WALK_LENGTH]; /* places whose vertices this rank owns */
    uint8_t sums[H2VI_SUMMED_LENGTH + 1][H2VI_SUMMED_BLOCKS]; /* scratch */
} h2vi_walk_view;

/* `gid` and `walk` are what its windows are drawn for. Sets all but the centers. */
void h2vi_view_walk(const h2vi_router *router, uint32_t gid, uint32_t walk,
                    const h2vi_token *tokens, h2vi_walk_view *view);

/* The half-width of the window of each place, 0 where the center is not of this rank, shape
 * [length]; and list the centers. */
void h2vi_draw_windows(const h2vi_router *router, uint32_t epoch, h2vi_walk_view *view,
                       uint16_t *reaches);

/* List the centers again, from the windows that were drawn. */
void h2vi_list_centers(h2vi_walk_view *view, const uint16_t *reaches);

/* Add the walk's pairs to `counts`, shape [num_local_parts, count_width]. */
void h2vi_count_pairs(const h2vi_router *router, h2vi_walk_view *view,
                      const uint16_t *reaches, uint32_t *counts);

/* Write them to where the cursors, shape [num_bins], point, and move these on. */
void h2vi_write_pairs(const h2vi_router *router, const h2vi_walk_view *view,
                      const uint16_t *reaches, int64_t *cursors);
