/* SPDX-License-Identifier: MIT */

/* gather.h for AVX-512: 8 registers of 16 columns. */
enum { BYTES = 64 };

#include "gather_loops.h"

const gather_loops gather_avx512 = {gather_f32, gather_bf16, read_all};
