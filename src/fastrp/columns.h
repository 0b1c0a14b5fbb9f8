/* SPDX-License-Identifier: MIT */

/* Means and deviations of columns over all ranks. What is added is an integer number of a
 * power-of-two unit that follows from the largest magnitude of the column, so no order
 * matters: the mean is within 2^-30 of that magnitude. */
#pragma once

#include <stdint.h>

#include "halo2vec/world.h"

/* Rows of a matrix, over all ranks. */
typedef struct h2vi_matrix_rows {
    const h2v_world *world;
    int64_t num_vertices; /* rows of all ranks */
    int64_t num_owned;
    int dim, stride;
    float *rows; /* shape [num_owned, stride] */
} h2vi_matrix_rows;

/* Collective. Subtract from each column its mean. ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_center_columns(const h2vi_matrix_rows *matrix);

/* Collective. Center, then divide each column by its standard deviation (of the population,
 * as scikit-learn's scale), unless that is 0. */
H2V_CHECKED h2v_status h2vi_standardize_columns(const h2vi_matrix_rows *matrix);

/* Collective. Multiply all so that the root of the mean square of the rows' lengths is
 * `length`; zeros stay. */
H2V_CHECKED h2v_status h2vi_scale_rows(const h2vi_matrix_rows *matrix, float length);
