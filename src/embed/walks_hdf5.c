/* SPDX-License-Identifier: MIT */

/* The walks file: see walks_hdf5.h. Chunks of /walks are taken from the file in their
 * order, however the walks come in batches, so the bytes are the same on any number of
 * ranks. */
#include "walks_hdf5.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "hdf5_file.h"
#include "output.h"
#include "wait.h"
#include "walks_shape.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_VISITS = 1 << 20, BLOCK_WALKS = 1 << 16, BLOCK_VISITS = 1 << 20 };

struct h2vi_walks_writer {
    const h2v_world *world; /* kept */
    char *path;
    hid_t file, walks, offsets;
    int64_t num_visits; /* written so far */
};

/* ---- writing
 * --------------------------------------------------------------------------------------
 */

static h2v_status put_header(hid_t file, const h2vi_walks_header *header)
{
    h2v_status status = h2vi_hdf5_put_text(file, "method", header->method);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_text(file, "parameters", header->parameters);
    if (status == H2V_OK) status = h2vi_hdf5_put_text(file, "version", HALO2VEC_VERSION);
    if (status == H2V_OK) status = h2vi_hdf5_put_unsigned(file, "seed", header->seed);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "directed", header->directed);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "weighted", header->weighted);
    if (status == H2V_OK) status = h2vi_hdf5_put_digest(file, "digest", header->digest);
    return status;
}

/* /walks, still empty. A chunk is not larger than what can come. */
static h2v_status make_walks(hid_t file, const h2vi_walks_header *header)
{
    const hsize_t none = 0, unlimited = H5S_UNLIMITED;
    hsize_t chunk = CHUNK_VISITS;
    if (header->num_walks < CHUNK_VISITS / header->walk_length)
        chunk = (hsize_t)header->num_walks * (hsize_t)header->walk_length;
    if (chunk == 0) chunk = 1;
    const hid_t space = H5Screate_simple(1, &none, &unlimited);
    const hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = H5I_INVALID_HID;
    if (space >= 0 && plan >= 0 && H5Pset_obj_track_times(plan, false) >= 0 &&
        H5Pset_chunk(plan, 1, &chunk) >= 0 &&
        H5Pset_alloc_time(plan, H5D_ALLOC_TIME_EARLY) >= 0 &&
        H5Pset_fill_time(plan, H5D_FILL_TIME_NEVER) >= 0)
        dataset =
            H5Dcreate2(file, "walks", H5T_STD_U32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    if (plan >= 0) (void)H5Pclose(plan);
    if (space >= 0) (void)H5Sclose(space);
    return dataset >= 0 && H5Dclose(dataset) >= 0
               ? H2V_OK
               : h2v_fail(H2V_ERR_IO, "Cannot write /walks; is the disk full?");
}

/* Select a run in the file and as many in memory. */
static bool select_run(hid_t file_space, int64_t first, int64_t count, hid_t *memory)
{
    const hsize_t start = (hsize_t)first, length = (hsize_t)count;
    *memory = H5Screate_simple(1, &length, NULL);
    if (file_space < 0 || *memory < 0) return false;
    if (count > 0)
        return H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &length,
                                   NULL) >= 0;
    return H5Sselect_none(file_space) >= 0 && H5Sselect_none(*memory) >= 0;
}

/* Collective if `transfer` says so. Possibly nothing. */
static bool write_run(hid_t dataset, hid_t memory_type, hid_t transfer, int64_t first,
                      int64_t count, const void *values)
{
    hid_t memory = H5I_INVALID_HID;
    const hid_t space = H5Dget_space(dataset);
    const bool is_selected = select_run(space, first, count, &memory);
    if (!is_selected && space >= 0) (void)H5Sselect_none(space); /* but take part */
    if (!is_selected && memory >= 0) (void)H5Sselect_none(memory);
    const bool is_written =
        H5Dwrite(dataset, memory_type, memory, space, transfer, values) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return is_selected && is_written;
}

/* /offsets, with the one that is known. */
static h2v_status make_offsets(hid_t file, int64_t num_walks)
{
    const uint64_t zero = 0;
    const h2v_status status =
        h2vi_hdf5_reserve(file, "offsets", H5T_STD_U64LE, num_walks + 1, 0);
    if (status != H2V_OK) return status;
    const hid_t dataset = H5Dopen2(file, "offsets", H5P_DEFAULT);
    const bool is_written =
        dataset >= 0 && write_run(dataset, H5T_NATIVE_UINT64, H5P_DEFAULT, 0, 1, &zero);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return is_written ? H2V_OK
                      : h2v_fail(H2V_ERR_IO, "Cannot write /offsets; is the disk full?");
}

h2v_status h2vi_walks_create(const char *path, const h2vi_walks_header *header,
                             const h2vi_ids *ids)
{
    H2V_ASSERT(ids->num_ids == header->num_vertices);
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_create(path, H2VI_WALKS_FORMAT, H2VI_WALKS_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = put_header(file, header);
    if (status == H2V_OK) status = h2vi_hdf5_write_ids(file, ids);
    if (status == H2V_OK) status = make_offsets(file, header->num_walks);
    if (status == H2V_OK) status = make_walks(file, header);
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

/* Local. */
static h2v_status prepare_writer(h2vi_walks_writer *writer, const char *path)
{
    if (!writer) return h2vi_fail_memory("a writer of walks");
    writer->path = h2vi_alloc(strlen(path) + 1, 1);
    if (!writer->path) return h2vi_fail_memory("a writer of walks");
    memcpy(writer->path, path, strlen(path) + 1);
    return H2V_OK;
}

h2v_status h2vi_walks_open(const h2v_world *world, const char *path,
                           h2vi_walks_writer **out)
{
    *out = NULL;
    h2vi_walks_writer *writer = h2vi_alloc(1, sizeof *writer);
    if (writer)
        *writer = (h2vi_walks_writer){.world = world,
                                      .file = H5I_INVALID_HID,
                                      .walks = H5I_INVALID_HID,
                                      .offsets = H5I_INVALID_HID};
    h2v_status status = h2v_agree(world, prepare_writer(writer, path));
    if (status != H2V_OK) {
        if (writer) free(writer->path);
        free(writer);
        return status;
    }
    *out = writer;
    status = h2vi_hdf5_open_for_all(world, path, &writer->file);
    if (status == H2V_OK) {
        h2vi_wait_begin("all ranks to open a dataset");
        writer->walks = H5Dopen2(writer->file, "walks", H5P_DEFAULT);
        writer->offsets = H5Dopen2(writer->file, "offsets", H5P_DEFAULT);
        h2vi_wait_end();
        if (writer->walks < 0 || writer->offsets < 0)
            status = h2v_fail(H2V_ERR_IO, "'%s' cannot be written on all ranks", path);
        status = h2v_agree(world, status);
    }
    if (status == H2V_OK) return H2V_OK;
    const h2v_status closed = h2vi_walks_close(out);
    return closed == H2V_OK ? status : closed;
}

/* Collective. Visits and ends of walks, with memory that is there. */
static bool write_batch(h2vi_walks_writer *writer, const h2vi_file_batch *batch,
                        int64_t num_before, int64_t num_visits, hid_t transfer,
                        const uint32_t *visits, const uint64_t *ends)
{
    const hsize_t extent = (hsize_t)writer->num_visits + (hsize_t)num_visits;
    h2vi_wait_begin("all ranks to write walks");
    bool is_written = H5Dset_extent(writer->walks, &extent) >= 0;
    is_written = write_run(writer->walks, H5T_NATIVE_UINT32, transfer, num_before,
                           batch->starts[batch->num_walks], visits) &&
                 is_written;
    is_written = write_run(writer->offsets, H5T_NATIVE_UINT64, transfer, batch->first + 1,
                           batch->num_walks, ends) &&
                 is_written;
    h2vi_wait_end();
    return is_written;
}

static void flatten(const h2v_world *world, const h2vi_file_batch *batch, int64_t before,
                    uint32_t *visits, uint64_t *ends)
{
#pragma omp parallel for schedule(static) num_threads(world->num_threads)
    for (int64_t i = 0; i < batch->num_walks; i++) {
        const h2vi_token *walk = batch->tokens + i * batch->walk_length;
        const int64_t start = batch->starts[i], end = batch->starts[i + 1];
        for (int64_t at = start; at < end; at++) visits[at] = walk[at - start].slot;
        ends[i] = (uint64_t)(before + end);
    }
}

h2v_status h2vi_walks_write(h2vi_walks_writer *writer, const h2vi_file_batch *batch)
{
    const h2v_world *world = writer->world;
    const int64_t own = batch->starts[batch->num_walks];
    int64_t before = 0, total = own;
    uint32_t *visits = h2vi_alloc_raw_n(own, sizeof *visits);
    uint64_t *ends = h2vi_alloc_raw_n(batch->num_walks, sizeof *ends);
    const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    h2v_status status = H2V_OK;
    if (!visits || !ends || transfer < 0 ||
        H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE) < 0)
        status = h2vi_fail_memory("walks to be written");
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    h2vi_sum_before(world, 1, &own, &before);
    h2vi_sum(world, 1, &total);
    before += writer->num_visits;
    if (world->rank == 0)
        status = h2vi_output_make_room(writer->path,
                                       (total + CHUNK_VISITS) * (int64_t)sizeof *visits);
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;
    flatten(world, batch, before, visits, ends);
    if (!write_batch(writer, batch, before, total, transfer, visits, ends))
        status = h2v_fail(H2V_ERR_IO, "Cannot write walks to '%s'; is the disk full?",
                          writer->path);
    status = h2v_agree(world, status);
    writer->num_visits += total;

cleanup:
    if (transfer >= 0) (void)H5Pclose(transfer);
    free(visits);
    free(ends);
    return status;
}

h2v_status h2vi_walks_close(h2vi_walks_writer **out)
{
    h2vi_walks_writer *writer = *out;
    *out = NULL;
    if (!writer) return H2V_OK;
    if (writer->walks >= 0) (void)H5Dclose(writer->walks);
    if (writer->offsets >= 0) (void)H5Dclose(writer->offsets);
    const h2v_status status =
        h2vi_hdf5_close_for_all(writer->world, writer->path, writer->file);
    free(writer->path);
    free(writer);
    return status;
}

/* ---- checking
 * -------------------------------------------------------------------------------------
 */

static h2v_status fail_damaged(const char *path, const char *what, int64_t walk)
{
    return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: %s at walk %lld", path, what,
                    (long long)walk);
}

/* The offsets of walks [first, first + count), which go on from where others ended. */
static h2v_status check_offsets(const char *path, int64_t first, int64_t count,
                                const int64_t *offsets, h2vi_walks_found *found)
{
    for (int64_t i = 0; i < count; i++) {
        if (offsets[i] < 0 || offsets[i + 1] <= offsets[i] ||
            offsets[i + 1] > found->num_visits)
            return fail_damaged(path, "offsets do not ascend within the visits", first + i);
        const int64_t length = offsets[i + 1] - offsets[i];
        if (found->shortest == 0 || length < found->shortest) found->shortest = length;
        if (length > found->longest) found->longest = length;
    }
    return H2V_OK;
}

/* The visits of as many walks; a walk may be longer than a block. */
static h2v_status check_visits(hid_t file, const char *path, int64_t first, int64_t count,
                               const int64_t *offsets, uint32_t *visits,
                               const h2vi_walks_found *found)
{
    int64_t walk = 0;
    for (int64_t at = offsets[0]; at < offsets[count]; at += BLOCK_VISITS) {
        const int64_t rest = offsets[count] - at;
        const int64_t num_visits = rest < BLOCK_VISITS ? rest : BLOCK_VISITS;
        const h2v_status status =
            h2vi_hdf5_read(file, "walks", H5T_NATIVE_UINT32, at, num_visits, visits);
        if (status != H2V_OK) return status;
        for (int64_t i = 0; i < num_visits; i++) {
            if (offsets[walk + 1] <= at + i) walk++;
            if (visits[i] >= found->num_vertices)
                return fail_damaged(path, "a visit is no vertex", first + walk);
            if (at + i == offsets[walk] &&
                visits[i] != (first + walk) % found->num_vertices)
                return fail_damaged(path, "another vertex starts", first + walk);
        }
    }
    return H2V_OK;
}

static h2v_status read_shape(hid_t file, const char *path, h2vi_walks_found *found)
{
    int64_t num_columns = 0;
    h2v_status status = h2vi_hdf5_shape(file, "ids", &found->num_vertices, &num_columns);
    if (status == H2V_OK)
        status = h2vi_walks_shape(file, path, &found->num_walks, &found->num_visits);
    if (status != H2V_OK) return status;
    if (num_columns != 0 || found->num_vertices > H2V_MAX_VERTICES ||
        (found->num_vertices == 0 ? found->num_walks != 0
                                  : found->num_walks % found->num_vertices != 0))
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' is damaged: %lld walks are not as many of each of %lld "
                        "vertices",
                        path, (long long)found->num_walks, (long long)found->num_vertices);
    return H2V_OK;
}

h2v_status h2vi_walks_check(const char *path, h2vi_walks_found *found)
{
    *found = (h2vi_walks_found){0};
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_WALKS_FORMAT, H2VI_WALKS_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    int64_t *offsets = h2vi_alloc(BLOCK_WALKS + 1, sizeof *offsets);
    uint32_t *visits = h2vi_alloc(BLOCK_VISITS, sizeof *visits);
    if (!offsets || !visits) status = h2vi_fail_memory("a block of walks");
    if (status == H2V_OK) status = read_shape(file, path, found);
    for (int64_t first = 0; status == H2V_OK && first < found->num_walks;
         first += BLOCK_WALKS) {
        const int64_t rest = found->num_walks - first;
        const int64_t count = rest < BLOCK_WALKS ? rest : BLOCK_WALKS;
        status =
            h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, first, count + 1, offsets);
        if (status == H2V_OK) status = check_offsets(path, first, count, offsets, found);
        if (status == H2V_OK)
            status = check_visits(file, path, first, count, offsets, visits, found);
    }
    free(offsets);
    free(visits);
    (void)H5Fclose(file);
    return status;
}
