/* SPDX-License-Identifier: MIT */

/* The partition file: root attributes format="halo2vec-partition", num_vertices, parts,
 * digest of the graph; /parts u32 [n] in gid order. Rank 0 writes it; each rank reads its
 * slice. */
#include "graph_rows.h"
#include "halo2vec/partition.h"

#include "agree.h"
#include "alloc.h"
#include "fail.h"
#include "hdf5_file.h"
#include "output.h"
#include "slot_map.h"

#include <stdlib.h>

enum { FORMAT_VERSION = 1 };
#define FORMAT "halo2vec-partition"

static h2v_status write_file(const char *path, const h2v_graph *graph, int num_parts,
                             const uint32_t *parts)
{
    hid_t file = H5I_INVALID_HID;
    h2v_status status = h2vi_hdf5_create(path, FORMAT, FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = h2vi_hdf5_put_int(file, "num_vertices", graph->num_vertices);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "parts", num_parts);
    if (status == H2V_OK) status = h2vi_hdf5_put_digest(file, "digest", graph->digest);
    if (status == H2V_OK)
        status = h2vi_hdf5_write(file, "parts", H5T_STD_U32LE, H5T_NATIVE_UINT32,
                                 graph->num_vertices, 0, parts);
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

h2v_status h2v_partition_save(const h2v_graph *graph, const h2v_partition *partition,
                              bool overwrite, const char *path)
{
    const h2v_world *world = graph->world;
    uint32_t *parts = NULL;
    h2v_status status =
        h2vi_slot_map_create(graph, (const uint32_t *)partition->parts, &parts);
    if (status != H2V_OK) return status;
    if (world->rank == 0) {
        h2vi_output output = {0};
        status = h2vi_output_begin(path, overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING,
                                   &output);
        if (status == H2V_OK)
            status = write_file(output.temporary, graph, partition->num_parts, parts);
        if (status == H2V_OK) status = h2vi_output_commit(&output);
        h2vi_output_discard(&output);
    }
    free(parts);
    return h2vi_agree_patiently(world, status, "rank 0 to write the partition");
}

static h2v_status check_header(hid_t file, const char *path, const h2v_graph *graph,
                               int64_t *num_parts)
{
    h2v_digest digest = {0};
    int64_t num_vertices = 0, num_columns = 0;
    h2v_status status = h2vi_hdf5_get_int(file, "parts", num_parts);
    if (status == H2V_OK) status = h2vi_hdf5_get_digest(file, "digest", &digest);
    if (status == H2V_OK)
        status = h2vi_hdf5_shape(file, "parts", &num_vertices, &num_columns);
    if (status != H2V_OK) return status;
    if (num_columns != 0 || num_vertices != graph->num_vertices ||
        digest.low != graph->digest.low || digest.high != graph->digest.high)
        return h2v_fail(H2V_ERR_DATA, "%s: is the partition of another graph", path);
    if (*num_parts < 1 || *num_parts > graph->num_vertices || *num_parts > INT32_MAX)
        return h2v_fail(H2V_ERR_DATA, "%s: %lld parts for %lld vertices", path,
                        (long long)*num_parts, (long long)graph->num_vertices);
    return H2V_OK;
}

static h2v_status read_slice(const char *path, const h2v_graph *graph,
                             h2v_partition *partition)
{
    hid_t file = H5I_INVALID_HID;
    int64_t num_parts = 0;
    h2v_status status = h2vi_hdf5_open(path, FORMAT, FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = check_header(file, path, graph, &num_parts);
    if (status != H2V_OK) goto cleanup;
    partition->num_parts = (int)num_parts;
    partition->num_owned = graph->num_owned;
    partition->parts = h2vi_alloc_n(graph->num_owned, sizeof *partition->parts);
    status = partition->parts ? h2vi_hdf5_read(file, "parts", H5T_NATIVE_INT32,
                                               graph->first[graph->world->rank],
                                               graph->num_owned, partition->parts)
                              : h2vi_fail_memory("parts");
    for (int64_t v = 0; status == H2V_OK && v < graph->num_owned; v++)
        if (partition->parts[v] < 0 || partition->parts[v] >= num_parts)
            status = h2v_fail(H2V_ERR_DATA, "%s: part %d is not in 0..%lld", path,
                              partition->parts[v], (long long)num_parts - 1);

cleanup : {
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}
}

h2v_status h2v_partition_load(const h2v_graph *graph, const char *path,
                              h2v_partition *partition)
{
    *partition = (h2v_partition){0};
    const h2v_status status = h2v_agree(graph->world, read_slice(path, graph, partition));
    if (status != H2V_OK) h2v_partition_clear(partition);
    return status;
}
