/* SPDX-License-Identifier: MIT */

/* Loading a graph file: rank 0 reads the header and vouches for the file, then every rank
 * reads its slice through parallel HDF5. A slice is a run of vertices with about an equal
 * share of vertices + arcs; where it starts is found by bisection in the file's offsets, so
 * no rank ever holds them all. */
#include "graph_rows.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "hash.h"
#include "hdf5_file.h"
#include "wait.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Collective: rank 0's header on all ranks. */
static h2v_status share_header(const h2v_world *world, const char *path,
                               h2vi_graph_header *header)
{
    h2v_status status = world->rank == 0 ? h2vi_graph_read_header(path, header) : H2V_OK;
    status = h2v_agree(world, status);
    if (status == H2V_OK) h2vi_share(world, sizeof *header, header);
    return status;
}

/* Local. The collective open below would leave the others waiting for a rank that does not
 * see the file. */
static h2v_status find_file(const char *path)
{
    if (access(path, R_OK) == 0) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "%s: cannot be read on every rank: %s", path,
                    strerror(errno));
}

/* Collective. */
static hid_t open_parallel(const h2v_world *world, const char *path)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_mpio(access, world->comm, MPI_INFO_NULL);
    hid_t file = H5I_INVALID_HID;
    h2vi_wait_begin("all ranks to open the graph");
    H5E_BEGIN_TRY
    {
        file = H5Fopen(path, H5F_ACC_RDONLY, access);
    }
    H5E_END_TRY
    h2vi_wait_end();
    H5Pclose(access);
    return file;
}

/* Collective. */
static void close_parallel(hid_t file)
{
    if (file < 0) return;
    h2vi_wait_begin("all ranks to close the graph");
    H5Fclose(file);
    h2vi_wait_end();
}

static h2v_status fail_damaged(const char *path, const char *what, int64_t vertex)
{
    return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: %s at vertex %lld", path, what,
                    (long long)vertex);
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
        if (offset >= cost - middle)
            high = middle;
        else
            low = middle + 1;
    }
    *start = low;
    return H2V_OK;
}

/* Collective: every rank's first vertex, in first[0 .. num_ranks]. They ascend even if the
 * offsets do not: where two bisections meet, the one for the lower cost goes left if the
 * other does. */
static h2v_status find_slices(hid_t file, const h2vi_graph_header *header, h2v_graph *graph)
{
    const h2v_world *world = graph->world;
    const int64_t cost = h2vi_slice_cost(header->num_vertices, header->num_arcs,
                                         world->num_ranks, world->rank);
    int64_t start = 0;
    const h2v_status status =
        h2v_agree(world, find_start(file, header->num_vertices, cost, &start));
    if (status != H2V_OK) return status;
    h2vi_gather_all(world, sizeof start, &start, graph->first);
    graph->first[0] = 0;
    graph->first[world->num_ranks] = header->num_vertices;
    graph->num_owned = graph->first[world->rank + 1] - graph->first[world->rank];
    return H2V_OK;
}

/* Offsets as they stand in the file: within the arcs, ascending, and from end to end. */
static h2v_status check_offsets(const char *path, const h2vi_graph_header *header,
                                const h2v_graph *graph)
{
    const int64_t begin = graph->first[graph->world->rank];
    const int64_t *offsets = graph->offsets;
    for (int64_t v = 0; v <= graph->num_owned; v++) {
        const int64_t lowest = v > 0 ? offsets[v - 1] : 0;
        if (offsets[v] < lowest || offsets[v] > header->num_arcs)
            return fail_damaged(path, "offsets do not ascend", begin + v);
    }
    const bool ends_well = begin + graph->num_owned < header->num_vertices ||
                           offsets[graph->num_owned] == header->num_arcs;
    if ((begin == 0 && offsets[0] != 0) || !ends_well)
        return fail_damaged(path, "offsets do not span the arcs", begin);
    return H2V_OK;
}

static h2v_status read_offsets(const char *path, hid_t file,
                               const h2vi_graph_header *header, h2v_graph *graph,
                               int64_t *first_arc)
{
    const int64_t begin = graph->first[graph->world->rank];
    graph->offsets = h2vi_alloc_n(graph->num_owned + 1, sizeof *graph->offsets);
    graph->gids = h2vi_alloc_n(graph->num_owned, sizeof *graph->gids);
    if (!graph->offsets || !graph->gids) return h2vi_fail_memory("the graph's slice");
    h2v_status status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, begin,
                                       graph->num_owned + 1, graph->offsets);
    if (status == H2V_OK) status = check_offsets(path, header, graph);
    if (status != H2V_OK) return status;
    *first_arc = graph->offsets[0];
    for (int64_t v = 0; v <= graph->num_owned; v++) graph->offsets[v] -= *first_arc;
    for (int64_t v = 0; v < graph->num_owned; v++) graph->gids[v] = (uint32_t)(begin + v);
    return H2V_OK;
}

static h2v_status read_rows(hid_t file, const h2vi_graph_header *header, int64_t first_arc,
                            h2v_graph *graph)
{
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    graph->targets = h2vi_alloc_n(num_arcs, sizeof *graph->targets);
    if (header->weighted) graph->weights = h2vi_alloc_n(num_arcs, sizeof *graph->weights);
    if (!graph->targets || (header->weighted && !graph->weights))
        return h2vi_fail_memory("the graph's slice");
    h2v_status status = h2vi_hdf5_read(file, "targets", H5T_NATIVE_UINT32, first_arc,
                                       num_arcs, graph->targets);
    if (status == H2V_OK && header->weighted)
        status = h2vi_hdf5_read(file, "weights", H5T_NATIVE_FLOAT, first_arc, num_arcs,
                                graph->weights);
    return status;
}

static h2v_status check_rows(const char *path, const h2v_graph *graph)
{
    for (int64_t v = 0; v < graph->num_owned; v++) {
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const bool is_first = e == graph->offsets[v];
            if ((int64_t)graph->targets[e] >= graph->num_vertices ||
                (!is_first && graph->targets[e] <= graph->targets[e - 1]))
                return fail_damaged(path, "targets are not ascending vertices",
                                    graph->gids[v]);
            if (graph->weights && !(isfinite(graph->weights[e]) && graph->weights[e] > 0))
                return fail_damaged(path, "a weight is not a finite number above 0",
                                    graph->gids[v]);
        }
    }
    return H2V_OK;
}

/* Of an undirected graph: a sum over this rank's arcs to which the two arcs of an edge add
 * opposite hashes. Rank by rank it is anything, over all ranks 0. */
static int64_t sum_one_way_arcs(const h2v_graph *graph)
{
    uint64_t sum = 0;
#pragma omp parallel for schedule(dynamic, 1024) reduction(+ : sum)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const uint32_t source = graph->gids[v];
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const uint32_t target = graph->targets[e];
            const bool is_upward = source < target;
            uint32_t edge[3] = {is_upward ? source : target, is_upward ? target : source};
            if (graph->weights) memcpy(&edge[2], &graph->weights[e], sizeof edge[2]);
            if (source != target)
                sum += is_upward ? h2vi_hash64(edge, sizeof edge)
                                 : -h2vi_hash64(edge, sizeof edge);
        }
    }
    return (int64_t)sum;
}

/* Collective. METIS and second-order walks trust that edges go both ways. */
static h2v_status check_both_ways(const char *path, const h2v_graph *graph)
{
    if (graph->directed) return H2V_OK;
    int64_t sum = sum_one_way_arcs(graph);
    h2vi_sum(graph->world, 1, &sum);
    if (sum == 0) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA,
                    "'%s' is damaged: it is undirected, but an edge goes one way only",
                    path);
}

/* Collective. */
static h2v_status load_slice(const char *path, hid_t file, const h2vi_graph_header *header,
                             h2v_graph *graph)
{
    const h2v_world *world = graph->world;
    h2v_status status = H2V_OK;
    if (file < 0) status = h2v_fail(H2V_ERR_IO, "Cannot open '%s' on all ranks", path);
    status = h2v_agree(world, status);
    if (status == H2V_OK) status = find_slices(file, header, graph);
    if (status != H2V_OK) return status;

    int64_t first_arc = 0;
    status = read_offsets(path, file, header, graph, &first_arc);
    if (status == H2V_OK) status = read_rows(file, header, first_arc, graph);
    if (status == H2V_OK) status = check_rows(path, graph);
    status = h2v_agree(world, status);
    return status == H2V_OK ? check_both_ways(path, graph) : status;
}

h2v_status h2v_graph_load(const h2v_world *world, const char *path, h2v_graph **out)
{
    *out = NULL;
    h2vi_graph_header header = {0};
    h2v_graph *graph = NULL;
    h2v_status status = share_header(world, path, &header);
    if (status != H2V_OK) return status;

    const h2v_graph like = {.world = world,
                            .num_vertices = header.num_vertices,
                            .num_arcs = header.num_arcs,
                            .directed = header.directed,
                            .digest = header.digest};
    status = find_file(path);
    if (status == H2V_OK) status = h2vi_graph_new_like(&like, &graph);
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    const hid_t file = open_parallel(world, path);
    status = load_slice(path, file, &header, graph);
    close_parallel(file);
    if (status != H2V_OK) goto cleanup;
    *out = graph;
    graph = NULL;

cleanup:
    h2v_graph_destroy(&graph);
    return status;
}
