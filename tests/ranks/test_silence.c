/* SPDX-License-Identifier: MIT */

/* A rank is silent, and another must say so and end. The argument is the case; what is said
 * on standard error is compared by CTest. Where nobody says it, all end after a while. */
#include "agree.h"
#include "halo2vec/world.h"
#include "rotate.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT = 2, SILENCE = 8, STRIDE = 16, NUM_PARTS = 6, NUM_GROUPS = 2 };

static void sleep_seconds(int seconds)
{
    struct timespec rest = {.tv_sec = seconds};
    while (nanosleep(&rest, &rest) != 0) continue;
}

/* ---- what rank 0 does for all */

/* The others wait for rank 0's work as long as it takes; rank 0 does not wait so for them.
 */
static h2v_status agree_with_a_silent_rank(void)
{
    h2v_world *world = NULL;
    h2v_comm_set_timeout(TIMEOUT);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, 1, &world);
    if (status != H2V_OK) return status;
    if (world->rank == 0) sleep_seconds(2 * TIMEOUT);
    status = h2vi_agree_patiently(world, H2V_OK, "rank 0 to work");
    if (world->rank == 0) (void)fprintf(stderr, "all waited for rank 0\n");
    if (world->rank == 1) sleep_seconds(SILENCE);
    if (status == H2V_OK) status = h2vi_agree_patiently(world, H2V_OK, "rank 0 to work");
    h2v_world_destroy(&world);
    return status;
}

/* ---- blocks */

typedef struct slow_ride {
    int is_between; /* rank 1, whose parts 2 and 3 are of different groups */
    atomic_int is_slow_cell_begun;
} slow_ride;

static _Thread_local int is_main_thread;

/* The rotation asks for it first: the second of two threads comes late, and takes part 3.
 */
int omp_get_thread_num(void)
{
    if (!is_main_thread) sleep_seconds(1);
    return is_main_thread ? 0 : 1;
}

/* On rank 1 part 2 is quick, and part 3 slow; other ranks are slow. */
static void take_time(void *context, int thread, int part, int step, int home, float *rows)
{
    slow_ride *ride = context;
    (void)thread, (void)home, (void)rows;
    if (step > 0) return;
    if (!ride->is_between || part == 3) {
        atomic_store(&ride->is_slow_cell_begun, 1);
        sleep_seconds(SILENCE);
        return;
    }
    while (!atomic_load(&ride->is_slow_cell_begun)) continue;
}

/* Rank 1 has asked its two neighbors for a block each, but has no use yet for that of the
 * group whose cell goes on. */
static h2v_status rotate_with_silent_ranks(void)
{
    h2v_world *world = NULL;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    h2v_comm_set_timeout(rank == 1 ? TIMEOUT : 0);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, rank == 1 ? 2 : 1, &world);
    if (status != H2V_OK) return status;

    const int first = 2 * rank;
    const int num_spare = h2vi_rotation_num_spare(NUM_PARTS, NUM_GROUPS, first, 2);
    slow_ride ride = {.is_between = rank == 1};
    h2vi_block_set blocks = {0};
    h2vi_rotation rotation = {.world = world,
                              .num_parts = NUM_PARTS,
                              .num_groups = NUM_GROUPS,
                              .first_part = first,
                              .num_local_parts = 2,
                              .dim = 1,
                              .task = take_time,
                              .context = &ride};
    status = h2v_agree(world, h2vi_block_set_init(NUM_PARTS, first, first + 2, num_spare, 0,
                                                  STRIDE, false, &blocks));
    if (status == H2V_OK) status = h2vi_rotate(&rotation, &blocks);
    h2vi_block_set_clear(&blocks);
    h2v_world_destroy(&world);
    return status;
}

int main(int argc, char **argv)
{
    int level = 0;
    is_main_thread = 1;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const bool is_rotation = argc > 1 && strcmp(argv[1], "rotate") == 0;
    const h2v_status status =
        is_rotation ? rotate_with_silent_ranks() : agree_with_a_silent_rank();
    MPI_Finalize();
    return status == H2V_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
