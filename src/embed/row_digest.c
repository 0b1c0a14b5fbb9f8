/* SPDX-License-Identifier: MIT */

/* Sums of integers, so the order of ranks and threads is of no account. */
#include "row_digest.h"

#include "collect.h"
#include "hash.h"

uint64_t h2vi_row_digest(const h2v_graph *graph, int dim, int stride, const float *rows)
{
    uint64_t sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const uint64_t item[2] = {
            graph->gids[v], h2vi_hash64(rows + v * stride, (size_t)dim * sizeof *rows)};
        sum += h2vi_hash64(item, sizeof item);
    }
    int64_t total = (int64_t)sum;
    h2vi_sum(graph->world, 1, &total);
    return (uint64_t)total;
}
