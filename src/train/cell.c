/* SPDX-License-Identifier: MIT */

/* Stable counting sort of a cell's pairs by center. */
#include "cell.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

h2v_status h2vi_cell_scratch_init(const h2vi_blocks *blocks, int64_t max_centers,
                                  int stride, h2vi_cell_scratch *scratch)
{
    *scratch = (h2vi_cell_scratch){0};
    scratch->starts = h2vi_alloc_n(max_centers + 2, sizeof *scratch->starts);
    scratch->zeros = h2vi_alloc_n((int64_t)2 * stride, sizeof *scratch->zeros);
    scratch->sums = h2vi_alloc_n((int64_t)2 * stride, sizeof *scratch->sums);
    h2v_status status = scratch->starts && scratch->zeros && scratch->sums
                            ? h2vi_noise_tables_init(blocks, &scratch->tables)
                            : h2vi_fail_memory("a thread's cells");
    if (status != H2V_OK) h2vi_cell_scratch_clear(scratch);
    return status;
}

void h2vi_cell_scratch_clear(h2vi_cell_scratch *scratch)
{
    free(scratch->starts);
    free(scratch->rows);
    free(scratch->zeros);
    free(scratch->sums);
    h2vi_noise_tables_clear(&scratch->tables);
    *scratch = (h2vi_cell_scratch){0};
}

h2v_status h2vi_cell_scratch_reserve(h2vi_cell_scratch *scratch, int64_t max_pairs)
{
    if (max_pairs >= UINT32_MAX)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "A cell has %lld pairs, 2^32 are too many; more --rounds make it "
                        "smaller",
                        (long long)max_pairs);
    max_pairs += H2VI_TILE_POSITIVES; /* read beyond the last */
    if (scratch->rows && max_pairs <= scratch->capacity) return H2V_OK;
    free(scratch->rows);
    scratch->capacity = max_pairs + max_pairs / 16;
    scratch->rows = h2vi_alloc_raw_n(scratch->capacity, sizeof *scratch->rows);
    if (scratch->rows) return H2V_OK;
    scratch->capacity = 0;
    return h2vi_fail_memory("a thread's cells");
}

void h2vi_cell_sort(const h2vi_pair *pairs, int64_t num_pairs,
                    const h2vi_needed_rows *needed, h2vi_cell_scratch *scratch,
                    h2vi_cell *cell)
{
    /* starts[c + 2] counts center c; after the sums starts[c + 1] is where it is written
     * next, and in the end starts[c + 1] is where it ends: starts[c] where it begins. */
    uint32_t *starts = scratch->starts;
    memset(starts, 0, (size_t)(cell->num_centers + 2) * sizeof *starts);
    for (int64_t i = 0; i < num_pairs; i++) starts[pairs[i].center + 2]++;
    for (int64_t c = 1; c <= cell->num_centers; c++) starts[c + 1] += starts[c];
    if (needed)
        for (int64_t i = 0; i < num_pairs; i++)
            scratch->rows[starts[pairs[i].center + 1]++] =
                h2vi_row_number(needed, pairs[i].row);
    else
        for (int64_t i = 0; i < num_pairs; i++)
            scratch->rows[starts[pairs[i].center + 1]++] = pairs[i].row;
    memset(scratch->rows + num_pairs, 0, H2VI_TILE_POSITIVES * sizeof *scratch->rows);
    cell->pair_starts = starts;
    cell->pair_rows = scratch->rows;
    cell->zeros = scratch->zeros;
    cell->sums = scratch->sums;
}
