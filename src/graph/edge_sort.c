/* SPDX-License-Identifier: MIT */

/* Radix sort from both ends (Knuth, The Art of Computer Programming 3, 5.2.5): long lists
 * are divided by the high bits of the key until a piece fits the cache; pieces are sorted
 * from the low bits up in two small arrays. Both are stable, so equal edges meet in the
 * order of the file. A division hands chunks back as fast as it takes new ones. */
#include "edge_sort.h"

#include "alloc.h"
#include "edge_divide.h"
#include "fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 48, SMALL_DIGIT = 8, LARGE_DIGIT = 11, SMALL_COUNT = 1 << 13 };

h2v_status h2vi_sort_scratch_create(int64_t num_edges, bool weighted,
                                    h2vi_sort_scratch *scratch)
{
    const int64_t length = num_edges < H2VI_SORT_LEAF ? num_edges : H2VI_SORT_LEAF;
    *scratch = (h2vi_sort_scratch){0};
    for (int i = 0; i < 2; i++) {
        scratch->keys[i] = h2vi_alloc_n(length, sizeof *scratch->keys[i]);
        if (weighted)
            scratch->weights[i] = h2vi_alloc_n(length, sizeof *scratch->weights[i]);
        if (scratch->keys[i] && (!weighted || scratch->weights[i])) continue;
        h2vi_sort_scratch_clear(scratch);
        return h2vi_fail_memory("sorting edges");
    }
    return H2V_OK;
}

void h2vi_sort_scratch_clear(h2vi_sort_scratch *scratch)
{
    for (int i = 0; i < 2; i++) {
        free(scratch->keys[i]);
        free(scratch->weights[i]);
    }
    *scratch = (h2vi_sort_scratch){0};
}

static uint64_t key_of(h2vi_edge edge, int gid_bits)
{
    return (uint64_t)edge.source << gid_bits | edge.target;
}

static h2vi_edge edge_of(uint64_t key, int gid_bits)
{
    const uint64_t mask = ((uint64_t)1 << gid_bits) - 1;
    return (h2vi_edge){.source = (uint32_t)(key >> gid_bits),
                       .target = (uint32_t)(key & mask)};
}

/* Append the target of the joined edge to its row. */
static h2v_status write_edge(h2vi_sort_job *job)
{
    const bool weighted = job->pool->weighted;
    const int64_t capacity = weighted ? H2VI_CHUNK_EDGES : H2VI_CHUNK_TARGETS;
    if (!job->rows.last || job->rows.last->count == capacity) {
        const h2v_status status = h2vi_edge_list_extend(job->pool, &job->rows);
        if (status != H2V_OK) return status;
    }
    h2vi_edge_chunk *chunk = job->rows.last;
    const h2vi_edge edge = edge_of(job->key, job->gid_bits);
    chunk->as.targets[chunk->count] = edge.target;
    if (weighted) {
        const float weight = (float)job->sum;
        if (!isfinite(weight) && !job->has_overflow) {
            job->has_overflow = true;
            job->overflow = edge;
        }
        chunk->weights[chunk->count] = weight;
    }
    chunk->count++;
    job->rows.count++;
    job->row_lengths[edge.source]++;
    return H2V_OK;
}

/* Join with the edge before, or begin a new one. Keys come in ascending order. */
static h2v_status join_edge(h2vi_sort_job *job, uint64_t key, double weight)
{
    if (job->has_key && job->key == key) {
        job->num_duplicates++;
        job->sum += weight;
        return H2V_OK;
    }
    const h2v_status status = job->has_key ? write_edge(job) : H2V_OK;
    job->key = key;
    job->sum = weight;
    job->has_key = true;
    return status;
}

h2v_status h2vi_edge_sort_finish(h2vi_sort_job *job)
{
    const h2v_status status = job->has_key ? write_edge(job) : H2V_OK;
    job->has_key = false;
    return status;
}

/* Sort by insertion, for very few. */
static void sort_few(h2vi_sort_scratch *scratch, int64_t count)
{
    uint64_t *keys = scratch->keys[0];
    float *weights = scratch->weights[0];
    for (int64_t i = 1; i < count; i++) {
        const uint64_t key = keys[i];
        const float weight = weights ? weights[i] : 0;
        int64_t j = i;
        for (; j > 0 && keys[j - 1] > key; j--) {
            keys[j] = keys[j - 1];
            if (weights) weights[j] = weights[j - 1];
        }
        keys[j] = key;
        if (weights) weights[j] = weight;
    }
}

/* Which bits of a key a pass sorts by, and how many keys have each value there. */
typedef struct pass {
    int shift;
    uint64_t mask;
    uint32_t counts[1 << LARGE_DIGIT];
} pass;

static void count_digits(const uint64_t *keys, int64_t count, pass *passes, int num_passes)
{
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < num_passes; p++)
            passes[p].counts[keys[i] >> passes[p].shift & passes[p].mask]++;
}

/* One pass, from the first arrays to the second; then swap them. Nothing is done where all
 * keys agree. */
static void sort_pass(h2vi_sort_scratch *scratch, int64_t count, pass *by)
{
    const int shift = by->shift;
    const uint64_t mask = by->mask;
    const uint64_t *keys = scratch->keys[0];
    uint64_t *sorted = scratch->keys[1];
    uint32_t *starts = by->counts, start = 0;
    if (starts[keys[0] >> shift & mask] == count) return;
    for (uint64_t digit = 0; digit <= mask; digit++) {
        const uint32_t length = starts[digit];
        starts[digit] = start;
        start += length;
    }
    if (scratch->weights[0])
        for (int64_t i = 0; i < count; i++) {
            const uint32_t place = starts[keys[i] >> shift & mask]++;
            sorted[place] = keys[i];
            scratch->weights[1][place] = scratch->weights[0][i];
        }
    else
        for (int64_t i = 0; i < count; i++)
            sorted[starts[keys[i] >> shift & mask]++] = keys[i];
    *scratch = (h2vi_sort_scratch){.keys = {scratch->keys[1], scratch->keys[0]},
                                   .weights = {scratch->weights[1], scratch->weights[0]}};
}

static bool is_sorted(const uint64_t *keys, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (keys[i - 1] > keys[i]) return false;
    return true;
}

static void sort_arrays(h2vi_sort_scratch *scratch, int64_t count, int num_bits)
{
    if (count <= FEW) {
        sort_few(scratch, count);
        return;
    }
    if (is_sorted(scratch->keys[0], count)) return;
    pass passes[(64 + SMALL_DIGIT - 1) / SMALL_DIGIT];
    const int widest = count < SMALL_COUNT ? SMALL_DIGIT : LARGE_DIGIT;
    const int num_passes = (num_bits + widest - 1) / widest;
    for (int p = 0; p < num_passes; p++) {
        const int from = num_bits * p / num_passes;
        const int to = num_bits * (p + 1) / num_passes;
        passes[p].shift = from;
        passes[p].mask = ((uint64_t)1 << (to - from)) - 1;
        memset(passes[p].counts, 0, (passes[p].mask + 1) * sizeof *passes[p].counts);
    }
    count_digits(scratch->keys[0], count, passes, num_passes);
    for (int p = 0; p < num_passes; p++) sort_pass(scratch, count, &passes[p]);
}

/* Write out sorted keys, of which no other list has any, without weights. */
static h2v_status write_keys(h2vi_sort_job *job, const uint64_t *keys, int64_t count)
{
    const int gid_bits = job->gid_bits;
    const uint64_t mask = ((uint64_t)1 << gid_bits) - 1;
    h2vi_edge_list *rows = &job->rows;
    uint64_t row = count > 0 ? keys[0] >> gid_bits : 0;
    int64_t length = 0; /* of what was added to this row */
    for (int64_t i = 0; i < count;) {
        if (!rows->last || rows->last->count == H2VI_CHUNK_TARGETS) {
            const h2v_status status = h2vi_edge_list_extend(job->pool, rows);
            if (status != H2V_OK) return status;
        }
        h2vi_edge_chunk *chunk = rows->last;
        int64_t used = chunk->count;
        for (; i < count && used < H2VI_CHUNK_TARGETS; i++) {
            if (i > 0 && keys[i - 1] == keys[i]) {
                job->num_duplicates++;
                continue;
            }
            chunk->as.targets[used++] = (uint32_t)(keys[i] & mask);
            if (keys[i] >> gid_bits != row) {
                job->row_lengths[row] += length;
                row = keys[i] >> gid_bits;
                length = 0;
            }
            length++;
        }
        rows->count += used - chunk->count;
        chunk->count = used;
    }
    if (length > 0) job->row_lengths[row] += length;
    return H2V_OK;
}

/* Sort a list that fits the arrays. */
static h2v_status sort_leaf(h2vi_sort_job *job, h2vi_edge_list *edges, int num_bits)
{
    h2vi_sort_scratch *scratch = job->scratch;
    int64_t count = 0;
    for (h2vi_edge_chunk *chunk = h2vi_edge_list_shift(edges); chunk;
         chunk = h2vi_edge_list_shift(edges)) {
        for (int64_t i = 0; i < chunk->count; i++)
            scratch->keys[0][count + i] = key_of(chunk->as.edges[i], job->gid_bits);
        if (job->pool->weighted)
            memcpy(scratch->weights[0] + count, chunk->weights,
                   (size_t)chunk->count * sizeof *chunk->weights);
        count += chunk->count;
        h2vi_edge_pool_put(job->pool, chunk);
    }
    *edges = (h2vi_edge_list){0};
    sort_arrays(scratch, count, num_bits);
    if (!job->pool->weighted && !job->has_key)
        return write_keys(job, scratch->keys[0], count);
    h2v_status status = H2V_OK;
    for (int64_t i = 0; status == H2V_OK && i < count; i++)
        status = join_edge(job, scratch->keys[0][i],
                           job->pool->weighted ? (double)scratch->weights[0][i] : 1.0);
    return status;
}

/* All edges of the list are one. */
static h2v_status join_equal(h2vi_sort_job *job, h2vi_edge_list *edges)
{
    h2v_status status = H2V_OK;
    for (h2vi_edge_chunk *chunk = h2vi_edge_list_shift(edges); chunk;
         chunk = h2vi_edge_list_shift(edges)) {
        for (int64_t i = 0; status == H2V_OK && i < chunk->count; i++)
            status = join_edge(job, key_of(chunk->as.edges[i], job->gid_bits),
                               job->pool->weighted ? (double)chunk->weights[i] : 1.0);
        h2vi_edge_pool_put(job->pool, chunk);
    }
    *edges = (h2vi_edge_list){0};
    return status;
}

int h2vi_edge_sort_digit(int64_t count, int num_bits)
{
    int bits = 1;
    while (bits < H2VI_DIVIDE_MAX_BITS && count >> bits > H2VI_SORT_LEAF / 2) bits++;
    return bits < num_bits ? bits : num_bits;
}

h2v_status h2vi_edge_sort(h2vi_sort_job *job, h2vi_edge_list *edges, int num_bits)
{
    if (edges->count <= H2VI_SORT_LEAF) return sort_leaf(job, edges, num_bits);
    if (num_bits == 0) return join_equal(job, edges);

    h2vi_edge_list pieces[1 << H2VI_DIVIDE_MAX_BITS] = {{0}};
    h2vi_digit digit = {.gid_bits = job->gid_bits,
                        .num_bits = h2vi_edge_sort_digit(edges->count, num_bits)};
    const int rest = digit.shift = num_bits - digit.num_bits;
    h2v_status status = h2vi_edge_list_divide(job->pool, digit, edges, pieces);
    for (int i = 0; i < 1 << digit.num_bits; i++) {
        if (status == H2V_OK) status = h2vi_edge_sort(job, &pieces[i], rest);
        h2vi_edge_list_clear(job->pool, &pieces[i]);
    }
    return status;
}
