/* SPDX-License-Identifier: MIT */

/* See windows.h. Both passes are bound by what a processor cannot foresee: whose the next
 * center is, how far its window reaches, which bin comes next. So there are lists instead
 * of questions, sums instead of steps, and lines that are fetched before they are needed.
 */
#include "windows.h"

#include <string.h>

void h2vi_view_walk(const h2vi_router *router, uint32_t gid, uint32_t walk,
                    const h2vi_token *tokens, h2vi_walk_view *view)
{
    const uint32_t rows_per_block = (uint32_t)router->blocks->rows_per_block;
    /* (n + 1) * inverse >> 64 is n / rows_per_block, exactly, for every n of 32 bits. */
    const uint64_t inverse = UINT64_MAX / rows_per_block;
    const uint32_t first =
        (uint32_t)router->moved->graph->first[router->moved->graph->world->rank];
    int length = 0;
    for (int i = 0; i < router->walk_length && tokens[i].slot != H2V_NO_SLOT; i++) {
        const uint32_t context_slot = tokens[i].context_slot;
        if (context_slot == H2V_NO_SLOT) continue;
        const uint32_t block =
            (uint32_t)(((h2vi_uint128)inverse * context_slot + inverse) >> 64);
        view->owned[length] = tokens[i].slot - first;
        view->blocks[length] = block;
        view->rows[length] = context_slot - block * rows_per_block;
        length++;
    }
    view->length = length;
    view->gid = gid;
    view->walk = walk;
}

/* The words for the windows of centers [first, first + WINDOWS), a quad by a counter. */
enum { QUAD = 4, WINDOWS = QUAD * H2VI_MANY };

static void draw_words(const h2vi_router *router, const h2vi_walk_view *view,
                       uint32_t epoch, int first, h2vi_many *draws)
{
    const uint32_t purpose = h2vi_purpose_word(H2VI_FOR_WINDOW, epoch);
    for (uint32_t j = 0; j < H2VI_MANY; j++) {
        draws->words[0][j] = (uint32_t)first / QUAD + j;
        draws->words[1][j] = view->walk;
        draws->words[2][j] = view->gid;
        draws->words[3][j] = purpose;
    }
    router->random_many(router->seed, 1, draws);
}

void h2vi_draw_windows(const h2vi_router *router, uint32_t epoch, h2vi_walk_view *view,
                       uint16_t *reaches)
{
    const uint32_t num_owned = (uint32_t)router->moved->graph->num_owned;
    const uint32_t window = (uint32_t)router->window;
    h2vi_many draws;
    uint16_t drawn[WINDOWS];
    for (int first = 0; first < view->length; first += WINDOWS) {
        draw_words(router, view, epoch, first, &draws);
        for (int j = 0; j < H2VI_MANY; j++)
            for (int k = 0; k < QUAD; k++)
                drawn[j * QUAD + k] = (uint16_t)(1 + h2vi_below(draws.words[k][j], window));
        const int count = view->length - first < WINDOWS ? view->length - first : WINDOWS;
        for (int i = 0; i < count; i++)
            reaches[first + i] = view->owned[first + i] < num_owned ? drawn[i] : 0;
    }
    h2vi_list_centers(view, reaches);
}

/* Without a branch: which ranks a walk visits is a matter of chance. */
void h2vi_list_centers(h2vi_walk_view *view, const uint16_t *reaches)
{
    int count = 0;
    for (int i = 0; i < view->length; i++) {
        view->centers[count] = (uint16_t)i;
        count += reaches[i] != 0;
    }
    view->num_centers = count;
}

/* The contexts of a place are [begin, end) without itself. */
typedef struct places {
    int begin, end;
} places;

static inline places places_near(const h2vi_walk_view *view, int at, int reach)
{
    return (places){.begin = at > reach ? at - reach : 0,
                    .end = at + reach < view->length ? at + reach + 1 : view->length};
}

/* ---- how many pairs: by sums where a walk has few places and there are few blocks
 * -------------------------------------------------------------------------- */

static const uint8_t NUMBERS[H2VI_SUMMED_BLOCKS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

/* sums[i][b]: how many of the walk's first i contexts are in block b. */
static void sum_blocks(h2vi_walk_view *view, int width)
{
    memset(view->sums[0], 0, (size_t)width);
    for (int i = 0; i < view->length; i++) {
        const uint8_t block = (uint8_t)view->blocks[i];
        for (int lane = 0; lane < width; lane += H2VI_COUNT_LANES)
            for (int k = lane; k < lane + H2VI_COUNT_LANES; k++)
                view->sums[i + 1][k] = (uint8_t)(view->sums[i][k] + (NUMBERS[k] == block));
    }
}

static void count_by_sums(const h2vi_router *router, h2vi_walk_view *view,
                          const uint16_t *reaches, uint32_t *counts)
{
    const int width = router->count_width;
    const uint32_t *parts = router->part_of;
    sum_blocks(view, width);
    for (int c = 0; c < view->num_centers; c++) {
        const int i = view->centers[c];
        const places near = places_near(view, i, reaches[i]);
        const uint8_t *begin = view->sums[near.begin], *end = view->sums[near.end];
        const uint8_t block = (uint8_t)view->blocks[i];
        uint32_t *bins = counts + (size_t)parts[view->owned[i]] * (size_t)width;
        for (int lane = 0; lane < width; lane += H2VI_COUNT_LANES)
            for (int k = lane; k < lane + H2VI_COUNT_LANES; k++)
                bins[k] += (uint8_t)(end[k] - begin[k] - (NUMBERS[k] == block));
    }
}

static void count_one_by_one(const h2vi_router *router, const h2vi_walk_view *view,
                             const uint16_t *reaches, uint32_t *counts)
{
    const size_t width = (size_t)router->count_width;
    const uint32_t *parts = router->part_of;
    for (int c = 0; c < view->num_centers; c++) {
        const int i = view->centers[c];
        const places near = places_near(view, i, reaches[i]);
        uint32_t *bins = counts + parts[view->owned[i]] * width;
        for (int j = near.begin; j < near.end; j++) bins[view->blocks[j]]++;
        bins[view->blocks[i]]--;
    }
}

void h2vi_count_pairs(const h2vi_router *router, h2vi_walk_view *view,
                      const uint16_t *reaches, uint32_t *counts)
{
    if (view->length <= H2VI_SUMMED_LENGTH && router->count_width <= H2VI_SUMMED_BLOCKS)
        count_by_sums(router, view, reaches, counts);
    else
        count_one_by_one(router, view, reaches, counts);
}

/* ---- the pairs */

/* Pairs that a bin's next line of the cache comes before it is written. */
enum { PAIRS_AHEAD = 8 };

void h2vi_write_pairs(const h2vi_router *router, const h2vi_walk_view *view,
                      const uint16_t *reaches, int64_t *cursors)
{
    const h2v_graph *graph = router->moved->graph;
    const int64_t *part_first = &router->moved->part_first[router->first_part];
    const int64_t base = graph->first[graph->world->rank];
    const uint32_t *parts = router->part_of;
    const int64_t num_blocks = router->blocks->num_blocks;
    h2vi_pair *pairs = router->pairs;
    for (int c = 0; c < view->num_centers; c++) {
        const int i = view->centers[c];
        const places near = places_near(view, i, reaches[i]);
        const uint32_t owned = view->owned[i], part = parts[owned];
        const uint32_t center = owned - (uint32_t)(part_first[part] - base);
        int64_t *bins = cursors + part * num_blocks;
        /* One loop, and no branch in it: its length is a matter of chance, too. */
        for (int k = near.begin; k + 1 < near.end; k++) {
            const int j = k + (k >= i);
            const int64_t place = bins[view->blocks[j]]++;
            __builtin_prefetch(pairs + place + PAIRS_AHEAD, 1);
            pairs[place] = (h2vi_pair){center, view->rows[j]};
        }
    }
}
