/* SPDX-License-Identifier: MIT */

/* A piece of all blocks is sorted into the place among the rows that it would have if no
 * edge came twice; where some do, rows move up afterwards. Pieces own disjoint rows, so
 * nothing is locked, and nothing depends on how many threads there are. */
#include "edge_rows.h"

#include "alloc.h"
#include "edge_sort.h"
#include "fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    const h2vi_rows_plan *plan;
    h2vi_edge_layout layout;  /* as the last block has it, or of more bits */
    h2vi_edge_block **blocks; /* of the list */
    int64_t num_blocks;
    int64_t num_pieces;
    h2vi_sort_job *jobs;        /* shape [num_pieces] */
    h2vi_sort_scratch *scratch; /* shape [num_threads] */
    h2v_status *statuses;       /* shape [num_threads] */
} builder;

/* No block has more bits of rows than this layout. */
static h2vi_edge_layout widest_layout(const h2vi_edge_list *edges, int64_t num_vertices)
{
    h2vi_edge_layout layout = h2vi_edge_layout_for(num_vertices);
    for (const h2vi_edge_block *block = edges->first; block; block = block->next)
        if (block->layout.row_bits > layout.row_bits)
            layout.row_bits = block->layout.row_bits;
    return layout;
}

static h2v_status create_builder(builder *b, const h2vi_edge_list *edges)
{
    const int num_threads = b->plan->num_threads;
    b->layout = widest_layout(edges, b->plan->num_vertices);
    b->num_pieces = ((b->plan->num_vertices - 1) >> b->layout.row_bits) + 1;
    b->num_blocks = edges->num_blocks;
    b->blocks = h2vi_alloc_n(b->num_blocks, sizeof *b->blocks);
    b->jobs = h2vi_alloc_n(b->num_pieces, sizeof *b->jobs);
    b->scratch = h2vi_alloc_n(num_threads, sizeof *b->scratch);
    b->statuses = h2vi_alloc_n(num_threads, sizeof *b->statuses);
    if (!b->blocks || !b->jobs || !b->scratch || !b->statuses)
        return h2vi_fail_memory("sorting edges");
    int64_t i = 0;
    for (h2vi_edge_block *block = edges->first; block; block = block->next)
        b->blocks[i++] = block;
    return H2V_OK;
}

static void clear_builder(builder *b)
{
    for (int t = 0; b->scratch && t < b->plan->num_threads; t++)
        h2vi_sort_scratch_clear(&b->scratch[t]);
    free(b->blocks);
    free(b->jobs);
    free(b->scratch);
    free(b->statuses);
}

/* A status that a thread met, with its message on this thread. */
static h2v_status agree(const builder *b)
{
    for (int t = 0; t < b->plan->num_threads; t++) {
        if (b->statuses[t] == H2V_ERR_DATA)
            return h2v_fail(H2V_ERR_DATA, "A few vertices have more than 2^32 edges");
        if (b->statuses[t] != H2V_OK) return h2vi_fail_memory("edges");
    }
    return H2V_OK;
}

/* Write a block's edges under their new gids, in its place. */
static h2v_status rename_block(const h2vi_rows_plan *plan, h2vi_edge_block **block)
{
    const size_t count = (*block)->starts[(*block)->num_pieces];
    h2vi_edge_run run = {.edges = h2vi_alloc_small_pages(count, sizeof *run.edges)};
    if (plan->weighted) run.weights = h2vi_alloc_small_pages(count, sizeof *run.weights);
    h2vi_edge_block *renamed = NULL;
    h2v_status status =
        run.edges && (run.weights || !plan->weighted) ? H2V_OK : h2vi_fail_memory("edges");
    if (status == H2V_OK) {
        h2vi_edge_block_unpack(*block, &run);
        for (int64_t i = 0; i < run.count; i++)
            run.edges[i] = (h2vi_edge){plan->new_gids[run.edges[i].source],
                                       plan->new_gids[run.edges[i].target]};
        status = h2vi_edge_block_create(&run, plan->directed, plan->num_vertices, &renamed);
    }
    free(run.edges);
    free(run.weights);
    if (status != H2V_OK) return status;
    free(*block);
    *block = renamed;
    return H2V_OK;
}

/* Some blocks may have their new gids and others not, if memory is out. */
static h2v_status rename_edges(const h2vi_rows_plan *plan, h2vi_edge_list *edges)
{
    const int64_t num_blocks = edges->num_blocks;
    h2vi_edge_block **blocks = h2vi_alloc_n(num_blocks, sizeof *blocks);
    if (!blocks) return h2vi_fail_memory("edges");
    int64_t i = 0, num_short = 0;
    for (h2vi_edge_block *block = edges->first; block; block = block->next)
        blocks[i++] = block;
#pragma omp parallel for schedule(dynamic, 1) num_threads(plan->num_threads) \
    reduction(+ : num_short)
    for (int64_t k = 0; k < num_blocks; k++)
        num_short += rename_block(plan, &blocks[k]) != H2V_OK;
    *edges = (h2vi_edge_list){0};
    for (int64_t k = 0; k < num_blocks; k++) h2vi_edge_list_append(edges, blocks[k]);
    free(blocks);
    return num_short == 0 ? H2V_OK : h2vi_fail_memory("edges");
}

static h2v_status allocate_rows(const builder *b, int64_t num_edges, h2vi_csr *rows)
{
    rows->offsets = h2vi_alloc_n(rows->num_vertices + 1, sizeof *rows->offsets);
    rows->targets = h2vi_alloc_small_pages((size_t)num_edges, sizeof *rows->targets);
    if (b->plan->weighted)
        rows->weights = h2vi_alloc_small_pages((size_t)num_edges, sizeof *rows->weights);
    if (!rows->offsets || !rows->targets || (b->plan->weighted && !rows->weights))
        return h2vi_fail_memory("the adjacency");
    return H2V_OK;
}

/* How many edges the pieces have, and where they go. */
static void plan_jobs(const builder *b, const h2vi_csr *rows)
{
    for (int64_t i = 0; i < b->num_blocks; i++) {
        const h2vi_edge_block *block = b->blocks[i];
        int64_t begin = 0;
        for (int64_t p = 0; p < b->num_pieces; p++) {
            const int64_t end =
                block->starts[h2vi_edge_block_piece(block, b->layout, p + 1)];
            b->jobs[p].count += end - begin;
            begin = end;
        }
    }
    int64_t start = 0;
    for (int64_t p = 0; p < b->num_pieces; p++) {
        h2vi_sort_job *job = &b->jobs[p];
        job->blocks = b->blocks;
        job->num_blocks = b->num_blocks;
        job->layout = b->layout;
        job->piece = p;
        job->targets = rows->targets + start;
        if (rows->weights) job->weights = rows->weights + start;
        job->row_lengths = rows->offsets + 1 + (p << b->layout.row_bits);
        start += job->count;
    }
}

/* Sort all pieces. A thread takes the next one as soon as it is free. */
static h2v_status sort_pieces(builder *b)
{
    const int num_threads = b->plan->num_threads;
    int64_t next = 0;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++) {
        while (b->statuses[t] == H2V_OK) {
            int64_t piece = 0;
#pragma omp atomic capture
            piece = next++;
            if (piece >= b->num_pieces) break;
            b->statuses[t] = h2vi_edge_sort(&b->jobs[piece], &b->scratch[t]);
        }
    }
    return agree(b);
}

/* How an id reads in a message. */
static void print_id(const h2vi_ids *ids, uint32_t gid, size_t num_bytes, char *text)
{
    if (h2vi_ids_are_numbers(ids))
        (void)snprintf(text, num_bytes, "%lld", (long long)ids->numbers[gid]);
    else
        (void)snprintf(text, num_bytes, "%s", ids->text + ids->starts[gid]);
}

static h2v_status check_sums(const builder *b)
{
    enum { SHOWN_BYTES = 64 };
    for (int64_t i = 0; i < b->num_pieces; i++) {
        if (!b->jobs[i].has_overflow) continue;
        char source[SHOWN_BYTES], target[SHOWN_BYTES];
        print_id(b->plan->ids, b->jobs[i].overflow.source, sizeof source, source);
        print_id(b->plan->ids, b->jobs[i].overflow.target, sizeof target, target);
        return h2v_fail(
            H2V_ERR_DATA,
            "Weights of edge '%s' '%s' add up to more than a 32-bit float holds", source,
            target);
    }
    return H2V_OK;
}

/* Close the gaps that duplicates left behind their pieces. */
static void join_pieces(const builder *b, h2vi_csr *rows)
{
    int64_t start = 0;
    for (int64_t p = 0; p < b->num_pieces; p++) {
        const h2vi_sort_job *job = &b->jobs[p];
        const size_t count = (size_t)job->num_distinct;
        if (job->targets != rows->targets + start) {
            memmove(rows->targets + start, job->targets, count * sizeof *rows->targets);
            if (rows->weights)
                memmove(rows->weights + start, job->weights, count * sizeof *rows->weights);
        }
        start += job->num_distinct;
    }
    for (int64_t v = 0; v < rows->num_vertices; v++)
        rows->offsets[v + 1] += rows->offsets[v];
    rows->num_arcs = start;
}

/* Give back what duplicates had, where it is much. */
static void trim(int64_t num_edges, h2vi_csr *rows)
{
    const size_t count = (size_t)rows->num_arcs;
    if (rows->num_arcs > num_edges / 2) return;
    uint32_t *targets = h2vi_regrow(rows->targets, count, count, sizeof *targets);
    if (targets) rows->targets = targets;
    if (!rows->weights) return;
    float *weights = h2vi_regrow(rows->weights, count, count, sizeof *weights);
    if (weights) rows->weights = weights;
}

h2v_status h2vi_edge_list_to_rows(h2vi_edge_list *edges, const h2vi_rows_plan *plan,
                                  h2vi_csr *rows, int64_t *num_duplicates)
{
    builder b = {.plan = plan};
    *num_duplicates = 0;
    *rows = (h2vi_csr){.num_vertices = plan->num_vertices, .directed = plan->directed};
    h2v_status status = plan->new_gids ? rename_edges(plan, edges) : H2V_OK;
    if (status == H2V_OK) status = create_builder(&b, edges);
    if (status == H2V_OK) status = allocate_rows(&b, edges->count, rows);
    if (status != H2V_OK) goto cleanup;
    plan_jobs(&b, rows);
    status = sort_pieces(&b);
    if (status == H2V_OK) status = check_sums(&b);
    if (status != H2V_OK) goto cleanup;
    const int64_t num_edges = edges->count;
    h2vi_edge_list_clear(edges);
    join_pieces(&b, rows);
    trim(num_edges, rows);
    *num_duplicates = num_edges - rows->num_arcs;

cleanup:
    clear_builder(&b);
    h2vi_edge_list_clear(edges);
    if (status != H2V_OK) h2vi_csr_clear(rows);
    return status;
}
