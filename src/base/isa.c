/* SPDX-License-Identifier: MIT */

#include "isa.h"

const char *h2vi_isa_name(h2vi_isa isa)
{
    static const char *const names[H2VI_NUM_ISAS] = {"scalar", "avx2", "avx512"};
    return names[isa];
}

bool h2vi_isa_is_here(h2vi_isa isa)
{
    switch (isa) {
    case H2VI_SCALAR:
        return true;
#ifdef H2V_HAS_X86_KERNELS
    case H2VI_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case H2VI_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("fma");
#endif
    default:
        return false;
    }
}

h2vi_isa h2vi_best_isa(void)
{
    int isa = H2VI_NUM_ISAS - 1;
    while (!h2vi_isa_is_here((h2vi_isa)isa)) isa--;
    return (h2vi_isa)isa;
}
