/* SPDX-License-Identifier: MIT */

/* Rows begin as a function of (seed, gid) and come to the file in gid order, with their
 * contexts, wherever their vertices and blocks live. With several groups contexts live with
 * their vertices. */
#include "alloc.h"
#include "check.h"
#include "embed_jobs.h"
#include "model.h"
#include "output_rows.h"
#include "random.h"
#include "sgns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUM_VERTICES = 203, NUM_PARTS = 6, NUM_GROUPS = 2, DIM = 19, SEED = 21 };
#define PATH "model.h5"

static int num_local_parts(const h2v_world *world)
{
    return h2v_partition_first_part(NUM_PARTS, world->num_ranks, world->rank + 1) -
           h2v_partition_first_part(NUM_PARTS, world->num_ranks, world->rank);
}

/* The blocks of so many groups, as far as a model asks. */
static h2vi_blocks blocks_of(const test_job *job, int num_groups)
{
    h2vi_blocks blocks = job->blocks;
    blocks.num_blocks /= num_groups;
    blocks.rows_per_block *= num_groups;
    return blocks;
}

static void rows_begin_by_gid(const test_job *job)
{
    const h2v_world *world = job->world;
    const h2v_graph *graph = job->moved.graph;
    h2vi_model model;
    CHECK_EQ(h2vi_model_init(&job->moved, &job->blocks, DIM, SEED, &model), H2V_OK);
    CHECK_EQ(model.stride, 32);
    for (int64_t v = 0; v < graph->num_owned; v++)
        for (int d = 0; d < model.stride; d++) {
            const h2vi_words random =
                h2vi_random(SEED, H2VI_FOR_INIT, 0, 0, graph->gids[v], (uint32_t)d / 4);
            const float drawn = (h2vi_unit(random.w[d % 4]) - 0.5F) / DIM;
            CHECK(model.in[v * model.stride + d] == (d < DIM ? drawn : 0));
        }
    CHECK(model.out == NULL);
    const int num_local = num_local_parts(world);
    const int num_spare = num_local > 0 && num_local < NUM_PARTS ? 2 : 0;
    int num_here = 0;
    for (int b = 0; b < NUM_PARTS; b++) {
        const float *rows = model.blocks.rows[b];
        num_here += rows != NULL;
        CHECK_EQ(model.blocks.num_rows[b], job->blocks.rows_per_block);
        for (int64_t i = 0; rows && i < model.blocks.num_rows[b] * model.stride; i++)
            CHECK(rows[i] == 0);
    }
    CHECK_EQ(num_here, num_local);
    CHECK_EQ(model.blocks.num_places, num_local + num_spare);
    CHECK_EQ(h2vi_model_bytes(&model, &job->moved),
             (graph->num_owned + (num_here + num_spare) * job->blocks.rows_per_block) *
                 model.stride * (int64_t)sizeof(float));
    h2vi_model_clear(&model);
}

static void groups_begin_without_rows(const test_job *job)
{
    const h2v_graph *graph = job->moved.graph;
    const h2vi_blocks blocks = blocks_of(job, NUM_GROUPS);
    h2vi_model model;
    CHECK_EQ(h2vi_model_init(&job->moved, &blocks, DIM, SEED, &model), H2V_OK);
    for (int64_t i = 0; i < graph->num_owned * model.stride; i++) CHECK(model.out[i] == 0);
    CHECK_EQ(model.blocks.num_homes, NUM_PARTS);
    CHECK_EQ(model.blocks.capacity, 0);
    CHECK(model.blocks.has_updates);
    for (int b = 0; b < NUM_PARTS; b++) CHECK_EQ(model.blocks.num_rows[b], 0);
    const int64_t row_bytes = model.stride * (int64_t)sizeof(float);
    CHECK_EQ(h2vi_model_bytes(&model, &job->moved), 2 * graph->num_owned * row_bytes);
    CHECK_EQ(h2vi_block_set_reserve(&model.blocks, 10), H2V_OK);
    CHECK_EQ(h2vi_model_bytes(&model, &job->moved),
             2 * graph->num_owned * row_bytes +
                 model.blocks.num_places * 10 * (row_bytes + 4));
    h2vi_model_clear(&model);
}

static float value_of(int is_context, int64_t gid, int d)
{
    return (float)(gid % 4000 * 4096 + d) * (is_context ? -1.0F : 1.0F);
}

/* Give every row its value; `alone` knows whose the context rows are. */
static void fill(const test_job *job, const test_job *alone, h2vi_model *model)
{
    const h2v_graph *graph = job->moved.graph;
    for (int64_t v = 0; v < graph->num_owned; v++)
        for (int d = 0; d < model->dim; d++)
            model->in[v * model->stride + d] = value_of(0, graph->gids[v], d);
    for (int64_t v = 0; model->out && v < graph->num_owned; v++)
        for (int d = 0; d < model->dim; d++)
            model->out[v * model->stride + d] = value_of(1, graph->gids[v], d);
    for (int64_t slot = 0; !model->out && slot < graph->num_vertices; slot++) {
        const int64_t place = alone->moved.vertices[slot].context_slot;
        float *block = model->blocks.rows[place / job->blocks.rows_per_block];
        for (int d = 0; block && d < model->dim; d++)
            block[place % job->blocks.rows_per_block * model->stride + d] =
                value_of(1, alone->moved.graph->gids[slot], d);
    }
}

static h2v_status create(const test_job *job, int dim, bool with_contexts)
{
    const int64_t n = job->moved.graph->num_vertices;
    h2vi_ids ids = {.num_ids = n, .numbers = h2vi_alloc_n(n, sizeof *ids.numbers)};
    const h2vi_embedding_header header = {.num_vertices = n,
                                          .dim = dim,
                                          .has_contexts = with_contexts,
                                          .parts = NUM_PARTS,
                                          .method = "deepwalk",
                                          .parameters = "{}"};
    const h2v_status status =
        job->world->rank == 0 ? h2vi_embedding_create(PATH, &header, &ids) : H2V_OK;
    h2vi_ids_clear(&ids);
    return h2v_agree(job->world, status);
}

static void check_rows(const float *rows, int64_t n, int dim, int is_context)
{
    int64_t num_wrong = 0;
    for (int64_t i = 0; i < n * dim; i++)
        num_wrong += rows[i] != value_of(is_context, i / dim, (int)(i % dim));
    CHECK_EQ(num_wrong, 0);
}

static void check_file(const test_job *job, int dim, bool with_contexts)
{
    h2vi_embedding embedding;
    if (job->world->rank == 0) {
        CHECK_EQ(h2vi_embedding_read(PATH, &embedding), H2V_OK);
        check_rows(embedding.vectors, embedding.num_vertices, dim, 0);
        CHECK_EQ(embedding.contexts != NULL, with_contexts);
        if (embedding.contexts)
            check_rows(embedding.contexts, embedding.num_vertices, dim, 1);
        h2vi_embedding_clear(&embedding);
    }
    MPI_Barrier(job->world->comm);
}

/* Collective: write a filled model; `fail_after` on the last rank only, -1: never. */
static h2v_status write_model(const test_job *job, const test_job *alone, int num_groups,
                              int dim, bool with_contexts, int64_t fail_after)
{
    const h2v_world *world = job->world;
    const h2vi_blocks blocks = blocks_of(job, num_groups);
    h2vi_model model = {0};
    h2vi_embedding_writer *writer = NULL;
    CHECK_EQ(create(job, dim, with_contexts), H2V_OK);
    CHECK_EQ(h2vi_embedding_open(world, PATH, &writer), H2V_OK);
    if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(fail_after);
    h2v_status status =
        h2v_agree(world, h2vi_model_init(&job->moved, &blocks, dim, SEED, &model));
    if (status == H2V_OK) {
        fill(job, alone, &model);
        status = h2vi_write_model(&model, &job->moved, &blocks, with_contexts, writer);
    }
    h2vi_alloc_fail_after(-1);
    const h2v_status closed = h2vi_embedding_close(&writer);
    h2vi_model_clear(&model);
    return status == H2V_OK ? closed : status;
}

static void rows_are_written_by_gid(const test_job *job, const test_job *alone)
{
    for (int num_groups = 1; num_groups <= NUM_PARTS; num_groups++)
        for (int with_contexts = 0; with_contexts < 2; with_contexts++) {
            if (NUM_PARTS % num_groups != 0) continue;
            CHECK_EQ(write_model(job, alone, num_groups, DIM, with_contexts, -1), H2V_OK);
            check_file(job, DIM, with_contexts);
        }
}

/* More rows than ranks write at a time: 16 MiB are 1024 rows of the largest dim. */
static void rows_are_written_in_several_windows(int num_ranks)
{
    const int64_t n = num_ranks * 1024 + 300;
    test_job job, alone;
    job_init(MPI_COMM_WORLD, 2, n, NUM_PARTS, &job);
    job_init(MPI_COMM_SELF, 1, n, NUM_PARTS, &alone);
    CHECK_EQ(write_model(&job, &alone, 1, H2V_MAX_DIM, false, -1), H2V_OK);
    check_file(&job, H2V_MAX_DIM, false);
    job_clear(&job);
    job_clear(&alone);
}

/* One value anywhere, on one rank. */
static void diverged_rows_are_told(const test_job *job, int num_groups)
{
    const int num_local = num_local_parts(job->world);
    const h2vi_blocks blocks = blocks_of(job, num_groups);
    for (int where = 0; where < 3; where++) {
        h2vi_model model;
        CHECK_EQ(h2vi_model_init(&job->moved, &blocks, DIM, SEED, &model), H2V_OK);
        CHECK_EQ(h2vi_model_check(&model, &job->moved), H2V_OK);
        float *last = NULL;
        for (int b = 0; b < NUM_PARTS; b++)
            if (model.blocks.rows[b])
                last = model.blocks.rows[b] + model.blocks.num_rows[b] * model.stride - 1;
        if (model.out) last = model.out + job->moved.graph->num_owned * model.stride - 1;
        if (where == 0 && num_local > 0) model.in[0] = NAN;
        if (where == 1 && num_local > 0) *last = INFINITY;
        const int is_bad = where < 2 && num_local > 0;
        CHECK_STATUS(h2vi_model_check(&model, &job->moved),
                     is_bad ? H2V_ERR_ARGUMENT : H2V_OK, "Training diverged");
        h2vi_model_clear(&model);
    }
}

static void one_failing_rank_fails_on_all(const test_job *job, const test_job *alone,
                                          int num_groups)
{
    if (!h2vi_alloc_can_fail()) return;
    int64_t count = 0;
    for (h2v_status status = H2V_ERR_NOMEM; status != H2V_OK && count < 100; count++) {
        status = write_model(job, alone, num_groups, DIM, true, count);
        if (status == H2V_OK) {
            check_file(job, DIM, true);
            continue;
        }
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), job->world->num_ranks - 1);
    }
    CHECK(count > 8 && count < 100);
}

int main(int argc, char **argv)
{
    int level = 0, num_ranks = 0, rank = 0;
    char directory[64];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)snprintf(directory, sizeof directory, "test_model_%d", num_ranks);
    if (rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(chdir(directory), 0);

    test_job job, alone;
    job_init(MPI_COMM_WORLD, 2, NUM_VERTICES, NUM_PARTS, &job);
    job_init(MPI_COMM_SELF, 1, NUM_VERTICES, NUM_PARTS, &alone);
    rows_begin_by_gid(&job);
    groups_begin_without_rows(&job);
    for (int num_groups = 1; num_groups <= NUM_GROUPS; num_groups++) {
        diverged_rows_are_told(&job, num_groups);
        one_failing_rank_fails_on_all(&job, &alone, num_groups);
    }
    rows_are_written_by_gid(&job, &alone);
    job_clear(&job);
    job_clear(&alone);
    if (num_ranks <= 2) rows_are_written_in_several_windows(num_ranks);

    if (rank == 0) (void)unlink(PATH);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
