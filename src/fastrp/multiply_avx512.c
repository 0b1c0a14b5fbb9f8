/* SPDX-License-Identifier: MIT */

/* multiply_rows.h, compiled for AVX-512. */
#include "multiply_rows.h"

void h2vi_sum_row_avx512(const h2vi_multiplication *a, int64_t v, int begin, int end,
                         float *sums)
{
    h2vi_sum_any(a, v, begin, end, sums);
}

void h2vi_finish_row_avx512(const h2vi_finishing *how, float divisor, float *sums, void *to,
                            float *result)
{
    h2vi_finish(how, divisor, sums, to, result);
}
