/* SPDX-License-Identifier: MIT */

/* Walks that are written: they are those that training starts, the bytes are the same on
 * any number of ranks and threads and in batches of any size, a reader gets the same text
 * as a file, and failures are those of all ranks and leave nothing behind. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "graph_rows.h"
#include "halo2vec/convert.h"
#include "patch_hdf5.h"
#include "starts.h"
#include "walks_hdf5.h"
#include "write_walks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOGETHER "together.h5"
#define ALONE "alone.h5"
#define TEXT "together.txt"
#define TEXT_ALONE "alone.txt"

enum { NUM_GRAPHS = 4, NUM_WALKS = 3, LENGTH = 9, MUCH = 1 << 20 };

static h2v_embed_params params_of(h2v_method method)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.method = method;
    params.walks = NUM_WALKS;
    params.walk_length = LENGTH;
    params.seed = 11;
    if (method == H2V_METHOD_NODE2VEC) {
        params.p = 0.3;
        params.q = 2.5;
    }
    return params;
}

static h2v_walk_files files_of(const char *graph, const char *output)
{
    const bool is_text = strstr(output, ".txt") != NULL;
    return (h2v_walk_files){.graph = graph,
                            .output = output,
                            .format = is_text ? H2V_WALKS_TEXT : H2V_WALKS_HDF5,
                            .overwrite = true};
}

static h2v_status walk(const h2v_world *world, const h2v_embed_params *params,
                       const char *graph, const char *output, int64_t visits_at_once)
{
    h2v_walk_summary summary;
    const h2v_walk_files files = files_of(graph, output);
    return h2vi_write_walks(world, params, &files, visits_at_once, &summary);
}

/* Collective: what one rank with one thread writes, all at once. */
static void walk_alone(const h2v_world *world, const h2v_embed_params *params,
                       const char *graph, const char *output)
{
    if (world->rank == 0) {
        h2v_world *self = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &self), H2V_OK);
        CHECK_STATUS(walk(self, params, graph, output, MUCH), H2V_OK, "");
        h2v_world_destroy(&self);
    }
    MPI_Barrier(world->comm);
}

/* ---- bytes */

static void bytes_are_those_of_one_rank(const char *graph, h2v_method method)
{
    const h2v_embed_params params = params_of(method);
    const int64_t at_once[] = {31 * LENGTH, MUCH};
    for (int num_threads = 1; num_threads <= 3; num_threads += 2) {
        h2v_world *world = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, num_threads, &world), H2V_OK);
        walk_alone(world, &params, graph, ALONE);
        walk_alone(world, &params, graph, TEXT_ALONE);
        for (size_t i = 0; i < sizeof at_once / sizeof *at_once; i++) {
            CHECK_STATUS(walk(world, &params, graph, TOGETHER, at_once[i]), H2V_OK, "");
            CHECK_STATUS(walk(world, &params, graph, TEXT, at_once[i]), H2V_OK, "");
            if (world->rank == 0) CHECK(embed_same_bytes(TOGETHER, ALONE));
            if (world->rank == 0) CHECK(embed_same_bytes(TEXT, TEXT_ALONE));
            MPI_Barrier(world->comm);
        }
        h2v_world_destroy(&world);
    }
}

/* ---- what is written */

/* Vertices of all walks as a stranger reads the text, shape [num_walks, LENGTH], -1 past
 * the end of a walk; vertex v of the test graphs is named 10 v + 3. */
static int64_t *read_text(const char *path, int64_t num_walks)
{
    FILE *file = fopen(path, "r");
    int64_t *vertices = h2vi_alloc_n(num_walks * LENGTH, sizeof *vertices);
    memset(vertices, 0xff, (size_t)(num_walks * LENGTH) * sizeof *vertices);
    CHECK(file != NULL);
    for (int64_t i = 0; file && i < num_walks; i++) {
        int end = ' ';
        for (int at = 0; end == ' ' && at < LENGTH; at++) {
            long id = -1;
            CHECK(fscanf(file, "%ld", &id) == 1 && id % 10 == 3);
            vertices[i * LENGTH + at] = id / 10;
            end = fgetc(file);
        }
        CHECK_EQ(end, '\n');
    }
    CHECK(file && fgetc(file) == EOF);
    if (file) (void)fclose(file);
    return vertices;
}

/* Collective: the file's walks are those that training starts in its first epoch, here in
 * one round. */
static void walks_are_those_of_training(const h2v_world *world, const char *graph_path,
                                        h2v_method method)
{
    h2v_embed_params params = params_of(method);
    const h2vi_walk_params walk_params = h2vi_walks_of(&params);
    const h2v_walk_files files = files_of(graph_path, TEXT);
    h2v_graph *graph = NULL;
    h2vi_walk_engine engine;
    h2vi_starts starts = {0};
    h2vi_walk_run run;
    h2v_walk_summary summary;
    int64_t num_wrong = 0, num_visits = 0;
    params.rounds = 1;
    CHECK_EQ(h2v_graph_load(world, graph_path, &graph), H2V_OK);
    CHECK_EQ(h2vi_walk_engine_init(graph, &walk_params, NULL, NULL, &engine), H2V_OK);
    CHECK_EQ(h2vi_starts_collect(&params, graph, 0, 1, &starts, &run), H2V_OK);
    CHECK_EQ(run.num_walks, NUM_WALKS * graph->num_owned);
    CHECK_EQ(h2vi_walk(&engine, &run), H2V_OK);
    CHECK_EQ(h2v_walk(world, &params, &files, &summary), H2V_OK);
    int64_t *vertices = read_text(TEXT, summary.num_walks);
    for (int64_t i = 0; i < run.num_walks; i++) {
        const int64_t place = (int64_t)run.starts[i].walk * EMBED_VERTICES +
                              graph->gids[run.starts[i].vertex];
        for (int at = 0; at < LENGTH; at++) {
            const h2v_slot slot = run.tokens[i * LENGTH + at].slot;
            const int64_t expected = slot == H2V_NO_SLOT ? -1 : (int64_t)slot;
            num_wrong += vertices[place * LENGTH + at] != expected;
            num_visits += expected >= 0;
        }
    }
    MPI_Allreduce(MPI_IN_PLACE, &num_visits, 1, MPI_INT64_T, MPI_SUM, world->comm);
    CHECK_EQ(num_wrong, 0);
    CHECK_EQ(summary.num_vertices, EMBED_VERTICES);
    CHECK_EQ(summary.num_walks, NUM_WALKS * EMBED_VERTICES);
    CHECK_EQ(summary.num_visits, num_visits);
    free(vertices);
    h2vi_starts_clear(&starts);
    h2vi_walk_engine_clear(&engine);
    h2v_graph_destroy(&graph);
    MPI_Barrier(world->comm);
}

/* Rank 0: what --check finds in the file, whole and damaged. */
static void damage_is_found(void)
{
    static const struct {
        const char *dataset;
        int64_t index, value;
        const char *what;
    } damages[] = {{"offsets", 0, 1, "offsets do not span the visits"},
                   {"offsets", 3, 2, "offsets do not ascend within the visits at walk 2"},
                   {"walks", 0, 1, "another vertex starts at walk 0"},
                   {"walks", 1, EMBED_VERTICES, "a visit is no vertex at walk 0"}};
    h2vi_walks_found found;
    h2v_world *self = NULL;
    const h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &self), H2V_OK);
    CHECK_EQ(walk(self, &params, "directed.h5", TOGETHER, MUCH), H2V_OK);
    CHECK_STATUS(h2vi_walks_check(TOGETHER, &found), H2V_OK, "");
    CHECK_EQ(found.num_vertices, EMBED_VERTICES);
    CHECK_EQ(found.num_walks, NUM_WALKS * EMBED_VERTICES);
    CHECK_EQ(found.shortest, 1);
    CHECK_EQ(found.longest, LENGTH);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        CHECK_EQ(walk(self, &params, "plain.h5", TOGETHER, MUCH), H2V_OK);
        CHECK_EQ(
            patch_integer(TOGETHER, damages[i].dataset, damages[i].index, damages[i].value),
            H2V_OK);
        CHECK_STATUS(h2vi_walks_check(TOGETHER, &found), H2V_ERR_DATA, damages[i].what);
    }
    CHECK_EQ(patch_remove(TOGETHER, "walks"), H2V_OK);
    CHECK_STATUS(h2vi_walks_check(TOGETHER, &found), H2V_ERR_DATA, "walks");
    h2v_world_destroy(&self);
}

/* Local. A ring. */
static void write_graph_of_long_ids(const char *path, int id_bytes)
{
    enum { NUM = 60 };
    const char *edges = "long.edges";
    h2v_convert_params params = h2v_convert_params_default();
    h2v_convert_summary summary;
    FILE *file = fopen(edges, "w");
    for (int v = 0; file && v < NUM; v++)
        (void)fprintf(file, "x%0*d x%0*d\n", id_bytes - 1, v, id_bytes - 1, (v + 1) % NUM);
    if (file) (void)fclose(file);
    params.num_inputs = 1;
    params.inputs = &edges;
    params.output = path;
    CHECK_EQ(h2v_convert(&params, &summary), H2V_OK);
    (void)unlink(edges);
}

/* ---- a reader */

typedef struct reader {
    FILE *file;
    int64_t most;    /* bytes that it takes */
    int64_t longest; /* text that came */
} reader;

static int take(void *context, int64_t num_bytes, const char *text)
{
    reader *this = context;
    this->most -= num_bytes;
    if (num_bytes > this->longest) this->longest = num_bytes;
    return this->most < 0 ||
           fwrite(text, 1, (size_t)num_bytes, this->file) != (size_t)num_bytes;
}

static h2v_status walk_to_reader(const h2v_world *world, reader *to)
{
    h2v_walk_summary summary;
    const h2v_embed_params params = params_of(H2V_METHOD_NODE2VEC);
    const h2v_walk_files files = {.graph = "weighted.h5", .sink = take, .context = to};
    return h2vi_write_walks(world, &params, &files, (int64_t)17 * LENGTH, &summary);
}

static void a_reader_gets_the_text_of_a_file(const h2v_world *world)
{
    const h2v_embed_params params = params_of(H2V_METHOD_NODE2VEC);
    reader to = {.file = fopen(world->rank == 0 ? TEXT : "/dev/null", "w"), .most = MUCH};
    walk_alone(world, &params, "weighted.h5", TEXT_ALONE);
    CHECK_STATUS(walk_to_reader(world, &to), H2V_OK, "");
    (void)fclose(to.file);
    if (world->rank == 0) CHECK(embed_same_bytes(TEXT, TEXT_ALONE));
    to = (reader){.file = fopen("/dev/null", "w"), .most = 1000};
    CHECK_STATUS(walk_to_reader(world, &to), H2V_ERR_IO, "takes no more");
    (void)fclose(to.file);
    MPI_Barrier(world->comm);
}

/* As much text at once as there would be visits, though an id has 64 bytes. */
static void text_of_long_ids_comes_in_small_pieces(const h2v_world *world)
{
    enum { VISITS = 512, ID_BYTES = 64 };
    const h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    reader to = {.file = fopen(world->rank == 0 ? TEXT : "/dev/null", "w"), .most = MUCH};
    const h2v_walk_files files = {.graph = "long.h5", .sink = take, .context = &to};
    h2v_walk_summary summary;
    if (world->rank == 0) write_graph_of_long_ids("long.h5", ID_BYTES);
    MPI_Barrier(world->comm);
    CHECK_EQ(h2vi_write_walks(world, &params, &files, VISITS, &summary), H2V_OK);
    (void)fclose(to.file);
    if (world->rank == 0) {
        CHECK(to.longest <= VISITS * (int64_t)sizeof(h2vi_token));
        CHECK(to.longest > 0 && MUCH - to.most == summary.num_visits * (ID_BYTES + 1));
    }
    CHECK_EQ(walk(world, &params, "long.h5", TEXT_ALONE, VISITS), H2V_OK);
    if (world->rank == 0) CHECK(embed_same_bytes(TEXT, TEXT_ALONE));
    walk_alone(world, &params, "long.h5", TEXT_ALONE);
    if (world->rank == 0) CHECK(embed_same_bytes(TEXT, TEXT_ALONE));
    if (world->rank == 0) (void)unlink("long.h5");
    MPI_Barrier(world->comm);
}

/* ---- failures */

static void check_nothing_is_left(const h2v_world *world)
{
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(embed_count_files(), NUM_GRAPHS);
    MPI_Barrier(world->comm);
}

static void bad_requests_fail_alike(const h2v_world *world)
{
    h2v_walk_summary summary;
    h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    h2v_walk_files files = files_of("missing.h5", TOGETHER);
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_IO, "missing.h5");
    files = files_of("plain.h5", "no/directory/" TEXT);
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_IO, "no/directory");
    files = files_of("plain.h5", "karate.h5");
    files.overwrite = false;
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_EXISTS, "karate.h5");
    files = files_of("plain.h5", TOGETHER);
    files.output = NULL;
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_ARGUMENT, "Only text");
    params.walk_length = 1;
    files = files_of("plain.h5", TOGETHER);
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_ARGUMENT,
                 "--walk-length 1");
    params = params_of(H2V_METHOD_FASTRP);
    CHECK_STATUS(h2v_walk(world, &params, &files, &summary), H2V_ERR_ARGUMENT, "fastrp");
    check_nothing_is_left(world);
}

/* Each allocation of one rank in turn. */
static void one_rank_runs_out_of_memory(const h2v_world *world, const char *output,
                                        h2v_method method)
{
    const int failing = world->num_ranks - 1;
    const h2v_embed_params params = params_of(method);
    int64_t count = 0;
    for (; count < 1000; count += count < 40 ? 1 : 3) {
        if (world->rank == failing) h2vi_alloc_fail_after(count);
        const h2v_status status =
            walk(world, &params, "weighted.h5", output, (int64_t)100 * LENGTH);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_OK) break;
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), failing);
        check_nothing_is_left(world);
    }
    CHECK(count > 15 && count < 1000);
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(unlink(output), 0);
    check_nothing_is_left(world);
}

static void forget_outputs(const h2v_world *world)
{
    static const char *const outputs[] = {TOGETHER, ALONE, TEXT, TEXT_ALONE};
    for (int i = 0; world->rank == 0 && i < 4; i++) (void)unlink(outputs[i]);
    MPI_Barrier(world->comm);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_walk_file");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    MPI_Barrier(world->comm);

    bytes_are_those_of_one_rank("plain.h5", H2V_METHOD_DEEPWALK);
    bytes_are_those_of_one_rank("directed.h5", H2V_METHOD_DEEPWALK);
    bytes_are_those_of_one_rank("weighted.h5", H2V_METHOD_NODE2VEC);
    bytes_are_those_of_one_rank("karate.h5", H2V_METHOD_NODE2VEC);
    walks_are_those_of_training(world, "weighted.h5", H2V_METHOD_NODE2VEC);
    walks_are_those_of_training(world, "directed.h5", H2V_METHOD_DEEPWALK);
    if (world->rank == 0) damage_is_found();
    MPI_Barrier(world->comm);
    a_reader_gets_the_text_of_a_file(world);
    text_of_long_ids_comes_in_small_pieces(world);
    forget_outputs(world);
    bad_requests_fail_alike(world);
    if (h2vi_alloc_can_fail()) {
        one_rank_runs_out_of_memory(world, TOGETHER, H2V_METHOD_NODE2VEC);
        one_rank_runs_out_of_memory(world, TEXT, H2V_METHOD_DEEPWALK);
    }

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
