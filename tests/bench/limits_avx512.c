/* SPDX-License-Identifier: MIT */

/* limits.h for AVX-512. */
#include <immintrin.h>

enum { BYTES = 64 };

typedef __m512 floats;

static inline floats fused(floats x, floats y, floats z)
{
    return _mm512_fmadd_ps(x, y, z);
}

#include "limits_loops.h"

const limits_loops limits_avx512 = {fuse, read_all_rows, change_all_rows};
