/* SPDX-License-Identifier: MIT */

#include "peaks.h"

#include "arrays.h"
#include "metis_parts.h"
#include "migrate.h"
#include "model.h"
#include "starts.h"
#include "walk_engine.h"
#include "work.h"

h2vi_graph_shape h2vi_shape_of(const h2v_graph *graph, int num_ranks)
{
    return (h2vi_graph_shape){.num_vertices = graph->num_vertices,
                              .num_arcs = graph->num_arcs,
                              .num_ranks = num_ranks,
                              .is_directed = graph->directed,
                              .is_weighted = graph->weights != NULL};
}

/* ---- graphs
 * ---------------------------------------------------------------------------------------
 */

static void add_graph(const h2vi_graph_shape *shape, int64_t num_owned, int64_t num_arcs,
                      h2vi_arrays *arrays)
{
    h2vi_arrays_add(arrays, num_owned + 1, sizeof(int64_t));
    h2vi_arrays_add(arrays, num_owned, sizeof(uint32_t));
    h2vi_arrays_add(arrays, num_arcs, sizeof(h2v_slot));
    if (shape->is_weighted) h2vi_arrays_add(arrays, num_arcs, sizeof(float));
}

int64_t h2vi_bare_graph_bytes(const h2vi_graph_shape *shape, int64_t num_owned,
                              int64_t num_arcs)
{
    h2vi_arrays arrays = {0};
    add_graph(shape, num_owned, num_arcs, &arrays);
    return arrays.taken;
}

int64_t h2vi_moved_graph_bytes(const h2vi_graph_shape *shape, int64_t num_owned,
                               int64_t num_arcs)
{
    h2vi_arrays arrays = {0};
    add_graph(shape, num_owned, num_arcs, &arrays);
    h2vi_arrays_add(&arrays, num_owned, sizeof(h2vi_vertex));
    return arrays.taken;
}

int64_t h2vi_walked_graph_bytes(const h2vi_graph_shape *shape,
                                const h2v_embed_params *params, int64_t num_owned,
                                int64_t num_arcs)
{
    const h2vi_walk_params walks = h2vi_walks_of(params);
    const h2vi_walked_graph walked = {.num_vertices = shape->num_vertices,
                                      .num_arcs = shape->num_arcs,
                                      .num_ranks = shape->num_ranks,
                                      .is_weighted = shape->is_weighted,
                                      .is_second_order = h2vi_is_second_order(&walks)};
    const bool is_whole = h2vi_is_held_whole(&walked);
    const int64_t n = is_whole ? walked.num_vertices : num_owned;
    const int64_t m = is_whole ? walked.num_arcs : num_arcs;
    h2vi_arrays arrays = {0};
    h2vi_arrays_add(&arrays, num_owned, sizeof(uint32_t)); /* where contexts are */
    h2vi_arrays_add(&arrays, num_owned, sizeof(uint32_t)); /* what is kept of them */
    if (params->read.num_walks > 0)
        return arrays.taken + h2vi_moved_graph_bytes(shape, num_owned, num_arcs);
    if (is_whole) {
        h2vi_arrays_add(&arrays, n + 1, sizeof(int64_t));
        h2vi_arrays_add(&arrays, n, sizeof(uint32_t)); /* gids */
        h2vi_arrays_add(&arrays, n, sizeof(uint32_t)); /* what is kept */
        h2vi_arrays_add(&arrays, m, sizeof(h2v_slot));
    }
    h2vi_arrays_add(&arrays, n, sizeof(h2vi_walk_row));
    if (walked.is_weighted) h2vi_arrays_add(&arrays, m, sizeof(h2vi_alias));
    if (walked.is_second_order)
        h2vi_arrays_add(&arrays, h2vi_edge_set_row(n, m, 0).first,
                        H2VI_BUCKET * sizeof(h2v_slot));
    return arrays.taken + h2vi_moved_graph_bytes(shape, num_owned, num_arcs);
}

/* ---- before training
 * ------------------------------------------------------------------------------ */

/* An equal share of the graph, as it was loaded, with weights and parts of vertices. */
static int64_t slice_bytes(const h2vi_graph_shape *shape)
{
    const int64_t num_owned = shape->num_vertices / shape->num_ranks;
    h2vi_arrays arrays = {0};
    add_graph(shape, num_owned, shape->num_arcs / shape->num_ranks, &arrays);
    h2vi_arrays_add(&arrays, num_owned, sizeof(int64_t));
    h2vi_arrays_add(&arrays, num_owned, sizeof(int32_t));
    return arrays.taken;
}

/* gather.c: rank 0 has all arrays, with room for growth; a graph with directions is
 * reversed, and both become one. */
int64_t h2vi_cut_bytes(const h2vi_graph_shape *shape, const h2v_embed_params *params)
{
    enum { GROWTH = 4 };
    const int64_t n = shape->num_vertices, m = shape->num_arcs;
    const int64_t of_arc = sizeof(uint32_t) + (shape->is_weighted ? sizeof(float) : 0);
    const bool may_be_metis = params->partitioner == H2V_PARTITIONER_METIS ||
                              (params->partitioner == H2V_PARTITIONER_AUTO &&
                               h2vi_metis_counts_to(n, shape->is_directed ? 2 * m : m));
    if (!may_be_metis || params->parts < 2) return 0;
    h2vi_arrays gathered = {0}, symmetric = {0}, metis = {0};
    h2vi_arrays_add_roomy(&gathered, n + 1, GROWTH, sizeof(int64_t));
    h2vi_arrays_add_roomy(&gathered, n, GROWTH, sizeof(int64_t));
    h2vi_arrays_add_roomy(&gathered, m, GROWTH, of_arc);
    if (shape->is_directed) {
        h2vi_arrays_add(&symmetric, n + 2, sizeof(int64_t));
        h2vi_arrays_add(&symmetric, m, of_arc);
        h2vi_arrays_add(&symmetric, n + 1, sizeof(int64_t));
        h2vi_arrays_add(&symmetric, 2 * m, of_arc);
    }
    h2vi_arrays_add(&metis, n, 3 * sizeof(int32_t));
    h2vi_arrays_add(&metis, shape->is_directed ? 2 * m : m, of_arc);
    return slice_bytes(shape) + gathered.taken +
           (symmetric.taken > metis.taken ? symmetric.taken : metis.taken);
}

/* migrate.c, as what arrives is put into its place. */
int64_t h2vi_move_bytes(const h2vi_graph_shape *shape, int64_t num_owned, int64_t num_arcs)
{
    enum { GROWTH = 4 };
    const int64_t num_left = shape->num_vertices / shape->num_ranks;
    const int64_t arcs_left = shape->num_arcs / shape->num_ranks;
    h2vi_arrays parcel = {0}, map = {0}, arrived = {0};
    h2vi_arrays_add(&parcel, num_left, sizeof(h2vi_vertex)); /* as they were */
    h2vi_arrays_add(&parcel, num_left, sizeof(h2vi_vertex)); /* as they go */
    h2vi_arrays_add(&parcel, num_left, sizeof(uint32_t));    /* context slots */
    h2vi_arrays_add(&parcel, num_left, sizeof(int64_t));     /* noise weights */
    h2vi_arrays_add(&parcel, num_left, sizeof(uint32_t));    /* slots */
    h2vi_arrays_add(&parcel, arcs_left, sizeof(h2v_slot));
    if (shape->is_weighted) h2vi_arrays_add(&parcel, arcs_left, sizeof(float));
    h2vi_arrays_add(&map, shape->num_vertices, sizeof(h2v_slot));
    h2vi_arrays_add_roomy(&arrived, num_owned, GROWTH, sizeof(h2vi_vertex));
    h2vi_arrays_add_roomy(&arrived, num_arcs, GROWTH, sizeof(h2v_slot));
    arrived.taken += h2vi_moved_graph_bytes(shape, num_owned, num_arcs);
    return slice_bytes(shape) + parcel.taken +
           (map.taken > arrived.taken ? map.taken : arrived.taken);
}

/* ---- after it
 * ------------------------------------------------------------------------------------- */

/* output_rows.c: a window of rows, what is sent of it, what comes, and where rows are. */
int64_t h2vi_write_bytes(const h2vi_graph_shape *shape, int dim, int64_t num_owned)
{
    enum { WINDOW_BYTES = 16 << 20, ITEM_OF_INDEX = 16, GROWTH = 4 };
    const int64_t row_bytes = dim * (int64_t)sizeof(float);
    const int64_t share = (shape->num_vertices + shape->num_ranks - 1) / shape->num_ranks;
    int64_t run = WINDOW_BYTES / row_bytes;
    if (run > share) run = share;
    h2vi_arrays arrays = {0};
    h2vi_arrays_add(&arrays, num_owned, ITEM_OF_INDEX);
    h2vi_arrays_add(&arrays, run, row_bytes);
    h2vi_arrays_add(&arrays, run, row_bytes + (int64_t)sizeof(uint32_t));
    h2vi_arrays_add_roomy(&arrays, run, GROWTH, row_bytes + (int64_t)sizeof(uint32_t));
    return arrays.taken;
}

/* ---- FastRP
 * ---------------------------------------------------------------------------------------
 */

int64_t h2vi_fastrp_bytes(const h2vi_graph_shape *shape, const h2v_embed_params *params,
                          const h2vi_fastrp_counts *counts)
{
    const int64_t width = params->fastrp.row_type == H2V_ROWS_BF16
                              ? (int64_t)sizeof(uint16_t)
                              : (int64_t)sizeof(float);
    const int64_t row = h2vi_stride_of(params->dim) * width;
    const int64_t num_owned = counts->num_owned, start = 2 * sizeof(uint32_t);
    h2vi_arrays arrays = {0};
    h2vi_arrays_add(&arrays, num_owned, row);
    h2vi_arrays_add(&arrays, num_owned, row);
    h2vi_arrays_add(&arrays, counts->num_ghosts, row);
    h2vi_arrays_add(&arrays, counts->num_sent, row);
    h2vi_arrays_add(&arrays, num_owned,
                    h2vi_property_dim(&params->fastrp, params->dim) *
                        (int64_t)sizeof(float));
    h2vi_arrays_add(&arrays, num_owned, sizeof(float));
    h2vi_arrays_add(&arrays, num_owned, sizeof(uint32_t));
    h2vi_arrays_add(&arrays, num_owned + counts->num_ghosts, start);
    h2vi_arrays_add(&arrays, counts->num_ghosts, sizeof(h2v_slot));
    h2vi_arrays_add(&arrays, counts->num_sent, sizeof(uint32_t));
    if (shape->num_ranks > 1) h2vi_arrays_add(&arrays, counts->num_arcs, sizeof(uint32_t));
    return arrays.taken + h2vi_work_task_bytes(num_owned, counts->num_arcs);
}

int64_t h2vi_fastrp_peak(const h2vi_graph_shape *shape, const h2v_embed_params *params,
                         int rank, const h2vi_fastrp_counts *counts)
{
    h2vi_arrays result = {0};
    h2vi_arrays_add(&result, counts->num_owned,
                    h2vi_stride_of(params->dim) * (int64_t)sizeof(float));
    const int64_t graph = h2vi_bare_graph_bytes(shape, counts->num_owned, counts->num_arcs);
    const int64_t cut = rank == 0 ? h2vi_cut_bytes(shape, params) : 0;
    const int64_t move =
        params->parts > 0 ? h2vi_move_bytes(shape, counts->num_owned, counts->num_arcs) : 0;
    const int64_t multiply = h2vi_fastrp_bytes(shape, params, counts);
    const int64_t write = h2vi_write_bytes(shape, params->dim, counts->num_owned);
    const int64_t last = graph + result.taken + (multiply > write ? multiply : write);
    const int64_t first = cut > move ? cut : move;
    return first > last ? first : last;
}
