/* SPDX-License-Identifier: MIT */

/* Training that starts from rows of FastRP or of a file: the bytes are the same on any
 * number of ranks and threads, and the rows are where they should be. */
#include "check.h"
#include "embed_files.h"
#include "embedding_hdf5.h"

#include <math.h>
#include <stdio.h>

#define TOGETHER "together.h5"
#define ALONE "alone.h5"
#define OTHER "other.h5"

static h2v_embed_params training_params(h2v_init init)
{
    h2v_embed_params params = embed_small_params();
    params.init = init;
    params.init_length = 0.5;
    params.fastrp.node_self_influence = 0.5;
    return params;
}

static void trained_bytes_are_those_of_one_rank(const char *graph, h2v_init init,
                                                int num_groups)
{
    h2v_embed_params params = training_params(init);
    h2v_embed_files files = embed_files_of(graph, TOGETHER);
    params.parts = 6;
    params.groups = num_groups;
    if (init == H2V_INIT_FILE) files.init = "start.h5";
    for (int num_threads = 1; num_threads <= 3; num_threads++) {
        h2v_world *world = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, num_threads, &world), H2V_OK);
        if (num_threads == 1)
            CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
        CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
        if (world->rank == 0) {
            const bool same = embed_same_bytes(TOGETHER, ALONE);
            CHECK(same);
            if (!same) (void)fprintf(stderr, "%s, %d threads\n", graph, num_threads);
        }
        MPI_Barrier(world->comm);
        h2v_world_destroy(&world);
    }
}

static double length_of(const h2vi_embedding *rows, int64_t v)
{
    double sum = 0;
    for (int64_t d = 0; d < rows->dim; d++)
        sum += (double)rows->vectors[v * rows->dim + d] * rows->vectors[v * rows->dim + d];
    return sqrt(sum);
}

/* Training that learns next to nothing shows where it started: FastRP's rows have mean 0
 * and the length that was asked for, over those that are not zero; the others are noise. */
static void fastrp_is_centered_and_scaled(const h2v_world *world)
{
    h2v_embed_params params = training_params(H2V_INIT_FASTRP);
    const h2v_embed_files files = embed_files_of("directed.h5", TOGETHER);
    params.fastrp.node_self_influence = 0;
    params.fastrp.weights[0] = 1; /* vertices without arcs that leave have zeros */
    params.learning_rate = 1e-6;
    CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
    if (world->rank == 0) {
        h2vi_embedding found;
        double mean[64] = {0}, squares = 0;
        int num_long = 0;
        CHECK_EQ(h2vi_embedding_read(TOGETHER, &found), H2V_OK);
        for (int64_t v = 0; v < found.num_vertices; v++) {
            const double length = length_of(&found, v);
            if (length <= 0.5 / sqrt((double)found.dim)) continue; /* noise */
            num_long++;
            squares += length * length;
            for (int64_t d = 0; d < found.dim; d++)
                mean[d] += found.vectors[v * found.dim + d];
        }
        CHECK(num_long > 40 && num_long <= 50);
        CHECK(fabs(sqrt(squares / num_long) - 0.5) < 1e-4);
        for (int64_t d = 0; d < found.dim; d++) CHECK(fabs(mean[d] / num_long) < 1e-4);
        for (int64_t v = 50; v < found.num_vertices; v++) {
            CHECK(length_of(&found, v) > 0.1 / sqrt((double)found.dim));
            CHECK(length_of(&found, v) < 0.5 / sqrt((double)found.dim));
        }
        h2vi_embedding_clear(&found);
    }
    MPI_Barrier(world->comm);
}

/* A file of the same graph is where training goes on, and the record tells it. */
static void a_file_is_a_start(const h2v_world *world)
{
    h2v_embed_params params = training_params(H2V_INIT_FILE);
    h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_embed_report report;
    files.init = "start.h5";
    params.learning_rate = 1e-6;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.init.num_matched, EMBED_VERTICES);
    CHECK_EQ(report.init.num_from_neighbors + report.init.num_noise, 0);
    CHECK(report.params.read.init_digest != 0);
    h2v_embed_report_clear(&report);
    if (world->rank == 0) {
        h2vi_embedding found, start;
        double largest = 0;
        CHECK_EQ(h2vi_embedding_read(TOGETHER, &found), H2V_OK);
        CHECK_EQ(h2vi_embedding_read("start.h5", &start), H2V_OK);
        for (int64_t i = 0; i < found.num_vertices * found.dim; i++) {
            largest = fmax(largest, fabs((double)found.vectors[i] - start.vectors[i]));
            largest = fmax(largest, fabs((double)found.contexts[i] - start.contexts[i]));
        }
        CHECK(largest > 0 && largest < 1e-3);
        h2vi_embedding_clear(&found);
        h2vi_embedding_clear(&start);
    }
    MPI_Barrier(world->comm);
}

static void starts_change_the_rows(const h2v_world *world)
{
    h2v_embed_params params = training_params(H2V_INIT_NOISE);
    h2v_embed_files files = embed_files_of("plain.h5", ALONE);
    CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
    for (int i = 0; i < 3; i++) {
        params = training_params(i < 2 ? H2V_INIT_FASTRP : H2V_INIT_FILE);
        if (i == 1) params.init_length = 2;
        files.init = i < 2 ? NULL : "start.h5";
        CHECK_EQ(embed_alone_with(world, &params, &files, OTHER), H2V_OK);
        if (world->rank == 0) CHECK(embed_other_rows(OTHER, ALONE));
        CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
    }
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed_start");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    MPI_Barrier(world->comm);
    const h2v_embed_params params = embed_small_params();
    CHECK_EQ(embed_alone(world, &params, "plain.h5", "start.h5"), H2V_OK);

    trained_bytes_are_those_of_one_rank("weighted.h5", H2V_INIT_FASTRP, 1);
    trained_bytes_are_those_of_one_rank("directed.h5", H2V_INIT_FASTRP, 3);
    trained_bytes_are_those_of_one_rank("plain.h5", H2V_INIT_FILE, 1);
    trained_bytes_are_those_of_one_rank("karate.h5", H2V_INIT_FILE, 3);
    fastrp_is_centered_and_scaled(world);
    a_file_is_a_start(world);
    starts_change_the_rows(world);

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
