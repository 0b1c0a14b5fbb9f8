/* SPDX-License-Identifier: MIT */

/* One rotation, with cells that write down who they are: part p meets blocks p, p + 1, ...,
 * block b meets parts b, b - 1, ...; a block and a part have one cell at a time; in the end
 * every block is at home. Blocks carry their own log, so the order holds across ranks. */
#include "alloc.h"
#include "check.h"
#include "halo2vec/partition.h"
#include "rotate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    MAX_PARTS = 9,
    SMALL_BLOCK = 32,      /* MPI sends such a block at once, */
    LARGE_BLOCK = 1 << 16, /* and such a one only when it is asked for */
    /* What a block holds: its number, how many parts it met, and which. */
    NUMBER = 0,
    NUM_MET = 1,
    FIRST_MET = 2
};

/* What the tasks of this rank see. */
typedef struct ride {
    int num_parts, num_threads;
    atomic_int part_is_busy[MAX_PARTS], block_is_busy[MAX_PARTS];
    atomic_int num_cells, num_faults;
    int next_step[MAX_PARTS]; /* written by the part's cells, one at a time */
    int num_ticks;
    double last_share;
} ride;

/* Cells take different times, so that threads and ranks overtake each other. */
static void dawdle(int part, int step)
{
    const struct timespec pause = {.tv_nsec = (part * 7 + step * 3) % 5 * 20000L};
    (void)nanosleep(&pause, NULL);
}

static void expect(ride *this, int holds)
{
    if (!holds) atomic_fetch_add(&this->num_faults, 1);
}

static void ride_cell(void *context, int thread, int part, int step, int block, float *rows)
{
    ride *this = context;
    expect(this, atomic_fetch_add(&this->part_is_busy[part], 1) == 0);
    expect(this, atomic_fetch_add(&this->block_is_busy[block], 1) == 0);
    expect(this, thread >= 0 && thread < this->num_threads);
    expect(this, block == (part + step) % this->num_parts);
    expect(this, this->next_step[part]++ == step);
    expect(this, rows[NUMBER] == (float)block);
    expect(this, rows[NUM_MET] == (float)step); /* blocks meet part b at step 0 */
    dawdle(part, step);
    rows[FIRST_MET + step] = (float)part;
    rows[NUM_MET] += 1;
    atomic_fetch_add(&this->num_cells, 1);
    atomic_fetch_sub(&this->block_is_busy[block], 1);
    atomic_fetch_sub(&this->part_is_busy[part], 1);
}

static void ride_tick(void *context, double share)
{
    ride *this = context;
    expect(this, share > this->last_share && share <= 1);
    this->last_share = share;
    this->num_ticks++;
}

/* This rank's blocks. */
static void make_blocks(const h2v_world *world, int num_parts, int64_t block_floats,
                        h2vi_block_set *blocks)
{
    enum { NUM_SPARE = 2, STRIDE = 16 };
    const int first = h2v_partition_first_part(num_parts, world->num_ranks, world->rank);
    const int end = h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1);
    CHECK_EQ(h2vi_block_set_init(num_parts, first, end,
                                 end - first < num_parts ? NUM_SPARE : 0,
                                 block_floats / STRIDE, STRIDE, false, blocks),
             H2V_OK);
    for (int b = first; b < end; b++)
        blocks->rows[b][NUMBER] = blocks->rows[b][block_floats - 1] = (float)b;
}

static void check_blocks_are_home(const h2v_world *world, int num_parts,
                                  h2vi_block_set *blocks)
{
    const int first = h2v_partition_first_part(num_parts, world->num_ranks, world->rank);
    const int end = h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1);
    for (int b = 0; b < num_parts; b++) {
        const int is_here = b >= first && b < end;
        CHECK_EQ(blocks->rows[b] != NULL, is_here);
        if (!blocks->rows[b] || !is_here) continue;
        CHECK_EQ((int)blocks->rows[b][NUMBER], b);
        CHECK_EQ((int)blocks->rows[b][blocks->capacity * blocks->stride - 1], b);
        CHECK_EQ((int)blocks->rows[b][NUM_MET], num_parts);
        for (int k = 0; k < num_parts; k++)
            CHECK_EQ((int)blocks->rows[b][FIRST_MET + k], (b - k + num_parts) % num_parts);
        blocks->rows[b][NUM_MET] = 0; /* for the next rotation */
    }
}

static void rotate_once(const h2v_world *world, h2vi_rotation *rotation,
                        h2vi_block_set *blocks)
{
    ride this = {.num_parts = rotation->num_parts, .num_threads = world->num_threads};
    rotation->context = &this;
    rotation->bytes_sent = rotation->bytes_received = 0;
    CHECK_EQ(h2vi_rotate(rotation, blocks), H2V_OK);
    const int num_local = rotation->num_local_parts;
    CHECK_EQ(atomic_load(&this.num_faults), 0);
    CHECK_EQ(atomic_load(&this.num_cells), num_local * rotation->num_parts);
    if (world->num_threads == 1) CHECK_EQ(this.num_ticks, num_local * rotation->num_parts);
    check_blocks_are_home(world, rotation->num_parts, blocks);
    const int travels = num_local > 0 && num_local < rotation->num_parts;
    const int64_t bytes = travels ? rotation->num_parts * blocks->capacity *
                                        blocks->stride * (int64_t)sizeof(float)
                                  : 0;
    CHECK_EQ(rotation->bytes_sent, bytes);
    CHECK_EQ(rotation->bytes_received, bytes);
}

static h2vi_rotation make_rotation(const h2v_world *world, int num_parts)
{
    h2vi_rotation rotation = {
        .world = world, .num_parts = num_parts, .task = ride_cell, .tick = ride_tick};
    rotation.first_part =
        h2v_partition_first_part(num_parts, world->num_ranks, world->rank);
    rotation.num_local_parts =
        h2v_partition_first_part(num_parts, world->num_ranks, world->rank + 1) -
        rotation.first_part;
    return rotation;
}

/* Three rotations of the same blocks. */
static void every_cell_runs_once_and_alone(const h2v_world *world, int num_parts,
                                           int64_t block_floats)
{
    h2vi_rotation rotation = make_rotation(world, num_parts);
    h2vi_block_set blocks;
    make_blocks(world, num_parts, block_floats, &blocks);
    for (int i = 0; i < 3; i++) rotate_once(world, &rotation, &blocks);
    h2vi_block_set_clear(&blocks);
}

static void one_failing_rank_fails_on_all(const h2v_world *world)
{
    if (!h2vi_alloc_can_fail()) return;
    h2vi_rotation rotation = make_rotation(world, 5);
    h2vi_block_set blocks;
    make_blocks(world, 5, SMALL_BLOCK, &blocks);
    if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(0);
    CHECK_STATUS(h2vi_rotate(&rotation, &blocks), H2V_ERR_NOMEM, "Out of memory");
    h2vi_alloc_fail_after(-1);
    rotate_once(world, &rotation, &blocks);
    h2vi_block_set_clear(&blocks);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    for (int num_threads = 1; num_threads <= 3; num_threads += 2) {
        h2v_world *world = NULL;
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, num_threads, &world), H2V_OK);
        for (int num_parts = 1; num_parts <= MAX_PARTS; num_parts++)
            every_cell_runs_once_and_alone(world, num_parts, SMALL_BLOCK);
        every_cell_runs_once_and_alone(world, MAX_PARTS, LARGE_BLOCK);
        one_failing_rank_fails_on_all(world);
        h2v_world_destroy(&world);
    }
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
