/* SPDX-License-Identifier: MIT */

/* What ranks hold beside training: while the graph is cut, while vertices move to their
 * parts, while rows are written. Arithmetic, for estimates; bytes are those that are
 * allocated by us, so what METIS, MPI and HDF5 take is not among them. */
#pragma once

#include "fastrp.h"
#include "graph_rows.h"
#include "halo2vec/embed.h"

/* Of a graph, and of the ranks that share it. */
typedef struct h2vi_graph_shape {
    int64_t num_vertices, num_arcs;
    int num_ranks;
    bool is_directed, is_weighted;
} h2vi_graph_shape;

h2vi_graph_shape h2vi_shape_of(const h2v_graph *graph, int num_ranks);

/* Rank 0, while it hands the graph to METIS, or if it may have to; else 0. */
int64_t h2vi_cut_bytes(const h2vi_graph_shape *shape, const h2v_embed_params *params);

/* A rank with an equal share of the graph, while vertices move and it gets so many. */
int64_t h2vi_move_bytes(const h2vi_graph_shape *shape, int64_t num_owned, int64_t num_arcs);

/* The graph of a rank: as it lies there, with what belongs to the vertices of training, and
 * with all that walks need of it. */
int64_t h2vi_bare_graph_bytes(const h2vi_graph_shape *shape, int64_t num_owned,
                              int64_t num_arcs);
int64_t h2vi_moved_graph_bytes(const h2vi_graph_shape *shape, int64_t num_owned,
                               int64_t num_arcs);
int64_t h2vi_walked_graph_bytes(const h2vi_graph_shape *shape,
                                const h2v_embed_params *params, int64_t num_owned,
                                int64_t num_arcs);

/* Beside rows and graph, while rows are written. */
int64_t h2vi_write_bytes(const h2vi_graph_shape *shape, int dim, int64_t num_owned);

/* Beside the graph and the result, while FastRP makes rows. */
int64_t h2vi_fastrp_bytes(const h2vi_graph_shape *shape, const h2v_embed_params *params,
                          const h2vi_fastrp_counts *counts);

/* The most that a rank takes for FastRP alone. */
int64_t h2vi_fastrp_peak(const h2vi_graph_shape *shape, const h2v_embed_params *params,
                         int rank, const h2vi_fastrp_counts *counts);
