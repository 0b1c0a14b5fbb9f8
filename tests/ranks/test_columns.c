/* SPDX-License-Identifier: MIT */

/* Columns become centered, standardized, scaled: to the same bits on any number of ranks
 * and threads, and to what the formulas say. */
#include "alloc.h"
#include "check.h"
#include "columns.h"

#include <math.h>
#include <stdlib.h>

enum { NUM_ROWS = 203, DIM = 19, STRIDE = 32 };

static h2v_world *alone, *world, *threaded;

typedef h2v_status operation(const h2vi_matrix_rows *matrix);
typedef float entry(int64_t v, int c);

/* Magnitudes of many sizes; columns 3 and 4 are the same all over, column 5 is zeros, 7 and
 * 8 are far from the others. */
static float mixed(int64_t v, int c)
{
    const int64_t number = (v * 7919 + c * 104729) % 1009 - 504;
    if (c == 3) return 0.1F;
    if (c == 4) return -1e-6F;
    if (c == 5) return 0;
    if (c == 7) return (float)number * 1e12F;
    if (c == 8) return (float)number * 1e-9F;
    return (float)number * (c % 2 ? 1e-3F : 0.7F) + (float)c;
}

static float zeros(int64_t v, int c)
{
    (void)v;
    (void)c;
    return 0;
}

static float tiny(int64_t v, int c)
{
    return (float)((v + c) % 5) * 1e-44F;
}

static float huge(int64_t v, int c)
{
    return (v + c) % 2 ? 1.6e38F : -1.5e38F;
}

/* The rows of one rank of `where`; the padding is marked. */
static h2vi_matrix_rows rows_on(const h2v_world *where, entry *entry_of)
{
    const int64_t begin = (int64_t)NUM_ROWS * where->rank / where->num_ranks;
    const int64_t end = (int64_t)NUM_ROWS * (where->rank + 1) / where->num_ranks;
    h2vi_matrix_rows matrix = {where, NUM_ROWS, end - begin, DIM, STRIDE, NULL};
    matrix.rows = calloc((size_t)NUM_ROWS * STRIDE, sizeof *matrix.rows);
    for (int64_t v = begin; v < end; v++)
        for (int c = 0; c < STRIDE; c++)
            matrix.rows[(v - begin) * STRIDE + c] = c < DIM ? entry_of(v, c) : -3;
    return matrix;
}

static void check_same(operation *change, entry *entry_of)
{
    h2vi_matrix_rows expected = rows_on(alone, entry_of);
    CHECK_STATUS(change(&expected), H2V_OK, "");
    for (int i = 0; i < 2; i++) {
        const h2v_world *where = i == 0 ? world : threaded;
        h2vi_matrix_rows found = rows_on(where, entry_of);
        const int64_t begin = (int64_t)NUM_ROWS * where->rank / where->num_ranks;
        CHECK_STATUS(change(&found), H2V_OK, "");
        CHECK(memcmp(found.rows, expected.rows + begin * STRIDE,
                     (size_t)found.num_owned * STRIDE * sizeof *found.rows) == 0);
        free(found.rows);
    }
    for (int64_t v = 0; v < NUM_ROWS; v++)
        for (int c = DIM; c < STRIDE; c++) CHECK(expected.rows[v * STRIDE + c] == -3);
    free(expected.rows);
}

static h2v_status scale(const h2vi_matrix_rows *matrix)
{
    return h2vi_scale_rows(matrix, 1.5F);
}

static void bits_depend_on_numbers_alone(void)
{
    operation *const operations[] = {h2vi_center_columns, h2vi_standardize_columns, scale};
    entry *const entries[] = {mixed, zeros, tiny, huge};
    for (int i = 0; i < 12; i++) check_same(operations[i % 3], entries[i / 3]);
}

/* Mean and standard deviation of a column of all rows. */
static void measure(const h2vi_matrix_rows *matrix, int c, double *mean, double *deviation)
{
    *mean = *deviation = 0;
    for (int64_t v = 0; v < NUM_ROWS; v++) *mean += matrix->rows[v * STRIDE + c];
    *mean /= NUM_ROWS;
    for (int64_t v = 0; v < NUM_ROWS; v++) {
        const double x = matrix->rows[v * STRIDE + c] - *mean;
        *deviation += x * x;
    }
    *deviation = sqrt(*deviation / NUM_ROWS);
}

static void columns_are_what_they_should_be(void)
{
    h2vi_matrix_rows plain = rows_on(alone, mixed), centered = rows_on(alone, mixed);
    h2vi_matrix_rows standard = rows_on(alone, mixed);
    CHECK_STATUS(h2vi_center_columns(&centered), H2V_OK, "");
    CHECK_STATUS(h2vi_standardize_columns(&standard), H2V_OK, "");
    for (int c = 0; c < DIM; c++) {
        double mean = 0, deviation = 0, mean_left = 0, same = 0;
        measure(&plain, c, &mean, &deviation);
        measure(&centered, c, &mean_left, &same);
        CHECK(fabs(mean_left) <= 1e-7 * (fabs(mean) + deviation));
        CHECK(fabs(same - deviation) <= 1e-6 * deviation);
        measure(&standard, c, &mean_left, &same);
        CHECK(fabs(mean_left) <= 1e-6);
        if (c >= 3 && c <= 5) {
            CHECK(same == 0);
        } else {
            CHECK(fabs(same - 1) <= 1e-6);
        }
        for (int64_t v = 0; v < NUM_ROWS; v++) {
            const double x = plain.rows[v * STRIDE + c] - mean;
            const double divisor = deviation > 1e-7 ? deviation : 1;
            CHECK(fabs(centered.rows[v * STRIDE + c] - x) <= 1e-7 * fabs(x) + 1e-13);
            CHECK(fabs(standard.rows[v * STRIDE + c] - x / divisor) <= 1e-6);
        }
    }
    free(plain.rows);
    free(centered.rows);
    free(standard.rows);
}

static void rows_get_the_length(void)
{
    entry *const entries[] = {mixed, tiny, huge};
    for (int i = 0; i < 3; i++) {
        h2vi_matrix_rows plain = rows_on(alone, entries[i]),
                         scaled = rows_on(alone, entries[i]);
        double sum = 0;
        CHECK_STATUS(h2vi_scale_rows(&scaled, 2), H2V_OK, "");
        for (int64_t v = 0; v < NUM_ROWS; v++)
            for (int c = 0; c < DIM; c++) {
                const double x = scaled.rows[v * STRIDE + c];
                sum += x * x;
                CHECK((x == 0) == (plain.rows[v * STRIDE + c] == 0));
            }
        CHECK(fabs(sqrt(sum / NUM_ROWS) - 2) < 1e-6);
        free(plain.rows);
        free(scaled.rows);
    }
}

/* Whoever checks for such numbers comes later; here nothing may break, or hang. */
static void strange_numbers_do_no_harm(void)
{
    const float strange[] = {NAN, INFINITY, -INFINITY};
    operation *const operations[] = {h2vi_center_columns, h2vi_standardize_columns, scale};
    for (int i = 0; i < 9; i++) {
        h2vi_matrix_rows matrix = rows_on(threaded, mixed);
        if (matrix.num_owned > 0 && threaded->rank == threaded->num_ranks - 1)
            matrix.rows[2] = strange[i / 3];
        CHECK_STATUS(operations[i % 3](&matrix), H2V_OK, "");
        if (matrix.num_owned > 0 && threaded->rank == threaded->num_ranks - 1)
            CHECK(!isfinite(matrix.rows[2]));
        free(matrix.rows);
    }
}

static void a_rank_out_of_memory_fails_on_all(operation *change, int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        h2vi_matrix_rows matrix = rows_on(world, mixed);
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = change(&matrix);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
        free(matrix.rows);
    }
    CHECK_EQ(status, H2V_OK);
    CHECK_EQ(num_failures, 3); /* sums and magnitudes of threads, what they come to */
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 3, &threaded), H2V_OK);
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &alone), H2V_OK);
    bits_depend_on_numbers_alone();
    columns_are_what_they_should_be();
    rows_get_the_length();
    strange_numbers_do_no_harm();
    for (int bad = 0; bad < world->num_ranks; bad++) {
        a_rank_out_of_memory_fails_on_all(h2vi_center_columns, bad);
        a_rank_out_of_memory_fails_on_all(h2vi_standardize_columns, bad);
    }
    h2v_world_destroy(&alone);
    h2v_world_destroy(&threaded);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
