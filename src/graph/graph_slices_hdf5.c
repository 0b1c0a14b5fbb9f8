/* SPDX-License-Identifier: MIT */

/* Loading a graph file: rank 0 reads the header and vouches for the file, then every rank
 * reads its slice through parallel HDF5. A slice is a run of vertices with about an equal
 * share of vertices + arcs; where it starts is found by bisection in the file's offsets, so
 * no rank ever holds them all. */
#include "graph_rows.h"

#include "alloc.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "hdf5_file.h"

#include <math.h>
#include <stdlib.h>

typedef struct graph_header {
    int64_t num_vertices, num_arcs, directed, weighted;
    h2v_digest digest;
} graph_header;

static h2v_status read_header(const char *path, graph_header *header)
{
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_GRAPH_FORMAT, H2VI_GRAPH_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    int64_t num_offsets = 0, num_targets = 0, num_columns = 0;
    status = h2vi_hdf5_get_int(file, "directed", &header->directed);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "weighted", &header->weighted);
    if (status == H2V_OK) status = h2vi_hdf5_get_digest(file, "digest", &header->digest);
    if (status == H2V_OK)
        status = h2vi_hdf5_shape(file, "offsets", &num_offsets, &num_columns);
    if (status == H2V_OK)
        status = h2vi_hdf5_shape(file, "targets", &num_targets, &num_columns);
    header->num_vertices = num_offsets - 1;
    header->num_arcs = num_targets;
    if (status == H2V_OK &&
        (header->num_vertices < 1 || header->num_vertices > H2V_MAX_VERTICES))
        status =
            h2v_fail(H2V_ERR_DATA, "%s: holds %lld vertices; 1 to %lld can be used", path,
                     (long long)header->num_vertices, (long long)H2V_MAX_VERTICES);
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

/* Collective: rank 0's header on all ranks. */
static h2v_status share_header(const h2v_world *world, const char *path,
                               graph_header *header)
{
    h2v_status status = world->rank == 0 ? read_header(path, header) : H2V_OK;
    status = h2v_agree(world, status);
    if (status == H2V_OK) MPI_Bcast(header, sizeof *header, MPI_BYTE, 0, world->comm);
    return status;
}

/* Collective. */
static hid_t open_parallel(const h2v_world *world, const char *path)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_mpio(access, world->comm, MPI_INFO_NULL);
    hid_t file = H5I_INVALID_HID;
    H5E_BEGIN_TRY
    {
        file = H5Fopen(path, H5F_ACC_RDONLY, access);
    }
    H5E_END_TRY
    H5Pclose(access);
    return file;
}

/* The first vertex v with offsets[v] + v >= cost. */
static h2v_status find_start(hid_t file, int64_t num_vertices, int64_t cost, int64_t *start)
{
    int64_t low = 0, high = num_vertices;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        int64_t offset = 0;
        const h2v_status status =
            h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, middle, 1, &offset);
        if (status != H2V_OK) return status;
        if (offset + middle >= cost)
            high = middle;
        else
            low = middle + 1;
    }
    *start = low;
    return H2V_OK;
}

static h2v_status read_rows(hid_t file, const graph_header *header, h2v_graph *graph)
{
    const int64_t begin = graph->first[graph->world->rank];
    graph->num_owned = graph->first[graph->world->rank + 1] - begin;
    graph->offsets = h2vi_alloc_n(graph->num_owned + 1, sizeof *graph->offsets);
    graph->gids = h2vi_alloc_n(graph->num_owned, sizeof *graph->gids);
    if (!graph->offsets || !graph->gids) return h2vi_fail_memory("the graph's slice");
    h2v_status status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, begin,
                                       graph->num_owned + 1, graph->offsets);
    if (status != H2V_OK) return status;

    const int64_t first_arc = graph->offsets[0];
    if (first_arc < 0) return h2v_fail(H2V_ERR_DATA, "The graph's offsets are negative");
    for (int64_t v = 0; v <= graph->num_owned; v++) {
        graph->offsets[v] -= first_arc;
        if (graph->offsets[v] > header->num_arcs - first_arc ||
            (v > 0 && graph->offsets[v] < graph->offsets[v - 1]))
            return h2v_fail(H2V_ERR_DATA,
                            "The graph's offsets are not ascending at vertex %lld",
                            (long long)(begin + v));
        if (v < graph->num_owned) graph->gids[v] = (uint32_t)(begin + v);
    }
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    graph->targets = h2vi_alloc_n(num_arcs, sizeof *graph->targets);
    if (header->weighted) graph->weights = h2vi_alloc_n(num_arcs, sizeof *graph->weights);
    if (!graph->targets || (header->weighted && !graph->weights))
        return h2vi_fail_memory("the graph's slice");
    status = h2vi_hdf5_read(file, "targets", H5T_NATIVE_UINT32, first_arc, num_arcs,
                            graph->targets);
    if (status == H2V_OK && header->weighted)
        status = h2vi_hdf5_read(file, "weights", H5T_NATIVE_FLOAT, first_arc, num_arcs,
                                graph->weights);
    return status;
}

static h2v_status check_rows(const h2v_graph *graph)
{
    for (int64_t v = 0; v < graph->num_owned; v++) {
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const bool is_first = e == graph->offsets[v];
            if ((int64_t)graph->targets[e] >= graph->num_vertices ||
                (!is_first && graph->targets[e] <= graph->targets[e - 1]))
                return h2v_fail(H2V_ERR_DATA,
                                "The targets of vertex %u are not ascending vertices",
                                graph->gids[v]);
            if (graph->weights && !(isfinite(graph->weights[e]) && graph->weights[e] > 0))
                return h2v_fail(H2V_ERR_DATA,
                                "A weight of vertex %u is not a finite number above 0",
                                graph->gids[v]);
        }
    }
    return H2V_OK;
}

static h2v_status load_slice(const char *path, hid_t file, const graph_header *header,
                             h2v_graph *graph)
{
    const h2v_world *world = graph->world;
    if (file < 0)
        return h2v_agree(world,
                         h2v_fail(H2V_ERR_IO, "Cannot open '%s' on all ranks", path));
    const int64_t cost = header->num_vertices + header->num_arcs;
    int64_t start = 0;
    h2v_status status = find_start(file, header->num_vertices,
                                   cost * world->rank / world->num_ranks, &start);
    status = h2v_agree(world, status);
    if (status != H2V_OK) return status;
    MPI_Allgather(&start, 1, MPI_INT64_T, graph->first, 1, MPI_INT64_T, world->comm);
    graph->first[0] = 0;
    graph->first[world->num_ranks] = header->num_vertices;
    status = read_rows(file, header, graph);
    if (status == H2V_OK) status = check_rows(graph);
    return h2v_agree(world, status);
}

h2v_status h2v_graph_load(const h2v_world *world, const char *path, h2v_graph **out)
{
    *out = NULL;
    graph_header header = {0};
    h2v_graph *graph = NULL;
    h2v_status status = share_header(world, path, &header);
    if (status != H2V_OK) return status;

    const h2v_graph like = {.world = world,
                            .num_vertices = header.num_vertices,
                            .num_arcs = header.num_arcs,
                            .directed = header.directed != 0,
                            .digest = header.digest};
    status = h2v_agree(world, h2vi_graph_new_like(&like, &graph));
    if (status != H2V_OK) goto cleanup;

    const hid_t file = open_parallel(world, path);
    int is_open = file >= 0;
    MPI_Allreduce(MPI_IN_PLACE, &is_open, 1, MPI_INT, MPI_MIN, world->comm);
    status = load_slice(path, is_open ? file : H5I_INVALID_HID, &header, graph);
    if (file >= 0) H5Fclose(file);
    if (status != H2V_OK) goto cleanup;
    *out = graph;
    graph = NULL;

cleanup:
    h2v_graph_destroy(&graph);
    return status;
}
