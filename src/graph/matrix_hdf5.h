/* SPDX-License-Identifier: MIT */

/* A dataset of numbers in an HDF5 file of anybody, as a matrix. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"

/* Whether the file has HDF5's signature. */
bool h2vi_is_hdf5(const char *path);

typedef struct h2vi_hdf5_matrix {
    int64_t num_rows, num_columns; /* a vector has one column */
    struct h2vi_hdf5_dataset *dataset;
} h2vi_hdf5_matrix;

/* Local. `name` is the dataset's, with or without a slash in front; NULL: the only dataset
 * of two dimensions. ERR_IO, ERR_NOMEM; ERR_DATA if there is no such one, or none of
 * integers or floats. */
H2V_CHECKED h2v_status h2vi_hdf5_matrix_open(const char *path, const char *name,
                                             h2vi_hdf5_matrix *matrix);
/* Local. Rows [first, first + num_rows) to `rows`, shape [num_rows, num_columns]. ERR_DATA
 * if they cannot be read. */
H2V_CHECKED h2v_status h2vi_hdf5_matrix_read(const h2vi_hdf5_matrix *matrix, int64_t first,
                                             int64_t num_rows, float *rows);
/* Safe on a zeroed struct. */
void h2vi_hdf5_matrix_close(h2vi_hdf5_matrix *matrix);
