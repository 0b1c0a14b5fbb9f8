/* SPDX-License-Identifier: MIT */

/* Loading a graph in slices: the rows are those of the file, the slices cover it and are of
 * about one size; files that are missing, foreign or damaged anywhere are refused by all.
 */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "graphs.h"
#include "patch_hdf5.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static const char PATH[] = "loaded.h5";

static void check_slices(const h2v_graph *graph, const h2vi_csr *csr)
{
    const h2v_world *world = graph->world;
    int64_t longest = 0;
    for (int64_t v = 0; v < csr->num_vertices; v++) {
        const int64_t cost = csr->offsets[v + 1] - csr->offsets[v] + 1;
        if (cost > longest) longest = cost;
    }
    const int64_t share = (csr->num_vertices + csr->num_arcs) / world->num_ranks;
    CHECK_EQ(graph->first[0], 0);
    CHECK_EQ(graph->first[world->num_ranks], csr->num_vertices);
    for (int r = 0; r < world->num_ranks; r++) {
        const int64_t begin = graph->first[r], end = graph->first[r + 1];
        CHECK(begin <= end);
        const int64_t cost = end - begin + csr->offsets[end] - csr->offsets[begin];
        CHECK(cost <= share + longest + 1);
    }
    for (int64_t slot = 0; slot < csr->num_vertices; slot++) {
        const int owner = h2vi_graph_owner(graph, (h2v_slot)slot);
        CHECK(graph->first[owner] <= slot && slot < graph->first[owner + 1]);
    }
}

static void check_rows(const h2v_graph *graph, const h2vi_csr *csr)
{
    const int64_t begin = graph->first[graph->world->rank];
    const int64_t end = graph->first[graph->world->rank + 1];
    const int64_t first_arc = csr->offsets[begin];
    CHECK_EQ(graph->num_owned, end - begin);
    CHECK_EQ(graph->weights != NULL, csr->weights != NULL);
    CHECK_EQ(graph->offsets[0], 0);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        CHECK_EQ(graph->gids[v], begin + v);
        CHECK_EQ(graph->offsets[v + 1], csr->offsets[begin + v + 1] - first_arc);
    }
    for (int64_t e = 0; e < graph->offsets[graph->num_owned]; e++) {
        CHECK_EQ(graph->targets[e], csr->targets[first_arc + e]);
        if (csr->weights) CHECK(graph->weights[e] == csr->weights[first_arc + e]);
    }
}

static void all_graphs_come_as_they_were_written(const h2v_world *world)
{
    for (int name = 0; name < NUM_GRAPHS; name++) {
        h2v_graph *graph = NULL;
        dense_graph dense = graph_make((graph_name)name);
        CHECK_STATUS(graph_load(world, (graph_name)name, &graph), H2V_OK, "");
        if (graph) {
            const h2v_digest digest = h2vi_csr_digest(&dense.csr, &dense.ids);
            CHECK_EQ(h2v_graph_num_vertices(graph), dense.csr.num_vertices);
            CHECK_EQ(h2v_graph_num_arcs(graph), dense.csr.num_arcs);
            CHECK_EQ(h2v_graph_is_directed(graph), dense.csr.directed);
            CHECK_EQ(h2v_graph_is_weighted(graph), graph_shapes[name].weighted);
            CHECK_EQ(h2v_graph_num_owned(graph), graph->num_owned);
            CHECK(h2v_graph_digest(graph).low == digest.low);
            CHECK(h2v_graph_digest(graph).high == digest.high);
            check_slices(graph, &dense.csr);
            check_rows(graph, &dense.csr);
        }
        h2v_graph_destroy(&graph);
        dense_clear(&dense);
    }
}

static void expect_refusal(const h2v_world *world, h2v_status expected,
                           const char *fragment)
{
    h2v_graph *graph = NULL;
    CHECK_STATUS(h2v_graph_load(world, PATH, &graph), expected, fragment);
    CHECK(graph == NULL);
}

static void files_of_others_are_refused(const h2v_world *world)
{
    if (world->rank == 0) (void)unlink(PATH);
    MPI_Barrier(world->comm);
    expect_refusal(world, H2V_ERR_IO, "Cannot open 'loaded.h5': No such file");

    if (world->rank == 0) {
        FILE *file = fopen(PATH, "w");
        CHECK(file != NULL && fputs("1 2\n", file) >= 0 && fclose(file) == 0);
    }
    MPI_Barrier(world->comm);
    expect_refusal(world, H2V_ERR_DATA, "not an HDF5 file");

    CHECK_STATUS(graph_write(world, GRAPH_RANDOM, PATH), H2V_OK, "");
    if (world->rank == 0) CHECK_EQ(truncate(PATH, 3000), 0);
    MPI_Barrier(world->comm);
    expect_refusal(world, H2V_ERR_DATA, "truncated or damaged");
}

/* What is patched into the file of GRAPH_RANDOM_WEIGHTED, and what must be said. */
typedef struct damage {
    const char *dataset;
    int64_t index; /* negative: from the end */
    int64_t value;
    const char *fragment;
} damage;

static const damage damages[] = {
    {"offsets", 0, 3, "offsets do not span the arcs at vertex 0"},
    {"offsets", 1, 1000000000, "offsets do not ascend at vertex 1"},
    {"offsets", 250, 0, "offsets do not ascend at vertex"}, /* a slice may begin there */
    {"offsets", 250, INT64_MAX, "offsets do not ascend at vertex 250"},
    {"offsets", -1, 1, "offsets do not ascend at vertex 500"},
    {"offsets", -1, INT64_MAX, "offsets do not ascend at vertex 500"},
    {"targets", 0, 500, "targets are not ascending vertices at vertex 0"},
    {"targets", 1, 0, "targets are not ascending vertices at vertex 0"},
    {"targets", -1, UINT32_MAX, "targets are not ascending vertices at vertex 499"},
    {"targets", -1, 0, "targets are not ascending vertices at vertex 499"},
    {"weights", 0, 0, "a weight is not a finite number above 0 at vertex 0"},
    {"weights", -1, -1, "a weight is not a finite number above 0 at vertex 499"},
    {"weights", 1, 77, "an edge goes one way only"},
};

static void damage_anywhere_is_noticed(const h2v_world *world)
{
    dense_graph dense = graph_make(GRAPH_RANDOM_WEIGHTED);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const damage *wrong = &damages[i];
        const int is_of_vertices = strcmp(wrong->dataset, "offsets") == 0;
        const int64_t length =
            is_of_vertices ? dense.csr.num_vertices + 1 : dense.csr.num_arcs;
        const int64_t index = wrong->index < 0 ? length + wrong->index : wrong->index;
        CHECK_STATUS(graph_write(world, GRAPH_RANDOM_WEIGHTED, PATH), H2V_OK, "");
        if (world->rank == 0)
            CHECK_STATUS(patch_integer(PATH, wrong->dataset, index, wrong->value), H2V_OK,
                         "");
        MPI_Barrier(world->comm);
        expect_refusal(world, H2V_ERR_DATA, wrong->fragment);
    }
    dense_clear(&dense);
}

static void weights_that_are_no_numbers_are_refused(const h2v_world *world)
{
    const float values[] = {NAN, INFINITY, -0.0F};
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(graph_write(world, GRAPH_RANDOM_DIRECTED_WEIGHTED, PATH), H2V_OK, "");
        if (world->rank == 0)
            CHECK_STATUS(patch_float(PATH, "weights", 2000, values[i]), H2V_OK, "");
        MPI_Barrier(world->comm);
        expect_refusal(world, H2V_ERR_DATA, "a weight is not a finite number above 0");
    }
    CHECK_STATUS(graph_write(world, GRAPH_PATH, PATH), H2V_OK, "");
    if (world->rank == 0) CHECK_STATUS(patch_remove(PATH, "weights"), H2V_OK, "");
    MPI_Barrier(world->comm);
    expect_refusal(world, H2V_ERR_DATA, "has no dataset /weights");
}

/* An arc the wrong way round in an undirected file: each row is sound, the graph is not. */
static void an_edge_must_go_both_ways(const h2v_world *world)
{
    CHECK_STATUS(graph_write(world, GRAPH_CLIQUES, PATH), H2V_OK, "");
    if (world->rank == 0) /* the last row ends with 14; make that its own vertex, 15 */
        CHECK_STATUS(patch_integer(PATH, "targets", 2 * 8 * 7 + 1, 15), H2V_OK, "");
    MPI_Barrier(world->comm);
    expect_refusal(world, H2V_ERR_DATA, "an edge goes one way only");
}

static void a_rank_out_of_memory_fails_on_all(const h2v_world *world, int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    CHECK_STATUS(graph_write(world, GRAPH_RANDOM_WEIGHTED, PATH), H2V_OK, "");
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        h2v_graph *graph = NULL;
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = h2v_graph_load(world, PATH, &graph);
        h2vi_alloc_fail_after(-1);
        CHECK_EQ(graph != NULL, status == H2V_OK);
        if (status != H2V_OK) {
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
            CHECK_EQ(h2v_error_rank(), bad);
        }
        num_failures += status != H2V_OK;
        h2v_graph_destroy(&graph);
    }
    CHECK_EQ(status, H2V_OK);
    /* the graph, its slices, and four arrays; rank 0 also reads the file's format */
    CHECK_EQ(num_failures, bad == 0 ? 7 : 6);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    h2v_world *world = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_STATUS(graph_enter_directory(world, "test_graph_load"), H2V_OK, "");
    all_graphs_come_as_they_were_written(world);
    files_of_others_are_refused(world);
    damage_anywhere_is_noticed(world);
    weights_that_are_no_numbers_are_refused(world);
    an_edge_must_go_both_ways(world);
    a_rank_out_of_memory_fails_on_all(world, 0);
    a_rank_out_of_memory_fails_on_all(world, world->num_ranks - 1);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
