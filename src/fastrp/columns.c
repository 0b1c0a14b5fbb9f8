/* SPDX-License-Identifier: MIT */

/* Columns are summed by threads, each its rows, in exact sums (exact_sum.h). Numbers that
 * are not finite count as zeros; to a column whose largest is not, nothing is done. Each
 * column has a unit of its own. */
#include "columns.h"

#include "alloc.h"
#include "collect.h"
#include "exact_sum.h"
#include "fail.h"

#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct column_sums {
    h2vi_exact_sum *of_threads; /* shape [num_threads, dim]; the first become the sums */
    double *largest;            /* magnitudes, likewise */
    double *numbers;            /* shape [dim]: means, deviations */
} column_sums;

static void column_sums_clear(column_sums *sums)
{
    free(sums->of_threads);
    free(sums->largest);
    free(sums->numbers);
}

/* Collective. */
static h2v_status column_sums_init(const h2vi_matrix_rows *matrix, column_sums *sums)
{
    const int64_t num_sums = (int64_t)matrix->world->num_threads * matrix->dim;
    sums->of_threads = h2vi_alloc_n(num_sums, sizeof *sums->of_threads);
    sums->largest = h2vi_alloc_n(num_sums, sizeof *sums->largest);
    sums->numbers = h2vi_alloc_n(matrix->dim, sizeof *sums->numbers);
    const bool has_room = sums->of_threads && sums->largest && sums->numbers;
    const h2v_status status =
        h2v_agree(matrix->world, has_room ? H2V_OK : h2vi_fail_memory("sums of columns"));
    if (status != H2V_OK) column_sums_clear(sums);
    return status;
}

static float *row_of(const h2vi_matrix_rows *matrix, int64_t v)
{
    return matrix->rows + v * matrix->stride;
}

/* Collective. The largest magnitude of each column; 0 if it is not finite. */
static void find_largest(const h2vi_matrix_rows *matrix, column_sums *sums)
{
    const int num_threads = matrix->world->num_threads, dim = matrix->dim;
    double *largest = sums->largest;
    memset(largest, 0, (size_t)num_threads * (size_t)dim * sizeof *largest);
#pragma omp parallel num_threads(num_threads)
    {
        double *mine = largest + (int64_t)omp_get_thread_num() * dim;
#pragma omp for schedule(static)
        for (int64_t v = 0; v < matrix->num_owned; v++) {
            const float *row = row_of(matrix, v);
            for (int c = 0; c < dim; c++)
                if (fabsf(row[c]) > mine[c]) mine[c] = fabsf(row[c]);
        }
    }
    for (int64_t i = dim; i < (int64_t)num_threads * dim; i++)
        if (largest[i] > largest[i % dim]) largest[i % dim] = largest[i];
    h2vi_max(matrix->world, dim, largest);
    for (int c = 0; c < dim; c++)
        if (!isfinite(largest[c])) largest[c] = 0;
}

typedef enum mean_of { OF_NUMBERS, OF_SQUARES } mean_of;

static double scale_of(mean_of what, double largest)
{
    return h2vi_exact_scale(what == OF_SQUARES ? largest * largest : largest);
}

/* Collective. numbers[c] = the mean of column c, or of its numbers' squares. */
static void find_means(const h2vi_matrix_rows *matrix, mean_of what, column_sums *sums)
{
    const int num_threads = matrix->world->num_threads, dim = matrix->dim;
    const double *largest = sums->largest;
    double *scales = sums->numbers; /* until the sums are there */
    h2vi_exact_sum *totals = sums->of_threads;
    find_largest(matrix, sums);
    for (int c = 0; c < dim; c++)
        scales[c] = largest[c] > 0 ? scale_of(what, largest[c]) : 1;
    memset(totals, 0, (size_t)num_threads * (size_t)dim * sizeof *totals);
#pragma omp parallel num_threads(num_threads)
    {
        h2vi_exact_sum *mine = totals + (int64_t)omp_get_thread_num() * dim;
#pragma omp for schedule(static)
        for (int64_t v = 0; v < matrix->num_owned; v++) {
            const float *row = row_of(matrix, v);
            for (int c = 0; c < dim; c++) {
                const double x = fabsf(row[c]) <= largest[c] ? row[c] : 0;
                h2vi_exact_add(&mine[c], scales[c], what == OF_SQUARES ? x * x : x);
            }
        }
    }
    for (int64_t i = dim; i < (int64_t)num_threads * dim; i++) {
        totals[i % dim].high += totals[i].high;
        totals[i % dim].low += totals[i].low;
    }
    h2vi_sum(matrix->world, 2 * dim, &totals->high);
    for (int c = 0; c < dim; c++)
        sums->numbers[c] =
            h2vi_exact_value(&totals[c], scales[c]) / (double)matrix->num_vertices;
}

static void center(const h2vi_matrix_rows *matrix, column_sums *sums)
{
    find_means(matrix, OF_NUMBERS, sums);
#pragma omp parallel for schedule(static) num_threads(matrix->world->num_threads)
    for (int64_t v = 0; v < matrix->num_owned; v++) {
        float *row = row_of(matrix, v);
        for (int c = 0; c < matrix->dim; c++) row[c] = (float)(row[c] - sums->numbers[c]);
    }
}

h2v_status h2vi_center_columns(const h2vi_matrix_rows *matrix)
{
    column_sums sums;
    const h2v_status status = column_sums_init(matrix, &sums);
    if (status != H2V_OK) return status;
    center(matrix, &sums);
    column_sums_clear(&sums);
    return H2V_OK;
}

/* Of columns whose mean is 0. */
static void divide_by_deviations(const h2vi_matrix_rows *matrix, column_sums *sums)
{
    find_means(matrix, OF_SQUARES, sums);
    for (int c = 0; c < matrix->dim; c++) {
        const double deviation = sqrt(sums->numbers[c]);
        sums->numbers[c] = deviation > 0 ? deviation : 1;
    }
#pragma omp parallel for schedule(static) num_threads(matrix->world->num_threads)
    for (int64_t v = 0; v < matrix->num_owned; v++) {
        float *row = row_of(matrix, v);
        for (int c = 0; c < matrix->dim; c++) row[c] = (float)(row[c] / sums->numbers[c]);
    }
}

h2v_status h2vi_standardize_columns(const h2vi_matrix_rows *matrix)
{
    column_sums sums;
    const h2v_status status = column_sums_init(matrix, &sums);
    if (status != H2V_OK) return status;
    center(matrix, &sums);
    divide_by_deviations(matrix, &sums);
    column_sums_clear(&sums);
    return H2V_OK;
}

static double square_of_row(const h2vi_matrix_rows *matrix, int64_t v)
{
    const float *row = row_of(matrix, v);
    double sum = 0;
    for (int c = 0; c < matrix->dim; c++) sum += (double)row[c] * row[c];
    return sum;
}

h2v_status h2vi_scale_rows(const h2vi_matrix_rows *matrix, float length)
{
    const h2v_world *world = matrix->world;
    double largest = 0;
#pragma omp parallel for schedule(static) num_threads(world->num_threads)                  \
    reduction(max                                                                          \
              : largest)
    for (int64_t v = 0; v < matrix->num_owned; v++) {
        const double sum = square_of_row(matrix, v);
        if (sum > largest) largest = sum;
    }
    h2vi_max(world, 1, &largest);
    if (largest == 0 || !isfinite(largest)) return H2V_OK;

    const double scale = h2vi_exact_scale(largest);
    int64_t high = 0, low = 0;
#pragma omp parallel for schedule(static) num_threads(world->num_threads)                  \
    reduction(+ : high, low)
    for (int64_t v = 0; v < matrix->num_owned; v++) {
        const double sum = square_of_row(matrix, v);
        h2vi_exact_sum exact = {0};
        h2vi_exact_add(&exact, scale, sum <= largest ? sum : 0);
        high += exact.high;
        low += exact.low;
    }
    h2vi_exact_sum total = {high, low};
    h2vi_sum(world, 2, &total.high);
    const double mean = h2vi_exact_value(&total, scale) / (double)matrix->num_vertices;
    const double factor = length / sqrt(mean);
#pragma omp parallel for schedule(static) num_threads(world->num_threads)
    for (int64_t v = 0; v < matrix->num_owned; v++) {
        float *row = row_of(matrix, v);
        for (int c = 0; c < matrix->dim; c++) row[c] = (float)(row[c] * factor);
    }
    return H2V_OK;
}
