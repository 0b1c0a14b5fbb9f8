/* SPDX-License-Identifier: MIT */

/* Training on walks of a file: the bytes are those of one rank, text and HDF5 give the
 * same, and what does not fit is told by all ranks. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "halo2vec/walk.h"
#include "patch_hdf5.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define TOGETHER "together.h5"
#define ALONE "alone.h5"
#define OTHER "other.h5"

enum { NUM_FILES = 8 }; /* four graphs, and walks over two of them, twice */

static void write_walks(const h2v_world *world, const char *graph, const char *output,
                        h2v_walk_format format)
{
    h2v_embed_params params = h2v_embed_params_default();
    h2v_walk_summary summary;
    const h2v_walk_files files = {
        .graph = graph, .output = output, .format = format, .overwrite = true};
    params.walks = 3;
    params.walk_length = 12;
    CHECK_EQ(h2v_walk(world, &params, &files, &summary), H2V_OK);
}

static h2v_embed_params params_of(int groups, double subsample)
{
    h2v_embed_params params = embed_small_params();
    params.parts = 6;
    params.groups = groups;
    params.epochs = 2;
    params.subsample = subsample;
    return params;
}

static h2v_embed_files files_of(const char *graph, const char *walks)
{
    h2v_embed_files files = embed_files_of(graph, TOGETHER);
    files.walks = walks;
    return files;
}

static void bytes_are_those_of_one_rank(const char *graph, const char *walks,
                                        const char *same_walks, int groups,
                                        double subsample)
{
    const h2v_embed_params params = params_of(groups, subsample);
    h2v_embed_files files = files_of(graph, walks);
    for (int num_threads = 1; num_threads <= 3; num_threads += 2) {
        h2v_world *world = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, num_threads, &world), H2V_OK);
        files.walks = walks;
        CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
        CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
        if (world->rank == 0) CHECK(embed_same_bytes(TOGETHER, ALONE));
        MPI_Barrier(world->comm);
        files.walks = same_walks;
        CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
        if (world->rank == 0) CHECK(embed_same_bytes(TOGETHER, ALONE));
        MPI_Barrier(world->comm);
        h2v_world_destroy(&world);
    }
}

/* What is chosen follows from the file: as many walks as were walked choose the same parts
 * and rounds; the record tells the walks. */
static void choices_follow_from_the_walks(const h2v_world *world)
{
    h2v_embed_params params = h2v_embed_params_default();
    h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_embed_report walked, given;
    params.dim = 8;
    params.walks = 3;
    params.walk_length = 12;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &walked), H2V_OK);
    files.walks = "plain.walks";
    params.walks = 1; /* not looked at */
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &given), H2V_OK);
    CHECK_EQ(given.params.parts, walked.params.parts);
    CHECK_EQ(given.params.rounds, walked.params.rounds);
    CHECK_EQ(given.params.read.num_walks, 3 * EMBED_VERTICES);
    CHECK_EQ(given.params.walk_length, 12);
    CHECK(given.params.read.walks_digest != 0);
    int64_t num_pairs[2] = {0, 0};
    for (int r = 0; r < world->num_ranks; r++) {
        num_pairs[0] += walked.ranks[r].num_pairs;
        num_pairs[1] += given.ranks[r].num_pairs;
    }
    CHECK(num_pairs[1] > num_pairs[0] * 9 / 10 && num_pairs[1] < num_pairs[0] * 11 / 10);
    h2v_embed_report_clear(&walked);
    h2v_embed_report_clear(&given);
    if (world->rank == 0) (void)unlink(TOGETHER);
    MPI_Barrier(world->comm);
}

static void put_text(const h2v_world *world, const char *text)
{
    FILE *file = world->rank == 0 ? fopen("bad.txt", "w") : NULL;
    if (file) (void)fputs(text, file);
    if (file) (void)fclose(file);
    MPI_Barrier(world->comm);
}

/* Vertices are named 10 v + 3. Blank lines, blanks around ids and CR LF are no matter. */
static void text_is_read_as_it_comes(const h2v_world *world)
{
    const h2v_embed_params params = params_of(1, 0);
    const h2v_embed_files files = files_of("plain.h5", "bad.txt");
    put_text(world, "3 13 23 33\n43 53 63\n13 3 593\n");
    CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
    put_text(world, "\n 3 13\t23  33 \r\n\r\n43 53 63\n\n\n   \n13 3 593");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
    if (world->rank == 0) CHECK(embed_same_bytes(TOGETHER, ALONE));
    MPI_Barrier(world->comm);
    put_text(world, "43 53 63\n3 13 23 33\n13 3 593\n");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
    if (world->rank == 0) CHECK(embed_other_rows(TOGETHER, ALONE));
    if (world->rank == 0) (void)unlink(TOGETHER);
    if (world->rank == 0) (void)unlink(ALONE);
    MPI_Barrier(world->comm);
}

static void what_does_not_fit_is_told(const h2v_world *world)
{
    h2v_embed_params params = params_of(1, 0);
    h2v_embed_files files = files_of("plain.h5", "bad.txt");
    put_text(world, "3 13\n23 33\n\n43 4\n53\n");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA,
                 "bad.txt:4: '4' is no vertex of 'plain.h5'");
    put_text(world, "3 13\n23 x33\n43 53 63\n43 53 63\n43 53 63\n");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "bad.txt:2: 'x33'");
    put_text(world, "\n\n");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "has no walks");
    files.walks = "missing.txt";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_IO, "missing.txt");
    files.walks = "directed.walks";
    files.graph = "karate.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "other vertices");
    files = files_of("plain.h5", "plain.h5");
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "halo2vec-graph");
    files.walks = "plain.walks";
    params.method = H2V_METHOD_NODE2VEC;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--method");
    params = params_of(0, 0);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--groups auto");
}

/* A line of more visits than a walk may have. */
static void long_walks_are_refused(const h2v_world *world)
{
    const h2v_embed_params params = params_of(1, 0);
    const h2v_embed_files files = files_of("plain.h5", "bad.txt");
    FILE *file = world->rank == 0 ? fopen("bad.txt", "w") : NULL;
    for (int i = 0; file && i <= H2V_MAX_WALK_LENGTH; i++)
        (void)fputs(i % 2 ? "13 " : "3 ", file);
    if (file) (void)fclose(file);
    MPI_Barrier(world->comm);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA,
                 "bad.txt:1: a walk of more than 32767 vertices");
}

static void damage_is_told(const h2v_world *world)
{
    const h2v_embed_params params = params_of(1, 0);
    const h2v_embed_files files = files_of("plain.h5", "damaged.h5");
    write_walks(world, "plain.h5", "damaged.h5", H2V_WALKS_HDF5);
    if (world->rank == 0)
        CHECK_EQ(patch_integer("damaged.h5", "walks", 2, EMBED_VERTICES), H2V_OK);
    MPI_Barrier(world->comm);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "visit 2");
    if (world->rank == 0) CHECK_EQ(patch_integer("damaged.h5", "offsets", 4, 1), H2V_OK);
    MPI_Barrier(world->comm);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "at walk 3");
}

/* HDF5 would clip -1 to a vertex, and cut what is no integer. */
static void wrong_lists_are_refused(const h2v_world *world)
{
    static const struct {
        const char *dataset;
        char kind;
        int num_zeros;
        const char *what;
    } damages[] = {{"walks", 'u', 0, NULL},
                   {"walks", 'i', 0, "/walks is no list of unsigned integers"},
                   {"walks", 'f', 0, "/walks is no list of unsigned integers"},
                   {"offsets", 'i', 0, "/offsets is no list of unsigned integers"},
                   {"offsets", 'f', 0, "/offsets is no list of unsigned integers"},
                   {"walks", 'u', 3, "offsets do not span the visits"},
                   {"offsets", 'u', 1, "offsets do not span the visits"}};
    const h2v_embed_params params = params_of(1, 0);
    const h2v_embed_files files = files_of("plain.h5", "damaged.h5");
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        write_walks(world, "plain.h5", "damaged.h5", H2V_WALKS_HDF5);
        if (world->rank == 0)
            CHECK_EQ(patch_list("damaged.h5", damages[i].dataset, damages[i].kind,
                                damages[i].num_zeros),
                     H2V_OK);
        MPI_Barrier(world->comm);
        if (damages[i].what)
            CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA,
                         damages[i].what);
        else
            CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
    }
    write_walks(world, "plain.h5", "damaged.h5", H2V_WALKS_HDF5);
    if (world->rank == 0) CHECK_EQ(patch_integer("damaged.h5", "offsets", 0, 1), H2V_OK);
    MPI_Barrier(world->comm);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA,
                 "offsets do not span the visits");
    if (world->rank == 0) (void)unlink(TOGETHER);
    MPI_Barrier(world->comm);
}

static void one_rank_runs_out_of_memory(const h2v_world *world, const char *walks)
{
    const int failing = world->num_ranks - 1;
    h2v_embed_params params = params_of(1, 0.01);
    const h2v_embed_files files = files_of("plain.h5", walks);
    params.rounds = 2;
    int64_t count = 0;
    for (; count < 1000; count += count < 45 ? 1 : 9) {
        if (world->rank == failing) h2vi_alloc_fail_after(count);
        const h2v_status status = embed_quietly(world, &params, &files);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_OK) break;
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), failing);
    }
    CHECK(count > 40 && count < 1000);
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(unlink(TOGETHER), 0);
    if (world->rank == 0) CHECK_EQ(embed_count_files(), NUM_FILES);
    MPI_Barrier(world->comm);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_walks_from");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    MPI_Barrier(world->comm);
    write_walks(world, "plain.h5", "plain.txt", H2V_WALKS_TEXT);
    write_walks(world, "plain.h5", "plain.walks", H2V_WALKS_HDF5);
    write_walks(world, "directed.h5", "directed.txt", H2V_WALKS_TEXT);
    write_walks(world, "directed.h5", "directed.walks", H2V_WALKS_HDF5);

    if (h2vi_alloc_can_fail()) {
        one_rank_runs_out_of_memory(world, "plain.txt");
        one_rank_runs_out_of_memory(world, "plain.walks");
    }
    bytes_are_those_of_one_rank("plain.h5", "plain.txt", "plain.walks", 1, 0);
    bytes_are_those_of_one_rank("directed.h5", "directed.walks", "directed.txt", 3, 0.01);
    choices_follow_from_the_walks(world);
    text_is_read_as_it_comes(world);
    what_does_not_fit_is_told(world);
    long_walks_are_refused(world);
    damage_is_told(world);
    wrong_lists_are_refused(world);

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
