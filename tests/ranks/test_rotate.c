/* SPDX-License-Identifier: MIT */

/* One rotation, with cells that write down who they are: in each group part p meets blocks
 * p, p + 1, ..., block b meets parts b, b - 1, ...; a block and a part have one cell at a
 * time; in the end every block is at home. Blocks carry their own log, so the order holds
 * across ranks. What MPI is asked to carry is counted behind the rotation's back. */
#include "alloc.h"
#include "check.h"
#include "halo2vec/partition.h"
#include "packed_rows.h"
#include "rotate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    MAX_PARTS = 9,
    DIM = MAX_PARTS + 2,
    STRIDE = 16,
    /* What row 0 of a block holds: its home, how many parts it met, and which. */
    HOME = 0,
    NUM_MET = 1,
    FIRST_MET = 2,
    FIRST_UPDATE = 1000001 /* needs more bits than 16 */
};

typedef enum sizes { SMALL, UNEVEN, EMPTY, LARGE, NUM_SIZES } sizes;

/* Large messages are sent only when they are asked for, small ones at once. */
static int64_t rows_of(sizes size, int home)
{
    const int64_t rows[NUM_SIZES] = {1, home * 5 % 4 * 3, 0, 4000 + home};
    return rows[size];
}

/* A kind of rotation. */
typedef struct ride_kind {
    int num_parts, num_groups;
    sizes size;
    h2v_precision precision;
    bool has_updates;
} ride_kind;

/* What the tasks of this rank see. */
typedef struct ride {
    const ride_kind *kind;
    const h2vi_block_set *blocks;
    int num_threads;
    atomic_int part_is_busy[MAX_PARTS], block_is_busy[MAX_PARTS];
    atomic_int num_cells, num_faults;
    int next_step[MAX_PARTS]; /* written by the part's cells, one at a time */
    int num_ticks;
    double last_share;
} ride;

/* ---- what MPI carries
 * ------------------------------------------------------------------------- */

static int64_t mpi_sent, mpi_received;

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int peer, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    int size = 0;
    PMPI_Type_size(type, &size);
    mpi_sent += (int64_t)count * size;
    return PMPI_Isend(buffer, count, type, peer, tag, comm, request);
}

int MPI_Irecv(void *buffer, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    int size = 0;
    PMPI_Type_size(type, &size);
    mpi_received += (int64_t)count * size;
    return PMPI_Irecv(buffer, count, type, peer, tag, comm, request);
}

/* ---- blocks
 * ----------------------------------------------------------------------------------- */

/* Numbers that bf16 can hold. */
static float value_of(int home, int64_t row, int d)
{
    return d < DIM ? (float)((home * 31 + row * 7 + d) % 256 - 128) : 0;
}

static void fill_block(const h2vi_block_set *blocks, int home)
{
    const int64_t num_rows = blocks->num_rows[home];
    for (int64_t i = 0; i < num_rows; i++) {
        for (int d = 0; d < DIM; d++)
            blocks->rows[home][i * STRIDE + d] = i > 0 ? value_of(home, i, d) : 0;
        if (blocks->has_updates)
            h2vi_block_updates(blocks, home)[i] = (float)(FIRST_UPDATE + i);
    }
    if (num_rows > 0) blocks->rows[home][HOME] = (float)home;
}

/* Whether a block is as it was but for `num_met` cells; row 0 is left out, save its
 * padding. */
static int is_sound(const h2vi_block_set *blocks, int home, const float *rows, int num_met)
{
    const int64_t num_rows = blocks->num_rows[home];
    int64_t num_wrong = 0;
    for (int64_t i = 0; i < num_rows; i++)
        for (int d = i > 0 ? 0 : DIM; d < STRIDE; d++)
            num_wrong += rows[i * STRIDE + d] != value_of(home, i, d);
    for (int64_t i = 0; blocks->has_updates && i < num_rows; i++)
        num_wrong += rows[num_rows * STRIDE + i] != (float)(FIRST_UPDATE + i + num_met);
    return num_wrong == 0;
}

static int first_of(const h2v_world *world, const ride_kind *kind, int rank)
{
    return h2v_partition_first_part(kind->num_parts, world->num_ranks, rank);
}

/* This rank's blocks. */
static void make_blocks(const h2v_world *world, const ride_kind *kind,
                        h2vi_block_set *blocks)
{
    const int first = first_of(world, kind, world->rank);
    const int end = first_of(world, kind, world->rank + 1);
    const int num_spare =
        h2vi_rotation_num_spare(kind->num_parts, kind->num_groups, first, end - first);
    CHECK_EQ(h2vi_block_set_init(kind->num_parts, first, end, num_spare, 0, STRIDE,
                                 kind->has_updates, blocks),
             H2V_OK);
    int64_t capacity = 0;
    for (int home = 0; home < kind->num_parts; home++) {
        blocks->num_rows[home] = rows_of(kind->size, home);
        if (blocks->num_rows[home] > capacity) capacity = blocks->num_rows[home];
    }
    CHECK_EQ(h2vi_block_set_reserve(blocks, capacity), H2V_OK);
    for (int home = first; home < end; home++) fill_block(blocks, home);
}

static void check_blocks_are_home(const h2v_world *world, const ride_kind *kind,
                                  const h2vi_block_set *blocks)
{
    const int size = kind->num_parts / kind->num_groups;
    const int first = first_of(world, kind, world->rank);
    const int end = first_of(world, kind, world->rank + 1);
    int num_spare = 0;
    for (int i = 0; i < blocks->num_places; i++) num_spare += blocks->spare[i] != NULL;
    CHECK_EQ(num_spare, blocks->num_places - (end - first));
    for (int home = 0; home < kind->num_parts; home++) {
        const float *rows = blocks->rows[home];
        const int is_here = home >= first && home < end;
        CHECK_EQ(rows != NULL, is_here);
        if (!rows || !is_here || blocks->num_rows[home] == 0) continue;
        CHECK(is_sound(blocks, home, rows, size));
        CHECK_EQ((int)rows[HOME], home);
        CHECK_EQ((int)rows[NUM_MET], size);
        const int group = home / size * size;
        for (int k = 0; k < size; k++)
            CHECK_EQ((int)rows[FIRST_MET + k], group + (home - group - k + size) % size);
    }
}

/* ---- cells
 * ------------------------------------------------------------------------------------ */

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

static void write_log(ride *this, int part, int step, int home, float *rows)
{
    const int64_t num_rows = this->blocks->num_rows[home];
    if (num_rows == 0) return;
    expect(this, rows[HOME] == (float)home);
    expect(this, rows[NUM_MET] == (float)step); /* a block meets its home at step 0 */
    rows[FIRST_MET + step] = (float)part;
    rows[NUM_MET] += 1;
    for (int64_t i = 0; this->kind->has_updates && i < num_rows; i++)
        rows[num_rows * STRIDE + i] += 1;
}

static void ride_cell(void *context, int thread, int part, int step, int home, float *rows)
{
    ride *this = context;
    const int size = this->kind->num_parts / this->kind->num_groups;
    const int group = part / size * size;
    expect(this, atomic_fetch_add(&this->part_is_busy[part], 1) == 0);
    expect(this, atomic_fetch_add(&this->block_is_busy[home], 1) == 0);
    expect(this, thread >= 0 && thread < this->num_threads);
    expect(this, home == group + (part - group + step) % size);
    expect(this, this->next_step[part]++ == step);
    expect(this, rows == this->blocks->rows[home]);
    expect(this, is_sound(this->blocks, home, rows, step));
    dawdle(part, step);
    write_log(this, part, step, home, rows);
    atomic_fetch_add(&this->num_cells, 1);
    atomic_fetch_sub(&this->block_is_busy[home], 1);
    atomic_fetch_sub(&this->part_is_busy[part], 1);
}

static void ride_tick(void *context, double share)
{
    ride *this = context;
    expect(this, share > this->last_share && share <= 1);
    this->last_share = share;
    this->num_ticks++;
}

/* ---- rotations
 * -------------------------------------------------------------------------------- */

static h2vi_rotation make_rotation(const h2v_world *world, const ride_kind *kind)
{
    const int first = first_of(world, kind, world->rank);
    return (h2vi_rotation){.world = world,
                           .num_parts = kind->num_parts,
                           .num_groups = kind->num_groups,
                           .first_part = first,
                           .num_local_parts =
                               first_of(world, kind, world->rank + 1) - first,
                           .dim = DIM,
                           .precision = kind->precision,
                           .task = ride_cell,
                           .tick = ride_tick};
}

/* Groups that are partly here, and the rows of all their blocks. */
static int count_travelers(const h2vi_rotation *rotation, const ride_kind *kind,
                           int64_t *num_rows)
{
    const int size = kind->num_parts / kind->num_groups;
    int num_travelers = 0;
    *num_rows = 0;
    for (int group = 0; group < kind->num_groups; group++) {
        int num_here = 0;
        int64_t rows = 0;
        for (int part = group * size; part < (group + 1) * size; part++) {
            const int p = part - rotation->first_part;
            num_here += p >= 0 && p < rotation->num_local_parts;
            rows += rows_of(kind->size, part);
        }
        if (num_here == 0 || num_here == size) continue;
        num_travelers++;
        *num_rows += rows;
    }
    return num_travelers;
}

static void check_traffic(const h2vi_rotation *rotation, const ride_kind *kind)
{
    const h2v_precision packed =
        kind->precision == H2V_PRECISION_INT8 ? H2V_PRECISION_F16 : kind->precision;
    const size_t row_bytes = kind->precision == H2V_PRECISION_F32
                                 ? STRIDE * sizeof(float)
                                 : h2vi_packed_bytes(packed, DIM);
    int64_t num_rows = 0;
    const int num_travelers = count_travelers(rotation, kind, &num_rows);
    CHECK_EQ(h2vi_rotation_num_spare(kind->num_parts, kind->num_groups,
                                     rotation->first_part, rotation->num_local_parts),
             2 * num_travelers);
    CHECK_EQ(rotation->rows_sent, num_rows);
    CHECK_EQ(rotation->rows_received, num_rows);
    const int64_t bytes = num_rows * (int64_t)(row_bytes + (kind->has_updates ? 4 : 0));
    CHECK_EQ(rotation->bytes_sent, bytes);
    CHECK_EQ(rotation->bytes_received, bytes);
    CHECK_EQ(mpi_sent, bytes);
    CHECK_EQ(mpi_received, bytes);
    CHECK_EQ(rotation->world->traffic->bytes_sent, bytes);
    CHECK_EQ(rotation->world->traffic->bytes_received, bytes);
}

static void rotate_once(const h2v_world *world, const ride_kind *kind,
                        h2vi_block_set *blocks)
{
    ride this = {.kind = kind, .blocks = blocks, .num_threads = world->num_threads};
    h2vi_rotation rotation = make_rotation(world, kind);
    rotation.context = &this;
    mpi_sent = mpi_received = 0;
    *world->traffic = (h2v_traffic){0};
    CHECK_EQ(h2vi_rotate(&rotation, blocks), H2V_OK);
    const int num_cells = rotation.num_local_parts * (kind->num_parts / kind->num_groups);
    CHECK_EQ(atomic_load(&this.num_faults), 0);
    CHECK_EQ(atomic_load(&this.num_cells), num_cells);
    if (world->num_threads == 1) CHECK_EQ(this.num_ticks, num_cells);
    check_blocks_are_home(world, kind, blocks);
    check_traffic(&rotation, kind);
}

/* Rotations of the same blocks, in buffers that have come around. */
static void every_cell_runs_once_and_alone(const h2v_world *world, const ride_kind *kind)
{
    h2vi_block_set blocks;
    make_blocks(world, kind, &blocks);
    for (int i = 0; i < 3; i++) {
        rotate_once(world, kind, &blocks);
        for (int home = 0; home < kind->num_parts; home++)
            if (blocks.rows[home]) fill_block(&blocks, home);
    }
    h2vi_block_set_clear(&blocks);
}

static void every_kind_runs(const h2v_world *world, int num_parts, int num_groups)
{
    const ride_kind kinds[] = {{num_parts, num_groups, SMALL, H2V_PRECISION_F32, false},
                               {num_parts, num_groups, UNEVEN, H2V_PRECISION_F32, true},
                               {num_parts, num_groups, UNEVEN, H2V_PRECISION_F16, true},
                               {num_parts, num_groups, UNEVEN, H2V_PRECISION_BF16, false},
                               {num_parts, num_groups, UNEVEN, H2V_PRECISION_INT8, true}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        every_cell_runs_once_and_alone(world, &kinds[i]);
}

static void large_and_empty_blocks_run(const h2v_world *world)
{
    for (int num_groups = 1; num_groups <= MAX_PARTS; num_groups *= 3)
        for (h2v_precision p = H2V_PRECISION_F32; p <= H2V_PRECISION_F16; p++) {
            const ride_kind large = {MAX_PARTS, num_groups, LARGE, p, true};
            const ride_kind empty = {MAX_PARTS, num_groups, EMPTY, p, true};
            every_cell_runs_once_and_alone(world, &large);
            every_cell_runs_once_and_alone(world, &empty);
        }
}

/* Each allocation of the last rank, in turn. */
static void one_failing_rank_fails_on_all(const h2v_world *world)
{
    if (!h2vi_alloc_can_fail()) return;
    const ride_kind kind = {9, 3, UNEVEN, H2V_PRECISION_F16, true};
    h2vi_block_set blocks;
    make_blocks(world, &kind, &blocks);
    const h2vi_rotation own = make_rotation(world, &kind);
    int64_t num_rows = 0;
    int num_allocations = 3 + 2 * count_travelers(&own, &kind, &num_rows);
    MPI_Bcast(&num_allocations, 1, MPI_INT, world->num_ranks - 1, world->comm);
    for (int count = 0; count < num_allocations; count++) {
        ride this = {.kind = &kind, .blocks = &blocks};
        h2vi_rotation rotation = make_rotation(world, &kind);
        rotation.context = &this;
        if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(count);
        CHECK_STATUS(h2vi_rotate(&rotation, &blocks), H2V_ERR_NOMEM, "Out of memory");
        h2vi_alloc_fail_after(-1);
        CHECK_EQ(atomic_load(&this.num_cells), 0);
    }
    rotate_once(world, &kind, &blocks);
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
            for (int num_groups = 1; num_groups <= num_parts; num_groups++)
                if (num_parts % num_groups == 0)
                    every_kind_runs(world, num_parts, num_groups);
        large_and_empty_blocks_run(world);
        one_failing_rank_fails_on_all(world);
        h2v_world_destroy(&world);
    }
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
