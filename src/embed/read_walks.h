/* SPDX-License-Identifier: MIT */

/* Walks of a file, to train on. Each rank reads its share: a run of walks, in rank order.
 */
#pragma once

#include "given_walks.h"
#include "graph_rows.h"
#include "ids.h"

/* Collective. Read `path`, text or HDF5, for the graph as it was loaded from `graph_path`.
 * Errors: ERR_IO; ERR_NOMEM; ERR_DATA if it is damaged or its vertices are not the graph's,
 * and as h2vi_given_walks_sum(). Memory: ids of both files on rank 0 for a moment; of text,
 * the graph's ids and a table of them on every rank. h2vi_given_walks_clear() is for a
 * failure, too. */
H2V_CHECKED h2v_status h2vi_read_walks(const h2v_graph *graph, const char *graph_path,
                                       const char *path, h2vi_given_walks *given);

/* Local: a rank's share, without what all ranks have. */
H2V_CHECKED h2v_status h2vi_read_walks_hdf5(const h2v_graph *graph, const char *graph_path,
                                            const char *path, h2vi_given_walks *given);
H2V_CHECKED h2v_status h2vi_read_walks_text(const h2v_world *world, const char *graph_path,
                                            const char *path, h2vi_given_walks *given);

/* Local. ERR_IO if the file cannot be opened; whether it begins as HDF5 does. */
H2V_CHECKED h2v_status h2vi_try_walks_file(const char *path, bool *is_hdf5);
