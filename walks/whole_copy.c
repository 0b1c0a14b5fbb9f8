/* SPDX-License-Identifier: MIT */

/* Rows are in slot order on every rank, and ranks in the order of their slots: pieces are
 * put one behind the other. */
#include "whole_copy.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "walk_engine.h"

#include <stdlib.h>

/* ---- which graphs
 * --------------------------------------------------------------------------------- */

static int64_t allowed_bytes = H2VI_WHOLE_COPY_BYTES;

void h2vi_whole_copy_allow(int64_t bytes)
{
    allowed_bytes = bytes < 0 ? H2VI_WHOLE_COPY_BYTES : bytes;
}

int64_t h2vi_whole_copy_bytes(const h2vi_walked_graph *graph)
{
    const h2vi_whole_copy *copy = NULL;
    const size_t of_vertex =
        sizeof *copy->graph.offsets + sizeof *copy->graph.gids + sizeof *copy->keep;
    return graph->num_vertices * (int64_t)of_vertex +
           graph->num_arcs * (int64_t)sizeof *copy->graph.targets +
           h2vi_walk_table_bytes(graph, graph->num_vertices, graph->num_arcs);
}

bool h2vi_is_held_whole(const h2vi_walked_graph *graph)
{
    return graph->num_ranks > 1 && h2vi_whole_copy_bytes(graph) <= allowed_bytes;
}

/* ---- a copy
 * ---------------------------------------------------------------------------------------
 */

static h2vi_whole_copy *new_copy(const h2v_graph *graph)
{
    h2vi_whole_copy *copy = h2vi_alloc_n(1, sizeof *copy);
    if (!copy) return NULL;
    copy->alone = *graph->world;
    copy->alone.comm = MPI_COMM_SELF;
    copy->alone.rank = 0;
    copy->alone.num_ranks = 1;
    copy->alone.traffic = &copy->traffic;
    copy->first[1] = graph->num_vertices;
    copy->graph = (h2v_graph){.world = &copy->alone,
                              .num_vertices = graph->num_vertices,
                              .num_arcs = graph->num_arcs,
                              .directed = graph->directed,
                              .digest = graph->digest,
                              .first = copy->first,
                              .num_owned = graph->num_vertices};
    return copy;
}

/* Local. A copy, and the first arc of each rank, whose memory is there. */
static h2v_status reserve(const h2v_graph *graph, bool has_context_slots, bool has_keep,
                          h2vi_whole_copy **out, int64_t **first_arc)
{
    const int64_t n = graph->num_vertices, m = graph->num_arcs;
    h2vi_whole_copy *copy = *out = new_copy(graph);
    *first_arc = h2vi_alloc_n(graph->world->num_ranks + 1, sizeof **first_arc);
    if (!copy || !*first_arc) return h2vi_fail_memory("a copy of the graph");
    copy->graph.offsets = h2vi_alloc_n(n + 1, sizeof *copy->graph.offsets);
    copy->graph.targets = h2vi_alloc_raw_n(m, sizeof *copy->graph.targets);
    copy->graph.gids = h2vi_alloc_raw_n(n, sizeof *copy->graph.gids);
    bool is_there = copy->graph.offsets && copy->graph.targets && copy->graph.gids;
    if (is_there && graph->weights) {
        copy->graph.weights = h2vi_alloc_raw_n(m, sizeof *copy->graph.weights);
        is_there = copy->graph.weights;
    }
    if (is_there && has_context_slots) {
        copy->context_slots = h2vi_alloc_raw_n(n, sizeof *copy->context_slots);
        is_there = copy->context_slots;
    }
    if (is_there && has_keep) {
        copy->keep = h2vi_alloc_raw_n(n, sizeof *copy->keep);
        is_there = copy->keep;
    }
    return is_there ? H2V_OK : h2vi_fail_memory("a copy of the graph");
}

/* Collective. Of each rank the first arc; of the rows where they begin. */
static void gather_offsets(const h2v_graph *graph, int64_t *first_arc, int64_t *offsets)
{
    const h2v_world *world = graph->world;
    const int64_t num_arcs = graph->offsets[graph->num_owned];
    h2vi_gather_all(world, sizeof num_arcs, &num_arcs, first_arc + 1);
    for (int r = 0; r < world->num_ranks; r++) first_arc[r + 1] += first_arc[r];
    h2vi_gather_items(world, "rows of the graph", sizeof *offsets, graph->first,
                      graph->offsets, offsets);
    for (int r = 1; r < world->num_ranks; r++)
        for (int64_t v = graph->first[r]; v < graph->first[r + 1]; v++)
            offsets[v] += first_arc[r];
    offsets[graph->num_vertices] = first_arc[world->num_ranks];
}

/* Collective. */
static void gather(const h2v_graph *graph, const uint32_t *context_slots,
                   const uint32_t *keep, int64_t *first_arc, h2vi_whole_copy *copy)
{
    static const char *const what = "rows of the graph";
    const h2v_world *world = graph->world;
    const int64_t *first = graph->first;
    h2v_graph *whole = &copy->graph;
    gather_offsets(graph, first_arc, whole->offsets);
    h2vi_gather_items(world, what, sizeof *whole->targets, first_arc, graph->targets,
                      whole->targets);
    if (graph->weights)
        h2vi_gather_items(world, what, sizeof *whole->weights, first_arc, graph->weights,
                          whole->weights);
    h2vi_gather_items(world, what, sizeof *whole->gids, first, graph->gids, whole->gids);
    if (context_slots)
        h2vi_gather_items(world, what, sizeof *context_slots, first, context_slots,
                          copy->context_slots);
    if (keep) h2vi_gather_items(world, what, sizeof *keep, first, keep, copy->keep);
}

h2v_status h2vi_whole_copy_make(const h2v_graph *graph, const uint32_t *context_slots,
                                const uint32_t *keep, h2vi_whole_copy **copy)
{
    int64_t *first_arc = NULL;
    const h2v_status status =
        h2v_agree(graph->world, reserve(graph, context_slots, keep, copy, &first_arc));
    if (status == H2V_OK)
        gather(graph, context_slots, keep, first_arc, *copy);
    else
        h2vi_whole_copy_destroy(copy);
    free(first_arc);
    return status;
}

void h2vi_whole_copy_destroy(h2vi_whole_copy **copy)
{
    if (!*copy) return;
    free((*copy)->graph.offsets);
    free((*copy)->graph.targets);
    free((*copy)->graph.weights);
    free((*copy)->graph.gids);
    free((*copy)->context_slots);
    free((*copy)->keep);
    free(*copy);
    *copy = NULL;
}
