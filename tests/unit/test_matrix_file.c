/* SPDX-License-Identifier: MIT */

/* Matrices of others: what they hold comes back as f32 in any piece; whatever is not a
 * matrix is refused with one line that says what would be right, and costs no memory by
 * what it claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "matrix_file.h"
#include "npy_files.h"
#include "random.h"

#define NPY "test_matrix.npy"
#define HDF5 "test_matrix.h5"

/* NumPy's header of a matrix of f32. */
#define F4(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }"

enum { MAX_BYTES = 4096 };

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

/* It fails so, and leaves nothing to release. */
static void assert_refused(const char *path, h2v_status expected, const char *fragment)
{
    h2vi_matrix_file matrix;
    const h2v_status status = h2vi_matrix_open(path, &matrix);
    if (status != expected)
        fail_msg("'%s' gives %d, not %d with '%s': %s", path, (int)status, (int)expected,
                 fragment, status == H2V_OK ? "" : h2v_error_message());
    assert_says(fragment);
    assert_null(matrix.inside);
    assert_true(matrix.num_rows == 0 && matrix.num_columns == 0);
}

/* The numbers of a whole matrix, read `step` rows at a time. */
static void assert_matrix(const char *path, int64_t num_rows, int64_t num_columns,
                          const float *expected, int64_t step)
{
    h2vi_matrix_file matrix;
    float *rows = h2vi_alloc_n(num_rows * num_columns, sizeof *rows);
    if (h2vi_matrix_open(path, &matrix) != H2V_OK)
        fail_msg("'%s': %s", path, h2v_error_message());
    assert_int_equal(matrix.num_rows, num_rows);
    assert_int_equal(matrix.num_columns, num_columns);
    for (int64_t at = 0; at < num_rows; at += step) {
        const int64_t count = num_rows - at < step ? num_rows - at : step;
        assert_int_equal(h2vi_matrix_read(&matrix, at, count, rows + at * num_columns),
                         H2V_OK);
    }
    for (int64_t i = 0; i < num_rows * num_columns; i++)
        if (rows[i] != expected[i])
            fail_msg("'%s': number %lld is %g, not %g", path, (long long)i, (double)rows[i],
                     (double)expected[i]);
    h2vi_matrix_close(&matrix);
    assert_null(matrix.inside);
    free(rows);
}

/* ---- .npy */

static void write_bytes(const char *path, size_t num_bytes, const void *bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fwrite(bytes, 1, num_bytes, file) == num_bytes);
    assert_int_equal(fclose(file), 0);
}

static void write_npy(int major, const char *header, size_t num_bytes, const void *numbers)
{
    assert_int_equal(npy_write(NPY, major, header, num_bytes, numbers), 0);
}

static const float six[6] = {1, -2, 3.5F, 0, 1e20F, -0.25F};

static void all_types_come_back(void **state)
{
    (void)state;
    static const double doubles[] = {0.1, -1e-60, 3, 16777217, 0, -2};
    static const int32_t ints[] = {1, INT32_MIN, INT32_MAX, 0, -7, 16777217};
    static const int64_t longs[] = {1, INT64_MIN, INT64_MAX, 0, -7, (1LL << 24) + 1};
    static const uint8_t bytes[] = {0, 1, 127, 128, 255, 3};
    static const uint8_t bools[] = {0, 1, 1, 0, 0, 1};
    static const float of_doubles[] = {0.1F, 0, 3, 16777216, 0, -2};
    static const float of_ints[] = {1, -0x1p31F, 0x1p31F, 0, -7, 16777216};
    static const float of_longs[] = {1, -0x1p63F, 0x1p63F, 0, -7, 16777216};
    static const float of_bytes[] = {0, 1, 127, 128, 255, 3};
    static const float of_bools[] = {0, 1, 1, 0, 0, 1};
    static const struct {
        const char *descr;
        size_t num_bytes;
        const void *numbers;
        const float *expected;
    } cases[] = {{"<f4", sizeof six, six, six},
                 {"<f8", sizeof doubles, doubles, of_doubles},
                 {"<i4", sizeof ints, ints, of_ints},
                 {"<i8", sizeof longs, longs, of_longs},
                 {"|u1", sizeof bytes, bytes, of_bytes},
                 {"|b1", sizeof bools, bools, of_bools}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int major = 1; major <= 3; major++) {
            char header[128];
            (void)snprintf(header, sizeof header,
                           "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }",
                           cases[i].descr);
            write_npy(major, header, cases[i].num_bytes, cases[i].numbers);
            assert_matrix(NPY, 2, 3, cases[i].expected, 2);
            assert_matrix(NPY, 2, 3, cases[i].expected, 1);
        }
}

/* As other writers than NumPy spell it. */
static void headers_are_read_as_python_would(void **state)
{
    (void)state;
    static const char *const two_by_three[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "{ 'shape' : ( 2 , 3 , ) , 'descr' : '<f4' , 'fortran_order' : False , }  ",
        "{'descr': '<f4',\n 'fortran_order': False,\n 'shape': (2, 3)}"};
    for (size_t i = 0; i < sizeof two_by_three / sizeof *two_by_three; i++) {
        write_npy(1, two_by_three[i], sizeof six, six);
        assert_matrix(NPY, 2, 3, six, 2);
    }
    write_npy(1, F4("(6,)"), sizeof six, six);
    assert_matrix(NPY, 6, 1, six, 4);
    write_npy(1, F4("(0, 3)"), 0, NULL);
    assert_matrix(NPY, 0, 3, NULL, 1);
}

static void other_matrices_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *fragment;
    } cases[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }",
         "type '>f4'; save np.ascontiguousarray(x, dtype='<f4')"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }", "type '<f2'"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", "type '<c8'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "type '|O'"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
         "Fortran order; save np.ascontiguousarray(x"},
        {F4("()"), "has 0 dimensions"},
        {F4("(1, 2, 3)"), "has 3 dimensions; two are right: save x.reshape(len(x), -1)"},
        {F4("(6, 0)"), "has no columns"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
         "not that of a matrix"},
        {F4("(2, 4)"), "is truncated"},
        {F4("(2, 2)"), "longer than its shape"},
        {F4("(0, 2)"), "longer than its shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': "
         "(9223372036854775807, 9223372036854775807), }",
         "is truncated"},
        {F4("(4294967296, 4294967296)"), "is truncated"},
        {F4("(4611686018427387904, 1)"), "is truncated"},
        {F4("(9223372036854775808, 1)"), "its header is damaged"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_npy(1, cases[i].header, sizeof six, six);
        assert_refused(NPY, H2V_ERR_DATA, cases[i].fragment);
    }
}

static void damaged_headers_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "{",
        "{}",
        "}",
        "{'descr'",
        "{'descr': ",
        "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 6}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4\\x00', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '\x1b[31m', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4aaaaaaaaaaaaaaaaaaaa', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr\": '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (2, 3)}"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        write_npy(1, headers[i], sizeof six, six);
        assert_refused(NPY, H2V_ERR_DATA, "its header is damaged");
    }

    char bytes[MAX_BYTES];
    const size_t start = npy_put_header(1, F4("(2, 3)"), bytes);
    bytes[6] = 4;
    write_bytes(NPY, start, bytes);
    assert_refused(NPY, H2V_ERR_DATA, ".npy version 4.0; versions 1.0 to 3.0 can be read");
    bytes[6] = 2;
    bytes[11] = '\xff';
    write_bytes(NPY, start, bytes);
    assert_refused(NPY, H2V_ERR_DATA, "header of ");
}

/* Cut at every byte; and with bytes drawn at every place, which may leave a matrix, but
 * never a larger one than there are bytes. */
static void no_file_is_believed(void **state)
{
    (void)state;
    char bytes[MAX_BYTES];
    const size_t start = npy_put_header(1, F4("(2, 3)"), bytes);
    const size_t num_bytes = start + sizeof six;
    memcpy(bytes + start, six, sizeof six);
    for (size_t length = 0; length < num_bytes; length++) {
        write_bytes(NPY, length, bytes);
        assert_refused(NPY, H2V_ERR_DATA, length < 6 ? "neither" : NPY);
    }
    int num_accepted = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const h2vi_words random = h2vi_random(3, H2VI_FOR_GENERATOR, 0, 0, i, 0);
        char changed[MAX_BYTES];
        memcpy(changed, bytes, num_bytes);
        changed[6 + random.w[0] % (num_bytes - 6)] = (char)random.w[1];
        if (random.w[2] % 2 == 0)
            changed[6 + random.w[2] / 2 % (num_bytes - 6)] =
                "0123456789(),'{}"[random.w[3] % 16];
        write_bytes(NPY, num_bytes, changed);
        h2vi_matrix_file matrix;
        const h2v_status status = h2vi_matrix_open(NPY, &matrix);
        assert_true(status == H2V_OK || status == H2V_ERR_DATA);
        assert_true(matrix.num_rows * matrix.num_columns <= (int64_t)sizeof six);
        if (status == H2V_OK) {
            float rows[sizeof six];
            const h2v_status is_read = h2vi_matrix_read(&matrix, 0, matrix.num_rows, rows);
            assert_true(is_read == H2V_OK || is_read == H2V_ERR_DATA);
            num_accepted++;
        }
        h2vi_matrix_close(&matrix);
    }
    assert_true(num_accepted > 50 && num_accepted < 950);
}

/* More than a piece, from anywhere. */
static void long_matrices_come_back(void **state)
{
    (void)state;
    enum { NUM_ROWS = 9001, NUM_COLUMNS = 7, COUNT = NUM_ROWS * NUM_COLUMNS };
    float *expected = h2vi_alloc(COUNT, sizeof *expected);
    int64_t *numbers = h2vi_alloc(COUNT, sizeof *numbers);
    for (int64_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        expected[i] = (float)i;
    }
    write_npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (9001, 7), }",
              COUNT * sizeof *numbers, numbers);
    assert_matrix(NPY, NUM_ROWS, NUM_COLUMNS, expected, NUM_ROWS);
    assert_matrix(NPY, NUM_ROWS, NUM_COLUMNS, expected, 2500);
    free(expected);
    free(numbers);
}

/* ---- HDF5 */

static void put_dataset(hid_t file, const char *name, hid_t file_type, hid_t memory_type,
                        int num_dims, const hsize_t *shape, const void *numbers)
{
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    assert_true(H5Pset_create_intermediate_group(links, 1) >= 0);
    const hid_t space = H5Screate_simple(num_dims, shape, NULL);
    const hid_t dataset =
        H5Dcreate2(file, name, file_type, space, links, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (numbers)
        assert_true(
            H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
    (void)H5Pclose(links);
}

static hid_t create(void)
{
    const hid_t file = H5Fcreate(HDF5, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static const hsize_t two_by_three[3] = {2, 3, 1};

static void datasets_come_back(void **state)
{
    (void)state;
    static const double numbers[6] = {1, -2, 3.5, 0, 1e20, -0.25};
    static const int64_t ints[6] = {1, -7, INT64_MAX, 0, 5, 6};
    static const float of_ints[6] = {1, -7, 0x1p63F, 0, 5, 6};
    hid_t file = create();
    put_dataset(file, "deep/x", H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, 2, two_by_three,
                numbers);
    put_dataset(file, "y", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, (hsize_t[]){6}, ints);
    (void)H5Fclose(file);
    assert_matrix(HDF5, 2, 3, six, 1); /* the only one of two dimensions */
    assert_matrix(HDF5 ":/", 2, 3, six, 1);
    assert_matrix(HDF5 ":/deep/x", 2, 3, six, 2);
    assert_matrix(HDF5 ":/y", 6, 1, of_ints, 4);
    assert_refused("test:/matrix.h5", H2V_ERR_IO, "Cannot open 'test': No such file");

    /* A file of the whole name goes before a dataset. */
    assert_int_equal(mkdir("test_a:", 0777), 0);
    assert_int_equal(rename(HDF5, "test_a:/b.h5"), 0);
    assert_matrix("test_a:/b.h5", 2, 3, six, 2);
    assert_matrix("test_a:/b.h5:/y", 6, 1, of_ints, 6);
    assert_int_equal(unlink("test_a:/b.h5"), 0);
    assert_int_equal(rmdir("test_a:"), 0);
}

static void other_datasets_are_refused(void **state)
{
    (void)state;
    hid_t file = create();
    put_dataset(file, "line", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, (hsize_t[]){6}, six);
    put_dataset(file, "cube", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 3, two_by_three, six);
    put_dataset(file, "text", H5T_C_S1, H5T_C_S1, 2, two_by_three, NULL);
    put_dataset(file, "none", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, (hsize_t[]){0}, NULL);
    (void)H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    (void)H5Fclose(file);
    assert_refused(HDF5, H2V_ERR_DATA, "no dataset of numbers of two dimensions");
    assert_refused(HDF5 ":/cube", H2V_ERR_DATA, "has 3 dimensions; two are right");
    assert_refused(HDF5 ":/text", H2V_ERR_DATA, "neither integers nor floats");
    assert_refused(HDF5 ":/group", H2V_ERR_DATA, "no dataset /group");
    assert_refused(HDF5 ":/missing/x", H2V_ERR_DATA, "no dataset /missing/x");
    assert_matrix(HDF5 ":/none", 0, 1, NULL, 1);

    file = create();
    put_dataset(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, (hsize_t[]){6, 0}, NULL);
    (void)H5Fclose(file);
    assert_refused(HDF5, H2V_ERR_DATA, "/x of '" HDF5 "' has no columns");

    file = create();
    put_dataset(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, two_by_three, six);
    put_dataset(file, "y", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, two_by_three, six);
    (void)H5Fclose(file);
    assert_refused(HDF5, H2V_ERR_DATA,
                   "several matrices; choose one: '" HDF5 ":/x' or '" HDF5 ":/y'");
    assert_matrix(HDF5 ":/y", 2, 3, six, 2);
    assert_int_equal(truncate(HDF5, 900), 0);
    assert_refused(HDF5, H2V_ERR_DATA, "truncated or damaged");
}

/* A shape that no machine has room for, and no numbers. */
static void a_huge_dataset_is_read_in_pieces(void **state)
{
    (void)state;
    const hid_t file = create();
    put_dataset(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2,
                (hsize_t[]){(hsize_t)1 << 50, 3}, NULL);
    (void)H5Fclose(file);
    h2vi_matrix_file matrix;
    float rows[6] = {1, 1, 1, 1, 1, 1};
    assert_int_equal(h2vi_matrix_open(HDF5, &matrix), H2V_OK);
    assert_int_equal(matrix.num_rows, (int64_t)1 << 50);
    assert_int_equal(h2vi_matrix_read(&matrix, matrix.num_rows - 2, 2, rows), H2V_OK);
    assert_true(rows[0] == 0 && rows[5] == 0);
    h2vi_matrix_close(&matrix);
}

/* ---- both */

static void what_is_not_finite_is_told(void **state)
{
    (void)state;
    static const float bad[6] = {1, 2, 3, 4, NAN, 6};
    static const double large[6] = {1, 2, 3, 4, 5, -1e39};
    h2vi_matrix_file matrix;
    float rows[6];
    write_npy(1, F4("(3, 2)"), sizeof bad, bad);
    assert_int_equal(h2vi_matrix_open(NPY, &matrix), H2V_OK);
    assert_int_equal(h2vi_matrix_read(&matrix, 0, 2, rows), H2V_OK);
    assert_int_equal(h2vi_matrix_read(&matrix, 1, 2, rows), H2V_ERR_DATA);
    assert_says("in row 2 (counted from 0), column 0");
    h2vi_matrix_close(&matrix);
    write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }",
              sizeof large, large);
    assert_int_equal(h2vi_matrix_open(NPY, &matrix), H2V_OK);
    assert_int_equal(h2vi_matrix_read(&matrix, 0, 3, rows), H2V_ERR_DATA);
    assert_says("row 2 (counted from 0), column 1");
    h2vi_matrix_close(&matrix);

    hid_t file = create();
    put_dataset(file, "x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, two_by_three, large);
    (void)H5Fclose(file);
    assert_int_equal(h2vi_matrix_open(HDF5, &matrix), H2V_OK);
    assert_int_equal(h2vi_matrix_read(&matrix, 1, 1, rows), H2V_ERR_DATA);
    assert_says("row 1 (counted from 0), column 2");
    h2vi_matrix_close(&matrix);
}

static void a_file_that_shrinks_is_told(void **state)
{
    (void)state;
    h2vi_matrix_file matrix;
    float rows[6];
    write_npy(1, F4("(3, 2)"), sizeof six, six);
    assert_int_equal(h2vi_matrix_open(NPY, &matrix), H2V_OK);
    assert_int_equal(truncate(NPY, 140), 0);
    assert_int_equal(h2vi_matrix_read(&matrix, 0, 3, rows), H2V_ERR_IO);
    assert_says("became shorter");
    h2vi_matrix_close(&matrix);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    assert_refused("test_no_such.npy", H2V_ERR_IO,
                   "Cannot open 'test_no_such.npy': No such file");
    assert_refused("test_no_such.h5:/x", H2V_ERR_IO, "Cannot open 'test_no_such.h5'");
    assert_refused(".", H2V_ERR_DATA, "'.' is not a plain file");
    write_bytes(NPY, 12, "1,2,3\n4,5,6\n");
    assert_refused(NPY, H2V_ERR_DATA, "neither an .npy file nor an HDF5 file");
    write_npy(1, F4("(3, 2)"), sizeof six, six);
    assert_refused(NPY ":/x", H2V_ERR_DATA, "no datasets: leave out ':/x'");
    assert_int_equal(unlink(NPY), 0);
    assert_int_equal(mkfifo(NPY, 0600), 0);
    assert_refused(NPY, H2V_ERR_DATA, "is not a plain file");
    assert_int_equal(unlink(NPY), 0);
}

static void failing_allocations(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    hid_t file = create();
    put_dataset(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, two_by_three, six);
    (void)H5Fclose(file);
    static const char *const paths[] = {HDF5, HDF5 ":/x"};
    for (int i = 0; i < 2; i++) {
        h2v_status status = H2V_ERR_NOMEM;
        int count = 0;
        for (; status == H2V_ERR_NOMEM; count++) {
            h2vi_matrix_file matrix;
            h2vi_alloc_fail_after(count);
            status = h2vi_matrix_open(paths[i], &matrix);
            h2vi_alloc_fail_after(-1);
            assert_true((matrix.inside != NULL) == (status == H2V_OK));
            h2vi_matrix_close(&matrix);
        }
        assert_int_equal(status, H2V_OK);
        assert_int_equal(count, 5);
    }
    (void)unlink(HDF5);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_come_back),
        cmocka_unit_test(headers_are_read_as_python_would),
        cmocka_unit_test(other_matrices_are_refused),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(no_file_is_believed),
        cmocka_unit_test(long_matrices_come_back),
        cmocka_unit_test(datasets_come_back),
        cmocka_unit_test(other_datasets_are_refused),
        cmocka_unit_test(a_huge_dataset_is_read_in_pieces),
        cmocka_unit_test(what_is_not_finite_is_told),
        cmocka_unit_test(a_file_that_shrinks_is_told),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(failing_allocations),
    };
    int level = 0;
    (void)unlink(NPY);
    (void)unlink(HDF5);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
