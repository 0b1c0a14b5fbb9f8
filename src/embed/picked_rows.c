/* SPDX-License-Identifier: MIT */

/* Windows, one after the other. */
#include "picked_rows.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

enum { WINDOW_BYTES = 8 << 20 };

static int compare_picks(const void *a, const void *b)
{
    const uint32_t x = ((const h2vi_pick *)a)->row, y = ((const h2vi_pick *)b)->row;
    return (x > y) - (x < y);
}

void h2vi_picks_sort(int64_t num_picks, h2vi_pick *picks)
{
    qsort(picks, (size_t)num_picks, sizeof *picks, compare_picks);
}

h2v_status h2vi_picked_rows_init(const h2vi_matrix_file *matrix, int64_t num_picks,
                                 const h2vi_pick *picks, h2vi_picked_rows *rows)
{
    *rows = (h2vi_picked_rows){.matrix = matrix, .num_picks = num_picks, .picks = picks};
    const int64_t room = WINDOW_BYTES / (int64_t)sizeof(float) / matrix->num_columns;
    rows->capacity = room < matrix->num_rows ? room : matrix->num_rows;
    if (rows->capacity < 1) rows->capacity = 1;
    rows->window = h2vi_alloc_n(rows->capacity * matrix->num_columns, sizeof *rows->window);
    return rows->window ? H2V_OK : h2vi_fail_memory("rows of a matrix file");
}

void h2vi_picked_rows_rewind(h2vi_picked_rows *rows)
{
    rows->begin = rows->end = 0;
}

h2v_status h2vi_picked_rows_next(h2vi_picked_rows *rows)
{
    const h2vi_pick *picks = rows->picks;
    rows->begin = rows->end;
    if (rows->begin == rows->num_picks) return H2V_OK;
    const int64_t first = picks[rows->begin].row;
    while (rows->end < rows->num_picks && picks[rows->end].row - first < rows->capacity)
        rows->end++;
    const int64_t num_rows = picks[rows->end - 1].row - first + 1;
    return h2vi_matrix_read(rows->matrix, first, num_rows, rows->window);
}

void h2vi_picked_rows_clear(h2vi_picked_rows *rows)
{
    free(rows->window);
    *rows = (h2vi_picked_rows){0};
}
