/* SPDX-License-Identifier: MIT */

/* A run of lines, read by one thread while others read theirs: edges between vertices that
 * are known, and a list of ids that are not, in the order of the lines. */
#pragma once

#include "edge_line.h"
#include "edge_reader.h"
#include "fail.h"

typedef struct h2vi_segment {
    const char *begin, *end; /* whole lines */
    h2vi_edge_run run;       /* edges, of which missing ids have no gid yet */
    int64_t max_edges;       /* there is room for */
    int64_t num_lines;
    int64_t num_self_loops;
    bool has_string;   /* it stopped at an id that is not a number */
    h2v_status status; /* or at an error; num_lines were read before */
    char message[H2VI_MESSAGE_BYTES];
    h2vi_edge_block *block; /* of the edges, once it is made */

    h2vi_id_kind kind; /* of the missing ids */
    int64_t num_missing, capacity;
    h2vi_token *strings; /* ids that were not in the table, shape [num_missing]: one of */
    int64_t *numbers;    /* the two, the other is NULL */
    uint32_t *places;    /* which end of which edge each is: 2 i or 2 i + 1, or NOWHERE */
} h2vi_segment;

/* Read all lines. Failures stand in the segment, as it is read by any thread. */
void h2vi_segment_read(h2vi_segment *segment, const h2vi_reading *reading,
                       const h2vi_line_format *format);

/* Give the missing ids their gids: one segment after the other, in the order of the text.
 */
H2V_CHECKED h2v_status h2vi_segment_resolve(h2vi_segment *segment, h2vi_id_table *table);

/* Make a block of the edges, if there are any. All ids have gids, and no more are given out
 * meanwhile. Failures stand in the segment. */
void h2vi_segment_pack(h2vi_segment *segment, const h2vi_reading *reading);

/* Forget what was read; keep the arrays. */
void h2vi_segment_reset(h2vi_segment *segment);
void h2vi_segment_clear(h2vi_segment *segment);
