/* SPDX-License-Identifier: MIT */

/* R-MAT graphs (Chakrabarti, Zhan and Faloutsos, SDM 2004, doi:10.1137/1.9781611972740.43)
 * with Graph500's a = .57, b = c = .19: 2^scale vertices, shuffled, and factor * 2^scale
 * edges, of which duplicates and loops go. A function of the three numbers alone. */
#pragma once

#include <stdint.h>

#include "csr.h"

typedef struct rmat {
    int scale;  /* 1 .. 31 */
    int factor; /* edges a vertex, drawn */
    uint64_t seed;
} rmat;

/* Undirected, unweighted. ERR_NOMEM. */
H2V_CHECKED h2v_status rmat_generate(const rmat *what, h2vi_csr *csr);
