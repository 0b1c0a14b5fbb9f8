/* SPDX-License-Identifier: MIT */

/* Files, root attributes and whole datasets. Every object is made with object times off:
 * with HDF5's default each creation would stamp the clock into the file. Datasets are
 * contiguous and never prefilled, so that a row's place in the file is a product and
 * writers touch every byte once. Text attributes are variable-length UTF-8, which every
 * reader shows as text rather than as bytes. */
#include "hdf5_file.h"

#include "alloc.h"
#include "fail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const hsize_t PIECE_BYTES = (hsize_t)1 << 30;

/* Linux gives a longer write longer pages of its cache, and takes ten times as long to fill
 * these (ext4, 6.18: 2 ns a byte beyond 2 MiB at a time). */
enum { NAME_BYTES = 256, WRITTEN_BYTES = 1 << 20 };

/* The path of an open file, for messages. */
typedef struct file_name {
    char text[NAME_BYTES];
} file_name;

static file_name name_of(hid_t file)
{
    file_name name = {"?"};
    (void)H5Fget_name(file, name.text, sizeof name.text);
    return name;
}

/* HDF5 prints a stack of errors by default; ours is one line from h2v_fail(). */
static void be_quiet(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static h2v_status check_format(hid_t file, const char *path, const char *format,
                               int version)
{
    char *found = NULL;
    h2v_status status = h2vi_hdf5_get_text(file, "format", &found);
    if (status == H2V_ERR_NOMEM) return status;
    if (status != H2V_OK)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' is an HDF5 file of another program, not a %s file", path,
                        format);
    if (strcmp(found, format) != 0) {
        status = h2v_fail(H2V_ERR_DATA, "'%s' is a %.64s file, not a %s file", path, found,
                          format);
        goto cleanup;
    }
    int64_t found_version = 0;
    status = h2vi_hdf5_get_int(file, "format_version", &found_version);
    if (status == H2V_OK && found_version != version)
        status = h2v_fail(H2V_ERR_DATA,
                          "'%s' is of format version %lld; this program reads version %d",
                          path, (long long)found_version, version);
cleanup:
    free(found);
    return status;
}

h2v_status h2vi_hdf5_open(const char *path, const char *format, int version, hid_t *file)
{
    *file = H5I_INVALID_HID;
    be_quiet();
    if (access(path, R_OK) != 0)
        return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s", path, strerror(errno));
    if (H5Fis_hdf5(path) <= 0)
        return h2v_fail(H2V_ERR_DATA, "'%s' is not an HDF5 file", path);
    const hid_t opened = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (opened < 0)
        return h2v_fail(H2V_ERR_DATA, "'%s' is an HDF5 file, but truncated or damaged",
                        path);

    const h2v_status status = format ? check_format(opened, path, format, version) : H2V_OK;
    if (status == H2V_OK)
        *file = opened;
    else
        (void)H5Fclose(opened);
    return status;
}

h2v_status h2vi_hdf5_create(const char *path, const char *format, int version, hid_t *file)
{
    *file = H5I_INVALID_HID;
    be_quiet();
    const hid_t plan = H5Pcreate(H5P_FILE_CREATE);
    hid_t made = H5I_INVALID_HID;
    if (plan >= 0 && H5Pset_obj_track_times(plan, false) >= 0)
        made = H5Fcreate(path, H5F_ACC_TRUNC, plan, H5P_DEFAULT);
    if (plan >= 0) (void)H5Pclose(plan);
    if (made < 0) return h2v_fail(H2V_ERR_IO, "Cannot create '%s'", path);

    h2v_status status = h2vi_hdf5_put_text(made, "format", format);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(made, "format_version", version);
    if (status == H2V_OK)
        *file = made;
    else
        (void)H5Fclose(made);
    return status;
}

h2v_status h2vi_hdf5_close(hid_t file, const char *path)
{
    const bool is_flushed = H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    const bool is_closed = H5Fclose(file) >= 0;
    if (is_flushed && is_closed) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "Cannot write '%s' to its end; is the disk full?", path);
}

/* The type of variable-length UTF-8 strings, in the file and in memory. */
static hid_t text_type(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    (void)H5Tclose(type);
    return H5I_INVALID_HID;
}

/* Write a root attribute: a scalar if `count` is 1, else an array. */
static h2v_status put_attribute(hid_t file, const char *name, hid_t file_type,
                                hid_t memory_type, int count, const void *value)
{
    const hsize_t shape = (hsize_t)count;
    const hid_t space =
        count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &shape, NULL);
    hid_t attribute = H5I_INVALID_HID;
    if (space >= 0)
        attribute = H5Acreate2(file, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool is_written = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    if (attribute >= 0) (void)H5Aclose(attribute);
    if (space >= 0) (void)H5Sclose(space);
    if (is_written) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "Cannot write attribute '%s' of '%s'", name,
                    name_of(file).text);
}

h2v_status h2vi_hdf5_put_text(hid_t file, const char *name, const char *text)
{
    const hid_t type = text_type();
    if (type < 0) return h2vi_fail_memory("an HDF5 type");
    const h2v_status status = put_attribute(file, name, type, type, 1, &text);
    (void)H5Tclose(type);
    return status;
}

h2v_status h2vi_hdf5_put_int(hid_t file, const char *name, int64_t value)
{
    return put_attribute(file, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 1, &value);
}

h2v_status h2vi_hdf5_put_unsigned(hid_t file, const char *name, uint64_t value)
{
    return put_attribute(file, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, 1, &value);
}

h2v_status h2vi_hdf5_put_digest(hid_t file, const char *name, h2v_digest digest)
{
    const uint64_t words[2] = {digest.low, digest.high};
    return put_attribute(file, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, 2, words);
}

/* Open a root attribute that must hold `count` values of a class. */
static h2v_status open_attribute(hid_t file, const char *name, H5T_class_t class, int count,
                                 hid_t *attribute)
{
    *attribute = H5I_INVALID_HID;
    if (H5Aexists(file, name) <= 0)
        return h2v_fail(H2V_ERR_DATA, "'%s' has no attribute '%s'", name_of(file).text,
                        name);
    const hid_t opened = H5Aopen(file, name, H5P_DEFAULT);
    const hid_t type = opened >= 0 ? H5Aget_type(opened) : H5I_INVALID_HID;
    const hid_t space = opened >= 0 ? H5Aget_space(opened) : H5I_INVALID_HID;
    const bool fits = type >= 0 && space >= 0 && H5Tget_class(type) == class &&
                      H5Sget_simple_extent_npoints(space) == count;
    if (type >= 0) (void)H5Tclose(type);
    if (space >= 0) (void)H5Sclose(space);
    if (fits) {
        *attribute = opened;
        return H2V_OK;
    }
    if (opened >= 0) (void)H5Aclose(opened);
    return h2v_fail(H2V_ERR_DATA, "Attribute '%s' of '%s' is not of the expected type",
                    name, name_of(file).text);
}

h2v_status h2vi_hdf5_replace_digest(hid_t file, const char *name, h2v_digest digest)
{
    const uint64_t words[2] = {digest.low, digest.high};
    hid_t attribute;
    const h2v_status status = open_attribute(file, name, H5T_INTEGER, 2, &attribute);
    if (status != H2V_OK) return status;
    const bool is_written = H5Awrite(attribute, H5T_NATIVE_UINT64, words) >= 0;
    if (H5Aclose(attribute) >= 0 && is_written) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "Cannot write attribute '%s' of '%s'", name,
                    name_of(file).text);
}

/* Read the words of an integer attribute. */
static h2v_status get_integers(hid_t file, const char *name, hid_t memory_type, int count,
                               void *values)
{
    hid_t attribute;
    const h2v_status status = open_attribute(file, name, H5T_INTEGER, count, &attribute);
    if (status != H2V_OK) return status;
    const bool is_read = H5Aread(attribute, memory_type, values) >= 0;
    (void)H5Aclose(attribute);
    if (is_read) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "Attribute '%s' of '%s' cannot be read", name,
                    name_of(file).text);
}

h2v_status h2vi_hdf5_get_int(hid_t file, const char *name, int64_t *value)
{
    *value = 0;
    return get_integers(file, name, H5T_NATIVE_INT64, 1, value);
}

h2v_status h2vi_hdf5_get_digest(hid_t file, const char *name, h2v_digest *digest)
{
    uint64_t words[2] = {0, 0};
    const h2v_status status = get_integers(file, name, H5T_NATIVE_UINT64, 2, words);
    *digest = (h2v_digest){.low = words[0], .high = words[1]};
    return status;
}

/* Read a text attribute of variable length (ours) into memory of the HDF5 library. */
static h2v_status copy_variable_text(hid_t attribute, hid_t type, char **text)
{
    char *found = NULL;
    if (H5Aread(attribute, type, &found) < 0)
        return h2v_fail(H2V_ERR_DATA, "A text attribute cannot be read");
    const size_t num_bytes = found ? strlen(found) : 0;
    *text = h2vi_alloc(num_bytes + 1, 1);
    if (*text && found) memcpy(*text, found, num_bytes);
    (void)H5free_memory(found);
    return *text ? H2V_OK : h2vi_fail_memory("a text attribute");
}

/* The same for fixed length, as other writers make them. */
static h2v_status copy_fixed_text(hid_t attribute, hid_t type, char **text)
{
    *text = h2vi_alloc(H5Tget_size(type) + 1, 1);
    if (!*text) return h2vi_fail_memory("a text attribute");
    if (H5Aread(attribute, type, *text) >= 0) return H2V_OK;
    free(*text);
    *text = NULL;
    return h2v_fail(H2V_ERR_DATA, "A text attribute cannot be read");
}

h2v_status h2vi_hdf5_get_text(hid_t file, const char *name, char **text)
{
    *text = NULL;
    hid_t attribute;
    h2v_status status = open_attribute(file, name, H5T_STRING, 1, &attribute);
    if (status != H2V_OK) return status;
    const hid_t type = H5Aget_type(attribute);
    if (type < 0)
        status = h2vi_fail_memory("an HDF5 type");
    else if (H5Tis_variable_str(type) > 0)
        status = copy_variable_text(attribute, type, text);
    else
        status = copy_fixed_text(attribute, type, text);
    if (type >= 0) (void)H5Tclose(type);
    (void)H5Aclose(attribute);
    return status;
}

/* Make a dataset; its space is taken from the file at once. */
static hid_t make_dataset(hid_t file, const char *name, hid_t file_type, int64_t num_rows,
                          int64_t num_columns)
{
    const hsize_t shape[2] = {(hsize_t)num_rows, (hsize_t)num_columns};
    const hid_t space = H5Screate_simple(num_columns == 0 ? 1 : 2, shape, NULL);
    const hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = H5I_INVALID_HID;
    if (space >= 0 && plan >= 0 && H5Pset_obj_track_times(plan, false) >= 0 &&
        H5Pset_alloc_time(plan, H5D_ALLOC_TIME_EARLY) >= 0 &&
        H5Pset_fill_time(plan, H5D_FILL_TIME_IFSET) >= 0)
        dataset = H5Dcreate2(file, name, file_type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    if (plan >= 0) (void)H5Pclose(plan);
    if (space >= 0) (void)H5Sclose(space);
    return dataset;
}

static h2v_status fail_write(hid_t file, const char *name)
{
    return h2v_fail(H2V_ERR_IO, "Cannot write /%s of '%s'; is the disk full?", name,
                    name_of(file).text);
}

/* Write rows [first, first + num_rows) of an open dataset in one call. */
static bool write_piece(hid_t dataset, hid_t memory_type, hsize_t num_columns,
                        hsize_t first, hsize_t num_rows, const void *data)
{
    const hsize_t start[2] = {first, 0}, count[2] = {num_rows, num_columns};
    const hid_t rows = H5Dget_space(dataset);
    const hid_t memory = H5Screate_simple(num_columns == 0 ? 1 : 2, count, NULL);
    const bool is_written =
        rows >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(rows, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dwrite(dataset, memory_type, memory, rows, H5P_DEFAULT, data) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (rows >= 0) (void)H5Sclose(rows);
    return is_written;
}

/* The same in pieces of at most WRITTEN_BYTES. */
static bool write_pieces(hid_t dataset, hid_t memory_type, int64_t num_columns,
                         int64_t first, int64_t num_rows, const void *data)
{
    const int64_t columns = num_columns == 0 ? 1 : num_columns;
    const int64_t row_bytes = columns * (int64_t)H5Tget_size(memory_type);
    const int64_t piece = WRITTEN_BYTES > row_bytes ? WRITTEN_BYTES / row_bytes : 1;
    const char *from = data;
    for (int64_t at = 0; at < num_rows; at += piece) {
        const int64_t count = num_rows - at < piece ? num_rows - at : piece;
        if (!write_piece(dataset, memory_type, (hsize_t)num_columns,
                         (hsize_t)first + (hsize_t)at, (hsize_t)count,
                         from + at * row_bytes))
            return false;
    }
    return true;
}

h2v_status h2vi_hdf5_write(hid_t file, const char *name, hid_t file_type, hid_t memory_type,
                           int64_t num_rows, int64_t num_columns, const void *data)
{
    const hid_t dataset = make_dataset(file, name, file_type, num_rows, num_columns);
    if (dataset < 0) return fail_write(file, name);
    const bool is_written =
        write_pieces(dataset, memory_type, num_columns, 0, num_rows, data);
    const bool is_closed = H5Dclose(dataset) >= 0;
    return is_written && is_closed ? H2V_OK : fail_write(file, name);
}

h2v_status h2vi_hdf5_reserve(hid_t file, const char *name, hid_t file_type,
                             int64_t num_rows, int64_t num_columns)
{
    const hid_t dataset = make_dataset(file, name, file_type, num_rows, num_columns);
    return dataset >= 0 && H5Dclose(dataset) >= 0 ? H2V_OK : fail_write(file, name);
}

h2v_status h2vi_hdf5_write_rows(hid_t file, const char *name, hid_t memory_type,
                                int64_t first, int64_t num_rows, const void *data)
{
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const bool is_written =
        dataset >= 0 && write_pieces(dataset, memory_type, 0, first, num_rows, data);
    const bool is_closed = dataset >= 0 && H5Dclose(dataset) >= 0;
    return is_written && is_closed ? H2V_OK : fail_write(file, name);
}

/* Open a dataset and tell its shape. */
static h2v_status open_dataset(hid_t file, const char *name, hid_t *dataset,
                               hsize_t shape[2])
{
    *dataset = H5I_INVALID_HID;
    shape[0] = shape[1] = 0;
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0)
        return h2v_fail(H2V_ERR_DATA, "'%s' has no dataset /%s", name_of(file).text, name);
    const hid_t opened = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = opened >= 0 ? H5Dget_space(opened) : H5I_INVALID_HID;
    const int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    const bool fits = (rank == 1 || rank == 2) &&
                      H5Sget_simple_extent_dims(space, shape, NULL) == rank &&
                      shape[0] <= INT64_MAX && shape[1] <= INT64_MAX;
    if (space >= 0) (void)H5Sclose(space);
    if (fits) {
        *dataset = opened;
        return H2V_OK;
    }
    if (opened >= 0) (void)H5Dclose(opened);
    return h2v_fail(H2V_ERR_DATA, "/%s of '%s' is not a table of one or two dimensions",
                    name, name_of(file).text);
}

h2v_status h2vi_hdf5_shape(hid_t file, const char *name, int64_t *num_rows,
                           int64_t *num_columns)
{
    hid_t dataset;
    hsize_t shape[2];
    const h2v_status status = open_dataset(file, name, &dataset, shape);
    *num_rows = (int64_t)shape[0];
    *num_columns = (int64_t)shape[1];
    if (status == H2V_OK) (void)H5Dclose(dataset);
    return status;
}

/* Read rows [first, first + num_rows) of an open dataset in one call. */
static bool read_piece(hid_t dataset, hid_t memory_type, const hsize_t shape[2],
                       hsize_t first, hsize_t num_rows, void *data)
{
    const hsize_t start[2] = {first, 0}, count[2] = {num_rows, shape[1]};
    const hid_t rows = H5Dget_space(dataset);
    const hid_t memory = H5Screate_simple(shape[1] == 0 ? 1 : 2, count, NULL);
    const bool is_read =
        rows >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(rows, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dread(dataset, memory_type, memory, rows, H5P_DEFAULT, data) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (rows >= 0) (void)H5Sclose(rows);
    return is_read;
}

/* MPI's reads stop at 2 GiB: pieces of at most PIECE_BYTES. */
static bool read_rows(hid_t dataset, hid_t memory_type, const hsize_t shape[2],
                      hsize_t first, hsize_t num_rows, void *data)
{
    const hsize_t columns = shape[1] == 0 ? 1 : shape[1];
    const hsize_t row_bytes = columns * (hsize_t)H5Tget_size(memory_type);
    const hsize_t piece = PIECE_BYTES > row_bytes ? PIECE_BYTES / row_bytes : 1;
    char *to = data;
    for (hsize_t at = 0; at < num_rows; at += piece) {
        const hsize_t count = num_rows - at < piece ? num_rows - at : piece;
        if (!read_piece(dataset, memory_type, shape, first + at, count, to)) return false;
        to += count * row_bytes;
    }
    return true;
}

h2v_status h2vi_hdf5_read(hid_t file, const char *name, hid_t memory_type, int64_t first,
                          int64_t num_rows, void *data)
{
    hid_t dataset;
    hsize_t shape[2];
    h2v_status status = open_dataset(file, name, &dataset, shape);
    if (status != H2V_OK) return status;
    if (first < 0 || num_rows < 0 || first > (int64_t)shape[0] - num_rows)
        status = h2v_fail(H2V_ERR_DATA,
                          "/%s of '%s' has %" PRId64 " rows; %" PRId64 " from %" PRId64
                          " on were expected",
                          name, name_of(file).text, (int64_t)shape[0], num_rows, first);
    else if (!read_rows(dataset, memory_type, shape, (hsize_t)first, (hsize_t)num_rows,
                        data))
        status = h2v_fail(H2V_ERR_DATA, "/%s of '%s' cannot be read: it is damaged", name,
                          name_of(file).text);
    (void)H5Dclose(dataset);
    return status;
}
