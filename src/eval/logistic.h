/* SPDX-License-Identifier: MIT */

/* Logistic regression on Hadamard features in_u * in_v (Grover and Leskovec 2016,
 * doi:10.1145/2939672.2939754), by LIBLINEAR. It is fitted on the training graph alone:
 * what is held out is as unknown to it as to the embedding, so a held-out edge may by
 * chance be among its negatives. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "csr.h"
#include "halo2vec/status.h"

/* Fit on edges of `csr` (all if there are at most 20,000, else as many drawn) and as many
 * uniform non-edges (fewer if there are not so many). A function of the arguments.
 *
 * `vectors`: shape [csr->num_vertices, dim], finite. `weights`: out, shape [dim + 1], the
 * last the intercept. `is_fitted`: out, false if there is no edge or no non-edge to learn
 * from. Memory: 16 bytes x dim x examples. Errors: ERR_NOMEM, ERR_DATA. */
H2V_CHECKED h2v_status h2vi_logistic_fit(const h2vi_csr *csr, uint64_t seed, int64_t dim,
                                         const float *vectors, double *weights,
                                         bool *is_fitted);
