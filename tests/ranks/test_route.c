/* SPDX-License-Identifier: MIT */

/* Walks given by a rule are routed: every (center, context) pair within a drawn window lies
 * in its cell, at the place that a plain list over all walks gives it, on any number of
 * ranks and threads. */
#include "alloc.h"
#include "check.h"
#include "embed_jobs.h"
#include "route.h"

#include <stdlib.h>

enum { NUM_VERTICES = 90, NUM_WALKS = 4, MAX_LENGTH = 300, SEED = 8 };

/* Pairs are counted in one of two ways, as walks are long or blocks are many (windows.h):
 * up to 255 places and 64 blocks, and above. One token in `dropped` is dropped; 0: none. */
static const struct {
    int num_parts;
    uint32_t length, dropped;
} kinds[] = {{5, 30, 7},  {20, 30, 7}, {64, 30, 7},       {65, 30, 7},
             {2, 255, 0}, {2, 256, 0}, {5, MAX_LENGTH, 7}};

static int num_parts;
static uint32_t length_of_walks, one_dropped_in;

/* ---- walks by a rule */

static uint32_t rule(uint32_t gid, uint32_t walk, uint32_t i, uint32_t below)
{
    return h2vi_below(h2vi_random(1, H2VI_FOR_GENERATOR, 0, walk, gid, i).w[0], below);
}

static int has_walk(uint32_t gid, uint32_t walk)
{
    return rule(gid, walk, 1000, 4) > 0;
}

/* Some walks end early, some at once; some tokens are dropped by subsampling. */
static void fill_walk(const test_job *alone, uint32_t gid, uint32_t walk,
                      h2vi_token *tokens)
{
    const uint32_t most = length_of_walks;
    const uint32_t length = rule(gid, walk, 2000, 3) > 0 ? most : 1 + gid % most;
    for (uint32_t i = 0; i < most; i++) {
        const uint32_t slot = rule(gid, walk, i, NUM_VERTICES);
        const int is_dropped =
            one_dropped_in > 0 && rule(gid, walk, i + most, one_dropped_in) == 0;
        tokens[i].slot = i < length ? slot : H2V_NO_SLOT;
        tokens[i].context_slot = i < length && !is_dropped
                                     ? alone->moved.vertices[slot].context_slot
                                     : H2V_NO_SLOT;
    }
}

typedef struct walks {
    h2vi_start *starts;
    h2vi_token *tokens;
    h2vi_walk_run run;
} walks;

static void make_walks(const test_job *job, const test_job *alone, uint32_t epoch, walks *w)
{
    const h2v_graph *graph = job->moved.graph;
    w->starts = h2vi_alloc_n(graph->num_owned * NUM_WALKS, sizeof *w->starts);
    w->tokens =
        h2vi_alloc_n(graph->num_owned * NUM_WALKS * length_of_walks, sizeof *w->tokens);
    int64_t count = 0;
    for (uint32_t v = 0; v < graph->num_owned; v++)
        for (uint32_t k = 0; k < NUM_WALKS; k++) {
            if (!has_walk(graph->gids[v], k)) continue;
            w->starts[count] = (h2vi_start){v, k};
            fill_walk(alone, graph->gids[v], k, w->tokens + count++ * length_of_walks);
        }
    w->run = (h2vi_walk_run){.purpose = H2VI_FOR_WALK,
                             .epoch = epoch,
                             .num_walks = count,
                             .starts = w->starts,
                             .tokens = w->tokens};
}

static void clear_walks(walks *w)
{
    free(w->starts);
    free(w->tokens);
}

/* ---- the plain list */

typedef struct cell_list {
    int64_t num_pairs, capacity;
    h2vi_pair *pairs;
} cell_list;

typedef struct plain_cells {
    cell_list *cells; /* shape [num_parts, num_parts] */
} plain_cells;

static void forget_pairs(plain_cells *plain)
{
    for (int i = 0; i < num_parts * num_parts; i++) plain->cells[i].num_pairs = 0;
}

static void clear_plain(plain_cells *plain)
{
    for (int i = 0; i < num_parts * num_parts; i++) free(plain->cells[i].pairs);
    free(plain->cells);
}

static int part_of_slot(const test_job *alone, uint32_t slot)
{
    int part = 0;
    while (alone->moved.part_first[part + 1] <= (int64_t)slot) part++;
    return part;
}

static void add_pair(const test_job *alone, h2vi_token center, h2vi_token context,
                     plain_cells *plain)
{
    const int part = part_of_slot(alone, center.slot);
    const uint32_t rows = (uint32_t)alone->blocks.rows_per_block;
    cell_list *list = &plain->cells[part * num_parts + (int)(context.context_slot / rows)];
    if (list->num_pairs == list->capacity) {
        list->capacity = 2 * list->capacity + 1;
        list->pairs = realloc(list->pairs, (size_t)list->capacity * sizeof *list->pairs);
    }
    list->pairs[list->num_pairs++] = (h2vi_pair){
        center.slot - (uint32_t)alone->moved.part_first[part], context.context_slot % rows};
}

static void add_walk(const test_job *alone, uint32_t gid, uint32_t walk, int window,
                     uint32_t epoch, plain_cells *plain)
{
    h2vi_token tokens[MAX_LENGTH], kept[MAX_LENGTH];
    int length = 0;
    fill_walk(alone, gid, walk, tokens);
    for (uint32_t i = 0; i < length_of_walks; i++)
        if (tokens[i].context_slot != H2V_NO_SLOT) kept[length++] = tokens[i];
    for (int i = 0; i < length; i++) {
        const uint32_t word =
            h2vi_random(SEED, H2VI_FOR_WINDOW, epoch, walk, gid, (uint32_t)i / 4).w[i % 4];
        const int reach = 1 + (int)h2vi_below(word, (uint32_t)window);
        for (int j = 0; j < length; j++)
            if (j != i && abs(j - i) <= reach) add_pair(alone, kept[i], kept[j], plain);
    }
}

static void add_walks(const test_job *alone, int window, uint32_t epoch, plain_cells *plain)
{
    forget_pairs(plain);
    for (uint32_t slot = 0; slot < NUM_VERTICES; slot++) {
        const uint32_t gid = alone->moved.graph->gids[slot];
        for (uint32_t k = 0; k < NUM_WALKS; k++)
            if (has_walk(gid, k)) add_walk(alone, gid, k, window, epoch, plain);
    }
}

static void check_cells(const h2vi_router *router, const plain_cells *plain)
{
    int64_t total = 0;
    for (int64_t bin = 0; bin < router->num_bins; bin++) {
        const int part = router->first_part + (int)(bin / num_parts);
        const cell_list *list = &plain->cells[part * num_parts + (int)(bin % num_parts)];
        const int64_t first = router->bin_starts[bin];
        const int64_t count = router->bin_starts[bin + 1] - first;
        CHECK_EQ(count, list->num_pairs);
        if (count > 0 && count == list->num_pairs)
            CHECK(memcmp(router->pairs + first, list->pairs,
                         (size_t)count * sizeof *list->pairs) == 0);
        total += count;
    }
    CHECK_EQ(router->num_pairs, total);
}

/* A walk travels once, whole, to each other rank that owns one of its centers. */
static int64_t expected_bytes(const test_job *job, const walks *w)
{
    const h2v_graph *graph = job->moved.graph;
    int64_t num_items = 0;
    for (int64_t i = 0; i < w->run.num_walks; i++)
        for (int r = 0; r < graph->world->num_ranks; r++) {
            int is_reader = 0;
            for (uint32_t k = 0; k < length_of_walks; k++) {
                const h2vi_token token = w->tokens[i * length_of_walks + k];
                is_reader |= token.context_slot != H2V_NO_SLOT &&
                             token.slot >= graph->first[r] &&
                             token.slot < graph->first[r + 1];
            }
            num_items += is_reader && r != graph->world->rank;
        }
    return num_items * (length_of_walks + 1) * (int64_t)sizeof(h2vi_token);
}

/* ---- the tests */

static h2vi_walk_params walks_of_kind(void)
{
    return (h2vi_walk_params){
        .walk_length = (int)length_of_walks, .p = 1, .q = 1, .seed = SEED};
}

/* The same vertices in the same slots, whoever owns them. */
static void slots_do_not_depend_on_ranks(const test_job *job, const test_job *alone)
{
    const h2v_graph *graph = job->moved.graph;
    const int64_t first = graph->first[graph->world->rank];
    for (int64_t v = 0; v < graph->num_owned; v++) {
        CHECK_EQ(graph->gids[v], alone->moved.graph->gids[first + v]);
        CHECK_EQ(job->moved.vertices[v].context_slot,
                 alone->moved.vertices[first + v].context_slot);
    }
}

/* Twice with one router, so that buffers are reused, in epochs of their own. */
static void pairs_lie_in_their_cells(const test_job *job, const test_job *alone, int window,
                                     plain_cells *plain)
{
    const h2vi_walk_params walk_params = walks_of_kind();
    h2vi_router router;
    CHECK_EQ(h2vi_router_init(&job->moved, &job->blocks, window, &walk_params, &router),
             H2V_OK);
    int64_t total = 0, bytes = 0;
    for (uint32_t epoch = 3; epoch < 5; epoch++) {
        walks w;
        make_walks(job, alone, epoch, &w);
        add_walks(alone, window, epoch, plain);
        CHECK_EQ(h2vi_route(&router, &w.run), H2V_OK);
        check_cells(&router, plain);
        total += router.num_pairs;
        bytes += expected_bytes(job, &w);
        clear_walks(&w);
    }
    CHECK_EQ(router.total_pairs, total);
    CHECK_EQ(router.walks.bytes_sent, bytes);
    CHECK(h2vi_router_bytes(&router) >= router.num_pairs * (int64_t)sizeof(h2vi_pair));
    h2vi_router_clear(&router);
}

static void no_walks_give_no_pairs(const test_job *job)
{
    const h2vi_walk_params walk_params = walks_of_kind();
    h2vi_router router;
    CHECK_EQ(h2vi_router_init(&job->moved, &job->blocks, 5, &walk_params, &router), H2V_OK);
    const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK};
    CHECK_EQ(h2vi_route(&router, &run), H2V_OK);
    CHECK_EQ(router.num_pairs, 0);
    h2vi_router_clear(&router);
}

/* The last rank runs out of memory at each allocation in turn; then all goes well. */
static void one_failing_rank_fails_on_all(const test_job *job, const test_job *alone,
                                          plain_cells *plain)
{
    if (!h2vi_alloc_can_fail()) return;
    const h2v_world *world = job->world;
    const h2vi_walk_params walk_params = walks_of_kind();
    walks w;
    make_walks(job, alone, 0, &w);
    add_walks(alone, 6, 0, plain);
    int64_t count = 0;
    for (h2v_status status = H2V_ERR_NOMEM; status != H2V_OK && count < 100; count++) {
        h2vi_router router = {0};
        if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(count);
        status = h2v_agree(
            world, h2vi_router_init(&job->moved, &job->blocks, 6, &walk_params, &router));
        if (status == H2V_OK) status = h2vi_route(&router, &w.run);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_OK) {
            check_cells(&router, plain);
        } else {
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
            CHECK_EQ(h2v_error_rank(), world->num_ranks - 1);
        }
        h2vi_router_clear(&router);
    }
    CHECK(count > 8 && count < 100);
    clear_walks(&w);
}

static void one_kind(void)
{
    plain_cells plain = {calloc((size_t)(num_parts * num_parts), sizeof(cell_list))};
    test_job alone, job;
    job_init(MPI_COMM_SELF, 1, NUM_VERTICES, num_parts, &alone);
    pairs_lie_in_their_cells(&alone, &alone, 6, &plain);
    for (int num_threads = 1; num_threads <= 3; num_threads += 2) {
        job_init(MPI_COMM_WORLD, num_threads, NUM_VERTICES, num_parts, &job);
        slots_do_not_depend_on_ranks(&job, &alone);
        for (int window = 1; window <= 100; window *= 10)
            pairs_lie_in_their_cells(&job, &alone, window, &plain);
        no_walks_give_no_pairs(&job);
        one_failing_rank_fails_on_all(&job, &alone, &plain);
        job_clear(&job);
    }
    job_clear(&alone);
    clear_plain(&plain);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        num_parts = kinds[i].num_parts;
        length_of_walks = kinds[i].length;
        one_dropped_in = kinds[i].dropped;
        one_kind();
    }
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
