/* SPDX-License-Identifier: MIT */

/* /ids: numbers as they are, strings as variable-length UTF-8. HDF5 hands strings over
 * through arrays of pointers, so they pass a block at a time and never all at once. */
#include "hdf5_file.h"

#include "alloc.h"
#include "fail.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 16384 };

/* The /ids of a file, opened to pass strings block by block. */
typedef struct string_port {
    hid_t dataset, type, space;
    int64_t num_rows;
    char **block; /* shape [BLOCK_ROWS] */
} string_port;

static void close_port(string_port *port)
{
    free(port->block);
    if (port->space >= 0) (void)H5Sclose(port->space);
    if (port->dataset >= 0) (void)H5Dclose(port->dataset);
    if (port->type >= 0) (void)H5Tclose(port->type);
}

static h2v_status open_port(hid_t file, string_port *port)
{
    *port = (string_port){.dataset = H5I_INVALID_HID, .type = H5I_INVALID_HID};
    port->space = H5I_INVALID_HID;
    port->block = h2vi_alloc(BLOCK_ROWS, sizeof *port->block);
    port->type = H5Tcopy(H5T_C_S1);
    if (!port->block || port->type < 0 || H5Tset_size(port->type, H5T_VARIABLE) < 0 ||
        H5Tset_cset(port->type, H5T_CSET_UTF8) < 0)
        return h2vi_fail_memory("a block of ids");
    if (H5Lexists(file, "ids", H5P_DEFAULT) > 0)
        port->dataset = H5Dopen2(file, "ids", H5P_DEFAULT);
    if (port->dataset >= 0) port->space = H5Dget_space(port->dataset);
    if (port->space < 0) return h2v_fail(H2V_ERR_DATA, "The file has no /ids");
    port->num_rows = H5Sget_simple_extent_npoints(port->space);
    return H2V_OK;
}

/* Choose rows [first, first + count) in the file; the space of as many rows in memory. */
static hid_t select_rows(const string_port *port, int64_t first, int64_t count)
{
    const hsize_t start = (hsize_t)first, length = (hsize_t)count;
    if (H5Sselect_hyperslab(port->space, H5S_SELECT_SET, &start, NULL, &length, NULL) < 0)
        return H5I_INVALID_HID;
    return H5Screate_simple(1, &length, NULL);
}

static int64_t block_length(int64_t first, int64_t num_rows)
{
    return num_rows - first < BLOCK_ROWS ? num_rows - first : BLOCK_ROWS;
}

static bool write_block(const string_port *port, int64_t first, int64_t count)
{
    const hid_t memory = select_rows(port, first, count);
    const bool is_written =
        memory >= 0 && H5Dwrite(port->dataset, port->type, memory, port->space, H5P_DEFAULT,
                                port->block) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    return is_written;
}

static h2v_status write_strings(hid_t file, const h2vi_ids *ids)
{
    string_port port;
    h2v_status status = open_port(file, &port);
    for (int64_t first = 0; status == H2V_OK && first < ids->num_ids; first += BLOCK_ROWS) {
        const int64_t count = block_length(first, ids->num_ids);
        for (int64_t i = 0; i < count; i++)
            port.block[i] = ids->text + ids->starts[first + i];
        if (!write_block(&port, first, count))
            status = h2v_fail(H2V_ERR_IO, "Cannot write /ids; is the disk full?");
    }
    close_port(&port);
    return status;
}

h2v_status h2vi_hdf5_write_ids(hid_t file, const h2vi_ids *ids)
{
    if (h2vi_ids_are_numbers(ids))
        return h2vi_hdf5_write(file, "ids", H5T_STD_I64LE, H5T_NATIVE_INT64, ids->num_ids,
                               0, ids->numbers);
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0)
        return h2vi_fail_memory("an HDF5 type");
    h2v_status status = h2vi_hdf5_reserve(file, "ids", type, ids->num_ids, 0);
    (void)H5Tclose(type);
    if (status == H2V_OK) status = write_strings(file, ids);
    return status;
}

/* The strings read so far, in one growing text. */
typedef struct string_sink {
    h2vi_ids *ids;
    int64_t num_bytes, capacity;
} string_sink;

static h2v_status append_string(string_sink *sink, int64_t row, const char *string)
{
    if (!string) return h2v_fail(H2V_ERR_DATA, "Row %lld of /ids is empty", (long long)row);
    const int64_t length = (int64_t)strlen(string) + 1;
    if (sink->num_bytes + length > sink->capacity) {
        const int64_t capacity = sink->num_bytes + length + sink->capacity / 2;
        char *text =
            h2vi_regrow(sink->ids->text, (size_t)sink->num_bytes, (size_t)capacity, 1);
        if (!text) return h2vi_fail_memory("ids");
        sink->ids->text = text;
        sink->capacity = capacity;
    }
    memcpy(sink->ids->text + sink->num_bytes, string, (size_t)length);
    sink->ids->starts[row] = sink->num_bytes;
    sink->num_bytes += length;
    return H2V_OK;
}

static h2v_status read_block(const string_port *port, int64_t first, int64_t count,
                             string_sink *sink)
{
    const hid_t memory = select_rows(port, first, count);
    if (memory < 0) return h2vi_fail_memory("a block of ids");
    h2v_status status = H2V_OK;
    if (H5Dread(port->dataset, port->type, memory, port->space, H5P_DEFAULT, port->block) <
        0) {
        status = h2v_fail(H2V_ERR_DATA, "/ids cannot be read: it is damaged");
        goto cleanup;
    }
    for (int64_t i = 0; status == H2V_OK && i < count; i++)
        status = append_string(sink, first + i, port->block[i]);
    (void)H5Dvlen_reclaim(port->type, memory, H5P_DEFAULT, port->block);
cleanup:
    (void)H5Sclose(memory);
    return status;
}

static h2v_status read_strings(hid_t file, h2vi_ids *ids)
{
    string_port port;
    string_sink sink = {.ids = ids, .capacity = 4096};
    h2v_status status = open_port(file, &port);
    if (status != H2V_OK) goto cleanup;
    ids->starts = h2vi_alloc_n(port.num_rows + 1, sizeof *ids->starts);
    ids->text = h2vi_alloc_n(sink.capacity, 1);
    if (!ids->starts || !ids->text) {
        status = h2vi_fail_memory("ids");
        goto cleanup;
    }
    for (int64_t first = 0; status == H2V_OK && first < port.num_rows; first += BLOCK_ROWS)
        status = read_block(&port, first, block_length(first, port.num_rows), &sink);
    ids->starts[port.num_rows] = sink.num_bytes;
    ids->num_ids = port.num_rows;
cleanup:
    close_port(&port);
    return status;
}

static h2v_status read_numbers(hid_t file, int64_t num_rows, h2vi_ids *ids)
{
    ids->numbers = h2vi_alloc_n(num_rows, sizeof *ids->numbers);
    if (!ids->numbers) return h2vi_fail_memory("ids");
    ids->num_ids = num_rows;
    return h2vi_hdf5_read(file, "ids", H5T_NATIVE_INT64, 0, num_rows, ids->numbers);
}

/* Whether /ids holds integers (1), variable-length strings (0) or neither (-1). */
static int kind_of_ids(hid_t file)
{
    const hid_t dataset = H5Dopen2(file, "ids", H5P_DEFAULT);
    const hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    int kind = -1;
    if (type >= 0 && H5Tget_class(type) == H5T_INTEGER) kind = 1;
    if (type >= 0 && H5Tis_variable_str(type) > 0) kind = 0;
    if (type >= 0) (void)H5Tclose(type);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return kind;
}

h2v_status h2vi_hdf5_read_ids(hid_t file, h2vi_ids *ids)
{
    *ids = (h2vi_ids){0};
    int64_t num_rows = 0, num_columns = 0;
    h2v_status status = h2vi_hdf5_shape(file, "ids", &num_rows, &num_columns);
    if (status != H2V_OK) return status;
    const int kind = kind_of_ids(file);
    if (num_columns != 0 || kind < 0)
        return h2v_fail(H2V_ERR_DATA, "/ids is neither integers nor strings");
    status = kind == 1 ? read_numbers(file, num_rows, ids) : read_strings(file, ids);
    if (status != H2V_OK) h2vi_ids_clear(ids);
    return status;
}
