/* SPDX-License-Identifier: MIT */

/* The rows of a matrix file that a rank needs, in windows of consecutive rows: a window
 * begins at the next row that is needed, and ends with the last one that is within 8 MiB
 * (or is a single row). So a rank reads no stretch that it has nothing in, and holds one
 * window. All functions are local. */
#pragma once

#include <stdint.h>

#include "halo2vec/status.h"
#include "matrix_file.h"

/* A row that is needed, and whose it is. */
typedef struct h2vi_pick {
    uint32_t row;    /* of the file */
    uint32_t vertex; /* owned */
} h2vi_pick;

/* By row. */
void h2vi_picks_sort(int64_t num_picks, h2vi_pick *picks);

typedef struct h2vi_picked_rows {
    const h2vi_matrix_file *matrix; /* kept, as the picks */
    int64_t num_picks;
    const h2vi_pick *picks;
    int64_t begin, end; /* picks of the window */
    int64_t capacity;   /* of the window, in rows */
    float *window;      /* shape [capacity, matrix->num_columns] */
} h2vi_picked_rows;

/* `picks` are sorted; their rows are in the matrix. ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_picked_rows_init(const h2vi_matrix_file *matrix,
                                             int64_t num_picks, const h2vi_pick *picks,
                                             h2vi_picked_rows *rows);
/* The first window. */
void h2vi_picked_rows_rewind(h2vi_picked_rows *rows);
/* Read the next window, for while there is one: begin == end after the last. Errors as
 * h2vi_matrix_read(). */
H2V_CHECKED h2v_status h2vi_picked_rows_next(h2vi_picked_rows *rows);
void h2vi_picked_rows_clear(h2vi_picked_rows *rows);

/* The row of pick i, begin <= i < end. */
static inline const float *h2vi_picked_row(const h2vi_picked_rows *rows, int64_t i)
{
    const int64_t place = (int64_t)rows->picks[i].row - rows->picks[rows->begin].row;
    return rows->window + place * rows->matrix->num_columns;
}
