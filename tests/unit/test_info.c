/* SPDX-License-Identifier: MIT */

/* Every file of ours is described, foreign ones are refused, and --check finds what a look
 * at the header does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dense_graphs.h"
#include "embeddings.h"
#include "graph_hdf5.h"
#include "halo2vec/info.h"
#include "hdf5_file.h"
#include "pairs_hdf5.h"

static const char PATH[] = "test_info.h5";

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

/* The description holds all these; the list ends with NULL. */
static void assert_described(h2v_info_depth depth, const char *const *fragments)
{
    char *json = NULL;
    assert_int_equal(h2v_info(PATH, depth, &json), H2V_OK);
    for (; *fragments; fragments++)
        if (!strstr(json, *fragments)) fail_msg("%s is not in %s", *fragments, json);
    free(json);
}

/* The header can be described, but the check fails. */
static void assert_fails_check(const char *fragment)
{
    char *json = NULL;
    assert_int_equal(h2v_info(PATH, H2V_INFO_HEADER, &json), H2V_OK);
    free(json);
    assert_int_equal(h2v_info(PATH, H2V_INFO_CHECK, &json), H2V_ERR_DATA);
    assert_null(json);
    assert_says(fragment);
}

/* Overwrite the first bytes of a dataset's values. */
static void damage(const char *name, hid_t type, int64_t count, const void *values)
{
    const hsize_t start = 0, extent = (hsize_t)count;
    const hid_t file = H5Fopen(PATH, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    const hid_t memory = H5Screate_simple(1, &extent, NULL);
    const int rank = H5Sget_simple_extent_ndims(space);
    const hsize_t starts[2] = {start, 0};
    const hsize_t extents[2] = {rank == 1 ? extent : 1, extent};
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, starts, NULL, extents, NULL) >=
                0);
    assert_true(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values) >= 0);
    (void)H5Sclose(memory);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    (void)H5Fclose(file);
}

static bool square(uint32_t u, uint32_t v)
{
    return v == u + 1 || (u == 0 && v == 3);
}

static void graphs(void **state)
{
    (void)state;
    dense_graph graph = dense_make(5, false, true, square);
    assert_int_equal(h2vi_graph_write(PATH, &graph.csr, &graph.ids, "made by hand"),
                     H2V_OK);
    assert_described(H2V_INFO_HEADER,
                     (const char *const[]){"\"format\": \"halo2vec-graph\"",
                                           "\"num_vertices\": 5", "\"num_edges\": 5",
                                           "\"provenance\": \"made by hand\"",
                                           "\"type\": \"f32\"", "\"file_bytes\"", NULL});
    assert_described(H2V_INFO_CHECK,
                     (const char *const[]){"\"passed\": true", "\"largest_row\": 3", NULL});

    const float weight = 3.5F; /* of 0 -> 1 alone */
    damage("weights", H5T_NATIVE_FLOAT, 1, &weight);
    assert_fails_check("weight");
    assert_int_equal(h2vi_graph_write(PATH, &graph.csr, &graph.ids, "made by hand"),
                     H2V_OK);
    const int64_t id = 77;
    damage("ids", H5T_NATIVE_INT64, 1, &id);
    assert_fails_check("digest");
    dense_clear(&graph);
}

static float one(int context, int64_t v, int64_t d)
{
    (void)v;
    return context && d == 0 ? 2.0F : 1.0F;
}

static void embeddings(void **state)
{
    (void)state;
    int64_t numbers[] = {1, 2, 3};
    const h2vi_ids ids = {.num_ids = 3, .numbers = numbers};
    const h2vi_embedding_header header = {
        .num_vertices = 3, .dim = 4, .has_contexts = true, .digest = {0xabcd, 0x1234}};
    assert_int_equal(embedding_make(PATH, header, &ids, one), H2V_OK);
    assert_described(
        H2V_INFO_HEADER,
        (const char *const[]){"\"format\": \"halo2vec-embedding\"",
                              "\"seed\": \"18446744073709551615\"", "\"walks\": 10",
                              "\"digest\": \"0000000000001234000000000000abcd\"", NULL});
    assert_described(H2V_INFO_CHECK, (const char *const[]){"\"mean_norm\": 2.0", NULL});
    const float broken = NAN;
    damage("contexts", H5T_NATIVE_FLOAT, 1, &broken);
    assert_fails_check("row 0 of /contexts is not finite");
}

static void pairs(void **state)
{
    (void)state;
    uint32_t lists[3][4] = {{0, 1, 1, 2}, {0, 2, 0, 3}, {1, 3, 2, 3}};
    const h2vi_pairs made = {.num_vertices = 4,
                             .num_pairs = 2,
                             .fraction = 0.25,
                             .seed = 9,
                             .positives = lists[0],
                             .negatives = {lists[1], lists[2]}};
    assert_int_equal(h2vi_pairs_write(PATH, &made), H2V_OK);
    assert_described(H2V_INFO_CHECK,
                     (const char *const[]){"\"format\": \"halo2vec-pairs\"",
                                           "\"fraction\": 0.25", "\"seed\": 9",
                                           "\"num_pairs\": 2", NULL});
    const uint32_t outside[] = {4, 1};
    damage("negatives_degree", H5T_NATIVE_UINT32, 2, outside);
    assert_fails_check("pair 0 of negatives_degree is (4, 1)");
    const uint32_t loop[] = {3, 3};
    damage("negatives_degree", H5T_NATIVE_UINT32, 2, loop);
    assert_fails_check("pair 0 of negatives_degree is (3, 3)");
}

static void write_partition(int64_t num_vertices, const uint32_t *parts)
{
    hid_t file;
    assert_int_equal(h2vi_hdf5_create(PATH, "halo2vec-partition", 1, &file), H2V_OK);
    assert_int_equal(h2vi_hdf5_put_int(file, "num_vertices", num_vertices), H2V_OK);
    assert_int_equal(h2vi_hdf5_put_int(file, "parts", 3), H2V_OK);
    assert_int_equal(
        h2vi_hdf5_write(file, "parts", H5T_STD_U32LE, H5T_NATIVE_UINT32, 4, 0, parts),
        H2V_OK);
    assert_int_equal(h2vi_hdf5_close(file, PATH), H2V_OK);
}

static void partitions(void **state)
{
    (void)state;
    write_partition(4, (const uint32_t[]){0, 0, 0, 2});
    assert_described(H2V_INFO_CHECK,
                     (const char *const[]){"\"parts\": 3", "\"largest_part\": 3",
                                           "\"num_empty_parts\": 1", NULL});
    write_partition(4, (const uint32_t[]){0, 0, 3, 2});
    assert_fails_check("vertex 2 is in part 3 of 3");
    write_partition(5, (const uint32_t[]){0, 0, 1, 2});
    assert_fails_check("the parts of 4 vertices, not of 5");
}

static void assert_refused(h2v_status expected, const char *fragment)
{
    char *json = NULL;
    assert_int_equal(h2v_info(PATH, H2V_INFO_HEADER, &json), expected);
    assert_null(json);
    assert_says(fragment);
}

static void foreign_files(void **state)
{
    (void)state;
    (void)unlink(PATH);
    assert_refused(H2V_ERR_IO, "No such file");
    FILE *text = fopen(PATH, "w");
    (void)fputs("1 2\n", text);
    (void)fclose(text);
    assert_refused(H2V_ERR_DATA, "not an HDF5 file");
    (void)H5Fclose(H5Fcreate(PATH, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    assert_refused(H2V_ERR_DATA, "is an HDF5 file, but not one of halo2vec's");
    hid_t file;
    assert_int_equal(h2vi_hdf5_create(PATH, "elsewhere", 1, &file), H2V_OK);
    assert_int_equal(h2vi_hdf5_close(file, PATH), H2V_OK);
    assert_refused(H2V_ERR_DATA, "is an HDF5 file, but not one of halo2vec's");
    assert_int_equal(h2vi_hdf5_create(PATH, "halo2vec-other", 1, &file), H2V_OK);
    assert_int_equal(h2vi_hdf5_close(file, PATH), H2V_OK);
    assert_fails_check("cannot check");
    (void)unlink(PATH);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs),        cmocka_unit_test(embeddings),
        cmocka_unit_test(pairs),         cmocka_unit_test(partitions),
        cmocka_unit_test(foreign_files),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
