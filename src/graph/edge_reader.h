/* SPDX-License-Identifier: MIT */

/* Edge lists read from text by several threads, ids in the order of first appearance. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge_block.h"
#include "edge_line.h"
#include "halo2vec/status.h"
#include "id_table.h"

typedef enum h2vi_loops { H2VI_DROP_LOOPS, H2VI_KEEP_LOOPS } h2vi_loops;

/* How to read; the same for all files of a graph. */
typedef struct h2vi_reading {
    char delimiter;   /* as h2vi_line_format has it */
    h2vi_loops loops; /* a dropped loop still names its vertex */
    bool directed;    /* else edges are turned to lead from the lower gid */
    bool weighted;
    int num_threads;
    int64_t segment_bytes; /* how much text a thread takes at a time */
    h2vi_id_table *table;  /* borrowed */
} h2vi_reading;

/* What was seen so far, in all files. */
typedef struct h2vi_reading_counts {
    int64_t num_lines;
    int64_t num_text_bytes;
    int64_t num_self_loops;
} h2vi_reading_counts;

typedef struct h2vi_edge_reader h2vi_edge_reader;

/* `reading` is copied; its table outlives the reader. */
H2V_CHECKED h2v_status h2vi_edge_reader_create(const h2vi_reading *reading,
                                               h2vi_edge_reader **reader);
void h2vi_edge_reader_destroy(h2vi_edge_reader **reader);

/* Append the edges of a file to `edges`. Errors: ERR_DATA with file and line, ERR_IO,
 * ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_edge_reader_read(h2vi_edge_reader *reader, const char *path,
                                             h2vi_edge_list *edges);

/* Make sure that the vertices named in a file, one a line, exist. Same errors. */
H2V_CHECKED h2v_status h2vi_edge_reader_read_vertices(h2vi_edge_reader *reader,
                                                      const char *path);

h2vi_reading_counts h2vi_edge_reader_counts(const h2vi_edge_reader *reader);
