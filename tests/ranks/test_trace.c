/* SPDX-License-Identifier: MIT */

/* What is kept on each rank stands in the file, in its place; without a trace nothing
 * happens; a rank that has no room, or no file, fails on all. */
#include "trace.h"

#include "alloc.h"
#include "check.h"
#include "clock.h"

#include <jansson.h>
#include <stdlib.h>

enum { PARTS = 4, GROUPS = 2, ROUNDS = 3, STEPS = PARTS / GROUPS, MANY = 100 };

static char path[64]; /* by the number of ranks: tests run beside each other */

/* Items that a rank sends to another; itself included. */
static int64_t num_items(int round, int from, int to)
{
    return 100 * round + 10 * from + to;
}

static void fill_counts(const h2v_world *world, int round, h2vi_exchange *exchange)
{
    for (int r = 0; r < world->num_ranks; r++) {
        exchange->send_counts[r] = num_items(round, world->rank, r);
        exchange->recv_counts[r] = num_items(round, r, world->rank);
    }
}

static h2v_embed_params make_params(void)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.parts = PARTS;
    params.groups = GROUPS;
    params.rounds = ROUNDS;
    return params;
}

/* A round: many walks' stages, an exchange of pulled rows, cells. */
static void keep_round(const h2v_world *world, int round, h2vi_exchange *exchange,
                       h2vi_trace *trace)
{
    h2vi_trace_begin_round(trace, round);
    for (int i = 0; i < MANY; i++) {
        h2vi_trace_stage(trace, H2V_PHASE_WALK, round * MANY + i + 1, 0, NULL);
        h2vi_trace_agreed(trace);
    }
    fill_counts(world, round, exchange);
    h2vi_trace_stage(trace, H2V_PHASE_PULL, 8 * (round + 1), 2 * (round + 1), exchange);
    h2vi_trace_rotation(trace);
    h2vi_trace_work_begin(trace);
    exchange->cpu_seconds = h2vi_process_seconds() + 7;
    memset(exchange->send_counts, 0, (size_t)world->num_ranks * sizeof(int64_t));
    memset(exchange->recv_counts, 0, (size_t)world->num_ranks * sizeof(int64_t));
    h2vi_trace_work_end(trace, H2V_PHASE_PUSH, exchange);
    h2vi_trace_work_end(trace, H2V_PHASE_PUSH, NULL);
    if (!trace) return;
    for (int p = trace->first_part; p < trace->first_part + trace->num_local_parts; p++) {
        h2vi_trace_block(trace, p, 1000 * round + p);
        for (int step = 0; step < STEPS; step++)
            h2vi_trace_cell(trace, p, step, p + 0.5 * step, 10 * round + step);
    }
}

/* Set up, keep all rounds, write. */
static h2v_status keep_and_write(const h2v_world *world, h2vi_trace *trace)
{
    const h2v_embed_params params = make_params();
    h2vi_exchange exchange = {0};
    h2v_status status = h2vi_exchange_init(world, 3, &exchange);
    if (status == H2V_OK) status = h2vi_trace_init(world, &params, trace);
    status = h2v_agree(world, status);
    for (int round = 0; status == H2V_OK && round < ROUNDS; round++)
        keep_round(world, round, &exchange, trace);
    if (status == H2V_OK) status = h2vi_trace_write(trace, path);
    h2vi_trace_clear(trace);
    h2vi_exchange_clear(&exchange);
    return status;
}

/* ---- reading it again, on rank 0
 * ----------------------------------------------------------- */

static json_t *read_line(FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    json_t *object = getline(&line, &capacity, file) > 0 ? json_loads(line, 0, NULL) : NULL;
    free(line);
    return object;
}

static int64_t whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    CHECK(json_is_integer(value));
    return json_integer_value(value);
}

static json_t *entry(const json_t *object, const char *key, int i)
{
    return json_array_get(json_object_get(object, key), (size_t)i);
}

static void check_phase(const json_t *line, int round, const char *phase)
{
    CHECK_EQ(whole(line, "round"), round);
    const char *text = json_string_value(json_object_get(line, "phase"));
    CHECK(text && strcmp(text, phase) == 0);
}

static void check_end(const json_t *line, const char *end)
{
    const char *text = json_string_value(json_object_get(line, "end"));
    CHECK(text && strcmp(text, end) == 0);
}

/* One walk stage took a second. */
static void check_walk(const h2v_world *world, int round, FILE *file)
{
    json_t *line = read_line(file);
    check_phase(line, round, "walk");
    check_end(line, "agreement");
    for (int r = 0; r < world->num_ranks; r++) {
        CHECK(json_real_value(entry(line, "seconds", r)) == 1);
        CHECK(json_real_value(entry(line, "serial_seconds", r)) == 0);
        CHECK_EQ(json_integer_value(entry(line, "bytes_sent", r)), 0);
    }
    json_decref(line);
}

static void check_pull(const h2v_world *world, int round, FILE *file)
{
    json_t *line = read_line(file);
    check_phase(line, round, "pull");
    check_end(line, "exchange");
    for (int r = 0; r < world->num_ranks; r++) {
        int64_t sent = 0, received = 0;
        for (int peer = 0; peer < world->num_ranks; peer++) {
            if (peer == r) continue;
            sent += 3 * num_items(round, r, peer);
            received += 3 * num_items(round, peer, r);
        }
        CHECK(json_real_value(entry(line, "seconds", r)) == 8);
        CHECK(json_real_value(entry(line, "serial_seconds", r)) == 2);
        CHECK_EQ(json_integer_value(entry(line, "bytes_sent", r)), sent);
        CHECK_EQ(json_integer_value(entry(line, "bytes_received", r)), received);
    }
    json_decref(line);
}

static void check_plain(const h2v_world *world, int round, const char *phase,
                        const char *end, double least, double most, FILE *file)
{
    json_t *line = read_line(file);
    check_phase(line, round, phase);
    check_end(line, end);
    for (int r = 0; r < world->num_ranks; r++) {
        const double seconds = json_real_value(entry(line, "seconds", r));
        CHECK(least <= seconds && seconds <= most);
        CHECK_EQ(json_integer_value(entry(line, "bytes_sent", r)), 0);
    }
    json_decref(line);
}

static void check_matrix(const h2v_world *world, int round, FILE *file)
{
    json_t *line = read_line(file);
    check_phase(line, round, "pull");
    for (int r = 0; r < world->num_ranks; r++)
        for (int peer = 0; peer < world->num_ranks; peer++)
            CHECK_EQ(
                json_integer_value(json_array_get(entry(line, "bytes", r), (size_t)peer)),
                r == peer ? 0 : 3 * num_items(round, r, peer));
    json_decref(line);
}

static void check_cells(int round, FILE *file)
{
    json_t *line = read_line(file);
    CHECK_EQ(whole(line, "round"), round);
    for (int p = 0; p < PARTS; p++)
        CHECK_EQ(json_integer_value(entry(line, "block_bytes", p)), 1000 * round + p);
    json_decref(line);
    for (int p = 0; p < PARTS; p++) {
        line = read_line(file);
        CHECK_EQ(whole(line, "round"), round);
        CHECK_EQ(whole(line, "part"), p);
        CHECK_EQ(json_array_size(json_object_get(line, "seconds")), STEPS);
        for (int step = 0; step < STEPS; step++) {
            CHECK(json_real_value(entry(line, "seconds", step)) == p + 0.5 * step);
            CHECK_EQ(json_integer_value(entry(line, "num_pairs", step)), 10 * round + step);
        }
        json_decref(line);
    }
}

static void check_file(const h2v_world *world)
{
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    if (!file) return;
    json_t *head = read_line(file);
    CHECK_EQ(whole(head, "trace"), 1);
    CHECK_EQ(whole(head, "num_ranks"), world->num_ranks);
    CHECK_EQ(whole(head, "num_threads"), world->num_threads);
    CHECK_EQ(whole(head, "num_parts"), PARTS);
    CHECK_EQ(whole(head, "num_groups"), GROUPS);
    CHECK_EQ(whole(head, "num_rounds"), ROUNDS);
    CHECK_EQ(json_integer_value(entry(head, "first_parts", world->num_ranks)), PARTS);
    json_decref(head);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MANY; i++) check_walk(world, round, file);
        check_pull(world, round, file);
        check_plain(world, round, "train", "nothing", 0, 0, file);
        check_plain(world, round, "push", "exchange", 7, 8, file);
        check_plain(world, round, "push", "nothing", 0, 1, file);
        if (world->num_ranks > 1) check_matrix(world, round, file);
        check_cells(round, file);
    }
    CHECK(fgetc(file) == EOF);
    (void)fclose(file);
    (void)remove(path);
}

/* ---- tests
 * --------------------------------------------------------------------------------- */

static void all_is_in_its_place(const h2v_world *world)
{
    h2vi_trace trace = {0};
    CHECK_STATUS(keep_and_write(world, &trace), H2V_OK, "");
    if (world->rank == 0) check_file(world);
}

static void without_a_trace_nothing_happens(const h2v_world *world)
{
    h2vi_exchange exchange;
    CHECK_EQ(h2vi_exchange_init(world, 3, &exchange), H2V_OK);
    keep_round(world, 0, &exchange, NULL);
    h2vi_trace_block(NULL, 0, 1);
    h2vi_trace_cell(NULL, 0, 0, 1, 1);
    h2vi_exchange_clear(&exchange);
}

static void a_file_that_cannot_be_is_refused_on_all(const h2v_world *world)
{
    const h2v_embed_params params = make_params();
    h2vi_trace trace;
    CHECK_EQ(h2vi_trace_init(world, &params, &trace), H2V_OK);
    CHECK_STATUS(h2vi_trace_write(&trace, "no/such/directory/trace"), H2V_ERR_IO,
                 "Cannot create 'no/such/directory/trace'");
    CHECK_STATUS(h2vi_trace_write(&trace, "/dev/full"), H2V_ERR_IO, "Cannot write");
    h2vi_trace_clear(&trace);
}

/* A stage without room is told when the trace is written, not before. */
static void a_rank_out_of_memory_fails_on_all(const h2v_world *world, int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (; status != H2V_OK && num_failures < MANY; num_failures++) {
        h2vi_trace trace = {0};
        if (world->rank == bad) h2vi_alloc_fail_after(num_failures);
        status = keep_and_write(world, &trace);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
    }
    CHECK_EQ(status, H2V_OK);
    CHECK(num_failures > 10);
    if (world->rank == 0) (void)remove(path);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    h2v_world *world = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    (void)snprintf(path, sizeof path, "test_trace_%d.jsonl", world->num_ranks);
    all_is_in_its_place(world);
    without_a_trace_nothing_happens(world);
    a_file_that_cannot_be_is_refused_on_all(world);
    for (int bad = 0; bad < world->num_ranks; bad++)
        a_rank_out_of_memory_fails_on_all(world, bad);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
