/* SPDX-License-Identifier: MIT */

/* limits.h for AVX2. */
#include <immintrin.h>

enum { BYTES = 32 };

typedef __m256 floats;

static inline floats fused(floats x, floats y, floats z)
{
    return _mm256_fmadd_ps(x, y, z);
}

#include "limits_loops.h"

const limits_loops limits_avx2 = {fuse, read_all_rows, change_all_rows};
