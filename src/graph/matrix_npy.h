/* SPDX-License-Identifier: MIT */

/* NumPy's .npy, as far as it holds a matrix: numpy.lib.format, versions 1.0 to 3.0. Ten or
 * twelve bytes of magic, version and length, then a header that is the text of a Python
 * dict of three keys, then the numbers. The header is parsed, never evaluated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halo2vec/status.h"

enum { H2VI_NPY_MAGIC_BYTES = 6 };
#define H2VI_NPY_MAGIC "\x93NUMPY"

typedef struct h2vi_npy {
    int64_t num_rows, num_columns; /* a vector has one column */
    int file;                      /* descriptor */
    int64_t start;                 /* byte at which the numbers begin */
    const struct npy_type *type;
} h2vi_npy;

/* Local. ERR_IO; ERR_DATA says what is wrong, and what would be right. */
H2V_CHECKED h2v_status h2vi_npy_open(const char *path, h2vi_npy *npy);
/* Local. Rows [first, first + num_rows), which the matrix has, to `rows`, shape [num_rows,
 * num_columns]. ERR_IO. `path` is for the message. */
H2V_CHECKED h2v_status h2vi_npy_read(const h2vi_npy *npy, const char *path, int64_t first,
                                     int64_t num_rows, float *rows);
/* Of what was opened. */
void h2vi_npy_close(h2vi_npy *npy);
