/* SPDX-License-Identifier: MIT */

/* Rows of the random matrices of fastrp.h, drawn by counter: entry c of row v is positive
 * if word c % 4 of h2vi_random(seed, purpose, 0, 0, v, c / 4) is below t = round(2^32 /
 * 2s), negative if it is 2^32 - t or more, else 0. */
#pragma once

#include <stdint.h>

#include "isa.h"
#include "random.h"

typedef struct h2vi_projection {
    uint64_t seed;
    h2vi_purpose
        purpose;     /* H2VI_FOR_PROJECTION, or H2VI_FOR_PROPERTY: v numbers properties */
    double sparsity; /* s >= 1 */
} h2vi_projection;

/* Local. row[c] = +-value or 0 for c in [0, num_columns). */
typedef void h2vi_project_row(const h2vi_projection *projection, uint32_t v,
                              int num_columns, float value, float *row);
h2vi_project_row *h2vi_project_row_of(h2vi_isa isa); /* NULL if it is not here */
