/* SPDX-License-Identifier: MIT */

/* Rows by a formula come to the groups that need them, are changed there by a formula, and
 * come back: what the owners have then is what a plain computation over all groups gives,
 * on any number of ranks. Only what is needed travels, and only what was changed travels
 * back. */
#include "alloc.h"
#include "check.h"
#include "group_runs.h"
#include "packed_rows.h"

#include <malloc.h>
#include <math.h>
#include <stdlib.h>

enum { NUM_ROUNDS = 3 };

/* Groups on one rank, on two, on all; more ranks than parts; pools of few rows and of all.
 */
static const group_kind kinds[] = {
    {6, 2, 203, 30}, {6, 3, 203, 1000}, {8, 4, 203, 20}, {6, 6, 130, 15}, {2, 2, 64, 9}};
enum { NUM_KINDS = sizeof kinds / sizeof *kinds };

/* ---- what MPI is given
 * ------------------------------------------------------------------------ */

/* Messages that are on their way, with what they were at first: what is sent must stay as
 * it is until it was waited for. */
static struct message {
    const MPI_Request *request;
    const unsigned char *bytes;
    int num_bytes;
    uint64_t sum;
} messages[256];
static int num_messages, num_waited, num_spoiled;

static uint64_t sum_of(const unsigned char *bytes, int num_bytes)
{
    uint64_t sum = 0;
    for (int i = 0; i < num_bytes; i++) sum = sum * 31 + bytes[i];
    return sum;
}

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int peer, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    const size_t most = sizeof messages / sizeof *messages;
    if (type == MPI_BYTE && (size_t)num_messages < most)
        messages[num_messages++] =
            (struct message){request, buffer, count, sum_of(buffer, count)};
    return PMPI_Isend(buffer, count, type, peer, tag, comm, request);
}

int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    for (int i = 0; i < num_messages; i++)
        if (messages[i].request == request) {
            const struct message message = messages[i];
            messages[i--] = messages[--num_messages];
            num_waited++;
            num_spoiled += sum_of(message.bytes, message.num_bytes) != message.sum;
        }
    return PMPI_Wait(request, status);
}

/* ---- pull
 * ---------------------------------------------------------------------------------------
 */

static void check_pulled_row(const group_run *run, int home, int64_t slot, int64_t number)
{
    const h2vi_block_set *set = &run->model.blocks;
    float expected[RUN_STRIDE] = {0};
    group_run_pull(run, slot, expected);
    CHECK(memcmp(set->rows[home] + number * RUN_STRIDE, expected, sizeof expected) == 0);
    CHECK(h2vi_block_updates(set, home)[number] == 0);
}

/* Look at all rows of all homes: those of homes here must be there, and what crosses ranks
 * is counted. */
static void check_pulled(const group_run *run, h2v_rank_report *expected)
{
    const int rank = run->job.world->rank, num_blocks = run->job.blocks.num_blocks;
    for (int home = 0; home < run->kind->num_parts; home++) {
        const int host = group_run_host(run, home);
        if (host == rank)
            CHECK_EQ(run->model.blocks.num_rows[home], run->needed[home].num_needed);
        for (int64_t slot = 0; slot < run->kind->num_vertices; slot++) {
            int block = 0;
            const int64_t row = group_run_row(run, slot, &block);
            const int owner = group_run_owner(run, slot);
            if (block != home % num_blocks || !run->needed[home].is_needed[row]) continue;
            if (host == rank)
                check_pulled_row(run, home, slot, group_run_number(run, home, row));
            expected->rows_sent[H2V_PHASE_PULL] += owner == rank && host != rank;
            expected->rows_received[H2V_PHASE_PULL] += owner != rank && host == rank;
        }
    }
}

/* ---- push
 * ---------------------------------------------------------------------------------------
 */

/* Sums and single changes to the bit; where a quotient comes in, to rounding. */
static double tolerance_of(const group_run *run, int num_changes)
{
    if (num_changes < 2) return 0;
    if (run->params.combiner == H2V_COMBINER_AVERAGE) return 4e-7;
    return run->params.combiner == H2V_COMBINER_SATURATING ? 4e-6 : 0;
}

static void check_combined_row(const group_run *run, int64_t slot, double tolerance,
                               const float *expected)
{
    const int64_t v = slot - run->job.moved.graph->first[run->job.world->rank];
    const float *row = run->model.out + v * RUN_STRIDE;
    int num_wrong = 0;
    for (int d = 0; d < RUN_DIM; d++) {
        const double apart = fabs((double)row[d] - (double)expected[d]);
        num_wrong += !(apart <= tolerance * fmax(1, fabs((double)expected[d])));
    }
    for (int d = RUN_DIM; d < RUN_STRIDE; d++) num_wrong += row[d] != 0;
    CHECK_EQ(num_wrong, 0);
}

static void count_changes(const group_run *run, const group_changes *changes, int64_t slot,
                          h2v_rank_report *expected)
{
    const int rank = run->job.world->rank, owner = group_run_owner(run, slot);
    int block = 0;
    (void)group_run_row(run, slot, &block);
    for (int i = 0; i < changes->num_changes; i++) {
        const int home = changes->groups[i] * run->job.blocks.num_blocks + block;
        const int host = group_run_host(run, home);
        expected->rows_sent[H2V_PHASE_PUSH] += host == rank && owner != rank;
        expected->rows_received[H2V_PHASE_PUSH] += host != rank && owner == rank;
    }
}

/* Proportional to the learning rate and to the mean squared norm of the centers, where the
 * rule asks for it. The factor is a matter of measurement, and the same for all. */
static void check_curvature(const group_run *run, double rate)
{
    static double factor = 0;
    if (run->params.combiner != H2V_COMBINER_SATURATING) {
        CHECK(run->reconciler.curvature == 0);
        return;
    }
    const double found = run->reconciler.curvature / rate / group_run_mean_square(run);
    if (factor == 0) factor = found;
    CHECK(found > 0.005 && found < 0.5);
    CHECK(fabs(found / factor - 1) < 1e-5);
}

/* Look at all rows of all owners: those of this rank must be as expected. Returns the most
 * changes that met in a row. */
static int check_combined(const group_run *run, h2v_rank_report *expected)
{
    int most = 0;
    for (int64_t slot = 0; slot < run->kind->num_vertices; slot++) {
        group_changes changes;
        group_run_list_changes(run, slot, &changes);
        count_changes(run, &changes, slot, expected);
        if (changes.num_changes > most) most = changes.num_changes;
        if (group_run_owner(run, slot) != run->job.world->rank) continue;
        float row[RUN_DIM];
        memcpy(row, run->out + slot * RUN_DIM, sizeof row);
        group_run_combine(run, &changes, slot, row);
        check_combined_row(run, slot, tolerance_of(run, changes.num_changes), row);
    }
    return most;
}

/* ---- what travelled
 * ----------------------------------------------------------------------------- */

static void check_reported(const group_run *run, const h2v_rank_report *expected)
{
    const int64_t row_bytes =
        (int64_t)h2vi_packed_bytes(run->params.exchange_precision, RUN_DIM);
    const int64_t request_bytes = 4, change_bytes = 12 + row_bytes;
    const int64_t *sent = expected->rows_sent, *received = expected->rows_received;
    const h2vi_exchange *bitmaps = &run->reconciler.halo.bitmaps;
    h2v_rank_report report = {0};
    h2vi_reconciler_report(&run->reconciler, &report);
    for (int p = H2V_PHASE_PULL; p <= H2V_PHASE_PUSH; p++) {
        CHECK_EQ(report.rows_sent[p], sent[p]);
        CHECK_EQ(report.rows_received[p], received[p]);
    }
    CHECK_EQ(report.bytes_sent[H2V_PHASE_PULL],
             sent[H2V_PHASE_PULL] * row_bytes + received[H2V_PHASE_PULL] * request_bytes +
                 bitmaps->bytes_sent);
    CHECK_EQ(report.bytes_received[H2V_PHASE_PULL],
             received[H2V_PHASE_PULL] * row_bytes + sent[H2V_PHASE_PULL] * request_bytes +
                 bitmaps->bytes_received);
    CHECK_EQ(report.bytes_sent[H2V_PHASE_PUSH], sent[H2V_PHASE_PUSH] * change_bytes);
    CHECK_EQ(report.bytes_received[H2V_PHASE_PUSH],
             received[H2V_PHASE_PUSH] * change_bytes);
}

/* ---- rounds
 * ------------------------------------------------------------------------------------- */

static h2v_status start_reconciler(group_run *run)
{
    return h2vi_reconciler_init(&run->params, &run->job.moved, &run->job.blocks,
                                &run->model, &run->reconciler);
}

/* Once the push has begun, blocks and pairs are free for what comes next. */
static void reuse_blocks(group_run *run)
{
    const h2vi_block_set *set = &run->model.blocks;
    for (int home = 0; home < set->num_homes; home++)
        for (int64_t i = 0; set->rows[home] && i < set->num_rows[home] * RUN_STRIDE; i++)
            set->rows[home][i] = NAN;
    for (int64_t i = 0; i < run->router.num_pairs; i++) run->router.pairs[i].row = 0;
}

/* Round 1 changes nothing: then nothing is sent, and rows stay as they are. */
static void run_round(group_run *run, uint32_t round, h2v_rank_report *expected)
{
    const bool is_idle = round == 1;
    const double rate = 0.25 / (1 + round);
    group_run_begin_round(run, round);
    CHECK_EQ(h2vi_pull(&run->reconciler, &run->router, round), H2V_OK);
    check_pulled(run, expected);
    if (!is_idle) group_run_change(run);
    CHECK_EQ(h2vi_push_begin(&run->reconciler, rate), H2V_OK);
    check_curvature(run, rate);
    reuse_blocks(run);
    CHECK_EQ(h2vi_push_end(&run->reconciler), H2V_OK);
    if (!is_idle) CHECK(check_combined(run, expected) > 1);
    for (int64_t slot = 0; is_idle && slot < run->kind->num_vertices; slot++)
        if (group_run_owner(run, slot) == run->job.world->rank)
            check_combined_row(run, slot, 0, run->out + slot * RUN_DIM);
    group_run_share(run);
    group_run_end_round(run);
}

/* Several rounds with one reconciler, so that buffers are reused. */
static void owners_have_what_the_plain_computation_gives(const group_kind *kind,
                                                         h2v_combiner combiner,
                                                         h2v_precision precision,
                                                         int num_threads)
{
    group_run run;
    h2v_rank_report expected = {0};
    num_messages = num_waited = num_spoiled = 0;
    group_run_start(kind, combiner, precision, num_threads, &run);
    CHECK_EQ(start_reconciler(&run), H2V_OK);
    for (uint32_t round = 0; round < NUM_ROUNDS; round++) run_round(&run, round, &expected);
    check_reported(&run, &expected);
    CHECK(h2vi_reconciler_bytes(&run.reconciler) >=
          h2vi_halo_bytes(&run.reconciler.halo) +
              run.job.moved.graph->num_owned * (int64_t)sizeof(int64_t));
    h2vi_reconciler_clear(&run.reconciler);
    group_run_end(&run);
    CHECK_EQ(num_spoiled, 0);
    CHECK_EQ(num_messages, 0);
}

/* ---- what goes wrong
 * -------------------------------------------------------------------------- */

/* One number of one row of one group, at the home of the last part. */
static void changes_out_of_range_are_told_to_all(h2v_precision precision, float value)
{
    const group_kind *kind = &kinds[2];
    group_run run;
    group_run_start(kind, H2V_COMBINER_SATURATING, precision, 2, &run);
    CHECK_EQ(start_reconciler(&run), H2V_OK);
    for (uint32_t round = 0; round < 2; round++) {
        float *rows = NULL;
        group_run_begin_round(&run, round);
        CHECK_EQ(h2vi_pull(&run.reconciler, &run.router, round), H2V_OK);
        group_run_change(&run);
        rows = run.model.blocks.rows[kind->num_parts - 1];
        if (rows && round == 1) rows[RUN_DIM - 1] = value;
        CHECK_EQ(h2vi_push_begin(&run.reconciler, 0.1), H2V_OK);
        CHECK_STATUS(h2vi_push_end(&run.reconciler), round == 0 ? H2V_OK : H2V_ERR_ARGUMENT,
                     "Training diverged");
        group_run_end_round(&run);
    }
    h2vi_reconciler_clear(&run.reconciler);
    group_run_end(&run);
}

/* As after a failure in the round that follows. What was sent must stay until it has
 * arrived; then the ranks are in step. */
static void a_push_that_is_not_ended_is_cleared(void)
{
    group_run run;
    num_messages = num_waited = num_spoiled = 0;
    group_run_start(&kinds[0], H2V_COMBINER_SUM, H2V_PRECISION_F32, 2, &run);
    CHECK_EQ(start_reconciler(&run), H2V_OK);
    group_run_begin_round(&run, 0);
    CHECK_EQ(h2vi_pull(&run.reconciler, &run.router, 0), H2V_OK);
    group_run_change(&run);
    num_waited = 0;
    CHECK_EQ(h2vi_push_begin(&run.reconciler, 0.1), H2V_OK);
    CHECK_EQ(num_waited, 0);
    const int num_sent = num_messages;
    h2vi_reconciler_clear(&run.reconciler);
    CHECK_EQ(num_waited, num_sent);
    CHECK_EQ(num_spoiled, 0);
    group_run_end_round(&run);
    group_run_end(&run);
    MPI_Allreduce(MPI_IN_PLACE, &num_waited, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    int num_ranks = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    CHECK_EQ(num_waited > 0, num_ranks > 1);
}

static void nudge_rows(const h2vi_block_set *set)
{
    for (int home = 0; home < set->num_homes; home++)
        for (int64_t i = 0; set->rows[home] && i < set->num_rows[home]; i++)
            set->rows[home][i * RUN_STRIDE] += 1;
}

/* Two rounds, the second with more rows; this rank can allocate so many times only, -1: as
 * often as it likes. */
static h2v_status run_short_of_memory(group_run *run, const h2vi_router *routers,
                                      int64_t count)
{
    h2vi_alloc_fail_after(count);
    h2v_status status = start_reconciler(run);
    for (uint32_t round = 0; status == H2V_OK && round < 2; round++) {
        status = h2vi_pull(&run->reconciler, &routers[round], round);
        if (status == H2V_OK) nudge_rows(&run->model.blocks);
        if (status == H2V_OK) status = h2vi_push_begin(&run->reconciler, 0.1);
        if (status == H2V_OK) status = h2vi_push_end(&run->reconciler);
    }
    h2vi_alloc_fail_after(-1);
    h2vi_reconciler_clear(&run->reconciler);
    return status;
}

/* Each allocation of the last rank, in turn; then all goes well. */
static void one_failing_rank_fails_on_all(int num_ranks)
{
    if (!h2vi_alloc_can_fail()) return;
    const group_kind *kind = &kinds[1];
    group_run run;
    h2vi_router routers[2];
    int64_t count = 0;
    group_run_start(kind, H2V_COMBINER_ADASUM, H2V_PRECISION_F16, 2, &run);
    for (uint32_t round = 0; round < 2; round++)
        group_pairs_make(&run.job, kind->num_groups, 2 * round, &routers[round]);
    const bool is_failing = run.job.world->rank == num_ranks - 1;
    for (h2v_status status = H2V_ERR_NOMEM; status != H2V_OK && count < 200; count++) {
        h2vi_model_clear(&run.model);
        CHECK_EQ(
            h2vi_model_init(&run.job.moved, &run.job.blocks, RUN_DIM, RUN_SEED, &run.model),
            H2V_OK);
        status = run_short_of_memory(&run, routers, is_failing ? count : -1);
        if (status == H2V_OK) continue;
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), num_ranks - 1);
    }
    CHECK(count > 40 && count < 200);
    for (int i = 0; i < 2; i++) group_pairs_clear(&routers[i]);
    group_run_end(&run);
}

int main(int argc, char **argv)
{
    int level = 0, num_ranks = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    (void)mallopt(M_PERTURB, 0x5A); /* what is released is overwritten */
    for (int num_threads = 1; num_threads <= 3; num_threads += 2) {
        for (int k = 0; k < NUM_KINDS; k++)
            for (h2v_precision p = H2V_PRECISION_F32; p <= H2V_PRECISION_INT8; p++)
                owners_have_what_the_plain_computation_gives(&kinds[k], H2V_COMBINER_SUM, p,
                                                             num_threads);
        for (h2v_combiner c = H2V_COMBINER_SATURATING; c <= H2V_COMBINER_AVERAGE; c++)
            owners_have_what_the_plain_computation_gives(
                &kinds[2], c, c % 2 == 0 ? H2V_PRECISION_F32 : H2V_PRECISION_INT8,
                num_threads);
    }
    for (h2v_precision p = H2V_PRECISION_F32; p <= H2V_PRECISION_INT8; p++) {
        changes_out_of_range_are_told_to_all(p, NAN);
        changes_out_of_range_are_told_to_all(p, -INFINITY);
        changes_out_of_range_are_told_to_all(p, 0x1p15F);
    }
    a_push_that_is_not_ended_is_cleared();
    one_failing_rank_fails_on_all(num_ranks);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
