/* SPDX-License-Identifier: MIT */

/* Agreement: whoever fails, all ranks return the same status and message, and stay in step.
 */
#include "check.h"
#include "fail.h"
#include "halo2vec/world.h"

static h2v_status fail_on(const h2v_world *world, int first, int step)
{
    const int is_failing = world->rank >= first && (world->rank - first) % step == 0;
    if (!is_failing) return H2V_OK;
    return h2v_fail(world->rank % 2 ? H2V_ERR_IO : H2V_ERR_DATA, "Bad thing number %d",
                    world->rank);
}

static void all_is_well(const h2v_world *world)
{
    for (int i = 0; i < 3; i++) CHECK_EQ(h2v_agree(world, H2V_OK), H2V_OK);
}

static void one_rank_fails(const h2v_world *world)
{
    for (int bad = 0; bad < world->num_ranks; bad++) {
        char message[64];
        (void)snprintf(message, sizeof message, "Bad thing number %d", bad);
        const h2v_status mine = fail_on(world, bad, world->num_ranks);
        const h2v_status expected = bad % 2 ? H2V_ERR_IO : H2V_ERR_DATA;
        CHECK_STATUS(h2v_agree(world, mine), expected, message);
        CHECK_EQ(strcmp(h2v_error_message(), message), 0);
        CHECK_EQ(h2v_error_rank(), bad);
        all_is_well(world);
    }
}

static void the_lowest_rank_speaks(const h2v_world *world)
{
    for (int first = 0; first < world->num_ranks; first++) {
        char message[64];
        (void)snprintf(message, sizeof message, "Bad thing number %d", first);
        const h2v_status mine = fail_on(world, first, 1);
        CHECK_STATUS(h2v_agree(world, mine), first % 2 ? H2V_ERR_IO : H2V_ERR_DATA,
                     message);
        CHECK_EQ(h2v_error_rank(), first);
    }
    all_is_well(world);
}

static void agreeing_twice_changes_nothing(const h2v_world *world)
{
    for (int bad = 0; bad < world->num_ranks; bad++) {
        h2v_status status = h2v_agree(world, fail_on(world, bad, world->num_ranks));
        const h2v_status expected = bad % 2 ? H2V_ERR_IO : H2V_ERR_DATA;
        status = h2v_agree(world, status);
        CHECK_STATUS(status, expected, "Bad thing number");
        CHECK_EQ(h2v_error_rank(), bad);
    }
}

static void a_long_message_is_cut_not_broken(const h2v_world *world)
{
    char text[2 * H2VI_MESSAGE_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    const h2v_status mine = world->rank == world->num_ranks - 1
                                ? h2v_fail(H2V_ERR_ARGUMENT, "%s", text)
                                : H2V_OK;
    CHECK_STATUS(h2v_agree(world, mine), H2V_ERR_ARGUMENT, "xxx");
    CHECK_EQ(strlen(h2v_error_message()), H2VI_MESSAGE_BYTES - 1);
}

static void the_world_is_as_mpi_says(const h2v_world *world)
{
    int num_ranks = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    CHECK_EQ(world->num_ranks, num_ranks);
    CHECK_EQ(world->rank, check_rank());
    CHECK_EQ(world->num_threads, 3);
    CHECK_EQ(world->ranks_on_cores, num_ranks); /* tests run on one host */
    CHECK(world->allowed_cores >= 1);

    h2v_world *fair = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 0, &fair), H2V_OK);
    const int share = world->allowed_cores / num_ranks;
    CHECK_EQ(fair->num_threads, share > 1 ? share : 1);
    h2v_world_destroy(&fair);
    CHECK(fair == NULL);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    h2v_world *world = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 3, &world), H2V_OK);
    all_is_well(world);
    one_rank_fails(world);
    the_lowest_rank_speaks(world);
    agreeing_twice_changes_nothing(world);
    a_long_message_is_cut_not_broken(world);
    the_world_is_as_mpi_says(world);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
