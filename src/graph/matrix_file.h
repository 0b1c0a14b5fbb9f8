/* SPDX-License-Identifier: MIT */

/* Dense numeric matrices in files of others: NumPy's .npy (versions 1 to 3; little-endian
 * float32, float64, int32, int64, uint8 or bool; rows first, not Fortran order), or a
 * dataset of an HDF5 file with any number type: "features.h5:/x", and without a name the
 * only dataset of two dimensions. Read in pieces, as f32. */
#pragma once

#include <stdint.h>

#include "halo2vec/status.h"

typedef struct h2vi_matrix_file {
    int64_t num_rows, num_columns; /* a vector has one column */
    struct h2vi_matrix_inside *inside;
} h2vi_matrix_file;

/* Local. ERR_IO, ERR_NOMEM; ERR_DATA says what is wrong with the file: no matrix, an
 * unknown type, fewer bytes than the shape says. */
H2V_CHECKED h2v_status h2vi_matrix_open(const char *path, h2vi_matrix_file *matrix);
/* Local. Rows [first, first + num_rows) to `rows`, shape [num_rows, num_columns]. ERR_IO;
 * ERR_DATA names the first row whose number is not finite. */
H2V_CHECKED h2v_status h2vi_matrix_read(const h2vi_matrix_file *matrix, int64_t first,
                                        int64_t num_rows, float *rows);
/* Safe on a zeroed struct. */
void h2vi_matrix_close(h2vi_matrix_file *matrix);
