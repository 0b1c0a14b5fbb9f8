/* SPDX-License-Identifier: MIT */

/* The kernels for any machine, and the choice among instruction sets. */
#include "multiply_rows.h"

void h2vi_sum_row_scalar(const h2vi_multiplication *a, int64_t v, int begin, int end,
                         float *sums)
{
    h2vi_sum_any(a, v, begin, end, sums);
}

void h2vi_finish_row_scalar(const h2vi_finishing *how, float divisor, float *sums, void *to,
                            float *result)
{
    h2vi_finish(how, divisor, sums, to, result);
}

h2vi_sum_row *h2vi_sum_row_of(h2vi_isa isa)
{
    static h2vi_sum_row *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_sum_row_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_sum_row_avx2,
        [H2VI_AVX512] = h2vi_sum_row_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}

h2vi_finish_row *h2vi_finish_row_of(h2vi_isa isa)
{
    static h2vi_finish_row *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_finish_row_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_finish_row_avx2,
        [H2VI_AVX512] = h2vi_finish_row_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}
