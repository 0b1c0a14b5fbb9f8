/* SPDX-License-Identifier: MIT */

/* The rows of project.h, from random numbers that the file of each instruction set draws:
 * it includes this one, so that what is here is compiled for it. */
#pragma once

#include <string.h>

#include "project.h"

h2vi_project_row h2vi_project_row_scalar;
h2vi_project_row h2vi_project_row_avx2;
h2vi_project_row h2vi_project_row_avx512;

enum {
    H2VI_COUNTERS = 16, /* drawn at once */
    H2VI_DRAWN_COLUMNS = 4 * H2VI_COUNTERS
};

/* Word j of h2vi_random() for step + i. */
typedef struct h2vi_drawn {
    uint32_t words[4][H2VI_COUNTERS];
} __attribute__((aligned(64))) h2vi_drawn;

typedef void h2vi_draw(const h2vi_projection *projection, uint32_t v, uint32_t step,
                       h2vi_drawn *drawn);

static inline float h2vi_entry(uint32_t word, uint32_t threshold, float value)
{
    const float negative = word > UINT32_MAX - threshold ? -value : 0.0F;
    return word < threshold ? value : negative;
}

/* Columns 4 i + j from word j of counter i; written out, as compilers see it then. */
static inline void h2vi_place(const h2vi_drawn *drawn, uint32_t threshold, float value,
                              float *restrict row)
{
    for (int i = 0; i < H2VI_COUNTERS; i++) {
        row[4 * i] = h2vi_entry(drawn->words[0][i], threshold, value);
        row[4 * i + 1] = h2vi_entry(drawn->words[1][i], threshold, value);
        row[4 * i + 2] = h2vi_entry(drawn->words[2][i], threshold, value);
        row[4 * i + 3] = h2vi_entry(drawn->words[3][i], threshold, value);
    }
}

/* As h2vi_project_row; `draw` is a constant. */
static inline void h2vi_project(const h2vi_projection *projection, uint32_t v,
                                int num_columns, float value, float *row, h2vi_draw *draw)
{
    const uint32_t threshold = (uint32_t)(0x1p32 / (2 * projection->sparsity) + 0.5);
    for (int c = 0; c < num_columns; c += H2VI_DRAWN_COLUMNS) {
        h2vi_drawn drawn;
        draw(projection, v, (uint32_t)(c / 4), &drawn);
        if (num_columns - c >= H2VI_DRAWN_COLUMNS) {
            h2vi_place(&drawn, threshold, value, row + c);
        } else {
            float last[H2VI_DRAWN_COLUMNS];
            h2vi_place(&drawn, threshold, value, last);
            memcpy(row + c, last, (size_t)(num_columns - c) * sizeof *row);
        }
    }
}
