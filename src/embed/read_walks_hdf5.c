/* SPDX-License-Identifier: MIT */

/* A rank's share of a walks file: consecutive walks, about as many for each rank. */
#include "read_walks.h"

#include "alloc.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "hdf5_file.h"
#include "walks_hdf5.h"
#include "walks_shape.h"

#include <string.h>

static bool are_same_ids(const h2vi_ids *a, const h2vi_ids *b)
{
    if (a->num_ids != b->num_ids || h2vi_ids_are_numbers(a) != h2vi_ids_are_numbers(b))
        return false;
    const size_t count = (size_t)a->num_ids;
    if (h2vi_ids_are_numbers(a))
        return memcmp(a->numbers, b->numbers, count * sizeof *a->numbers) == 0;
    return memcmp(a->starts, b->starts, (count + 1) * sizeof *a->starts) == 0 &&
           memcmp(a->text, b->text, (size_t)a->starts[count]) == 0;
}

/* Numbers of vertices only mean the same if both files count alike. */
static h2v_status check_ids(hid_t file, const char *path, const char *graph_path)
{
    h2vi_ids of_walks = {0}, of_graph = {0};
    h2v_status status = h2vi_hdf5_read_ids(file, &of_walks);
    if (status == H2V_OK) status = h2vi_graph_read_ids(graph_path, &of_graph);
    if (status == H2V_OK && !are_same_ids(&of_walks, &of_graph))
        status = h2v_fail(H2V_ERR_DATA,
                          "'%s' has walks of other vertices, or in another order, than "
                          "'%s'; walks as text can be matched by ids",
                          path, graph_path);
    h2vi_ids_clear(&of_walks);
    h2vi_ids_clear(&of_graph);
    return status;
}

static h2v_status read_offsets(hid_t file, const char *path, const h2v_world *world,
                               int64_t total, int64_t num_all_visits,
                               h2vi_given_walks *given)
{
    const int64_t begin = total * world->rank / world->num_ranks;
    given->num_walks = total * (world->rank + 1) / world->num_ranks - begin;
    given->starts = h2vi_alloc_n(given->num_walks + 1, sizeof *given->starts);
    if (!given->starts) return h2vi_fail_memory("given walks");
    h2v_status status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, begin,
                                       given->num_walks + 1, given->starts);
    for (int64_t i = 0; status == H2V_OK && i < given->num_walks; i++)
        if (given->starts[i] < 0 || given->starts[i + 1] <= given->starts[i] ||
            given->starts[i + 1] > num_all_visits)
            status = h2v_fail(H2V_ERR_DATA,
                              "'%s' is damaged: offsets do not ascend within the visits at "
                              "walk %lld",
                              path, (long long)begin + i);
    return status;
}

static h2v_status read_visits(hid_t file, const char *path, int64_t num_vertices,
                              h2vi_given_walks *given)
{
    const int64_t first = given->starts[0];
    const int64_t num_visits = given->starts[given->num_walks] - first;
    given->visits = h2vi_alloc_n(num_visits, sizeof *given->visits);
    if (!given->visits) return h2vi_fail_memory("given walks");
    const h2v_status status =
        h2vi_hdf5_read(file, "walks", H5T_NATIVE_UINT32, first, num_visits, given->visits);
    if (status != H2V_OK) return status;
    for (int64_t i = 0; i <= given->num_walks; i++) given->starts[i] -= first;
    for (int64_t i = 0; i < num_visits; i++)
        if (given->visits[i] >= num_vertices)
            return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: visit %lld is no vertex", path,
                            (long long)first + i);
    return H2V_OK;
}

h2v_status h2vi_read_walks_hdf5(const h2v_graph *graph, const char *graph_path,
                                const char *path, h2vi_given_walks *given)
{
    hid_t file = H5I_INVALID_HID;
    int64_t num_walks = 0, num_visits = 0;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_WALKS_FORMAT, H2VI_WALKS_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    if (graph->world->rank == 0) status = check_ids(file, path, graph_path);
    if (status == H2V_OK) status = h2vi_walks_shape(file, path, &num_walks, &num_visits);
    if (status == H2V_OK)
        status = read_offsets(file, path, graph->world, num_walks, num_visits, given);
    if (status == H2V_OK) status = read_visits(file, path, graph->num_vertices, given);
    (void)H5Fclose(file);
    return status;
}
