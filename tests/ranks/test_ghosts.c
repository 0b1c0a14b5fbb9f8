/* SPDX-License-Identifier: MIT */

/* Ghosts are the vertices of other ranks that arcs lead to, each once; arcs lead to the
 * rows where they are; and a pull brings each ghost its owner's row, and no other. */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "ghosts.h"
#include "graphs.h"
#include "rank_graphs.h"

static h2v_world *world, *threaded;

static void check_ghosts(const h2vi_ghosts *ghosts)
{
    const h2v_graph *graph = ghosts->graph;
    const int64_t first = graph->first[world->rank], num_owned = graph->num_owned;
    int64_t num_wrong = 0, num_used = 0;
    char *is_used = calloc((size_t)ghosts->num_ghosts + 1, 1);
    for (int64_t i = 0; i < ghosts->num_ghosts; i++) {
        const int64_t slot = ghosts->slots[i];
        num_wrong += slot >= first && slot < first + num_owned;
        num_wrong += i > 0 && ghosts->slots[i - 1] >= slot;
    }
    for (int64_t i = 0; i < graph->offsets[num_owned]; i++) {
        const int64_t source = ghosts->sources[i];
        if (source < num_owned) {
            num_wrong += first + source != graph->targets[i];
        } else if (source - num_owned < ghosts->num_ghosts) {
            num_wrong += ghosts->slots[source - num_owned] != graph->targets[i];
            is_used[source - num_owned] = 1;
        } else {
            num_wrong++;
        }
    }
    for (int64_t i = 0; i < ghosts->num_ghosts; i++) num_used += is_used[i];
    CHECK_EQ(num_wrong, 0);
    CHECK_EQ(num_used, ghosts->num_ghosts);
    CHECK_EQ(ghosts->sources == graph->targets, ghosts->num_ghosts == 0 && first == 0);
    int64_t sums[3] = {ghosts->num_ghosts, ghosts->num_sent, 0};
    for (int r = 0; r < world->num_ranks; r++) sums[2] += ghosts->send_counts[r];
    CHECK_EQ(sums[2], ghosts->num_sent);
    CHECK_EQ(ghosts->send_counts[world->rank], 0);
    h2vi_sum(world, 3, sums);
    CHECK_EQ(sums[0], ghosts->num_moved);
    CHECK_EQ(sums[1], ghosts->num_moved);
    free(is_used);
}

/* A row of no round size: what each byte holds follows from slot, place and time. */
enum { ROW_BYTES = 37 };

static char byte_of(int64_t slot, int i, int time)
{
    return (char)(slot * 7 + slot / 251 + i * 3 + time * 31);
}

static void pull_once(const h2vi_ghosts *ghosts, h2vi_ghost_pull *pull, int time)
{
    const h2v_graph *graph = ghosts->graph;
    const int64_t first = graph->first[world->rank];
    const int64_t bytes_before = world->traffic->bytes_sent;
    char *own = calloc((size_t)graph->num_owned + 1, ROW_BYTES);
    char *received = calloc((size_t)ghosts->num_ghosts + 1, ROW_BYTES);
    for (int64_t v = 0; v < graph->num_owned; v++)
        for (int i = 0; i < ROW_BYTES; i++)
            own[v * ROW_BYTES + i] = byte_of(first + v, i, time);
    CHECK_STATUS(h2vi_ghost_pull_begin(ghosts, own, pull, received), H2V_OK, "");
    h2vi_ghost_pull_poke(pull);
    h2vi_ghost_pull_end(pull);
    h2vi_ghost_pull_end(pull);
    int64_t num_wrong = 0;
    for (int64_t g = 0; g < ghosts->num_ghosts; g++)
        for (int i = 0; i < ROW_BYTES; i++)
            num_wrong += received[g * ROW_BYTES + i] != byte_of(ghosts->slots[g], i, time);
    CHECK_EQ(num_wrong, 0);
    for (int i = 0; i < ROW_BYTES; i++)
        CHECK_EQ(received[ghosts->num_ghosts * ROW_BYTES + i], 0);
    if (graph->world == world)
        CHECK_EQ(world->traffic->bytes_sent - bytes_before, ghosts->num_sent * ROW_BYTES);
    free(own);
    free(received);
}

static void find_and_pull(h2v_graph *graph)
{
    h2vi_ghosts ghosts;
    h2vi_ghost_pull pull;
    CHECK_STATUS(h2vi_ghosts_create(graph, &ghosts), H2V_OK, "");
    check_ghosts(&ghosts);
    CHECK_STATUS(h2vi_ghost_pull_init(&ghosts, ROW_BYTES, &pull), H2V_OK, "");
    for (int time = 0; time < 3; time++) pull_once(&ghosts, &pull, time);
    h2vi_ghost_pull_clear(&pull);
    h2vi_ghost_pull_clear(&pull);
    h2vi_ghosts_clear(&ghosts);
    h2vi_ghosts_clear(&ghosts);
    h2v_graph_destroy(&graph);
}

static void every_graph_gets_its_rows(void)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        dense_graph dense = graph_make((graph_name)name);
        find_and_pull(rank_graph(world, &dense.csr));
        find_and_pull(rank_graph(threaded, &dense.csr));
        find_and_pull(rank_graph_scattered(threaded, &dense.csr));
        dense_clear(&dense);
    }
}

/* Of a path's slices only the ends are needed elsewhere. */
static void a_path_has_two_ghosts_at_most(void)
{
    dense_graph dense = graph_make(GRAPH_PATH);
    h2v_graph *graph = rank_graph(world, &dense.csr);
    h2vi_ghosts ghosts;
    CHECK_STATUS(h2vi_ghosts_create(graph, &ghosts), H2V_OK, "");
    const int num_neighbors = (world->rank > 0) + (world->rank < world->num_ranks - 1);
    CHECK_EQ(ghosts.num_ghosts, num_neighbors);
    CHECK_EQ(ghosts.num_sent, num_neighbors);
    CHECK_EQ(ghosts.num_moved, 2 * (world->num_ranks - 1));
    h2vi_ghosts_clear(&ghosts);
    h2v_graph_destroy(&graph);
    dense_clear(&dense);
}

static h2v_status pull_all(const h2v_graph *graph, const char *own, char *received)
{
    h2vi_ghosts ghosts;
    h2vi_ghost_pull pull = {0};
    h2v_status status = h2vi_ghosts_create(graph, &ghosts);
    if (status == H2V_OK)
        status = h2v_agree(world, h2vi_ghost_pull_init(&ghosts, ROW_BYTES, &pull));
    if (status == H2V_OK) status = h2vi_ghost_pull_begin(&ghosts, own, &pull, received);
    h2vi_ghost_pull_end(&pull);
    h2vi_ghost_pull_clear(&pull);
    h2vi_ghosts_clear(&ghosts);
    return status;
}

static void a_rank_out_of_memory_fails_on_all(int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    dense_graph dense = graph_make(GRAPH_RANDOM);
    h2v_graph *graph = rank_graph_scattered(world, &dense.csr);
    char *own = calloc((size_t)graph->num_owned, ROW_BYTES);
    char *received = calloc((size_t)graph->num_vertices, ROW_BYTES);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = pull_all(graph, own, received);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) {
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
            CHECK_EQ(h2v_error_rank(), bad);
        }
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    /* Bits, counts, slots, sources, rows for others and their counts, four for requests,
     * three for a pull, and its messages. */
    CHECK_EQ(num_failures, world->num_ranks == 1 ? 12 : 14);
    free(own);
    free(received);
    h2v_graph_destroy(&graph);
    dense_clear(&dense);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 3, &threaded), H2V_OK);
    every_graph_gets_its_rows();
    a_path_has_two_ghosts_at_most();
    a_rank_out_of_memory_fails_on_all(0);
    a_rank_out_of_memory_fails_on_all(world->num_ranks - 1);
    h2v_world_destroy(&threaded);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
