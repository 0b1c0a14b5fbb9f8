/* SPDX-License-Identifier: MIT */

/* The embedding file on one rank: what was written comes back, and a damaged or foreign
 * file is refused with one line. How several ranks write it is tested under ranks/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hdf5.h>
#include <string.h>
#include <unistd.h>

#include "dense_graphs.h"
#include "embeddings.h"
#include "graph_hdf5.h"

static const char PATH[] = "test_embedding.h5";

static int64_t numbers[] = {5, -3, INT64_MAX};
static const h2vi_ids ids = {.num_ids = 3, .numbers = numbers};
static const h2vi_embedding_header header = {.num_vertices = 3,
                                             .dim = 5,
                                             .directed = true,
                                             .has_contexts = true,
                                             .digest = {1, UINT64_MAX}};

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

static float value(int context, int64_t v, int64_t d)
{
    return (float)(100 * context + 10 * v + d);
}

static void assert_rows(int context, const float *rows)
{
    for (int64_t i = 0; i < 3 * 5; i++)
        assert_true(rows[i] == value(context, i / 5, i % 5));
}

static void values_come_back(void **state)
{
    (void)state;
    assert_int_equal(embedding_make(PATH, header, &ids, value), H2V_OK);
    h2vi_embedding found;
    h2vi_ids found_ids;
    assert_int_equal(h2vi_embedding_read(PATH, &found), H2V_OK);
    assert_int_equal(h2vi_embedding_read_ids(PATH, &found_ids), H2V_OK);
    assert_int_equal(found.num_vertices, 3);
    assert_int_equal(found.dim, 5);
    assert_true(found.directed);
    assert_true(found.digest.low == 1 && found.digest.high == UINT64_MAX);
    assert_rows(0, found.vectors);
    assert_rows(1, found.contexts);
    assert_int_equal(found_ids.num_ids, 3);
    assert_memory_equal(found_ids.numbers, numbers, sizeof numbers);
    h2vi_ids_clear(&found_ids);
    h2vi_embedding_clear(&found);
    assert_null(found.vectors);
}

static void assert_shape(bool has_contexts)
{
    h2vi_embedding_shape shape;
    assert_int_equal(h2vi_embedding_read_shape(PATH, &shape), H2V_OK);
    assert_int_equal(shape.num_vertices, 3);
    assert_int_equal(shape.dim, 5);
    assert_int_equal(shape.has_contexts, has_contexts);
}

static void contexts_may_be_left_out(void **state)
{
    (void)state;
    h2vi_embedding_header without = header;
    without.has_contexts = false;
    assert_int_equal(embedding_make(PATH, without, &ids, value), H2V_OK);
    h2vi_embedding found;
    assert_int_equal(h2vi_embedding_read(PATH, &found), H2V_OK);
    assert_rows(0, found.vectors);
    assert_null(found.contexts);
    h2vi_embedding_clear(&found);
    assert_shape(false);
}

static void the_seed_keeps_its_64_bits(void **state)
{
    (void)state;
    assert_int_equal(embedding_make(PATH, header, &ids, value), H2V_OK);
    const hid_t file = H5Fopen(PATH, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t attribute = H5Aopen(file, "seed", H5P_DEFAULT);
    uint64_t seed = 0;
    assert_true(H5Aread(attribute, H5T_NATIVE_UINT64, &seed) >= 0);
    assert_true(seed == UINT64_MAX);
    (void)H5Aclose(attribute);
    (void)H5Fclose(file);
}

/* FastRP's rows do not depend on parts: its file does not name them. */
static void parts_and_groups_may_be_left_out(void **state)
{
    (void)state;
    h2vi_embedding_header with_parts = header;
    with_parts.method = "deepwalk";
    with_parts.parameters = "{}";
    with_parts.parts = 3; /* and 0 groups */
    assert_int_equal(h2vi_embedding_create(PATH, &with_parts, &ids), H2V_OK);
    const hid_t file = H5Fopen(PATH, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Aexists(file, "parts") > 0);
    assert_int_equal(H5Aexists(file, "groups"), 0);
    (void)H5Fclose(file);
    h2vi_embedding found;
    assert_int_equal(h2vi_embedding_read(PATH, &found), H2V_OK);
    h2vi_embedding_clear(&found);
}

/* Reading fails, says so, and leaves nothing to release. */
static void assert_unreadable(h2v_status expected, const char *fragment)
{
    h2vi_embedding found;
    assert_int_equal(h2vi_embedding_read(PATH, &found), expected);
    assert_says(fragment);
    assert_null(found.vectors);
    assert_null(found.contexts);
    h2vi_embedding_shape shape;
    assert_int_equal(h2vi_embedding_read_shape(PATH, &shape), expected);
    assert_says(fragment);
}

/* Put another dataset of this shape in the place of one. */
static void replace(const char *name, hsize_t num_rows, hsize_t num_columns)
{
    const hsize_t shape[2] = {num_rows, num_columns};
    const hid_t file = H5Fopen(PATH, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    if (num_rows > 0) {
        const hid_t space = H5Screate_simple(2, shape, NULL);
        const hid_t dataset = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT,
                                         H5P_DEFAULT, H5P_DEFAULT);
        assert_true(dataset >= 0);
        (void)H5Dclose(dataset);
        (void)H5Sclose(space);
    }
    (void)H5Fclose(file);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    assert_int_equal(embedding_make(PATH, header, &ids, value), H2V_OK);
    assert_shape(true);
    replace("contexts", 2, 5);
    assert_unreadable(H2V_ERR_DATA, "contexts is 2 x 5, where the embeddings are 3 x 5");
    replace("embeddings", 3, H2V_MAX_DIM + 1);
    assert_unreadable(H2V_ERR_DATA, "embeddings are 3 x 4097");
    replace("embeddings", 0, 0);
    assert_unreadable(H2V_ERR_DATA, "embeddings");

    assert_int_equal(embedding_make(PATH, header, &ids, value), H2V_OK);
    assert_int_equal(truncate(PATH, 1000), 0);
    assert_unreadable(H2V_ERR_DATA, PATH);
    assert_int_equal(truncate(PATH, 0), 0);
    assert_unreadable(H2V_ERR_DATA, PATH);
    (void)unlink(PATH);
    assert_unreadable(H2V_ERR_IO, "No such file");
}

static bool pair_only(uint32_t u, uint32_t v)
{
    return u == 0 && v == 1;
}

static void other_formats_are_refused(void **state)
{
    (void)state;
    dense_graph graph = dense_make(2, false, false, pair_only);
    assert_int_equal(h2vi_graph_write(PATH, &graph.csr, &graph.ids, "a test"), H2V_OK);
    assert_unreadable(H2V_ERR_DATA, "halo2vec-graph");
    h2vi_ids found;
    assert_int_equal(h2vi_embedding_read_ids(PATH, &found), H2V_ERR_DATA);
    dense_clear(&graph);
}

static void failing_allocations(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    assert_int_equal(embedding_make(PATH, header, &ids, value), H2V_OK);
    h2v_status status = H2V_ERR_NOMEM;
    int count = 0;
    for (; status == H2V_ERR_NOMEM; count++) {
        h2vi_embedding found;
        h2vi_alloc_fail_after(count);
        status = h2vi_embedding_read(PATH, &found);
        h2vi_alloc_fail_after(-1);
        assert_true((found.vectors != NULL) == (status == H2V_OK));
        h2vi_embedding_clear(&found);
    }
    assert_int_equal(status, H2V_OK);
    assert_true(count > 2);
    (void)unlink(PATH);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(contexts_may_be_left_out),
        cmocka_unit_test(the_seed_keeps_its_64_bits),
        cmocka_unit_test(parts_and_groups_may_be_left_out),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(other_formats_are_refused),
        cmocka_unit_test(failing_allocations),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
