/* SPDX-License-Identifier: MIT */

/* Dealing vertices to blocks (blocks.h), and what follows from it for the noise of a block:
 * how many of its rows belong to each class is arithmetic. */
#include "blocks.h"

#include "alias.h"
#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 16, LOG_STEPS = 4, NUM_BINS = (64 - LOG_STEPS + 1) * STEPS };

/* Bin of a count: counts below 2 * STEPS are their own bin, then STEPS bins to the octave.
 */
static int bin_of(int64_t count)
{
    const int octave = 63 - __builtin_clzll((uint64_t)count | 1);
    if (octave <= LOG_STEPS) return (int)count;
    const int shift = octave - LOG_STEPS;
    return shift * STEPS + (int)(count >> shift);
}

/* count^0.75 of the middle of a bin. */
static float bin_weight(int bin)
{
    double count = bin;
    if (bin >= 2 * STEPS) {
        const int shift = bin / STEPS - 1;
        count = ((double)(bin - shift * STEPS) + 0.5) * (double)((int64_t)1 << shift) - 0.5;
    }
    return (float)(sqrt(count) * sqrt(sqrt(count)));
}

/* The block that the first card of a run goes to. */
static int64_t first_block(const h2vi_blocks *blocks, int64_t run)
{
    const h2vi_words random =
        h2vi_random(blocks->seed, H2VI_FOR_BLOCK, 0, 0, (uint32_t)run, 0);
    return h2vi_below(random.w[0], (uint32_t)blocks->num_blocks);
}

static uint32_t context_slot_of(const h2vi_blocks *blocks, int64_t place)
{
    const int64_t run = place / blocks->num_blocks, card = place % blocks->num_blocks;
    const int64_t block = (first_block(blocks, run) + card) % blocks->num_blocks;
    return (uint32_t)(block * blocks->rows_per_block + run);
}

/* The place that a context slot was dealt from. */
static int64_t place_of(const h2vi_blocks *blocks, uint32_t context_slot)
{
    const int64_t block = context_slot / blocks->rows_per_block;
    const int64_t run = context_slot % blocks->rows_per_block;
    const int64_t card = block - first_block(blocks, run);
    return run * blocks->num_blocks + (card < 0 ? card + blocks->num_blocks : card);
}

uint32_t h2vi_blocks_translate(const h2vi_blocks *from, const h2vi_blocks *to,
                               uint32_t context_slot)
{
    return context_slot_of(to, place_of(from, context_slot));
}

h2v_status h2vi_blocks_redeal(h2vi_blocks *blocks, int num_blocks)
{
    blocks->num_blocks = num_blocks;
    blocks->rows_per_block = (blocks->num_vertices + num_blocks - 1) / num_blocks;
    if (blocks->rows_per_block * num_blocks > H2V_MAX_VERTICES)
        return h2v_fail(H2V_ERR_ARGUMENT, "Too many vertices for %d parts", num_blocks);
    return H2V_OK;
}

/* Collective. counts[b]: vertices of bin b on all ranks; before[b]: on the ranks below. */
static void count_bins(const h2v_graph *graph, const int64_t *weights, int64_t *counts,
                       int64_t *before)
{
    for (int64_t v = 0; v < graph->num_owned; v++) counts[bin_of(weights[v])]++;
    h2vi_sum_before(graph->world, NUM_BINS, counts, before);
    h2vi_sum(graph->world, NUM_BINS, counts);
}

/* Classes are the bins that have vertices, the heaviest first. before[b] becomes the
 * place of this rank's next vertex of bin b. */
static void order_classes(h2vi_blocks *blocks, const int64_t *counts, int64_t *before)
{
    int64_t place = 0;
    for (int bin = NUM_BINS - 1; bin >= 0; bin--) {
        before[bin] += place;
        if (counts[bin] == 0) continue;
        blocks->class_starts[blocks->num_classes] = place;
        blocks->class_weights[blocks->num_classes] = bin_weight(bin);
        blocks->num_classes++;
        place += counts[bin];
    }
    blocks->class_starts[blocks->num_classes] = place;
}

h2v_status h2vi_blocks_create(const h2v_graph *graph, const int64_t *weights,
                              int num_blocks, uint64_t seed, h2vi_blocks *blocks,
                              uint32_t *context_slots)
{
    const h2v_world *world = graph->world;
    *blocks = (h2vi_blocks){.num_vertices = graph->num_vertices, .seed = seed};
    int64_t *counts = h2vi_alloc(NUM_BINS, sizeof *counts);
    int64_t *before = h2vi_alloc(NUM_BINS, sizeof *before);
    blocks->class_starts = h2vi_alloc(NUM_BINS + 1, sizeof *blocks->class_starts);
    blocks->class_weights = h2vi_alloc(NUM_BINS, sizeof *blocks->class_weights);
    h2v_status status = h2vi_blocks_redeal(blocks, num_blocks);
    if (!counts || !before || !blocks->class_starts || !blocks->class_weights)
        status = h2vi_fail_memory("blocks");
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    count_bins(graph, weights, counts, before);
    order_classes(blocks, counts, before);
    for (int64_t v = 0; v < graph->num_owned; v++)
        context_slots[v] = context_slot_of(blocks, before[bin_of(weights[v])]++);

cleanup:
    free(counts);
    free(before);
    if (status != H2V_OK) h2vi_blocks_clear(blocks);
    return status;
}

void h2vi_blocks_clear(h2vi_blocks *blocks)
{
    free(blocks->class_starts);
    free(blocks->class_weights);
    *blocks = (h2vi_blocks){0};
}

h2v_status h2vi_noise_tables_init(const h2vi_blocks *blocks, h2vi_noise_tables *tables)
{
    const size_t n = (size_t)blocks->num_classes;
    *tables = (h2vi_noise_tables){0};
    tables->classes = h2vi_alloc(n, sizeof *tables->classes);
    tables->rows = h2vi_alloc(n, sizeof *tables->rows);
    tables->alias = h2vi_alloc(n, sizeof *tables->alias);
    tables->weights = h2vi_alloc(n, sizeof *tables->weights);
    tables->shares = h2vi_alloc(n, sizeof *tables->shares);
    tables->lists = h2vi_alloc(2 * n, sizeof *tables->lists);
    if (tables->classes && tables->rows && tables->alias && tables->weights &&
        tables->shares && tables->lists)
        return H2V_OK;
    h2vi_noise_tables_clear(tables);
    return h2vi_fail_memory("noise tables");
}

void h2vi_noise_tables_clear(h2vi_noise_tables *tables)
{
    free(tables->classes);
    free(tables->rows);
    free(tables->alias);
    free(tables->weights);
    free(tables->shares);
    free(tables->lists);
    *tables = (h2vi_noise_tables){0};
}

/* Rows of `block` whose place in the order is before `place`. */
static int64_t rows_before(const h2vi_blocks *blocks, int block, int64_t place)
{
    const int64_t run = place / blocks->num_blocks, rest = place % blocks->num_blocks;
    if (rest == 0) return run;
    const int64_t card =
        (block - first_block(blocks, run) + blocks->num_blocks) % blocks->num_blocks;
    return run + (card < rest);
}

void h2vi_block_classes_list(const h2vi_blocks *blocks, int block, int64_t pool,
                             h2vi_noise_tables *tables)
{
    int64_t first = 0;
    double total = 0;
    tables->num_classes = 0;
    for (int c = 0; c < blocks->num_classes; c++) {
        const int64_t end = rows_before(blocks, block, blocks->class_starts[c + 1]);
        if (end == first) continue;
        const float weight = blocks->class_weights[c] * (float)(end - first);
        tables->classes[tables->num_classes++] =
            (h2vi_block_class){.first = first,
                               .count = end - first,
                               .num_pooled = end - first,
                               .weight = weight};
        total += (double)weight;
        first = end;
    }
    if (pool >= blocks->rows_per_block) return;
    for (int c = 0; c < tables->num_classes; c++) {
        h2vi_block_class *class = &tables->classes[c];
        const double share = (double)pool * ((double)class->weight / total);
        if (share < (double)class->count) class->num_pooled = (int64_t)ceil(share);
        if (class->num_pooled == 0) class->num_pooled = 1;
    }
}

void h2vi_noise_tables_build(h2vi_noise_tables *tables, h2vi_noise *noise)
{
    const int n = tables->num_classes;
    const h2vi_alias_scratch scratch = {tables->shares, tables->lists, tables->lists + n};
    uint32_t first = 0;
    for (int c = 0; c < n; c++) {
        const uint32_t count = (uint32_t)tables->classes[c].num_pooled;
        tables->rows[c] = (h2vi_noise_class){first, count};
        tables->weights[c] = tables->classes[c].weight;
        first += count;
    }
    if (n > 0) h2vi_alias_build(n, tables->weights, &scratch, tables->alias);
    noise->num_classes = (uint32_t)n;
    noise->alias = tables->alias;
    noise->classes = tables->rows;
}
