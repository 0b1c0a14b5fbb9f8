/* SPDX-License-Identifier: MIT */

/* Rows that training starts from are what a plain simulation on one rank makes of the file
 * and the graph, bit by bit, on any ranks and threads: matched by id, new vertices from
 * their neighbors, sweep by sweep, and the rest noise. */
#include "alloc.h"
#include "check.h"
#include "dense_graphs.h"
#include "embed_jobs.h"
#include "embeddings.h"
#include "graph_hdf5.h"
#include "init_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUM_VERTICES = 70, NUM_ROWS = 90, NUM_PARTS = 6, DIM = 19, SEED = 21 };
enum { MAX_VERTICES = 80 };
#define GRAPH "graph.h5"
#define ROWS "rows.h5"

/* ---- what is in the files */

/* A ring with chords of 40; a path 40 .. 44 that hangs on 5; a triangle 50 .. 52 and a
 * vertex 60 that no way leads to; the others have no edges. One way, if directed. */
static bool is_arc(uint32_t u, uint32_t v)
{
    if (u < 40 && v < 40)
        return v == (u + 1) % 40 || v == (u + 7) % 40 || (u + 2) % 40 == v ||
               (u + 1 == 40 && v == 0);
    if (u == 5 && v == 40) return true;
    if (u >= 40 && v <= 44 && v == u + 1) return true;
    return u >= 50 && v >= 50 && u != v && u <= 52 && v <= 52;
}

static bool is_either(uint32_t u, uint32_t v)
{
    return is_arc(u, v) || is_arc(v, u);
}

/* Back along the path only, so that its vertices have a neighbor when it is directed. */
static bool is_backward(uint32_t u, uint32_t v)
{
    return is_arc(u, v) || (u >= 40 && u <= 44 && is_arc(v, u));
}

static bool is_line(uint32_t u, uint32_t v)
{
    return v == u + 1;
}

typedef struct start_case {
    const char *text;
    int64_t num_vertices;
    bool directed, weighted, has_strings;
    dense_rule rule;
    bool (*is_new)(int64_t gid); /* whether the file has no such vertex */
} start_case;

static bool is_some(int64_t gid)
{
    return gid % 7 == 3 || gid % 7 == 4 || gid >= 40;
}

static bool is_none(int64_t gid)
{
    (void)gid;
    return false;
}

static bool is_all(int64_t gid)
{
    (void)gid;
    return true;
}

static bool is_not_first(int64_t gid)
{
    return gid > 0;
}

static const start_case examples[] = {
    {"plain", NUM_VERTICES, false, false, false, is_either, is_some},
    {"weighted, strings", NUM_VERTICES, false, true, true, is_either, is_some},
    {"directed", NUM_VERTICES, true, true, false, is_backward, is_some},
    {"the same graph", NUM_VERTICES, false, false, false, is_either, is_none},
    {"another graph", NUM_VERTICES, false, true, true, is_either, is_all},
    {"longer than the sweeps", MAX_VERTICES, false, false, false, is_line, is_not_first}};
enum { NUM_EXAMPLES = sizeof examples / sizeof *examples };

static int64_t name_of(int64_t gid)
{
    return 10 * gid + 3;
}

/* Rows of the file are in no order of the graph, and some are of vertices that it has not.
 */
static int64_t gid_of_row(int64_t row)
{
    return (row * 17 + 5) % NUM_ROWS;
}

static int64_t name_of_row(const start_case *example, int64_t row)
{
    const int64_t gid = gid_of_row(row);
    return gid < example->num_vertices && example->is_new(gid) ? -name_of(gid)
                                                               : name_of(gid);
}

static float value_of(int is_context, int64_t row, int64_t d)
{
    const h2vi_words random = h2vi_random(5, H2VI_FOR_GENERATOR, (uint32_t)is_context, 0,
                                          (uint32_t)row, (uint32_t)d);
    return h2vi_unit(random.w[0]) - 0.5F;
}

/* The same names as texts. */
static void turn_to_strings(h2vi_ids *ids)
{
    enum { NAME_BYTES = 16 };
    ids->text = h2vi_alloc_n(ids->num_ids * NAME_BYTES, 1);
    ids->starts = h2vi_alloc_n(ids->num_ids + 1, sizeof *ids->starts);
    for (int64_t i = 0; i < ids->num_ids; i++)
        ids->starts[i + 1] =
            ids->starts[i] + 1 +
            snprintf(ids->text + ids->starts[i], NAME_BYTES, "v%" PRId64, ids->numbers[i]);
    free(ids->numbers);
    ids->numbers = NULL;
}

static void write_graph(const start_case *example)
{
    dense_graph graph = dense_make(example->num_vertices, example->directed,
                                   example->weighted, example->rule);
    if (example->has_strings) turn_to_strings(&graph.ids);
    CHECK_EQ(h2vi_graph_write(GRAPH, &graph.csr, &graph.ids, "a test"), H2V_OK);
    dense_clear(&graph);
}

static void write_rows(const start_case *example, int64_t dim, bool with_contexts)
{
    h2vi_ids ids = {.num_ids = NUM_ROWS, .numbers = h2vi_alloc(NUM_ROWS, sizeof(int64_t))};
    const h2vi_embedding_header header = {
        .num_vertices = NUM_ROWS, .dim = dim, .has_contexts = with_contexts, .groups = 1};
    for (int64_t row = 0; row < NUM_ROWS; row++)
        ids.numbers[row] = name_of_row(example, row);
    if (example->has_strings) turn_to_strings(&ids);
    CHECK_EQ(embedding_make(ROWS, header, &ids, value_of), H2V_OK);
    h2vi_ids_clear(&ids);
}

/* ---- what must come of them */

typedef struct start_rows {
    float rows[2][MAX_VERTICES][DIM]; /* in, contexts; by gid */
    bool is_known[MAX_VERTICES];
    h2vi_init_counts counts;
} start_rows;

static void expect_row(const start_case *example, const start_rows *before, int64_t u,
                       start_rows *now)
{
    for (int m = 0; m < 2; m++)
        for (int d = 0; d < DIM; d++) {
            double sum = 0, total = 0;
            for (uint32_t v = 0; v < example->num_vertices; v++) {
                const bool is_first = example->directed || u <= v;
                if (!before->is_known[v] || !(is_first ? example->rule((uint32_t)u, v)
                                                       : example->rule(v, (uint32_t)u)))
                    continue;
                const double weight =
                    example->weighted ? (double)dense_weight((uint32_t)u, v) : 1;
                sum += weight * (double)before->rows[m][v][d];
                total += weight;
            }
            if (total == 0) return;
            now->rows[m][u][d] = (float)(sum / total);
        }
    now->is_known[u] = true;
    now->counts.num_from_neighbors++;
    now->counts.num_noise--;
}

static void draw_noise(int64_t gid, float *row)
{
    for (int d = 0; d < DIM; d++) {
        const h2vi_words random =
            h2vi_random(SEED, H2VI_FOR_INIT, 0, 0, (uint32_t)gid, (uint32_t)d / 4);
        row[d] = (h2vi_unit(random.w[d % 4]) - 0.5F) / DIM;
    }
}

static void expect(const start_case *example, start_rows *now)
{
    memset(now, 0, sizeof *now);
    now->counts.num_noise = example->num_vertices;
    for (int64_t gid = 0; gid < example->num_vertices; gid++)
        draw_noise(gid, now->rows[0][gid]);
    for (int64_t row = 0; row < NUM_ROWS; row++) {
        const int64_t gid = gid_of_row(row);
        if (gid >= example->num_vertices || example->is_new(gid)) continue;
        for (int m = 0; m < 2; m++)
            for (int d = 0; d < DIM; d++) now->rows[m][gid][d] = value_of(m, row, d);
        now->is_known[gid] = true;
        now->counts.num_matched++;
        now->counts.num_noise--;
    }
    start_rows *before = h2vi_alloc(1, sizeof *before);
    for (int sweep = 0; sweep < 64; sweep++) {
        *before = *now;
        for (int64_t u = 0; u < example->num_vertices; u++)
            if (!before->is_known[u]) expect_row(example, before, u, now);
    }
    free(before);
}

/* ---- comparing */

static void load_job(MPI_Comm comm, int num_threads, int num_groups, test_job *job)
{
    h2v_graph *graph = NULL;
    CHECK_EQ(h2v_world_create(comm, num_threads, &job->world), H2V_OK);
    CHECK_EQ(h2v_graph_load(job->world, GRAPH, &graph), H2V_OK);
    job_init_graph(graph, NUM_PARTS, num_groups, job);
}

/* Numbers of a row that are not as expected, the padding included. */
static int64_t count_wrong(const float *row, const float *expected, int stride)
{
    int64_t num_wrong = memcmp(row, expected, DIM * sizeof *row) != 0;
    for (int d = DIM; d < stride; d++) num_wrong += row[d] != 0;
    return num_wrong;
}

static void check_owned(const h2v_graph *graph, const h2vi_model *model, int is_context,
                        const start_rows *expected)
{
    const float *matrix = is_context ? model->out : model->in;
    int64_t num_wrong = 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        num_wrong += count_wrong(matrix + v * model->stride,
                                 expected->rows[is_context][graph->gids[v]], model->stride);
    CHECK_EQ(num_wrong, 0);
}

/* The blocks that are here; `alone` knows whose the rows are. */
static void check_blocks(const test_job *job, const test_job *alone,
                         const h2vi_model *model, const start_rows *expected)
{
    const int64_t rows_per_block = job->blocks.rows_per_block;
    int64_t num_wrong = 0, num_here = 0;
    for (int64_t slot = 0; slot < alone->moved.graph->num_vertices; slot++) {
        const int64_t place = alone->moved.vertices[slot].context_slot;
        const float *block = model->blocks.rows[place / rows_per_block];
        if (!block) continue;
        num_here++;
        num_wrong +=
            count_wrong(block + place % rows_per_block * model->stride,
                        expected->rows[1][alone->moved.graph->gids[slot]], model->stride);
    }
    CHECK_EQ(num_wrong, 0);
    MPI_Allreduce(MPI_IN_PLACE, &num_here, 1, MPI_INT64_T, MPI_SUM, job->world->comm);
    CHECK_EQ(num_here, job->moved.graph->num_vertices);
}

static void check_counts(const h2vi_init_counts *counts, const h2vi_init_counts *expected)
{
    CHECK_EQ(counts->num_matched, expected->num_matched);
    CHECK_EQ(counts->num_from_neighbors, expected->num_from_neighbors);
    CHECK_EQ(counts->num_noise, expected->num_noise);
}

/* Collective: a model that starts from the file; `fail_after` on the last rank only. */
static h2v_status start(const test_job *job, int64_t fail_after, h2vi_model *model,
                        h2vi_init_counts *counts)
{
    const h2v_world *world = job->world;
    CHECK_EQ(h2vi_model_init(&job->moved, &job->blocks, DIM, SEED, model), H2V_OK);
    if (world->rank == world->num_ranks - 1) h2vi_alloc_fail_after(fail_after);
    const h2v_status status =
        h2vi_init_from_file(ROWS, GRAPH, &job->moved, &job->blocks, model, counts);
    h2vi_alloc_fail_after(-1);
    return status;
}

static void rows_start_from_the_file(const start_case *example, int num_threads,
                                     int num_groups, bool with_contexts)
{
    test_job job, alone;
    h2vi_model model;
    h2vi_init_counts counts;
    load_job(MPI_COMM_WORLD, num_threads, num_groups, &job);
    load_job(MPI_COMM_SELF, 1, num_groups, &alone);
    start_rows *expected = h2vi_alloc(1, sizeof *expected);
    expect(example, expected);
    if (!with_contexts) memset(expected->rows[1], 0, sizeof expected->rows[1]);

    CHECK_STATUS(start(&job, -1, &model, &counts), H2V_OK, "");
    check_counts(&counts, &expected->counts);
    check_owned(job.moved.graph, &model, 0, expected);
    if (num_groups > 1)
        check_owned(job.moved.graph, &model, 1, expected);
    else
        check_blocks(&job, &alone, &model, expected);
    h2vi_model_clear(&model);
    free(expected);
    job_clear(&job);
    job_clear(&alone);
}

/* Collective: rank 0 writes both files. */
static void write_files(const start_case *example, int64_t dim, bool with_contexts)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (check_rank() == 0) {
        write_graph(example);
        write_rows(example, dim, with_contexts);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void all_examples(void)
{
    for (int i = 0; i < NUM_EXAMPLES; i++) {
        write_files(&examples[i], DIM, true);
        rows_start_from_the_file(&examples[i], 1 + i % 3, 1, true);
        rows_start_from_the_file(&examples[i], 3 - i % 3, 2, true);
    }
    write_files(&examples[0], DIM, false);
    rows_start_from_the_file(&examples[0], 2, 1, false);
    rows_start_from_the_file(&examples[0], 2, 2, false);
}

/* What the simulation above makes, in figures that can be followed by hand. */
static void the_simulation_is_right(void)
{
    start_rows *now = h2vi_alloc(1, sizeof *now);
    expect(&examples[0], now);
    CHECK_EQ(now->counts.num_matched, 28);
    CHECK_EQ(now->counts.num_from_neighbors, 12 + 5);
    CHECK_EQ(now->counts.num_noise, 25);
    /* 3 has 1, 2, 5, 36, and 4 and 10, which are new; 40 and on have what 5 has. */
    for (int d = 0; d < DIM; d++) {
        const float *const columns[] = {now->rows[1][1], now->rows[1][2], now->rows[1][5],
                                        now->rows[1][36]};
        double sum = 0;
        for (int i = 0; i < 4; i++) sum += (double)columns[i][d];
        CHECK(now->rows[1][3][d] == (float)(sum / 4));
        CHECK(now->rows[0][44][d] == now->rows[0][5][d]);
        CHECK(now->rows[1][50][d] == 0);
    }
    expect(&examples[5], now);
    CHECK_EQ(now->counts.num_from_neighbors, 64);
    CHECK_EQ(now->counts.num_noise, MAX_VERTICES - 65);
    free(now);
}

/* ---- failures */

static void check_refused(const test_job *job, const char *path, h2v_status expected,
                          const char *fragment)
{
    h2vi_model model;
    h2vi_init_counts counts = {.num_matched = 9, .num_from_neighbors = 9, .num_noise = 9};
    CHECK_EQ(h2vi_model_init(&job->moved, &job->blocks, DIM, SEED, &model), H2V_OK);
    CHECK_STATUS(
        h2vi_init_from_file(path, GRAPH, &job->moved, &job->blocks, &model, &counts),
        expected, fragment);
    CHECK_EQ(counts.num_matched + counts.num_from_neighbors + counts.num_noise, 0);
    h2vi_model_clear(&model);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Rank 0 writes rows whose ids are those of another example, or one of them twice. */
static void write_other_ids(const start_case *example, int64_t num_rows, int64_t twice)
{
    int64_t numbers[4] = {3, 13, 23, twice};
    h2vi_ids ids = {.num_ids = num_rows, .numbers = numbers};
    const h2vi_embedding_header header = {
        .num_vertices = num_rows, .dim = DIM, .groups = 1};
    if (check_rank() == 0) {
        if (example)
            write_rows(example, DIM, true);
        else
            CHECK_EQ(embedding_make(ROWS, header, &ids, value_of), H2V_OK);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void other_files_are_refused(void)
{
    test_job job;
    write_files(&examples[0], DIM + 1, true);
    load_job(MPI_COMM_WORLD, 1, 1, &job);
    const int last = job.world->num_ranks - 1;
    check_refused(&job, ROWS, H2V_ERR_DATA,
                  "'" ROWS "' has rows of dim 20; --dim 19 cannot start there");
    check_refused(&job, "missing.h5", H2V_ERR_IO, "missing.h5");
    check_refused(&job, GRAPH, H2V_ERR_DATA,
                  "is a halo2vec-graph file, not a halo2vec-embedding file");
    write_other_ids(&examples[1], 0, 0);
    check_refused(&job, ROWS, H2V_ERR_DATA,
                  "Ids are strings in '" ROWS "' and numbers in '" GRAPH "'");
    check_refused(&job, job.world->rank == last ? "missing.h5" : ROWS, H2V_ERR_IO,
                  "missing.h5");
    CHECK_EQ(h2v_error_rank(), last);
    write_other_ids(NULL, 4, 13);
    check_refused(&job, ROWS, H2V_ERR_DATA, "'" ROWS "' has the same id in rows 1 and 3");
    write_other_ids(NULL, 4, 33);
    h2vi_model model;
    h2vi_init_counts counts;
    CHECK_STATUS(start(&job, -1, &model, &counts), H2V_OK, "");
    CHECK_EQ(counts.num_matched, 4);
    h2vi_model_clear(&model);
    job_clear(&job);
}

/* With one group; with several nothing is allocated that is not allocated here. */
static void one_failing_rank_fails_on_all(void)
{
    test_job job;
    if (!h2vi_alloc_can_fail()) return;
    write_files(&examples[1], DIM, true);
    load_job(MPI_COMM_WORLD, 2, 1, &job);
    h2v_status status = H2V_ERR_NOMEM;
    int count = 0;
    for (; status != H2V_OK && count < 200; count++) {
        h2vi_model model;
        h2vi_init_counts counts;
        status = start(&job, count, &model, &counts);
        h2vi_model_clear(&model);
        if (status == H2V_OK) continue;
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), job.world->num_ranks - 1);
    }
    CHECK(count > 20 && count < 200);
    job_clear(&job);
}

int main(int argc, char **argv)
{
    int level = 0, num_ranks = 0, rank = 0;
    char directory[64];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)snprintf(directory, sizeof directory, "test_init_file_%d", num_ranks);
    if (rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(chdir(directory), 0);

    the_simulation_is_right();
    all_examples();
    other_files_are_refused();
    one_failing_rank_fails_on_all();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        (void)unlink(GRAPH);
        (void)unlink(ROWS);
    }
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
