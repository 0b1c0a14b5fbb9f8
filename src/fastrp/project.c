/* SPDX-License-Identifier: MIT */

/* Rows for any machine, from h2vi_random(), and the choice among instruction sets. */
#include "project_rows.h"

static void draw(const h2vi_projection *projection, uint32_t v, uint32_t step,
                 h2vi_drawn *drawn)
{
    for (uint32_t i = 0; i < H2VI_COUNTERS; i++) {
        const h2vi_words random =
            h2vi_random(projection->seed, projection->purpose, 0, 0, v, step + i);
        for (int j = 0; j < 4; j++) drawn->words[j][i] = random.w[j];
    }
}

void h2vi_project_row_scalar(const h2vi_projection *projection, uint32_t v, int num_columns,
                             float value, float *row)
{
    h2vi_project(projection, v, num_columns, value, row, draw);
}

h2vi_project_row *h2vi_project_row_of(h2vi_isa isa)
{
    static h2vi_project_row *const kernels[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_project_row_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_project_row_avx2,
        [H2VI_AVX512] = h2vi_project_row_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? kernels[isa] : NULL;
}
