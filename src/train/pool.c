/* SPDX-License-Identifier: MIT */

/* Stratified sampling without replacement: strata are equal runs of a class's rows, as near
 * as integers allow, and a turn of the class by a random number makes every row equally
 * likely. */
#include "pool.h"

#include "random.h"

static uint32_t word_of(const h2vi_pool_draw *draw, int class, int64_t number)
{
    const h2vi_words words =
        h2vi_random(draw->seed, H2VI_FOR_POOL, draw->round, draw->group,
                    draw->block << 10 | (uint32_t) class, (uint32_t)(number / 4));
    return words.w[number % 4];
}

static void draw_class(const h2vi_pool_draw *draw, int number,
                       const h2vi_block_class *class, uint32_t *rows)
{
    const int64_t n = class->count, m = class->num_pooled;
    if (m == n) {
        for (int64_t i = 0; i < n; i++) rows[i] = (uint32_t)(class->first + i);
        return;
    }
    const int64_t turn = h2vi_below(word_of(draw, number, 0), (uint32_t)n);
    for (int64_t i = 0; i < m; i++) {
        const int64_t begin = i * n / m, end = (i + 1) * n / m;
        const int64_t at =
            begin + h2vi_below(word_of(draw, number, i + 1), (uint32_t)(end - begin));
        rows[i] = (uint32_t)(class->first + (at + turn) % n);
    }
}

int64_t h2vi_draw_pool(const h2vi_pool_draw *draw, const h2vi_noise_tables *tables,
                       uint32_t *rows)
{
    int64_t num_rows = 0;
    for (int c = 0; c < tables->num_classes; c++) {
        draw_class(draw, c, &tables->classes[c], rows + num_rows);
        num_rows += tables->classes[c].num_pooled;
    }
    return num_rows;
}

int64_t h2vi_choose_pool(double draws, int64_t num_vertices)
{
    enum { FEWEST = 8192, DRAWS_OF_A_ROW = 4 };
    const double wanted = draws / DRAWS_OF_A_ROW;
    const int64_t rows = wanted > FEWEST ? (int64_t)wanted : FEWEST;
    return rows < num_vertices ? rows : num_vertices;
}
