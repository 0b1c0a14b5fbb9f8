/* SPDX-License-Identifier: MIT */

/* Radix sort from the low bits up (Knuth, The Art of Computer Programming 3, 5.2.5), in two
 * arrays that mostly fit the cache: edges are already divided by their high bits. It is
 * stable, so equal edges meet in the order of the text. Keys have 32 bits where these are
 * enough; then they are divided, and sorted to and fro, where the targets go. */
#include "edge_sort.h"

#include "alloc.h"
#include "fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 48, SMALL_DIGIT = 8, LARGE_DIGIT = 11, SMALL_COUNT = 1 << 13, NARROW = 32 };
enum { LEAF = 1 << 15, TOP_DIGIT = 8, TAKEN = 512, LINES_AHEAD = 4 };
enum { MAX_PASSES = (64 + SMALL_DIGIT - 1) / SMALL_DIGIT };

/* The blocks whose starts, and the edges of which, are asked for while one is read. */
enum { LOOK_AHEAD = 8, EDGES_AHEAD = 4 };

/* Which bits of a key a pass sorts by, and how many keys have each value there. */
typedef struct pass {
    int shift;
    uint64_t mask;
    uint32_t counts[1 << LARGE_DIGIT];
} pass;

/* How many keys of a piece, which may be more than 2^32, have each value in the bits above
 * `shift`, and then where the next of them goes. */
typedef struct division {
    int shift, num_digits;
    int64_t places[1 << TOP_DIGIT];
} division;

/* From numbers to where the first goes; the largest number. */
static int64_t place_divided(division *by)
{
    int64_t start = 0, largest = 0;
    for (int digit = 0; digit < by->num_digits; digit++) {
        const int64_t length = by->places[digit];
        by->places[digit] = start;
        start += length;
        if (length > largest) largest = length;
    }
    return largest;
}

/* By bits [from, to). */
static void plan_pass(int from, int to, pass *by)
{
    by->shift = from;
    by->mask = ((uint64_t)1 << (to - from)) - 1;
    memset(by->counts, 0, (by->mask + 1) * sizeof *by->counts);
}

/* From how many keys have each digit to where these begin. */
static void place_digits(pass *by)
{
    uint32_t start = 0;
    for (uint64_t digit = 0; digit <= by->mask; digit++) {
        const uint32_t length = by->counts[digit];
        by->counts[digit] = start;
        start += length;
    }
}

static int plan_passes(int64_t count, int num_bits, pass *passes)
{
    const int widest = count < SMALL_COUNT ? SMALL_DIGIT : LARGE_DIGIT;
    const int num_passes = (num_bits + widest - 1) / widest;
    for (int p = 0; p < num_passes; p++)
        plan_pass(num_bits * p / num_passes, num_bits * (p + 1) / num_passes, &passes[p]);
    return num_passes;
}

/* Ask for what is gathered some blocks behind block b. */
static void prefetch_piece(const h2vi_sort_job *job, int64_t b)
{
    if (b + LOOK_AHEAD < job->num_blocks) {
        const h2vi_edge_block *block = job->blocks[b + LOOK_AHEAD];
        __builtin_prefetch(block->starts +
                           h2vi_edge_block_piece(block, job->layout, job->piece));
    }
    if (b + EDGES_AHEAD >= job->num_blocks) return;
    const h2vi_edge_block *block = job->blocks[b + EDGES_AHEAD];
    const uint32_t *const edges =
        block->low + block->starts[h2vi_edge_block_piece(block, job->layout, job->piece)];
    for (int line = 0; line < LINES_AHEAD; line++) __builtin_prefetch(edges + 16 * line);
}

void h2vi_sort_scratch_clear(h2vi_sort_scratch *scratch)
{
    free(scratch->keys);
    free(scratch->weights);
    free(scratch->divided);
    *scratch = (h2vi_sort_scratch){0};
}

/* Make room for leaves of so many edges, and for so many wide keys of a piece. */
static h2v_status enlarge(h2vi_sort_scratch *scratch, int64_t leaf, int64_t num_wide,
                          bool weighted)
{
    if (leaf <= scratch->leaf && num_wide <= scratch->num_wide) return H2V_OK;
    const size_t key_bytes = num_wide > 0 ? sizeof(uint64_t) : sizeof(uint32_t);
    leaf = leaf <= scratch->leaf ? scratch->leaf : leaf + leaf / 8;
    if (leaf < LEAF) leaf = LEAF;
    num_wide = num_wide <= scratch->num_wide ? scratch->num_wide : num_wide + num_wide / 8;
    h2vi_sort_scratch_clear(scratch);
    scratch->keys = h2vi_alloc_small_pages((size_t)leaf, key_bytes);
    if (num_wide > 0)
        scratch->divided = h2vi_alloc_small_pages((size_t)num_wide, key_bytes);
    if (weighted) scratch->weights = h2vi_alloc_small_pages((size_t)leaf, sizeof(float));
    if (!scratch->keys || (num_wide > 0 && !scratch->divided) ||
        (weighted && !scratch->weights))
        return h2vi_fail_memory("sorting edges");
    scratch->leaf = leaf;
    scratch->num_wide = num_wide;
    return H2V_OK;
}

#define sort_key uint32_t
#define NAMED(name) name##_narrow
#include "edge_sort_keys.h"
#undef sort_key
#undef NAMED

#define sort_key uint64_t
#define NAMED(name) name##_wide
#include "edge_sort_keys.h"
#undef sort_key
#undef NAMED

h2v_status h2vi_edge_sort(h2vi_sort_job *job, h2vi_sort_scratch *scratch)
{
    job->num_distinct = 0;
    if (job->count == 0) return H2V_OK;
    return job->layout.row_bits + job->layout.gid_bits > NARROW
               ? sort_piece_wide(job, scratch)
               : sort_piece_narrow(job, scratch);
}
