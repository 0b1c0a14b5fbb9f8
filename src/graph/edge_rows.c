/* SPDX-License-Identifier: MIT */

/* Every thread divides its share of the list by the high bits of the source; pieces of
 * equal bits are joined in the order of the threads, which is the order of the list, and
 * sorted side by side. Pieces own disjoint rows, so nothing is locked, and nothing depends
 * on how many threads there are. */
#include "edge_rows.h"

#include "alloc.h"
#include "edge_divide.h"
#include "edge_sort.h"
#include "fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    h2vi_edge_pool *pool;
    const h2vi_rows_plan *plan;
    int gid_bits, digit_bits;
    int num_pieces;
    h2vi_edge_list *shares; /* of the threads, shape [num_threads] */
    h2vi_edge_list *pieces; /* shape [num_threads, num_pieces]; joined into thread 0's */
    h2vi_sort_job *jobs;    /* shape [num_pieces] */
    h2vi_sort_scratch *scratch; /* shape [num_threads] */
    h2v_status *statuses;       /* shape [max(num_threads, num_pieces)] */
} builder;

static int count_bits(uint64_t largest)
{
    int bits = 1;
    while (largest >> bits != 0) bits++;
    return bits;
}

static h2v_status create_builder(builder *b, int64_t num_edges)
{
    const int num_threads = b->plan->num_threads;
    b->gid_bits = count_bits((uint64_t)b->plan->num_vertices - 1);
    b->digit_bits = h2vi_edge_sort_digit(num_edges, b->gid_bits);
    b->num_pieces = 1 << b->digit_bits;
    const int most = b->num_pieces > num_threads ? b->num_pieces : num_threads;
    b->shares = h2vi_alloc_n(num_threads, sizeof *b->shares);
    b->pieces = h2vi_alloc_n((int64_t)num_threads * b->num_pieces, sizeof *b->pieces);
    b->jobs = h2vi_alloc_n(b->num_pieces, sizeof *b->jobs);
    b->scratch = h2vi_alloc_n(num_threads, sizeof *b->scratch);
    b->statuses = h2vi_alloc_n(most, sizeof *b->statuses);
    if (!b->shares || !b->pieces || !b->jobs || !b->scratch || !b->statuses)
        return h2vi_fail_memory("sorting edges");
    for (int t = 0; t < num_threads; t++) {
        const h2v_status status =
            h2vi_sort_scratch_create(num_edges, b->pool->weighted, &b->scratch[t]);
        if (status != H2V_OK) return status;
    }
    return H2V_OK;
}

/* Release all but the rows, whose chunks go back to the pool. */
static void clear_builder(builder *b)
{
    const int num_threads = b->plan->num_threads;
    for (int t = 0; b->shares && t < num_threads; t++)
        h2vi_edge_list_clear(b->pool, &b->shares[t]);
    for (int i = 0; b->pieces && i < num_threads * b->num_pieces; i++)
        h2vi_edge_list_clear(b->pool, &b->pieces[i]);
    for (int i = 0; b->jobs && i < b->num_pieces; i++)
        h2vi_edge_list_clear(b->pool, &b->jobs[i].rows);
    for (int t = 0; b->scratch && t < num_threads; t++)
        h2vi_sort_scratch_clear(&b->scratch[t]);
    free(b->shares);
    free(b->pieces);
    free(b->jobs);
    free(b->scratch);
    free(b->statuses);
}

/* A status that a thread met, with its message on this thread: only memory can be short. */
static h2v_status agree(const builder *b, int count)
{
    for (int i = 0; i < count; i++)
        if (b->statuses[i] != H2V_OK) return h2vi_fail_memory("edges");
    return H2V_OK;
}

/* Runs of consecutive chunks, one for each thread. */
static void share_out(builder *b, h2vi_edge_list *edges)
{
    const int num_threads = b->plan->num_threads;
    const int64_t num_chunks = edges->num_chunks;
    for (int t = 0; t < num_threads; t++) {
        const int64_t begin = num_chunks * t / num_threads;
        const int64_t end = num_chunks * (t + 1) / num_threads;
        for (int64_t c = begin; c < end; c++) {
            h2vi_edge_chunk *chunk = h2vi_edge_list_shift(edges);
            chunk->next = NULL;
            h2vi_edge_list one = {
                .first = chunk, .last = chunk, .num_chunks = 1, .count = chunk->count};
            h2vi_edge_list_join(&b->shares[t], &one);
        }
    }
    *edges = (h2vi_edge_list){0};
}

/* Write edges as they will be: under their new gids, and from the lower end if undirected.
 */
static void rename_ends(const h2vi_rows_plan *plan, h2vi_edge_chunk *chunk)
{
    for (int64_t i = 0; i < chunk->count; i++) {
        h2vi_edge edge = chunk->as.edges[i];
        if (plan->new_gids)
            edge = (h2vi_edge){plan->new_gids[edge.source], plan->new_gids[edge.target]};
        if (!plan->directed && edge.source > edge.target)
            edge = (h2vi_edge){edge.target, edge.source};
        chunk->as.edges[i] = edge;
    }
}

static h2v_status divide_share(const builder *b, h2vi_edge_list *share,
                               h2vi_edge_list *pieces)
{
    h2vi_divider divider;
    h2v_status status = H2V_OK;
    const h2vi_digit digit = {.gid_bits = b->gid_bits,
                              .shift = 2 * b->gid_bits - b->digit_bits,
                              .num_bits = b->digit_bits};
    h2vi_divider_begin(&divider, b->pool, digit, pieces);
    while (status == H2V_OK && share->first) {
        h2vi_edge_chunk *chunk = h2vi_edge_list_shift(share);
        rename_ends(b->plan, chunk);
        status = h2vi_divider_add(&divider, chunk);
    }
    h2vi_divider_end(&divider);
    return status;
}

static h2v_status divide(builder *b)
{
    const int num_threads = b->plan->num_threads;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++)
        b->statuses[t] = divide_share(b, &b->shares[t], b->pieces + t * b->num_pieces);
    for (int t = 1; t < num_threads; t++)
        for (int i = 0; i < b->num_pieces; i++)
            h2vi_edge_list_join(&b->pieces[i], &b->pieces[t * b->num_pieces + i]);
    return agree(b, num_threads);
}

static h2v_status sort_piece(builder *b, int piece, h2vi_sort_scratch *scratch,
                             int64_t *row_lengths)
{
    h2vi_sort_job *job = &b->jobs[piece];
    *job = (h2vi_sort_job){.pool = b->pool,
                           .gid_bits = b->gid_bits,
                           .row_lengths = row_lengths,
                           .scratch = scratch};
    h2v_status status =
        h2vi_edge_sort(job, &b->pieces[piece], 2 * b->gid_bits - b->digit_bits);
    if (status == H2V_OK) status = h2vi_edge_sort_finish(job);
    return status;
}

/* Sort all pieces. A thread takes the next one as soon as it is free. */
static h2v_status sort_pieces(builder *b, int64_t *row_lengths)
{
    const int num_threads = b->plan->num_threads;
    int next = 0;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++) {
        for (;;) {
            int piece = 0;
#pragma omp atomic capture
            piece = next++;
            if (piece >= b->num_pieces) break;
            b->statuses[piece] = sort_piece(b, piece, &b->scratch[t], row_lengths);
        }
    }
    return agree(b, b->num_pieces);
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
    for (int i = 0; i < b->num_pieces; i++) {
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

/* Copy the targets of a job to their place among the rows. */
static void copy_rows(h2vi_edge_pool *pool, h2vi_sort_job *job, int64_t start,
                      h2vi_csr *rows)
{
    for (h2vi_edge_chunk *chunk = h2vi_edge_list_shift(&job->rows); chunk;
         chunk = h2vi_edge_list_shift(&job->rows)) {
        const size_t count = (size_t)chunk->count;
        memcpy(rows->targets + start, chunk->as.targets, count * sizeof *rows->targets);
        if (rows->weights)
            memcpy(rows->weights + start, chunk->weights, count * sizeof *rows->weights);
        start += chunk->count;
        h2vi_edge_pool_put(pool, chunk);
    }
}

/* From row lengths and chunks of targets to rows. */
static h2v_status collect(builder *b, h2vi_csr *rows)
{
    for (int64_t v = 0; v < rows->num_vertices; v++)
        rows->offsets[v + 1] += rows->offsets[v];
    rows->num_arcs = rows->offsets[rows->num_vertices];
    h2vi_edge_pool_trim(b->pool); /* before asking for as much again */
    const size_t num_arcs = (size_t)rows->num_arcs;
    rows->targets = h2vi_alloc_small_pages(num_arcs, sizeof *rows->targets);
    if (b->pool->weighted)
        rows->weights = h2vi_alloc_small_pages(num_arcs, sizeof *rows->weights);
    if (!rows->targets || (b->pool->weighted && !rows->weights))
        return h2vi_fail_memory("the adjacency");

#pragma omp parallel for schedule(dynamic, 1) num_threads(b->plan->num_threads)
    for (int i = 0; i < b->num_pieces; i++) {
        /* A piece begins where its first possible source does. */
        int64_t source = (int64_t)i << (b->gid_bits - b->digit_bits);
        if (source > rows->num_vertices) source = rows->num_vertices;
        copy_rows(b->pool, &b->jobs[i], rows->offsets[source], rows);
    }
    return H2V_OK;
}

h2v_status h2vi_edge_list_to_rows(h2vi_edge_pool *pool, h2vi_edge_list *edges,
                                  const h2vi_rows_plan *plan, h2vi_csr *rows,
                                  int64_t *num_duplicates)
{
    builder b = {.pool = pool, .plan = plan};
    *num_duplicates = 0;
    *rows = (h2vi_csr){.num_vertices = plan->num_vertices, .directed = plan->directed};
    h2v_status status = create_builder(&b, edges->count);
    if (status != H2V_OK) goto cleanup;
    rows->offsets = h2vi_alloc_n(plan->num_vertices + 1, sizeof *rows->offsets);
    if (!rows->offsets) {
        status = h2vi_fail_memory("the adjacency");
        goto cleanup;
    }
    share_out(&b, edges);
    status = divide(&b);
    if (status == H2V_OK) status = sort_pieces(&b, rows->offsets + 1);
    if (status == H2V_OK) status = check_sums(&b);
    if (status == H2V_OK) status = collect(&b, rows);
    for (int i = 0; status == H2V_OK && i < b.num_pieces; i++)
        *num_duplicates += b.jobs[i].num_duplicates;

cleanup:
    clear_builder(&b);
    h2vi_edge_list_clear(pool, edges);
    h2vi_edge_pool_trim(pool);
    if (status != H2V_OK) h2vi_csr_clear(rows);
    return status;
}
