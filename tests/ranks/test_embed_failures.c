/* SPDX-License-Identifier: MIT */

/* Jobs that fail: all ranks tell the same, and nothing is left behind, neither an output
 * nor a temporary. In particular one rank runs out of memory at each allocation in turn. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"

#include <stdio.h>
#include <unistd.h>

#define OUTPUT "output.h5"

/* The graphs, and nothing else. */
enum { NUM_FILES = 4 };

static void check_nothing_is_left(const h2v_world *world)
{
    MPI_Barrier(world->comm);
    if (world->rank == 0) CHECK_EQ(embed_count_files(), NUM_FILES);
    MPI_Barrier(world->comm);
}

/* Collective: the job fails so, with a message that names the rank. */
static bool fails_for_memory(const h2v_world *world, int failing, int64_t count,
                             const h2v_embed_params *params, const char *graph)
{
    const h2v_embed_files files = embed_files_of(graph, OUTPUT);
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

/* The allocations from `first` on: up to the 60th all, then every `step`-th. */
static void one_rank_runs_out_of_memory(const h2v_world *world, int failing, int64_t first,
                                        int64_t step, const h2v_embed_params *params,
                                        const char *graph)
{
    int64_t count = first;
    while (count < 1000 && fails_for_memory(world, failing, count, params, graph))
        count += count < 60 ? 1 : step;
    CHECK(count > 150 && count < 1000);
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

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed_failures");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    check_nothing_is_left(world);

    bad_requests_fail_alike(world);
    if (h2vi_alloc_can_fail()) {
        const int last = world->num_ranks - 1;
        const h2v_embed_params plain = params_of(H2V_METHOD_DEEPWALK);
        const h2v_embed_params biased = params_of(H2V_METHOD_NODE2VEC);
        const h2v_embed_params grouped = params_of_groups();
        one_rank_runs_out_of_memory(world, last, 0, 7, &plain, "plain.h5");
        one_rank_runs_out_of_memory(world, last, 0, 7, &biased, "weighted.h5");
        /* Groups change nothing before the model's rows; test_reconcile.c has them all. */
        one_rank_runs_out_of_memory(world, last, 100, 3, &grouped, "plain.h5");
        if (last > 0) one_rank_runs_out_of_memory(world, 0, 0, 7, &plain, "plain.h5");
    }

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
