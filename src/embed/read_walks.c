/* SPDX-License-Identifier: MIT */

#include "read_walks.h"

#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

h2v_status h2vi_try_walks_file(const char *path, bool *is_hdf5)
{
    static const char signature[8] = "\211HDF\r\n\032\n";
    char begin[sizeof signature];
    FILE *file = fopen(path, "rb");
    *is_hdf5 = false;
    if (!file) return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s", path, strerror(errno));
    errno = 0;
    const size_t num_bytes = fread(begin, 1, sizeof begin, file);
    const bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    if (has_failed)
        return h2v_fail(H2V_ERR_IO, "Cannot read '%s': %s", path, strerror(errno));
    *is_hdf5 = num_bytes == sizeof begin && memcmp(begin, signature, sizeof begin) == 0;
    return H2V_OK;
}

h2v_status h2vi_read_walks(const h2v_graph *graph, const char *graph_path, const char *path,
                           h2vi_given_walks *given)
{
    bool is_hdf5 = false;
    h2v_status status = h2vi_try_walks_file(path, &is_hdf5);
    if (status == H2V_OK)
        status = is_hdf5 ? h2vi_read_walks_hdf5(graph, graph_path, path, given)
                         : h2vi_read_walks_text(graph->world, graph_path, path, given);
    status = h2v_agree(graph->world, status);
    return status == H2V_OK ? h2vi_given_walks_sum(graph->world, path, given) : status;
}
