/* SPDX-License-Identifier: MIT */

/* The one file that knows which generator is behind random.h. */
#include "random.h"

#include <Random123/philox.h>

#include "random_many.h"

static h2vi_words philox(uint64_t seed, philox4x32_ctr_t counter)
{
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t random = philox4x32(counter, key);
    return (h2vi_words){{random.v[0], random.v[1], random.v[2], random.v[3]}};
}

h2vi_words h2vi_random(uint64_t seed, h2vi_purpose purpose, uint32_t epoch, uint32_t walk,
                       uint32_t vertex, uint32_t step)
{
    return philox(
        seed, (philox4x32_ctr_t){{step, walk, vertex, h2vi_purpose_word(purpose, epoch)}});
}

void h2vi_random_many_scalar(uint64_t seed, int64_t count, h2vi_many *many)
{
    for (int64_t k = 0; k < count; k++) {
        uint32_t(*words)[H2VI_MANY] = many[k].words;
        for (int i = 0; i < H2VI_MANY; i++) {
            const h2vi_words random = philox(
                seed,
                (philox4x32_ctr_t){{words[0][i], words[1][i], words[2][i], words[3][i]}});
            for (int j = 0; j < 4; j++) words[j][i] = random.w[j];
        }
    }
}

h2vi_random_many *h2vi_random_many_of(h2vi_isa isa)
{
    static h2vi_random_many *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_random_many_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_random_many_avx2,
        [H2VI_AVX512] = h2vi_random_many_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}
