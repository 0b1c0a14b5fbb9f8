/* SPDX-License-Identifier: MIT */

/* The embedding file in two acts: see embedding_hdf5.h. In the second act every rank makes
 * the same calls in the same order, as parallel HDF5 demands of all that touches metadata;
 * a rank that has no rows left takes part with an empty selection. Each call moves at most
 * 64 MiB per rank, far below the 2 GB that MPI-IO can count, so the number of calls is
 * agreed first. */
#include "embedding_hdf5.h"

#include "alloc.h"
#include "fail.h"
#include "hdf5_file.h"
#include "wait.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CALL_BYTES = 64 << 20 };

static_assert(CALL_BYTES / sizeof(float) >= H2V_MAX_DIM, "a call must hold a row");

struct h2vi_embedding_writer {
    const h2v_world *world; /* kept */
    char *path;
    hid_t file;
};

/* A dataset while its rows are written. */
typedef struct row_target {
    hid_t dataset, file_space, memory_space, transfer;
    int64_t num_vertices, dim, rows_per_call;
} row_target;

static h2v_status put_header(hid_t file, const h2vi_embedding_header *header)
{
    h2v_status status = h2vi_hdf5_put_text(file, "method", header->method);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_text(file, "parameters", header->parameters);
    if (status == H2V_OK) status = h2vi_hdf5_put_text(file, "version", HALO2VEC_VERSION);
    if (status == H2V_OK) status = h2vi_hdf5_put_unsigned(file, "seed", header->seed);
    if (status == H2V_OK && header->parts > 0)
        status = h2vi_hdf5_put_int(file, "parts", header->parts);
    if (status == H2V_OK && header->groups > 0)
        status = h2vi_hdf5_put_int(file, "groups", header->groups);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "directed", header->directed);
    if (status == H2V_OK) status = h2vi_hdf5_put_digest(file, "digest", header->digest);
    return status;
}

static h2v_status make_datasets(hid_t file, const h2vi_embedding_header *header,
                                const h2vi_ids *ids)
{
    h2v_status status = h2vi_hdf5_write_ids(file, ids);
    if (status == H2V_OK)
        status = h2vi_hdf5_reserve(file, "embeddings", H5T_IEEE_F32LE, header->num_vertices,
                                   header->dim);
    if (status == H2V_OK && header->has_contexts)
        status = h2vi_hdf5_reserve(file, "contexts", H5T_IEEE_F32LE, header->num_vertices,
                                   header->dim);
    return status;
}

h2v_status h2vi_embedding_create(const char *path, const h2vi_embedding_header *header,
                                 const h2vi_ids *ids)
{
    H2V_ASSERT(ids->num_ids == header->num_vertices);
    H2V_ASSERT(header->dim > 0 && header->dim <= H2V_MAX_DIM);

    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_create(path, H2VI_EMBEDDING_FORMAT, H2VI_EMBEDDING_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = put_header(file, header);
    if (status == H2V_OK) status = make_datasets(file, header, ids);

    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

/* Local. */
static h2v_status prepare_writer(h2vi_embedding_writer *writer, const char *path)
{
    if (!writer) return h2vi_fail_memory("an embedding writer");
    writer->path = h2vi_alloc(strlen(path) + 1, 1);
    if (!writer->path) return h2vi_fail_memory("an embedding writer");
    memcpy(writer->path, path, strlen(path) + 1);
    return H2V_OK;
}

h2v_status h2vi_embedding_open(const h2v_world *world, const char *path,
                               h2vi_embedding_writer **out)
{
    *out = NULL;
    h2vi_embedding_writer *writer = h2vi_alloc(1, sizeof *writer);
    if (writer) *writer = (h2vi_embedding_writer){.world = world, .file = H5I_INVALID_HID};
    h2v_status status = h2v_agree(world, prepare_writer(writer, path));
    if (status == H2V_OK)
        status = h2vi_hdf5_open_for_all(world, writer->path, &writer->file);
    if (status == H2V_OK) {
        *out = writer;
        return H2V_OK;
    }
    if (writer) free(writer->path);
    free(writer);
    return status;
}

static void close_target(row_target *target)
{
    if (target->transfer >= 0) (void)H5Pclose(target->transfer);
    if (target->memory_space >= 0) (void)H5Sclose(target->memory_space);
    if (target->file_space >= 0) (void)H5Sclose(target->file_space);
    if (target->dataset >= 0) (void)H5Dclose(target->dataset);
}

/* Collective, by HDF5: opening a dataset reads metadata together. */
static h2v_status open_target(const h2vi_embedding_writer *writer, const char *name,
                              row_target *target)
{
    hsize_t shape[2] = {0, 0};
    h2vi_wait_begin("all ranks to open a dataset");
    target->dataset = H5Dopen2(writer->file, name, H5P_DEFAULT);
    h2vi_wait_end();
    target->file_space =
        target->dataset < 0 ? H5I_INVALID_HID : H5Dget_space(target->dataset);
    if (target->file_space < 0 || H5Sget_simple_extent_ndims(target->file_space) != 2 ||
        H5Sget_simple_extent_dims(target->file_space, shape, NULL) != 2 || shape[1] == 0 ||
        shape[1] > H2V_MAX_DIM)
        return h2v_fail(H2V_ERR_IO, "'%s' has no rows '%s' to write", writer->path, name);

    target->num_vertices = (int64_t)shape[0];
    target->dim = (int64_t)shape[1];
    target->rows_per_call = CALL_BYTES / ((int64_t)sizeof(float) * target->dim);
    const hsize_t call[2] = {(hsize_t)target->rows_per_call, shape[1]};
    target->memory_space = H5Screate_simple(2, call, NULL);
    target->transfer = H5Pcreate(H5P_DATASET_XFER);
    if (target->memory_space < 0 || target->transfer < 0 ||
        H5Pset_dxpl_mpio(target->transfer, H5FD_MPIO_COLLECTIVE) < 0)
        return h2vi_fail_memory("writing rows");
    return H2V_OK;
}

static h2v_status check_range(const h2vi_embedding_writer *writer, const row_target *target,
                              int64_t first, int64_t num_rows)
{
    if (first >= 0 && num_rows >= 0 && num_rows <= target->num_vertices &&
        first <= target->num_vertices - num_rows)
        return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT,
                    "'%s' has rows 0..%lld; %lld rows from %lld on do not fit",
                    writer->path, (long long)target->num_vertices - 1, (long long)num_rows,
                    (long long)first);
}

/* Collective. Rows [first, first + num_rows), possibly none, in one call. */
static bool write_call(const row_target *target, int64_t first, int64_t num_rows,
                       const float *rows)
{
    const hsize_t zero[2] = {0, 0}, start[2] = {(hsize_t)first, 0};
    const hsize_t count[2] = {(hsize_t)num_rows, (hsize_t)target->dim};
    const bool is_selected = num_rows > 0 &&
                             H5Sselect_hyperslab(target->file_space, H5S_SELECT_SET, start,
                                                 NULL, count, NULL) >= 0 &&
                             H5Sselect_hyperslab(target->memory_space, H5S_SELECT_SET, zero,
                                                 NULL, count, NULL) >= 0;
    if (!is_selected) { /* the others wait for this rank in the call all the same */
        (void)H5Sselect_none(target->file_space);
        (void)H5Sselect_none(target->memory_space);
    }
    h2vi_wait_begin("all ranks to write rows");
    const herr_t outcome = H5Dwrite(target->dataset, H5T_NATIVE_FLOAT, target->memory_space,
                                    target->file_space, target->transfer, rows);
    h2vi_wait_end();
    return outcome >= 0 && is_selected == (num_rows > 0);
}

/* Collective. */
static h2v_status write_rows(const h2vi_embedding_writer *writer, const row_target *target,
                             int64_t first, int64_t num_rows, const float *rows)
{
    const int64_t step = target->rows_per_call;
    const int64_t mine = (num_rows + step - 1) / step;
    int64_t num_calls = 0;
    h2vi_wait_begin("all ranks to agree");
    MPI_Allreduce(&mine, &num_calls, 1, MPI_INT64_T, MPI_MAX, writer->world->comm);
    h2vi_wait_end();

    bool is_written = true;
    for (int64_t i = 0; i < num_calls; i++) {
        const int64_t begin = i * step < num_rows ? i * step : num_rows;
        const int64_t count = num_rows - begin < step ? num_rows - begin : step;
        const float *part = count > 0 ? rows + begin * target->dim : NULL;
        if (!write_call(target, first + begin, count, part)) is_written = false;
    }
    if (!is_written)
        return h2v_fail(H2V_ERR_IO, "Cannot write rows to '%s'; is the disk full?",
                        writer->path);
    return H2V_OK;
}

h2v_status h2vi_embedding_write(h2vi_embedding_writer *writer, const char *dataset,
                                int64_t first_gid, int64_t num_rows, const float *rows)
{
    row_target target = {.dataset = H5I_INVALID_HID,
                         .file_space = H5I_INVALID_HID,
                         .memory_space = H5I_INVALID_HID,
                         .transfer = H5I_INVALID_HID,
                         .rows_per_call = 1};
    h2v_status status = open_target(writer, dataset, &target);
    if (status == H2V_OK) status = check_range(writer, &target, first_gid, num_rows);
    status = h2v_agree(writer->world, status);
    if (status == H2V_OK)
        status = h2v_agree(writer->world,
                           write_rows(writer, &target, first_gid, num_rows, rows));
    close_target(&target);
    return status;
}

h2v_status h2vi_embedding_close(h2vi_embedding_writer **out)
{
    h2vi_embedding_writer *writer = *out;
    *out = NULL;
    if (!writer) return H2V_OK;
    const h2v_status status =
        h2vi_hdf5_close_for_all(writer->world, writer->path, writer->file);
    free(writer->path);
    free(writer);
    return status;
}

/* That a dataset has the shape of the header. */
static h2v_status check_rows(hid_t file, const char *path, const char *name,
                             const h2vi_embedding *embedding)
{
    int64_t num_rows = 0, dim = 0;
    const h2v_status status = h2vi_hdf5_shape(file, name, &num_rows, &dim);
    if (status != H2V_OK) return status;
    if (num_rows == embedding->num_vertices && dim == embedding->dim) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA,
                    "'%s': %s is %lld x %lld, where the embeddings are %lld x %lld", path,
                    name, (long long)num_rows, (long long)dim,
                    (long long)embedding->num_vertices, (long long)embedding->dim);
}

static h2v_status read_rows(hid_t file, const char *path, const char *name,
                            const h2vi_embedding *embedding, float **rows)
{
    const h2v_status status = check_rows(file, path, name, embedding);
    if (status != H2V_OK) return status;
    *rows = h2vi_alloc_n(embedding->num_vertices * embedding->dim, sizeof **rows);
    if (!*rows) return h2vi_fail_memory("an embedding");
    return h2vi_hdf5_read(file, name, H5T_NATIVE_FLOAT, 0, embedding->num_vertices, *rows);
}

static bool has_contexts(hid_t file)
{
    return H5Lexists(file, "contexts", H5P_DEFAULT) > 0;
}

static h2v_status read_header(hid_t file, const char *path, h2vi_embedding *embedding)
{
    int64_t directed = 0;
    h2v_status status = h2vi_hdf5_get_digest(file, "digest", &embedding->digest);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "directed", &directed);
    if (status == H2V_OK)
        status =
            h2vi_hdf5_shape(file, "embeddings", &embedding->num_vertices, &embedding->dim);
    if (status != H2V_OK) return status;
    embedding->directed = directed != 0;
    if (embedding->num_vertices > H2V_MAX_VERTICES || embedding->dim < 1 ||
        embedding->dim > H2V_MAX_DIM)
        return h2v_fail(H2V_ERR_DATA, "'%s': embeddings are %lld x %lld; at most %lld x %d",
                        path, (long long)embedding->num_vertices, (long long)embedding->dim,
                        (long long)H2V_MAX_VERTICES, H2V_MAX_DIM);
    return H2V_OK;
}

h2v_status h2vi_embedding_read_shape(const char *path, h2vi_embedding_shape *shape)
{
    *shape = (h2vi_embedding_shape){0};
    hid_t file = H5I_INVALID_HID;
    h2vi_embedding header = {0};
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_EMBEDDING_FORMAT, H2VI_EMBEDDING_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = read_header(file, path, &header);
    *shape = (h2vi_embedding_shape){.num_vertices = header.num_vertices,
                                    .dim = header.dim,
                                    .has_contexts = has_contexts(file)};
    if (status == H2V_OK && shape->has_contexts)
        status = check_rows(file, path, "contexts", &header);
    (void)H5Fclose(file);
    return status;
}

h2v_status h2vi_embedding_read(const char *path, h2vi_embedding *embedding)
{
    *embedding = (h2vi_embedding){0};
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_EMBEDDING_FORMAT, H2VI_EMBEDDING_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = read_header(file, path, embedding);
    if (status == H2V_OK)
        status = read_rows(file, path, "embeddings", embedding, &embedding->vectors);
    if (status == H2V_OK && has_contexts(file))
        status = read_rows(file, path, "contexts", embedding, &embedding->contexts);
    if (status != H2V_OK) h2vi_embedding_clear(embedding);
    (void)H5Fclose(file);
    return status;
}

h2v_status h2vi_embedding_read_ids(const char *path, h2vi_ids *ids)
{
    *ids = (h2vi_ids){0};
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_EMBEDDING_FORMAT, H2VI_EMBEDDING_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = h2vi_hdf5_read_ids(file, ids);
    (void)H5Fclose(file);
    return status;
}

void h2vi_embedding_clear(h2vi_embedding *embedding)
{
    free(embedding->vectors);
    free(embedding->contexts);
    *embedding = (h2vi_embedding){0};
}
