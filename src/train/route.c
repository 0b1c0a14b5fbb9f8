/* SPDX-License-Identifier: MIT */

/* Two passes over the walks, in a fixed order that threads only divide: count the pairs of
 * each bin, then write each pair once, where it stays. */
#include "route.h"

#include "alloc.h"
#include "clock.h"
#include "fail.h"
#include "windows.h"

#include <stdlib.h>
#include <string.h>

h2v_status h2vi_router_init(const h2vi_moved *moved, const h2vi_blocks *blocks, int window,
                            const h2vi_walk_params *walks, h2vi_router *router)
{
    const h2v_world *world = moved->graph->world;
    const int num_parts = moved->num_parts;
    *router = (h2vi_router){.moved = moved,
                            .blocks = blocks,
                            .window = window,
                            .walk_length = walks->walk_length,
                            .seed = walks->seed,
                            .random_many = h2vi_random_many_of(h2vi_best_isa())};
    router->first_part = h2v_partition_first_part(num_parts, world->num_ranks, world->rank);
    router->num_local_parts =
        h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1) -
        router->first_part;
    router->num_bins = (int64_t)router->num_local_parts * blocks->num_blocks;
    router->count_width = h2vi_count_width(blocks->num_blocks);
    router->num_counts = (int64_t)router->num_local_parts * router->count_width;
    router->part_of = h2vi_alloc_n(moved->graph->num_owned, sizeof *router->part_of);
    router->cursors =
        h2vi_alloc_n(router->num_bins * world->num_threads, sizeof *router->cursors);
    router->counts =
        h2vi_alloc_n(router->num_counts * world->num_threads, sizeof *router->counts);
    router->bin_starts = h2vi_alloc_n(router->num_bins + 1, sizeof *router->bin_starts);
    h2v_status status = h2vi_exchange_init(
        world, ((size_t)walks->walk_length + 1) * sizeof(h2vi_token), &router->walks);
    router->walks.what = "walks";
    if (!router->part_of || !router->cursors || !router->counts || !router->bin_starts)
        status = h2vi_fail_memory("the router");
    if (status != H2V_OK) {
        h2vi_router_clear(router);
        return status;
    }
    const int64_t base = moved->graph->first[world->rank];
    for (int p = 0; p < router->num_local_parts; p++) {
        const int64_t *part = &moved->part_first[router->first_part + p];
        for (int64_t slot = part[0]; slot < part[1]; slot++)
            router->part_of[slot - base] = (uint32_t)p;
    }
    return H2V_OK;
}

void h2vi_router_clear(h2vi_router *router)
{
    free(router->part_of);
    free(router->cursors);
    free(router->counts);
    free(router->reaches);
    free(router->bin_starts);
    free(router->parcel);
    free(router->pairs);
    h2vi_exchange_clear(&router->walks);
    *router = (h2vi_router){0};
}

int64_t h2vi_router_bytes(const h2vi_router *router)
{
    const h2v_graph *graph = router->moved->graph;
    return graph->num_owned * (int64_t)sizeof *router->part_of +
           router->num_bins * (graph->world->num_threads + 1) * (int64_t)sizeof(int64_t) +
           router->num_counts * graph->world->num_threads * (int64_t)sizeof(uint32_t) +
           router->num_places * (int64_t)sizeof *router->reaches +
           router->parcel_tokens * (int64_t)sizeof(h2vi_token) +
           router->walks.capacity * (int64_t)router->walks.item_bytes +
           router->capacity * (int64_t)sizeof *router->pairs;
}

/* ---- walks to the owners of their centers
 * -------------------------------------------------- */

/* List every rank but this one that owns a center of the walk, once each.
 * last_walk[r] remembers the last walk that rank r was to get. */
static int find_readers(const h2v_graph *graph, const h2vi_token *walk, int walk_length,
                        int64_t index, int64_t *last_walk, int *readers)
{
    const int most = graph->world->num_ranks - 1;
    int num_readers = 0;
    for (int i = 0; num_readers < most && i < walk_length; i++) {
        if (walk[i].slot == H2V_NO_SLOT) break;
        if (walk[i].context_slot == H2V_NO_SLOT) continue;
        const int owner = h2vi_graph_owner(graph, walk[i].slot);
        if (owner == graph->world->rank || last_walk[owner] == index) continue;
        last_walk[owner] = index;
        readers[num_readers++] = owner;
    }
    return num_readers;
}

static void forget_walks(int64_t *last_walk, int num_ranks)
{
    for (int r = 0; r < num_ranks; r++) last_walk[r] = -1;
}

/* What windows are drawn for, beside the walk number. */
static uint32_t name_of_start(const h2vi_router *router, h2vi_start start)
{
    return router->starts_are_places ? start.vertex
                                     : router->moved->graph->gids[start.vertex];
}

/* Local. */
static h2v_status pack_walks(h2vi_router *router, const h2vi_walk_run *run)
{
    if (router->moved->graph->world->num_ranks == 1) {
        router->walks.send_counts[0] = 0;
        return H2V_OK;
    }
    const h2v_graph *graph = router->moved->graph;
    const int num_ranks = graph->world->num_ranks, walk_length = router->walk_length;
    int64_t *last_walk = h2vi_alloc_n(num_ranks, sizeof *last_walk);
    int64_t *next = h2vi_alloc_n(num_ranks, sizeof *next);
    int *readers = h2vi_alloc_n(num_ranks, sizeof *readers);
    int64_t *counts = router->walks.send_counts;
    h2v_status status = H2V_OK;
    if (!last_walk || !next || !readers) {
        status = h2vi_fail_memory("walks by rank");
        goto cleanup;
    }
    memset(counts, 0, (size_t)num_ranks * sizeof *counts);
    forget_walks(last_walk, num_ranks);
    for (int64_t w = 0; w < run->num_walks; w++) {
        const int num_readers = find_readers(graph, run->tokens + w * walk_length,
                                             walk_length, w, last_walk, readers);
        for (int i = 0; i < num_readers; i++) counts[readers[i]]++;
    }
    int64_t total = 0;
    for (int r = 0; r < num_ranks; r++) {
        next[r] = total;
        total += counts[r];
    }
    const int64_t num_tokens = total * (walk_length + 1);
    if (!router->parcel || num_tokens > router->parcel_tokens) {
        free(router->parcel);
        router->parcel_tokens = num_tokens + num_tokens / 8;
        router->parcel = h2vi_alloc_raw_n(router->parcel_tokens, sizeof *router->parcel);
        if (!router->parcel) {
            router->parcel_tokens = 0;
            status = h2vi_fail_memory("walks for other ranks");
            goto cleanup;
        }
    }
    forget_walks(last_walk, num_ranks);
    for (int64_t w = 0; w < run->num_walks; w++) {
        const h2vi_token *walk = run->tokens + w * walk_length;
        const int num_readers =
            find_readers(graph, walk, walk_length, w, last_walk, readers);
        for (int i = 0; i < num_readers; i++) {
            h2vi_token *item = router->parcel + next[readers[i]]++ * (walk_length + 1);
            item[0] =
                (h2vi_token){name_of_start(router, run->starts[w]), run->starts[w].walk};
            memcpy(item + 1, walk, (size_t)walk_length * sizeof *walk);
        }
    }

cleanup:
    free(last_walk);
    free(next);
    free(readers);
    return status;
}

/* ---- all walks, in order
 * ------------------------------------------------------------------------ */

/* The walks that this rank reads: by the rank that they start on, its own in their place.
 */
static int64_t num_walks_read(const h2vi_router *router, const h2vi_walk_run *run)
{
    return router->walks.num_received + run->num_walks;
}

static void read_walk(const h2vi_router *router, const h2vi_walk_run *run, int64_t index,
                      h2vi_walk_view *view)
{
    const h2v_graph *graph = router->moved->graph;
    int64_t num_before = 0; /* received walks that come before this rank's own */
    for (int r = 0; r < graph->world->rank; r++) num_before += router->walks.recv_counts[r];

    const int64_t own = index - num_before;
    if (own >= 0 && own < run->num_walks) {
        const h2vi_start start = run->starts[own];
        h2vi_view_walk(router, name_of_start(router, start), start.walk,
                       run->tokens + own * router->walk_length, view);
        return;
    }
    const int64_t place = own < 0 ? index : index - run->num_walks;
    const h2vi_token *item =
        (const h2vi_token *)router->walks.received + place * (router->walk_length + 1);
    h2vi_view_walk(router, item[0].slot, item[0].context_slot, item + 1, view);
}

typedef enum route_pass { COUNT_PAIRS, WRITE_PAIRS } route_pass;

/* A thread's counts are too short for all its walks: bring them to its cursors. */
static void gather_counts(h2vi_router *router, int thread)
{
    const int num_blocks = router->blocks->num_blocks, width = router->count_width;
    int64_t *cursors = router->cursors + thread * router->num_bins;
    uint32_t *counts = router->counts + thread * router->num_counts;
    for (int p = 0; p < router->num_local_parts; p++)
        for (int b = 0; b < num_blocks; b++)
            cursors[p * num_blocks + b] += counts[p * width + b];
    memset(counts, 0, (size_t)router->num_counts * sizeof *counts);
}

_Static_assert((int64_t)H2V_MAX_WALK_LENGTH * 2 * H2V_MAX_WINDOW <= UINT32_MAX &&
                   H2V_MAX_WINDOW <= UINT16_MAX,
               "a walk's pairs are counted, and windows kept, in so many bits");

/* So many walks have fewer than 2^32 pairs. */
static int64_t walks_to_count(const h2vi_router *router)
{
    return UINT32_MAX / ((int64_t)router->walk_length * 2 * router->window);
}

static void count_walks(h2vi_router *router, const h2vi_walk_run *run, int64_t begin,
                        int64_t end, int thread, h2vi_walk_view *view)
{
    const int64_t most = walks_to_count(router);
    uint32_t *counts = router->counts + thread * router->num_counts;
    memset(router->cursors + thread * router->num_bins, 0,
           (size_t)router->num_bins * sizeof *router->cursors);
    for (int64_t w = begin; w < end; w++) {
        read_walk(router, run, w, view);
        uint16_t *reaches = router->reaches + w * router->walk_length;
        h2vi_draw_windows(router, run->epoch, view, reaches);
        h2vi_count_pairs(router, view, reaches, counts);
        if ((w + 1 - begin) % most == 0) gather_counts(router, thread);
    }
    gather_counts(router, thread);
}

static void write_walks(h2vi_router *router, const h2vi_walk_run *run, int64_t begin,
                        int64_t end, int thread, h2vi_walk_view *view)
{
    int64_t *cursors = router->cursors + thread * router->num_bins;
    for (int64_t w = begin; w < end; w++) {
        const uint16_t *reaches = router->reaches + w * router->walk_length;
        read_walk(router, run, w, view);
        h2vi_list_centers(view, reaches);
        h2vi_write_pairs(router, view, reaches, cursors);
    }
}

/* Each thread takes a run of walks; view is its scratch. */
static void pass_over(h2vi_router *router, const h2vi_walk_run *run, const route_pass pass,
                      h2vi_walk_view *views)
{
    const int num_threads = router->moved->graph->world->num_threads;
    const int64_t num_walks = num_walks_read(router, run);
    double seconds = 0;
#pragma omp parallel for schedule(static, 1) num_threads(num_threads) reduction(+ : seconds)
    for (int t = 0; t < num_threads; t++) {
        const double start = h2vi_thread_seconds();
        const int64_t begin = num_walks * t / num_threads;
        const int64_t end = num_walks * (t + 1) / num_threads;
        if (pass == COUNT_PAIRS)
            count_walks(router, run, begin, end, t, &views[t]);
        else
            write_walks(router, run, begin, end, t, &views[t]);
        seconds += h2vi_thread_seconds() - start;
    }
    router->seconds += seconds;
}

/* The main thread has been at work alone since `start`. */
static void add_serial(h2vi_router *router, double start)
{
    const double seconds = h2vi_thread_seconds() - start;
    router->seconds += seconds;
    router->serial_seconds += seconds;
}

/* From counts by thread and bin to where each thread writes: bin by bin, thread by thread.
 */
static void place_cursors(h2vi_router *router)
{
    const int num_threads = router->moved->graph->world->num_threads;
    int64_t place = 0;
    for (int64_t bin = 0; bin < router->num_bins; bin++) {
        router->bin_starts[bin] = place;
        for (int t = 0; t < num_threads; t++) {
            int64_t *cursor = &router->cursors[t * router->num_bins + bin];
            const int64_t count = *cursor;
            *cursor = place;
            place += count;
        }
    }
    router->bin_starts[router->num_bins] = place;
    router->num_pairs = place;
    router->total_pairs += place;
}

static h2v_status make_room_for_reaches(h2vi_router *router, const h2vi_walk_run *run)
{
    const int64_t num_places = num_walks_read(router, run) * router->walk_length;
    if (router->reaches && num_places <= router->num_places) return H2V_OK;
    free(router->reaches);
    router->num_places = num_places + num_places / 16;
    router->reaches = h2vi_alloc_raw_n(router->num_places, sizeof *router->reaches);
    if (router->reaches) return H2V_OK;
    router->num_places = 0;
    return h2vi_fail_memory("the windows of walks");
}

static h2v_status make_room(h2vi_router *router)
{
    if (router->pairs && router->num_pairs <= router->capacity) return H2V_OK;
    free(router->pairs);
    router->capacity = router->num_pairs + router->num_pairs / 16;
    router->pairs = h2vi_alloc_raw_n(router->capacity, sizeof *router->pairs);
    if (router->pairs) return H2V_OK;
    router->capacity = 0;
    return h2vi_fail_memory("a round's pairs; more --rounds need less at a time");
}

h2v_status h2vi_route(h2vi_router *router, const h2vi_walk_run *run)
{
    const h2v_world *world = router->moved->graph->world;
    double start = h2vi_thread_seconds();
    h2v_status status = pack_walks(router, run);
    h2vi_walk_view *views =
        h2vi_alloc_small_pages((size_t)world->num_threads, sizeof *views);
    if (status == H2V_OK && !views) status = h2vi_fail_memory("walks");
    add_serial(router, start);
    status = h2vi_exchange_run(&router->walks, status, router->parcel);
    if (status != H2V_OK) goto cleanup;
    h2vi_trace_stage(router->trace, H2V_PHASE_ROUTE, router->seconds,
                     router->serial_seconds, &router->walks);

    start = h2vi_thread_seconds();
    status = make_room_for_reaches(router, run);
    add_serial(router, start);
    if (status == H2V_OK) {
        pass_over(router, run, COUNT_PAIRS, views);
        start = h2vi_thread_seconds();
        place_cursors(router);
        status = make_room(router);
        add_serial(router, start);
    }
    status = h2v_agree(world, status);
    if (status == H2V_OK) pass_over(router, run, WRITE_PAIRS, views);
    h2vi_trace_stage(router->trace, H2V_PHASE_ROUTE, router->seconds,
                     router->serial_seconds, NULL);

cleanup:
    free(views);
    return status;
}
