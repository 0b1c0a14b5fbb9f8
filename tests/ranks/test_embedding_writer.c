/* SPDX-License-Identifier: MIT */

/* The embedding file written by all ranks: every value comes back, the bytes are those that
 * one rank would have written alone, and a rank that fails fails on all. */
#include "alloc.h"
#include "check.h"
#include "embedding_hdf5.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUM_VERTICES = 1003, DIM = 7, WIDE_VERTICES = 8200, WIDE_DIM = 4096 };

static const char PATH[] = "test_embedding_ranks.h5";
static const char ALONE[] = "test_embedding_alone.h5";

static float expected(int64_t gid, int64_t d)
{
    return (float)(gid % 4001) * 8.0F + (float)(d % 8) + (d < 8 ? 0.0F : 0.5F);
}

/* Strings of many lengths, so that the file has a heap of them. */
static h2vi_ids make_ids(int64_t num_ids)
{
    h2vi_ids ids = {.num_ids = num_ids,
                    .text = h2vi_alloc_n(num_ids * 32, 1),
                    .starts = h2vi_alloc_n(num_ids + 1, sizeof *ids.starts)};
    for (int64_t v = 0; v < num_ids; v++) {
        const int length = snprintf(ids.text + ids.starts[v], 32, "vertex%.*s %d",
                                    (int)(v % 11), "aeiouaeiouae", (int)v);
        ids.starts[v + 1] = ids.starts[v] + length + 1;
    }
    return ids;
}

static h2v_status create(const char *path, int64_t num_vertices, int64_t dim)
{
    const h2vi_embedding_header header = {.num_vertices = num_vertices,
                                          .dim = dim,
                                          .directed = true,
                                          .has_contexts = true,
                                          .digest = {UINT64_MAX, 5},
                                          .seed = UINT64_MAX,
                                          .parts = 3,
                                          .method = "deepwalk",
                                          .parameters = "{\"dim\": 7}"};
    h2vi_ids ids = make_ids(num_vertices);
    const h2v_status status = h2vi_embedding_create(path, &header, &ids);
    h2vi_ids_clear(&ids);
    return status;
}

/* Uneven slices; with four ranks the second has none. */
static int64_t first_of(int rank, int num_ranks, int64_t num_vertices)
{
    if (num_ranks == 4 && rank == 2) rank = 1;
    return num_vertices * rank * rank / ((int64_t)num_ranks * num_ranks);
}

static h2v_status write_slice(const h2v_world *world, h2vi_embedding_writer *writer,
                              const char *name, int64_t num_vertices, int64_t dim)
{
    const int64_t first = first_of(world->rank, world->num_ranks, num_vertices);
    const int64_t num_rows =
        first_of(world->rank + 1, world->num_ranks, num_vertices) - first;
    float *rows = h2vi_alloc_n(num_rows * dim, sizeof *rows);
    const float sign = strcmp(name, "contexts") == 0 ? -1.0F : 1.0F;
    for (int64_t i = 0; i < num_rows * dim; i++)
        rows[i] = sign * expected(first + i / dim, i % dim);
    const h2v_status status = h2vi_embedding_write(writer, name, first, num_rows, rows);
    free(rows);
    return status;
}

/* Collective: make the file as the trainer does. */
static void write_file(const h2v_world *world, const char *path, int64_t num_vertices,
                       int64_t dim)
{
    h2vi_embedding_writer *writer = NULL;
    h2v_status status = world->rank == 0 ? create(path, num_vertices, dim) : H2V_OK;
    CHECK_EQ(h2v_agree(world, status), H2V_OK);
    CHECK_EQ(h2vi_embedding_open(world, path, &writer), H2V_OK);
    CHECK_EQ(write_slice(world, writer, "embeddings", num_vertices, dim), H2V_OK);
    CHECK_EQ(write_slice(world, writer, "contexts", num_vertices, dim), H2V_OK);
    CHECK_EQ(h2vi_embedding_close(&writer), H2V_OK);
    CHECK(writer == NULL);
}

static void check_values(const char *path, int64_t num_vertices, int64_t dim)
{
    h2vi_embedding found;
    CHECK_EQ(h2vi_embedding_read(path, &found), H2V_OK);
    CHECK_EQ(found.num_vertices, num_vertices);
    CHECK_EQ(found.dim, dim);
    CHECK(found.directed);
    CHECK(found.digest.low == UINT64_MAX && found.digest.high == 5);
    int64_t num_wrong = 0;
    for (int64_t i = 0; i < num_vertices * dim; i++) {
        const float value = expected(i / dim, i % dim);
        if (found.vectors[i] != value || found.contexts[i] != -value) num_wrong++;
    }
    CHECK_EQ(num_wrong, 0);
    h2vi_embedding_clear(&found);
}

static void all_values_come_back(const h2v_world *world)
{
    write_file(world, PATH, NUM_VERTICES, DIM);
    if (world->rank == 0) check_values(PATH, NUM_VERTICES, DIM);
    MPI_Barrier(world->comm);
}

/* A slice of more than one call, while other ranks have fewer calls to make. */
static void rows_beyond_one_call_come_back(const h2v_world *world)
{
    write_file(world, PATH, WIDE_VERTICES, WIDE_DIM);
    if (world->rank == 0) check_values(PATH, WIDE_VERTICES, WIDE_DIM);
    MPI_Barrier(world->comm);
}

static char *read_bytes(const char *path, long *num_bytes)
{
    FILE *file = fopen(path, "rb");
    *num_bytes = 0;
    if (!file) return NULL;
    (void)fseek(file, 0, SEEK_END);
    *num_bytes = ftell(file);
    rewind(file);
    char *bytes = h2vi_alloc((size_t)*num_bytes, 1);
    if (fread(bytes, 1, (size_t)*num_bytes, file) != (size_t)*num_bytes) *num_bytes = -1;
    (void)fclose(file);
    return bytes;
}

static void the_bytes_are_those_of_one_rank(const h2v_world *world)
{
    write_file(world, PATH, NUM_VERTICES, DIM);
    if (world->rank == 0) {
        h2v_world *self = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &self), H2V_OK);
        (void)sleep(1); /* a time stamp of seconds would differ */
        write_file(self, ALONE, NUM_VERTICES, DIM);
        h2v_world_destroy(&self);

        long num_bytes = 0, num_alone = 0;
        char *bytes = read_bytes(PATH, &num_bytes);
        char *alone = read_bytes(ALONE, &num_alone);
        CHECK(num_bytes > 2 * NUM_VERTICES * DIM * (long)sizeof(float));
        CHECK_EQ(num_bytes, num_alone);
        CHECK_EQ(memcmp(bytes, alone, (size_t)num_bytes), 0);
        free(bytes);
        free(alone);
        (void)unlink(ALONE);
    }
    MPI_Barrier(world->comm);
}

static void a_missing_file_fails_on_all(const h2v_world *world)
{
    h2vi_embedding_writer *writer = NULL;
    CHECK_STATUS(h2vi_embedding_open(world, "test_no_such_file.h5", &writer), H2V_ERR_IO,
                 "No such file");
    CHECK(writer == NULL);
}

/* The last rank alone looks at another path, asks for rows that are not there, or runs out
 * of memory; then all go on. */
static void one_failing_rank_fails_on_all(const h2v_world *world)
{
    const bool is_last = world->rank == world->num_ranks - 1;
    h2vi_embedding_writer *writer = NULL;
    write_file(world, PATH, NUM_VERTICES, DIM);
    CHECK_STATUS(
        h2vi_embedding_open(world, is_last ? "test_no_such_file.h5" : PATH, &writer),
        H2V_ERR_IO, "test_no_such_file.h5");
    CHECK(writer == NULL);

    for (int count = 0; count < 2 && h2vi_alloc_can_fail(); count++) {
        if (is_last) h2vi_alloc_fail_after(count);
        const h2v_status status = h2vi_embedding_open(world, PATH, &writer);
        h2vi_alloc_fail_after(-1);
        CHECK_STATUS(status, H2V_ERR_NOMEM, "an embedding writer");
        CHECK(writer == NULL);
    }

    CHECK_EQ(h2vi_embedding_open(world, PATH, &writer), H2V_OK);
    const float rows[2 * DIM] = {0};
    CHECK_STATUS(h2vi_embedding_write(writer, "embeddings", is_last ? NUM_VERTICES - 1 : 0,
                                      is_last ? 2 : 0, rows),
                 H2V_ERR_ARGUMENT, "2 rows from 1002 on do not fit");
    CHECK_STATUS(h2vi_embedding_write(writer, "no_such_rows", 0, 0, NULL), H2V_ERR_IO,
                 "no_such_rows");
    CHECK_EQ(write_slice(world, writer, "embeddings", NUM_VERTICES, DIM), H2V_OK);
    CHECK_EQ(h2vi_embedding_close(&writer), H2V_OK);
    if (world->rank == 0) check_values(PATH, NUM_VERTICES, DIM);
    MPI_Barrier(world->comm);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    h2v_world *world = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);

    /* The tests of several numbers of ranks run beside each other: a directory for each. */
    char directory[64];
    (void)snprintf(directory, sizeof directory, "test_embedding_%d", world->num_ranks);
    if (world->rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(world->comm);
    CHECK_EQ(chdir(directory), 0);

    all_values_come_back(world);
    rows_beyond_one_call_come_back(world);
    the_bytes_are_those_of_one_rank(world);
    a_missing_file_fails_on_all(world);
    one_failing_rank_fails_on_all(world);

    if (world->rank == 0) (void)unlink(PATH);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
