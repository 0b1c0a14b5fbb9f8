/* SPDX-License-Identifier: MIT */

/* Projected properties are what the formula gives, bit by bit, for vertices in any order on
 * any rank, from either kind of file, in one window or many, in one run of the basis or
 * two. */
#include "alloc.h"
#include "check.h"
#include "embed_jobs.h"
#include "npy_files.h"
#include "project.h"
#include "property.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUM_VERTICES = 203, NUM_PARTS = 6, SEED = 23 };
#define NPY "properties.npy"
#define HDF5 "properties.h5"

/* Many zeros, of both signs, and numbers of many sizes. */
static float value_of(int64_t row, int64_t column)
{
    const h2vi_words random =
        h2vi_random(1, H2VI_FOR_GENERATOR, 0, (uint32_t)row, (uint32_t)column, 0);
    const float size = (float)(1U << random.w[1] % 16) / 64;
    if (random.w[0] % 3 == 0) return random.w[1] % 2 == 0 ? 0.0F : -0.0F;
    return (h2vi_unit(random.w[2]) - 0.5F) * size;
}

static void write_hdf5(int64_t num_rows, int64_t num_columns, const float *numbers)
{
    const hsize_t shape[2] = {(hsize_t)num_rows, (hsize_t)num_columns};
    const hid_t file = H5Fcreate(HDF5, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(2, shape, NULL);
    const hid_t dataset =
        H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
    (void)H5Fclose(file);
}

/* Collective: rank 0 writes both files. */
static void write_files(const h2v_world *world, int64_t num_rows, int64_t num_columns)
{
    if (world->rank == 0) {
        float *numbers = h2vi_alloc_n(num_rows * num_columns, sizeof *numbers);
        for (int64_t i = 0; i < num_rows * num_columns; i++)
            numbers[i] = value_of(i / num_columns, i % num_columns);
        CHECK_EQ(npy_write_floats(NPY, num_rows, num_columns, numbers), 0);
        write_hdf5(num_rows, num_columns, numbers);
        free(numbers);
    }
    MPI_Barrier(world->comm);
}

/* The formula of fastrp.h, with no 0 left out; shape [num_owned, property_dim]. */
static float *expect(const h2vi_fastrp_job *job, int64_t num_properties)
{
    const h2v_graph *graph = job->graph;
    const int dim = h2vi_property_dim(job->params, job->dim);
    const double s = job->params->sparsity > 0 ? job->params->sparsity
                                               : sqrt((double)graph->num_vertices);
    const h2vi_projection projection = {SEED, H2VI_FOR_PROPERTY, s};
    h2vi_project_row *draw = h2vi_project_row_of(H2VI_SCALAR);
    float *sums = h2vi_alloc_n(graph->num_owned * dim, sizeof *sums);
    float *row = h2vi_alloc_n(dim, sizeof *row);
    for (int64_t k = 0; k < num_properties; k++) {
        draw(&projection, (uint32_t)k, dim, (float)sqrt(s / dim), row);
        for (int64_t v = 0; v < graph->num_owned; v++) {
            const float p = value_of(graph->gids[v], k);
            for (int c = 0; c < dim; c++) {
                const float product = p * row[c];
                sums[v * dim + c] += product;
            }
        }
    }
    free(row);
    return sums;
}

/* Collective: the first so many of these paths give what the formula gives. */
static void check_paths(const h2vi_fastrp_job *job, int64_t num_properties, int num_paths)
{
    static const char *const paths[] = {NPY, HDF5, HDF5 ":/x"};
    const int64_t count = job->graph->num_owned * h2vi_property_dim(job->params, job->dim);
    write_files(job->graph->world, job->graph->num_vertices, num_properties);
    float *expected = expect(job, num_properties);
    for (int i = 0; i < num_paths; i++) {
        float *projected = NULL;
        CHECK_STATUS(h2vi_project_properties(job, paths[i], &projected), H2V_OK, "");
        CHECK(projected != NULL);
        if (projected)
            CHECK_EQ(memcmp(projected, expected, (size_t)count * sizeof *expected), 0);
        free(projected);
    }
    free(expected);
    MPI_Barrier(job->graph->world->comm);
}

static void check_projection(const h2vi_fastrp_job *job, int64_t num_properties)
{
    check_paths(job, num_properties, 3);
}

static h2v_fastrp_params params_of(double ratio, double sparsity)
{
    h2v_fastrp_params params = h2v_fastrp_params_default();
    params.property_ratio = ratio;
    params.sparsity = sparsity;
    return params;
}

static h2vi_fastrp_job job_of(const h2v_graph *graph, const h2v_fastrp_params *params,
                              int dim)
{
    return (h2vi_fastrp_job){.graph = graph, .params = params, .dim = dim, .seed = SEED};
}

static void properties_are_projected(const h2v_graph *graph)
{
    static const double sparsities[] = {0, 1, 3, 40};
    for (int i = 0; i < 4; i++) {
        const h2v_fastrp_params params = params_of(0.5, sparsities[i]);
        h2vi_fastrp_job job = job_of(graph, &params, 39);
        check_projection(&job, 1);
        check_projection(&job, 50);
        job.dim = 1; /* then no column is left for properties */
        check_projection(&job, 5);
    }
    const h2v_fastrp_params all = params_of(1, 3);
    const h2vi_fastrp_job job = job_of(graph, &all, 16);
    check_projection(&job, 7);
}

/* 20000 columns: a window of 8 MiB has 104 rows. */
static void windows_are_passed(const h2v_graph *graph)
{
    const h2v_fastrp_params params = params_of(1, 3);
    const h2vi_fastrp_job job = job_of(graph, &params, 3);
    check_projection(&job, 20000);
}

/* 4096 columns of V_k: 64 MiB hold 8192 of them. Other numbers of ranks are no other case,
 * and this takes its time. */
static void runs_of_the_basis_are_passed(int num_ranks)
{
    const h2v_fastrp_params params = params_of(1, 1);
    test_job job;
    if (num_ranks != 2) return;
    job_init(MPI_COMM_WORLD, 2, 16, 4, &job);
    const h2vi_fastrp_job fastrp = job_of(job.moved.graph, &params, H2V_MAX_DIM);
    check_paths(&fastrp, 8194, 1);
    job_clear(&job);
}

/* Collective: it fails so, with nothing to release. */
static void check_refused(const h2v_graph *graph, const char *path, h2v_status expected,
                          const char *fragment)
{
    const h2v_fastrp_params params = params_of(0.5, 3);
    const h2vi_fastrp_job job = job_of(graph, &params, 16);
    float *projected = NULL;
    CHECK_STATUS(h2vi_project_properties(&job, path, &projected), expected, fragment);
    CHECK(projected == NULL);
}

static void bad_files_are_refused(const h2v_graph *graph)
{
    const h2v_world *world = graph->world;
    const int last = world->num_ranks - 1;
    check_refused(graph, "missing.npy", H2V_ERR_IO, "missing.npy");
    write_files(world, NUM_VERTICES - 1, 4);
    check_refused(graph, NPY, H2V_ERR_DATA,
                  "'" NPY "' has 202 rows; the graph has 203 vertices: one row a vertex, "
                  "in the order of the graph's /ids");
    write_files(world, NUM_VERTICES, 4);
    check_refused(graph, world->rank == last ? "missing.npy" : NPY, H2V_ERR_IO,
                  "missing.npy");
    CHECK_EQ(h2v_error_rank(), last);

    float numbers[NUM_VERTICES] = {0}; /* one rank alone owns the vertex */
    numbers[101] = INFINITY;
    if (world->rank == 0) CHECK_EQ(npy_write_floats(NPY, NUM_VERTICES, 1, numbers), 0);
    MPI_Barrier(world->comm);
    check_refused(graph, NPY, H2V_ERR_DATA, "not finite");
}

static void one_failing_rank_fails_on_all(const h2v_graph *graph)
{
    const h2v_world *world = graph->world;
    const int last = world->num_ranks - 1;
    const h2v_fastrp_params params = params_of(0.5, 3);
    const h2vi_fastrp_job job = job_of(graph, &params, 16);
    if (!h2vi_alloc_can_fail()) return;
    write_files(world, NUM_VERTICES, 4);
    h2v_status status = H2V_ERR_NOMEM;
    int count = 0;
    for (; status != H2V_OK && count < 50; count++) {
        float *projected = NULL;
        if (world->rank == last) h2vi_alloc_fail_after(count);
        status = h2vi_project_properties(&job, HDF5, &projected);
        h2vi_alloc_fail_after(-1);
        CHECK((projected != NULL) == (status == H2V_OK));
        free(projected);
        if (status == H2V_OK) continue;
        CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory");
        CHECK_EQ(h2v_error_rank(), last);
    }
    CHECK(count > 7 && count < 50);
}

int main(int argc, char **argv)
{
    int level = 0, num_ranks = 0, rank = 0;
    char directory[64];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)snprintf(directory, sizeof directory, "test_property_%d", num_ranks);
    if (rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(chdir(directory), 0);

    test_job job;
    job_init(MPI_COMM_WORLD, 2, NUM_VERTICES, NUM_PARTS, &job);
    properties_are_projected(job.moved.graph);
    windows_are_passed(job.moved.graph);
    bad_files_are_refused(job.moved.graph);
    one_failing_rank_fails_on_all(job.moved.graph);
    h2v_graph *loaded = job_graph(job.world, NUM_VERTICES); /* as before the move */
    properties_are_projected(loaded);
    h2v_graph_destroy(&loaded);
    runs_of_the_basis_are_passed(num_ranks);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        (void)unlink(NPY);
        (void)unlink(HDF5);
    }
    job_clear(&job);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
