/* SPDX-License-Identifier: MIT */

/* See group_pairs.h. What cannot be made ends the test at once. */
#include "group_pairs.h"

#include "alloc.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool holds)
{
    if (holds) return;
    (void)fprintf(stderr, "group_pairs: %s\n", h2v_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Rows of a block that are somebody's. */
static int64_t rows_of_block(const h2vi_blocks *blocks, int block)
{
    h2vi_noise_tables tables;
    must(h2vi_noise_tables_init(blocks, &tables) == H2V_OK);
    h2vi_block_classes_list(blocks, block, INT64_MAX, &tables);
    const h2vi_block_class *last = &tables.classes[tables.num_classes - 1];
    const int64_t num_rows = last->first + last->count;
    h2vi_noise_tables_clear(&tables);
    return num_rows;
}

static uint32_t rule(int part, int block, uint32_t round, int64_t i, uint32_t below)
{
    return h2vi_below(h2vi_random(2, H2VI_FOR_GENERATOR, round, (uint32_t)part,
                                  (uint32_t)block, (uint32_t)i)
                          .w[0],
                      below);
}

enum { KIND = 1 << 20, COUNT };

static int64_t count_pairs(const h2vi_blocks *blocks, int part, int block, uint32_t round)
{
    const uint32_t kind = rule(part, block, round, KIND, 8);
    if (kind < 2) return 0;
    if (kind == 2) return 2 * rows_of_block(blocks, block);
    return rule(part, block, round, COUNT, 20 * (round + 1));
}

static uint32_t row_of_pair(const h2vi_blocks *blocks, int part, int block, uint32_t round,
                            int64_t i)
{
    const int64_t num_rows = rows_of_block(blocks, block);
    if (rule(part, block, round, KIND, 8) == 2) return (uint32_t)(i % num_rows);
    return rule(part, block, round, i, (uint32_t)num_rows);
}

void group_pairs_make(const test_job *job, int num_groups, uint32_t round,
                      h2vi_router *router)
{
    const h2vi_groups groups = h2vi_groups_of(job->world, job->moved.num_parts, num_groups);
    const int num_blocks = groups.parts_per_group;
    *router = (h2vi_router){.first_part = groups.first_part,
                            .num_local_parts = groups.end_part - groups.first_part};
    router->num_bins = (int64_t)router->num_local_parts * num_blocks;
    router->bin_starts = h2vi_alloc_n(router->num_bins + 1, sizeof *router->bin_starts);
    must(router->bin_starts != NULL);
    for (int64_t bin = 0; bin < router->num_bins; bin++)
        router->bin_starts[bin + 1] =
            router->bin_starts[bin] +
            count_pairs(&job->blocks, groups.first_part + (int)(bin / num_blocks),
                        (int)(bin % num_blocks), round);
    router->num_pairs = router->bin_starts[router->num_bins];
    router->pairs = h2vi_alloc_n(router->num_pairs, sizeof *router->pairs);
    must(router->pairs != NULL);
    for (int64_t bin = 0; bin < router->num_bins; bin++) {
        const int64_t first = router->bin_starts[bin];
        for (int64_t i = first; i < router->bin_starts[bin + 1]; i++)
            router->pairs[i].row =
                row_of_pair(&job->blocks, groups.first_part + (int)(bin / num_blocks),
                            (int)(bin % num_blocks), round, i - first);
    }
}

void group_pairs_clear(h2vi_router *router)
{
    free(router->bin_starts);
    free(router->pairs);
    *router = (h2vi_router){0};
}

/* Draw the pool, and say what each of its rows is worth. */
static void list_pool(const h2vi_blocks *blocks, int64_t pool, const h2vi_pool_draw *draw,
                      group_rows *rows)
{
    h2vi_noise_tables tables;
    must(h2vi_noise_tables_init(blocks, &tables) == H2V_OK);
    h2vi_block_classes_list(blocks, (int)draw->block, pool, &tables);
    rows->num_pooled = h2vi_draw_pool(draw, &tables, rows->pool);
    double total = 0;
    for (int c = 0; c < tables.num_classes; c++) total += (double)tables.classes[c].weight;
    int64_t at = 0;
    for (int c = 0; c < tables.num_classes; c++) {
        const h2vi_block_class *class = &tables.classes[c];
        for (int64_t i = 0; i < class->num_pooled; i++)
            rows->pool_shares[at++] =
                (float)((double)class->weight / total / (double)class->num_pooled);
    }
    h2vi_noise_tables_clear(&tables);
}

void group_rows_make(const h2vi_blocks *blocks, const group_kind *kind, uint64_t seed,
                     uint32_t round, int group, int block, group_rows *rows)
{
    const int per_group = kind->num_parts / kind->num_groups;
    const int64_t pool_of_block = (kind->pool + per_group - 1) / per_group;
    const h2vi_pool_draw draw = {seed, round, (uint32_t)group, (uint32_t)block};
    *rows = (group_rows){
        .is_needed = h2vi_alloc_n(blocks->rows_per_block, 1),
        .pool = h2vi_alloc_n(blocks->rows_per_block, sizeof *rows->pool),
        .pool_shares = h2vi_alloc_n(blocks->rows_per_block, sizeof *rows->pool_shares)};
    must(rows->is_needed && rows->pool && rows->pool_shares);
    for (int part = group * per_group; part < (group + 1) * per_group; part++) {
        const int64_t num_pairs = count_pairs(blocks, part, block, round);
        for (int64_t i = 0; i < num_pairs; i++)
            rows->is_needed[row_of_pair(blocks, part, block, round, i)] = 1;
    }
    list_pool(blocks, pool_of_block, &draw, rows);
    for (int64_t i = 0; i < rows->num_pooled; i++) rows->is_needed[rows->pool[i]] = 1;
    for (int64_t row = 0; row < blocks->rows_per_block; row++)
        rows->num_needed += rows->is_needed[row];
}

void group_rows_clear(group_rows *rows)
{
    free(rows->is_needed);
    free(rows->pool);
    free(rows->pool_shares);
    *rows = (group_rows){0};
}
