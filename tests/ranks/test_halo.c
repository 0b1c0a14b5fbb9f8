/* SPDX-License-Identifier: MIT */

/* The rows that a group needs are those of its pairs and of its pool, as a plain list has
 * them, on every rank that has a part of the group; and their numbers are their ranks in
 * that list. */
#include "alloc.h"
#include "check.h"
#include "group_pairs.h"
#include "halo.h"

#include <stdlib.h>

enum { SEED = 17, NUM_ROUNDS = 3 };

/* With blocks of whole words and with others; of one part a group and of many; parts of a
 * group on one rank, on two, on all; ranks without parts. */
static const group_kind kinds[] = {{6, 1, 203, 60},     {6, 2, 203, 60}, {6, 2, 384, 1},
                                   {6, 3, 203, 100000}, {6, 3, 256, 60}, {8, 4, 203, 60},
                                   {8, 2, 512, 7},      {6, 6, 203, 60}, {2, 2, 64, 60},
                                   {12, 4, 384, 100000}};
enum { NUM_KINDS = sizeof kinds / sizeof *kinds };

/* ---- one block of one group */

static void check_numbers(const h2vi_needed_rows *needed, const group_rows *expected,
                          int64_t rows_per_block)
{
    int64_t num_wrong = 0;
    uint32_t number = 0;
    for (int64_t row = 0; row < rows_per_block; row++) {
        const int is_needed = needed->bits[row / 64] >> row % 64 & 1;
        num_wrong += is_needed != expected->is_needed[row];
        num_wrong += is_needed && h2vi_row_number(needed, (uint32_t)row) != number;
        number += (uint32_t)is_needed;
    }
    CHECK_EQ(num_wrong, 0);
    CHECK_EQ(number, expected->num_needed);
    CHECK_EQ(needed->num_rows, expected->num_needed);
}

/* The pool is told by numbers, in its order. */
static void check_pool(const h2vi_needed_rows *needed, const group_rows *expected)
{
    int64_t num_wrong = 0;
    CHECK_EQ(needed->num_pooled, expected->num_pooled);
    for (int64_t i = 0; i < expected->num_pooled; i++)
        num_wrong += needed->pool[i] != h2vi_row_number(needed, expected->pool[i]);
    CHECK_EQ(num_wrong, 0);
}

/* From every row, the end included. */
static void check_next(const h2vi_halo *halo, const h2vi_needed_rows *needed,
                       const group_rows *expected)
{
    int64_t next = -1, num_wrong = 0;
    for (int64_t row = halo->num_words * 64; row >= 0; row--) {
        if (row < halo->blocks->rows_per_block && expected->is_needed[row]) next = row;
        num_wrong += h2vi_next_needed(halo, needed, row) != next;
    }
    CHECK_EQ(num_wrong, 0);
}

/* ---- a round */

static void check_round(const test_job *job, const group_kind *kind, const h2vi_halo *halo,
                        uint32_t round)
{
    const h2vi_groups *groups = &halo->groups;
    for (int g = groups->first_group; g < groups->end_group; g++)
        for (int b = 0; b < groups->parts_per_group; b++) {
            const h2vi_needed_rows *needed = h2vi_needed(halo, g, b);
            group_rows expected;
            group_rows_make(&job->blocks, kind, SEED, round, g, b, &expected);
            check_numbers(needed, &expected, job->blocks.rows_per_block);
            check_pool(needed, &expected);
            check_next(halo, needed, &expected);
            group_rows_clear(&expected);
        }
}

static int has_part(const group_kind *kind, const h2v_world *world, int rank, int group)
{
    const int per_group = kind->num_parts / kind->num_groups;
    const int first = h2v_partition_first_part(kind->num_parts, world->num_ranks, rank);
    const int end = h2v_partition_first_part(kind->num_parts, world->num_ranks, rank + 1);
    int num_parts = 0;
    for (int p = first; p < end; p++) num_parts += p / per_group == group;
    return num_parts > 0;
}

/* Each rank of a group sends its marks to the homes that are elsewhere, and each home what
 * was found to the other ranks of its group. */
static int64_t expected_bytes(const test_job *job, const group_kind *kind)
{
    const h2v_world *world = job->world;
    const int num_ranks = world->num_ranks, per_group = kind->num_parts / kind->num_groups;
    int64_t num_bitmaps = 0;
    for (int rank = 0; rank < num_ranks; rank++) {
        const int first = h2v_partition_first_part(kind->num_parts, num_ranks, rank);
        const int end = h2v_partition_first_part(kind->num_parts, num_ranks, rank + 1);
        for (int home = first; home < end; home++)
            for (int peer = 0; peer < num_ranks; peer++)
                if (peer != rank && has_part(kind, world, peer, home / per_group))
                    num_bitmaps += (peer == world->rank) + (rank == world->rank);
    }
    return num_bitmaps * ((job->blocks.rows_per_block + 63) / 64) * 8;
}

/* Several rounds with one halo, so that buffers are reused. */
static void halos_are_those_of_plain_lists(const group_kind *kind, int num_threads)
{
    test_job job;
    h2vi_halo halo;
    job_init_groups(MPI_COMM_WORLD, num_threads, kind->num_vertices, kind->num_parts,
                    kind->num_groups, &job);
    const h2vi_groups groups = h2vi_groups_of(job.world, kind->num_parts, kind->num_groups);
    CHECK_EQ(h2vi_halo_init(job.world, &job.blocks, &groups, kind->pool, &halo), H2V_OK);
    for (uint32_t round = 0; round < NUM_ROUNDS; round++) {
        h2vi_router router;
        group_pairs_make(&job, kind->num_groups, round, &router);
        CHECK_EQ(h2vi_halo_find(&halo, &router, SEED, round), H2V_OK);
        check_round(&job, kind, &halo, round);
        group_pairs_clear(&router);
        const int64_t bytes = (round + 1) * expected_bytes(&job, kind);
        CHECK_EQ(halo.bitmaps.bytes_sent, bytes);
        CHECK_EQ(halo.bitmaps.bytes_received, bytes);
    }
    const int num_needed = (groups.end_group - groups.first_group) * groups.parts_per_group;
    CHECK(h2vi_halo_bytes(&halo) >= num_needed * halo.num_words * 12);
    h2vi_halo_clear(&halo);
    job_clear(&job);
}

/* ---- arithmetic of groups */

static void groups_are_where_their_parts_are(const h2v_world *world)
{
    for (int k = 0; k < NUM_KINDS; k++) {
        const group_kind *kind = &kinds[k];
        const h2vi_groups groups = h2vi_groups_of(world, kind->num_parts, kind->num_groups);
        CHECK_EQ(groups.parts_per_group * groups.num_groups, groups.num_parts);
        for (int g = 0; g < kind->num_groups; g++) {
            int num_hosts = 0;
            for (int rank = 0; rank < world->num_ranks; rank++) {
                const int is_host = has_part(kind, world, rank, g);
                CHECK_EQ(h2vi_hosts_group(&groups, rank, g), is_host);
                num_hosts += is_host;
            }
            CHECK_EQ(h2vi_is_on_one_rank(&groups, g), num_hosts == 1);
            CHECK_EQ(g >= groups.first_group && g < groups.end_group,
                     has_part(kind, world, world->rank, g));
        }
        for (int rank = 0; rank < world->num_ranks; rank++)
            for (int p = h2v_partition_first_part(kind->num_parts, world->num_ranks, rank);
                 p < h2v_partition_first_part(kind->num_parts, world->num_ranks, rank + 1);
                 p++)
                CHECK_EQ(h2vi_part_host(&groups, p), rank);
    }
}

/* ---- memory */

/* The last rank runs out of memory at each allocation in turn; then all goes well. */
static void one_failing_rank_fails_on_all(void)
{
    if (!h2vi_alloc_can_fail()) return;
    const group_kind kind = {6, 2, 203, 60};
    test_job job;
    h2vi_router router;
    job_init_groups(MPI_COMM_WORLD, 2, kind.num_vertices, kind.num_parts, kind.num_groups,
                    &job);
    const h2v_world *world = job.world;
    const h2vi_groups groups = h2vi_groups_of(world, kind.num_parts, kind.num_groups);
    group_pairs_make(&job, kind.num_groups, 0, &router);
    int64_t count = 0;
    for (h2v_status status = H2V_ERR_NOMEM; status != H2V_OK && count < 100; count++) {
        h2vi_halo halo = {0};
        if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(count);
        status =
            h2v_agree(world, h2vi_halo_init(world, &job.blocks, &groups, kind.pool, &halo));
        if (status == H2V_OK) status = h2vi_halo_find(&halo, &router, SEED, 0);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_OK) {
            check_round(&job, &kind, &halo, 0);
        } else {
            CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
            CHECK_EQ(h2v_error_rank(), world->num_ranks - 1);
        }
        h2vi_halo_clear(&halo);
    }
    CHECK(count > 14 && count < 100);
    group_pairs_clear(&router);
    job_clear(&job);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    groups_are_where_their_parts_are(world);
    for (int num_threads = 1; num_threads <= 3; num_threads += 2)
        for (int k = 0; k < NUM_KINDS; k++)
            halos_are_those_of_plain_lists(&kinds[k], num_threads);
    one_failing_rank_fails_on_all();
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
