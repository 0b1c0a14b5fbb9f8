/* SPDX-License-Identifier: MIT */

/* One line of an edge list: its columns, checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "id_table.h"

typedef enum h2vi_id_kind { H2VI_IDS_NUMBERS, H2VI_IDS_STRINGS } h2vi_id_kind;

/* How lines are to be understood. */
typedef struct h2vi_line_format {
    char delimiter;    /* 0: blanks and at most one comma */
    int num_ids;       /* 2: an edge; 1: a vertex */
    bool weighted;     /* the column after the ids is a weight */
    h2vi_id_kind kind; /* whether ids are to be read as numbers */
} h2vi_line_format;

typedef enum h2vi_line_outcome {
    H2VI_LINE_EMPTY, /* nothing, or a comment */
    H2VI_LINE_FULL,
    H2VI_LINE_STRING, /* ids are numbers so far, and this line has one that is not */
    H2VI_LINE_WRONG   /* h2v_error_message() says why, without file and line */
} h2vi_line_outcome;

typedef struct h2vi_edge_line {
    h2vi_token ids[2];
    float weight;
} h2vi_edge_line;

/* Read the line that begins at *text, and move *text behind it (unless the outcome is
 * STRING or WRONG). Lines lie before `end` and are ended by '\n'. Ids point into the text.
 */
h2vi_line_outcome h2vi_edge_line_read(const h2vi_line_format *format, const char **text,
                                      const char *end, h2vi_edge_line *line);
