/* SPDX-License-Identifier: MIT */

/* gather.h for AVX2: 16 registers of 8 columns. */
enum { BYTES = 32 };

#include "gather_loops.h"

const gather_loops gather_avx2 = {gather_f32, gather_bf16, read_all};
