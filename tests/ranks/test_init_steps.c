/* SPDX-License-Identifier: MIT */

/* The steps of starting from a file where they take more than one piece or window: ids that
 * are matched on rank 0, and context rows on their way to blocks. */
#include "alloc.h"
#include "check.h"
#include "embed_jobs.h"
#include "embeddings.h"
#include "graph_hdf5.h"
#include "match_ids.h"
#include "place_contexts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRAPH "graph.h5"
#define ROWS "rows.h5"

/* ---- ids */

/* More than the 2^20 that travel at a time. */
enum { MANY = (1 << 20) + 1000 };

/* The file has the vertices with even gids, from the last to the first. */
static int64_t row_of(int64_t gid)
{
    return gid % 2 == 0 ? (MANY - 2 - gid) / 2 : -1;
}

static float zero(int is_context, int64_t v, int64_t d)
{
    (void)is_context;
    (void)v;
    (void)d;
    return 0;
}

static void write_many(void)
{
    h2vi_csr csr = {.num_vertices = MANY,
                    .offsets = h2vi_alloc(MANY + 1, sizeof *csr.offsets),
                    .targets = h2vi_alloc(0, sizeof *csr.targets)};
    h2vi_ids ids = {.num_ids = MANY, .numbers = h2vi_alloc(MANY, sizeof *ids.numbers)};
    for (int64_t gid = 0; gid < MANY; gid++) ids.numbers[gid] = 1000 - 3 * gid;
    CHECK_EQ(h2vi_graph_write(GRAPH, &csr, &ids, "a test"), H2V_OK);
    h2vi_csr_clear(&csr);
    for (int64_t gid = 0; gid < MANY; gid += 2) ids.numbers[row_of(gid)] = 1000 - 3 * gid;
    ids.num_ids = MANY / 2;
    const h2vi_embedding_header header = {.num_vertices = MANY / 2, .dim = 1, .groups = 1};
    CHECK_EQ(embedding_make(ROWS, header, &ids, zero), H2V_OK);
    h2vi_ids_clear(&ids);
}

static void many_ids_are_matched(const h2v_world *world)
{
    h2v_graph *graph = NULL;
    int64_t num_picks = 0, num_wrong = 0, num_expected = 0;
    if (world->rank == 0) write_many();
    MPI_Barrier(world->comm);
    CHECK_EQ(h2v_graph_load(world, GRAPH, &graph), H2V_OK);
    h2vi_pick *picks = h2vi_alloc_n(graph->num_owned, sizeof *picks);
    CHECK_STATUS(h2vi_match_ids(ROWS, MANY / 2, GRAPH, graph, picks, &num_picks), H2V_OK,
                 "");
    for (int64_t i = 0; i < num_picks; i++) {
        num_wrong += picks[i].row != row_of(graph->gids[picks[i].vertex]);
        num_wrong += i > 0 && picks[i - 1].row >= picks[i].row;
    }
    for (int64_t v = 0; v < graph->num_owned; v++) num_expected += graph->gids[v] % 2 == 0;
    CHECK_EQ(num_picks, num_expected);
    CHECK_EQ(num_wrong, 0);

    CHECK_STATUS(h2vi_match_ids(ROWS, MANY, GRAPH, graph, picks, &num_picks), H2V_ERR_DATA,
                 "ids for");
    CHECK_EQ(num_picks, 0);
    free(picks);
    h2v_graph_destroy(&graph);
}

/* ---- contexts */

static float value_of(int64_t gid, int64_t d)
{
    return (float)(gid % 4000 * 4096 + d);
}

static bool is_moved(int64_t gid)
{
    return gid % 5 != 2;
}

/* A window of the largest dim has 1023 rows. */
static void contexts_are_placed(int64_t num_vertices, int dim)
{
    test_job job, alone;
    h2vi_model model;
    int64_t num_wrong = 0, num_here = 0;
    job_init(MPI_COMM_WORLD, 2, num_vertices, 6, &job);
    job_init(MPI_COMM_SELF, 1, num_vertices, 6, &alone);
    const h2v_graph *graph = job.moved.graph;
    const int64_t rows_per_block = job.blocks.rows_per_block;
    CHECK_EQ(h2vi_model_init(&job.moved, &job.blocks, dim, 1, &model), H2V_OK);
    float *rows = h2vi_alloc_n(graph->num_owned * model.stride, sizeof *rows);
    uint8_t *is_placed = h2vi_alloc_n(graph->num_owned, sizeof *is_placed);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        is_placed[v] = is_moved(graph->gids[v]);
        for (int d = 0; d < dim; d++)
            rows[v * model.stride + d] = value_of(graph->gids[v], d);
    }
    CHECK_STATUS(h2vi_place_contexts(&job.moved, &job.blocks, rows, is_placed, &model),
                 H2V_OK, "");
    for (int64_t slot = 0; slot < num_vertices; slot++) {
        const int64_t gid = alone.moved.graph->gids[slot];
        const int64_t place = alone.moved.vertices[slot].context_slot;
        const float *block = model.blocks.rows[place / rows_per_block];
        const float *row = block + place % rows_per_block * model.stride;
        num_here += block != NULL;
        for (int d = 0; block && d < model.stride; d++)
            num_wrong += row[d] != (is_moved(gid) && d < dim ? value_of(gid, d) : 0);
    }
    MPI_Allreduce(MPI_IN_PLACE, &num_here, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK_EQ(num_here, num_vertices);
    CHECK_EQ(num_wrong, 0);
    free(rows);
    free(is_placed);
    h2vi_model_clear(&model);
    job_clear(&job);
    job_clear(&alone);
}

int main(int argc, char **argv)
{
    int level = 0;
    char directory[64];
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    (void)snprintf(directory, sizeof directory, "test_init_steps_%d", world->num_ranks);
    if (world->rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(world->comm);
    CHECK_EQ(chdir(directory), 0);

    many_ids_are_matched(world);
    contexts_are_placed(203, 1);
    /* The last rank has two windows, or all ranks. */
    contexts_are_placed(world->num_ranks * 1024 + 300, H2V_MAX_DIM);
    MPI_Barrier(world->comm);
    if (world->rank == 0) {
        (void)unlink(GRAPH);
        (void)unlink(ROWS);
    }
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
