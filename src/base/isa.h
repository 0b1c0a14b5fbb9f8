/* SPDX-License-Identifier: MIT */

/* Instruction sets. Kernels have one file for each, compiled with its flags and chosen at
 * run time; all return the same bits. */
#pragma once

#include <stdbool.h>

typedef enum h2vi_isa { H2VI_SCALAR, H2VI_AVX2, H2VI_AVX512, H2VI_NUM_ISAS } h2vi_isa;

/* "scalar", "avx2", "avx512". */
const char *h2vi_isa_name(h2vi_isa isa);

/* Whether this machine and this build have it. */
bool h2vi_isa_is_here(h2vi_isa isa);

/* The widest one here. */
h2vi_isa h2vi_best_isa(void);
