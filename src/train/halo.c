/* SPDX-License-Identifier: MIT */

/* Bitmaps: each rank of a group marks what its own cells touch, the homes of the blocks
 * join the marks and tell the result. One bit a row is little beside the rows themselves.
 */
#include "halo.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

static int num_groups_here(const h2vi_halo *halo)
{
    return halo->groups.end_group - halo->groups.first_group;
}

static int num_needed_here(const h2vi_halo *halo)
{
    return num_groups_here(halo) * halo->groups.parts_per_group;
}

static h2v_status make_needed(h2vi_halo *halo)
{
    const int64_t rows = halo->blocks->rows_per_block;
    const int64_t most = halo->pool + halo->blocks->num_classes;
    for (int i = 0; i < num_needed_here(halo); i++) {
        h2vi_needed_rows *needed = &halo->needed[i];
        needed->bits = h2vi_alloc_n(halo->num_words, sizeof *needed->bits);
        needed->before = h2vi_alloc_n(halo->num_words, sizeof *needed->before);
        needed->pool = h2vi_alloc_n(most < rows ? most : rows, sizeof *needed->pool);
        if (!needed->bits || !needed->before || !needed->pool)
            return h2vi_fail_memory("a group's halo");
    }
    for (int t = 0; t < halo->world->num_threads; t++) {
        const h2v_status status = h2vi_noise_tables_init(halo->blocks, &halo->tables[t]);
        if (status != H2V_OK) return status;
    }
    return H2V_OK;
}

h2v_status h2vi_halo_init(const h2v_world *world, const h2vi_blocks *blocks,
                          const h2vi_groups *groups, int64_t pool, h2vi_halo *halo)
{
    const int per_group = groups->parts_per_group;
    *halo = (h2vi_halo){.world = world,
                        .blocks = blocks,
                        .groups = *groups,
                        .num_words = (blocks->rows_per_block + 63) / 64,
                        .pool = (pool + per_group - 1) / per_group};
    for (int g = 0; g < groups->num_groups; g++)
        halo->is_shared = halo->is_shared || !h2vi_is_on_one_rank(groups, g);
    halo->needed = h2vi_alloc_n(num_needed_here(halo), sizeof *halo->needed);
    halo->tables = h2vi_alloc_n(world->num_threads, sizeof *halo->tables);
    h2v_status status = h2vi_exchange_init(
        world, (size_t)halo->num_words * sizeof(uint64_t), &halo->bitmaps);
    halo->bitmaps.what = "lists of needed rows";
    if (!halo->needed || !halo->tables) status = h2vi_fail_memory("a group's halo");
    if (status == H2V_OK) status = make_needed(halo);
    if (status != H2V_OK) h2vi_halo_clear(halo);
    return status;
}

void h2vi_halo_clear(h2vi_halo *halo)
{
    for (int i = 0; halo->needed && i < num_needed_here(halo); i++) {
        free(halo->needed[i].bits);
        free(halo->needed[i].before);
        free(halo->needed[i].pool);
    }
    for (int t = 0; halo->tables && t < halo->world->num_threads; t++)
        h2vi_noise_tables_clear(&halo->tables[t]);
    free(halo->needed);
    free(halo->tables);
    free(halo->parcel);
    h2vi_exchange_clear(&halo->bitmaps);
    *halo = (h2vi_halo){0};
}

int64_t h2vi_halo_bytes(const h2vi_halo *halo)
{
    const int64_t words = halo->num_words * (int64_t)(sizeof(uint64_t) + sizeof(uint32_t));
    return num_needed_here(halo) * (words + halo->pool * (int64_t)sizeof(uint32_t)) +
           (halo->parcel_items + halo->bitmaps.capacity) * halo->num_words *
               (int64_t)sizeof(uint64_t);
}

/* ---- marks
 * -------------------------------------------------------------------------------------- */

static void mark(h2vi_needed_rows *needed, uint32_t row)
{
    needed->bits[row / 64] |= (uint64_t)1 << row % 64;
}

/* What this rank's parts of the group will touch of a block. */
static void mark_pairs(const h2vi_halo *halo, const h2vi_router *router, int group,
                       int block, h2vi_needed_rows *needed)
{
    const h2vi_groups *groups = &halo->groups;
    const int per_group = groups->parts_per_group;
    for (int p = 0; p < router->num_local_parts; p++) {
        if ((router->first_part + p) / per_group != group) continue;
        const int64_t *bin = &router->bin_starts[(int64_t)p * per_group + block];
        for (int64_t i = bin[0]; i < bin[1]; i++) mark(needed, router->pairs[i].row);
    }
}

static void mark_pool(const h2vi_halo *halo, const h2vi_pool_draw *draw,
                      h2vi_noise_tables *tables, h2vi_needed_rows *needed)
{
    h2vi_block_classes_list(halo->blocks, (int)draw->block, halo->pool, tables);
    needed->num_pooled = h2vi_draw_pool(draw, tables, needed->pool);
    for (int64_t i = 0; i < needed->num_pooled; i++) mark(needed, needed->pool[i]);
}

static void mark_all(h2vi_halo *halo, const h2vi_router *router, uint64_t seed,
                     uint32_t round)
{
    const int num_threads = halo->world->num_threads, num_needed = num_needed_here(halo);
    const int per_group = halo->groups.parts_per_group;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads)
    for (int t = 0; t < num_threads; t++) {
        for (int i = t; i < num_needed; i += num_threads) {
            h2vi_needed_rows *needed = &halo->needed[i];
            const int group = halo->groups.first_group + i / per_group;
            const int block = i % per_group;
            const h2vi_pool_draw draw = {seed, round, (uint32_t)group, (uint32_t)block};
            memset(needed->bits, 0, (size_t)halo->num_words * sizeof *needed->bits);
            mark_pairs(halo, router, group, block, needed);
            mark_pool(halo, &draw, &halo->tables[t], needed);
        }
    }
}

/* ---- one mind in a group
 * -------------------------------------------------------------------------- */

/* The rank of the home of block i of this rank's halo. */
static int home_rank(const h2vi_halo *halo, int i)
{
    return h2vi_part_host(&halo->groups,
                          halo->groups.first_group * halo->groups.parts_per_group + i);
}

static h2v_status reserve_parcel(h2vi_halo *halo, int64_t num_items)
{
    if (halo->parcel && num_items <= halo->parcel_items) return H2V_OK;
    free(halo->parcel);
    halo->parcel = h2vi_alloc_n(num_items * halo->num_words, sizeof *halo->parcel);
    halo->parcel_items = halo->parcel ? num_items : 0;
    return halo->parcel ? H2V_OK : h2vi_fail_memory("a group's halo");
}

static void pack_bits(h2vi_halo *halo, const h2vi_needed_rows *needed, int rank,
                      int64_t *num_items)
{
    memcpy(halo->parcel + *num_items * halo->num_words, needed->bits,
           (size_t)halo->num_words * sizeof *needed->bits);
    halo->bitmaps.send_counts[rank]++;
    ++*num_items;
}

/* The needed rows of a home of this rank. */
static h2vi_needed_rows *needed_at_home(h2vi_halo *halo, int home)
{
    return &halo->needed[home - halo->groups.first_group * halo->groups.parts_per_group];
}

/* Whether another rank has a part in the group of a home of this rank. */
static bool shares_home(const h2vi_groups *groups, int rank, int home)
{
    return rank != groups->rank &&
           h2vi_hosts_group(groups, rank, home / groups->parts_per_group);
}

static void forget_items(h2vi_halo *halo)
{
    memset(halo->bitmaps.send_counts, 0,
           (size_t)halo->groups.num_ranks * sizeof *halo->bitmaps.send_counts);
}

/* Collective. Marks to the homes of their blocks, which join them. Homes are in the order
 * of ranks, so what is packed in their order is grouped by rank. */
static h2v_status tell_homes(h2vi_halo *halo)
{
    const h2vi_groups *groups = &halo->groups;
    int64_t num_items = 0;
    forget_items(halo);
    h2v_status status = reserve_parcel(halo, num_needed_here(halo));
    for (int i = 0; status == H2V_OK && i < num_needed_here(halo); i++)
        if (home_rank(halo, i) != groups->rank)
            pack_bits(halo, &halo->needed[i], home_rank(halo, i), &num_items);
    status = h2vi_exchange_run(&halo->bitmaps, status, halo->parcel);
    if (status != H2V_OK) return status;
    h2vi_trace_work_end(halo->trace, H2V_PHASE_PULL, &halo->bitmaps);

    const uint64_t *bits = halo->bitmaps.received;
    for (int rank = 0; rank < groups->num_ranks; rank++) {
        for (int home = groups->first_part; home < groups->end_part; home++) {
            if (!shares_home(groups, rank, home)) continue;
            h2vi_needed_rows *needed = needed_at_home(halo, home);
            for (int64_t w = 0; w < halo->num_words; w++) needed->bits[w] |= bits[w];
            bits += halo->num_words;
        }
    }
    return H2V_OK;
}

/* How many bitmaps this rank's homes tell. */
static int64_t count_told(const h2vi_groups *groups)
{
    int64_t num_items = 0;
    for (int rank = 0; rank < groups->num_ranks; rank++)
        for (int home = groups->first_part; home < groups->end_part; home++)
            num_items += shares_home(groups, rank, home);
    return num_items;
}

/* Collective. Homes tell the ranks of their groups what was found. */
static h2v_status tell_groups(h2vi_halo *halo)
{
    const h2vi_groups *groups = &halo->groups;
    int64_t num_items = 0;
    forget_items(halo);
    h2v_status status = reserve_parcel(halo, count_told(groups));
    for (int rank = 0; status == H2V_OK && rank < groups->num_ranks; rank++)
        for (int home = groups->first_part; home < groups->end_part; home++)
            if (shares_home(groups, rank, home))
                pack_bits(halo, needed_at_home(halo, home), rank, &num_items);
    status = h2vi_exchange_run(&halo->bitmaps, status, halo->parcel);
    if (status != H2V_OK) return status;
    h2vi_trace_work_end(halo->trace, H2V_PHASE_PULL, &halo->bitmaps);

    const uint64_t *bits = halo->bitmaps.received;
    for (int i = 0; i < num_needed_here(halo); i++) { /* homes in the order of ranks */
        if (home_rank(halo, i) == groups->rank) continue;
        memcpy(halo->needed[i].bits, bits, (size_t)halo->num_words * sizeof *bits);
        bits += halo->num_words;
    }
    return H2V_OK;
}

/* ---- numbers
 * -------------------------------------------------------------------------------------- */

static void number_rows(const h2vi_halo *halo, h2vi_needed_rows *needed)
{
    needed->num_rows = 0;
    for (int64_t w = 0; w < halo->num_words; w++) {
        needed->before[w] = (uint32_t)needed->num_rows;
        needed->num_rows += h2vi_count_bits(needed->bits[w]);
    }
    for (int64_t i = 0; i < needed->num_pooled; i++)
        needed->pool[i] = h2vi_row_number(needed, needed->pool[i]);
}

h2v_status h2vi_halo_find(h2vi_halo *halo, const h2vi_router *router, uint64_t seed,
                          uint32_t round)
{
    h2v_status status = H2V_OK;
    mark_all(halo, router, seed, round);
    if (halo->is_shared) {
        status = tell_homes(halo);
        if (status == H2V_OK) status = tell_groups(halo);
    }
    if (status != H2V_OK) return status;
    const int num_needed = num_needed_here(halo);
#pragma omp parallel for schedule(dynamic, 1) num_threads(halo->world->num_threads)
    for (int i = 0; i < num_needed; i++) number_rows(halo, &halo->needed[i]);
    return H2V_OK;
}

int64_t h2vi_next_needed(const h2vi_halo *halo, const h2vi_needed_rows *needed, int64_t row)
{
    int64_t w = row / 64;
    if (w >= halo->num_words) return -1;
    uint64_t word = needed->bits[w] & ~(uint64_t)0 << row % 64;
    while (word == 0) {
        if (++w == halo->num_words) return -1;
        word = needed->bits[w];
    }
    return w * 64 + __builtin_ctzll(word);
}
