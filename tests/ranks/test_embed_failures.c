/* SPDX-License-Identifier: MIT */

/* Jobs that fail: all ranks tell the same, and nothing is left behind, neither an output
 * nor a temporary. In particular one rank runs out of memory at each allocation in turn. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "npy_files.h"

#include <stdio.h>
#include <unistd.h>

#define OUTPUT "output.h5"

#define START "start.h5"
#define PROPERTIES "properties.npy"

/* The graphs, rows to start from and properties, and nothing else. */
enum { NUM_FILES = 6, NUM_PROPERTIES = 2 };

static void check_nothing_is_left(const h2v_world *world)
{
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(embed_count_files(), NUM_FILES);
    MPI_Barrier(world->comm);
}

static h2v_embed_files files_of(const h2v_embed_params *params, const char *graph)
{
    h2v_embed_files files = embed_files_of(graph, OUTPUT);
    const bool is_trained = params->method != H2V_METHOD_FASTRP;
    if (params->fastrp.property_ratio > 0) files.property = PROPERTIES;
    if (is_trained && params->init == H2V_INIT_FILE) files.init = START;
    return files;
}

/* Collective: the job fails so, with a message that names the rank. */
static bool fails_for_memory(const h2v_world *world, int failing, int64_t count,
                             const h2v_embed_params *params, const char *graph)
{
    const h2v_embed_files files = files_of(params, graph);
    if (world->rank == failing) h2vi_alloc_fail_after(count);
    const h2v_status status = embed_quietly(world, params, &files);
    h2vi_alloc_fail_after(-1);
    if (status == H2V_OK) return false;
    CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
    CHECK_EQ(h2v_error_rank(), failing);
    check_nothing_is_left(world);
    return true;
}

static h2v_embed_params params_of(h2v_method method)
{
    h2v_embed_params params = embed_small_params();
    params.method = method;
    params.p = method == H2V_METHOD_NODE2VEC ? 0.5 : 1;
    params.rounds = 2;
    return params;
}

/* Two groups of three parts: on three and four ranks they share ranks. */
static h2v_embed_params params_of_groups(void)
{
    h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    params.parts = 6;
    params.groups = 2;
    return params;
}

/* With properties, so that there is all there is. */
static h2v_embed_params params_of_fastrp(int parts)
{
    h2v_embed_params params = params_of(H2V_METHOD_FASTRP);
    params.fastrp.property_ratio = 0.5;
    params.fastrp.standardize = true;
    params.parts = parts;
    return params;
}

static h2v_embed_params params_of_start(h2v_init init)
{
    h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    params.init = init;
    return params;
}

/* The allocations from `first` on, at least `least` of them: up to the 60th all, then every
 * `step`-th. */
static void one_rank_runs_out_of_memory(const h2v_world *world, int failing, int64_t first,
                                        int64_t step, int64_t least,
                                        const h2v_embed_params *params, const char *graph)
{
    int64_t count = first;
    while (count < 1000 && fails_for_memory(world, failing, count, params, graph))
        count += count < 60 ? 1 : step;
    CHECK(count > least && count < 1000);
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(unlink(OUTPUT), 0); /* the last one did not fail */
    check_nothing_is_left(world);
}

static void bad_requests_fail_alike(const h2v_world *world)
{
    h2v_embed_params params = embed_small_params();
    h2v_embed_files files = embed_files_of("missing.h5", OUTPUT);
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_IO, "missing.h5");
    files.graph = "plain.h5";
    files.overwrite = false;
    files.output = "karate.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_EXISTS, "karate.h5");
    files.output = "no/such/directory.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_IO, "no/such/directory.h5");
    files.output = OUTPUT;
    params.parts = EMBED_VERTICES + 1;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--parts 61 is more than the graph's 60 vertices");
    params.parts = 5;
    params.groups = 3;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--groups 3 does not divide --parts 5");
    params.parts = 0;
    params.groups = EMBED_VERTICES + 1;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--groups 61 is more than the graph's 60 vertices");
    params.parts = 5;
    params.groups = 1;
    params.dim = 0;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--dim 0");
    params.dim = 20;
    files.partition = "plain.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "plain.h5");
    files.partition = NULL;
    params.learning_rate = 1;
    params.negatives = 1000;
    params.walks = 50;
    for (params.groups = 1; params.groups <= 5; params.groups += 4)
        CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                     "Training diverged");
    check_nothing_is_left(world);
}

/* Files that FastRP and starts of training read. */
static void bad_rows_fail_alike(const h2v_world *world)
{
    h2v_embed_params params = params_of_fastrp(0);
    h2v_embed_files files = files_of(&params, "plain.h5");
    files.property = "missing.npy";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_IO, "missing.npy");
    files.property = "plain.h5"; /* has no matrix */
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "plain.h5");
    files.property = PROPERTIES; /* has rows for 60 vertices */
    files.graph = "karate.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, PROPERTIES);
    files.graph = "plain.h5";
    files.property = NULL;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--property and a --property-ratio above 0 go together");
    params.fastrp.property_ratio = 0;
    files.property = PROPERTIES;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--property and a --property-ratio above 0 go together");
    files.property = NULL;
    files.trace = "trace.jsonl";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--trace");
    files.trace = NULL;
    params.parts = EMBED_VERTICES + 1;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--parts 61 is more than the graph's 60 vertices");

    params = params_of_start(H2V_INIT_FILE);
    files = files_of(&params, "plain.h5");
    files.init = "missing.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_IO, "missing.h5");
    files.init = "karate.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "karate.h5");
    files.init = START;
    params.dim++;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, START);
    params.dim--;
    params.init = H2V_INIT_NOISE;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--init");
    params.init = H2V_INIT_FILE;
    files.init = NULL;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT, "--init");
    check_nothing_is_left(world);
}

static void memory_may_be_out(const h2v_world *world)
{
    const int last = world->num_ranks - 1;
    const h2v_embed_params plain = params_of(H2V_METHOD_DEEPWALK);
    const h2v_embed_params biased = params_of(H2V_METHOD_NODE2VEC);
    const h2v_embed_params grouped = params_of_groups();
    one_rank_runs_out_of_memory(world, last, 0, 7, 150, &plain, "plain.h5");
    one_rank_runs_out_of_memory(world, last, 0, 7, 150, &biased, "weighted.h5");
    /* Groups change nothing before the model's rows; test_reconcile.c has them all. */
    one_rank_runs_out_of_memory(world, last, 100, 3, 150, &grouped, "plain.h5");
    if (last > 0) one_rank_runs_out_of_memory(world, 0, 0, 7, 150, &plain, "plain.h5");

    const h2v_embed_params slices = params_of_fastrp(0);
    const h2v_embed_params parts = params_of_fastrp(5);
    one_rank_runs_out_of_memory(world, last, 0, 1, 40, &slices, "plain.h5");
    one_rank_runs_out_of_memory(world, 0, 0, 2, 60, &parts, "weighted.h5");
    const h2v_embed_params warm = params_of_start(H2V_INIT_FASTRP);
    const h2v_embed_params again = params_of_start(H2V_INIT_FILE);
    /* Nor do starts; test_fastrp.c and test_init_file.c have theirs. */
    one_rank_runs_out_of_memory(world, last, 100, 4, 150, &warm, "plain.h5");
    one_rank_runs_out_of_memory(world, 0, 100, 4, 150, &again, "plain.h5");
}

/* Collective. */
static void write_rows(const h2v_world *world)
{
    const h2v_embed_params params = params_of(H2V_METHOD_DEEPWALK);
    float rows[EMBED_VERTICES * NUM_PROPERTIES];
    for (int i = 0; i < EMBED_VERTICES * NUM_PROPERTIES; i++) rows[i] = (float)(i % 7);
    if (world->rank == 0)
        CHECK_EQ(npy_write_floats(PROPERTIES, EMBED_VERTICES, NUM_PROPERTIES, rows), 0);
    CHECK_EQ(embed_alone(world, &params, "plain.h5", START), H2V_OK);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed_failures");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    MPI_Barrier(world->comm);
    write_rows(world);
    check_nothing_is_left(world);

    bad_requests_fail_alike(world);
    bad_rows_fail_alike(world);
    if (h2vi_alloc_can_fail()) memory_may_be_out(world);

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
