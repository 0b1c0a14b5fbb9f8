/* SPDX-License-Identifier: MIT */

/* What walks need beside the graph: one record per vertex, alias tables, the set of edges.
 */
#include "walk_engine.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

enum { NEAR_BYTES = 1 << 20 };

/* The others by their slots, so that a walker need not look them up. */
static void build_alias_row(int64_t degree, const float *weights, const h2v_slot *targets,
                            const h2vi_alias_scratch *scratch, h2vi_alias *alias)
{
    h2vi_alias_build(degree, weights, scratch, alias);
    for (int64_t i = 0; i < degree; i++) alias[i].other = targets[alias[i].other];
}

/* Scratch for the longest row of this rank, one set for each thread. */
static h2v_status build_alias_tables(const h2v_graph *graph, h2vi_alias *alias)
{
    int64_t longest = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int64_t degree = graph->offsets[v + 1] - graph->offsets[v];
        if (degree > longest) longest = degree;
    }
    int has_failed = 0;
#pragma omp parallel reduction(| : has_failed)
    {
        const h2vi_alias_scratch scratch = {
            .share = h2vi_alloc_n(longest, sizeof(double)),
            .small = h2vi_alloc_n(longest, sizeof(uint32_t)),
            .large = h2vi_alloc_n(longest, sizeof(uint32_t)),
        };
        has_failed = !scratch.share || !scratch.small || !scratch.large;
#pragma omp for schedule(dynamic, 256)
        for (int64_t v = 0; v < graph->num_owned; v++) {
            const int64_t begin = graph->offsets[v];
            const int64_t degree = graph->offsets[v + 1] - begin;
            if (degree > 0 && !has_failed)
                build_alias_row(degree, graph->weights + begin, graph->targets + begin,
                                &scratch, alias + begin);
        }
        free(scratch.share);
        free(scratch.small);
        free(scratch.large);
    }
    return has_failed ? h2vi_fail_memory("alias tables") : H2V_OK;
}

static uint64_t to_dart(double weight, double envelope)
{
    return (uint64_t)(weight / envelope * 4294967296.0);
}

/* KnightKing's envelope (Yang et al. 2019, doi:10.1145/3341301.3359634): the candidates
 * share max(1, 1/q); if the return edge stands above it, its excess is an area of its own.
 * That needs its share of the row, which is 1/degree only without weights; weighted graphs
 * raise the envelope instead. */
static h2vi_bias make_bias(const h2vi_walk_params *params, int is_weighted)
{
    const double back = 1 / params->p, out = 1 / params->q;
    h2vi_bias bias = {.envelope = out > 1 ? out : 1};
    if (back > bias.envelope) {
        if (is_weighted)
            bias.envelope = back;
        else
            bias.folded = back - bias.envelope;
    }
    bias.to_return = to_dart(bias.folded > 0 ? bias.envelope : back, bias.envelope);
    bias.near = to_dart(1, bias.envelope);
    bias.far = to_dart(out, bias.envelope);
    return bias;
}

/* In undirected graphs one can go back. */
static bool is_closed(const h2v_graph *graph)
{
    if (graph->world->num_ranks > 1) return false;
    for (int64_t v = 0; graph->directed && v < graph->num_owned; v++)
        if (graph->offsets[v] == graph->offsets[v + 1]) return false;
    return true;
}

static bool is_far(const h2v_graph *graph)
{
    const size_t arc_bytes = sizeof(h2v_slot) + (graph->weights ? sizeof(h2vi_alias) : 0);
    return (uint64_t)graph->num_owned * sizeof(h2vi_walk_row) +
               (uint64_t)graph->offsets[graph->num_owned] * arc_bytes >
           NEAR_BYTES;
}

h2v_status h2vi_walk_engine_init(const h2v_graph *graph, const h2vi_walk_params *params,
                                 const uint32_t *context_slots, const uint32_t *keep,
                                 h2vi_walk_engine *engine)
{
    *engine = (h2vi_walk_engine){.shared = graph,
                                 .graph = graph,
                                 .params = *params,
                                 .keep = keep,
                                 .isa = h2vi_best_isa(),
                                 .is_closed = is_closed(graph),
                                 .is_far = is_far(graph)};
    engine->bias = make_bias(params, graph->weights != NULL);
    engine->rows = h2vi_alloc_n(graph->num_owned, sizeof *engine->rows);
    h2v_status status = engine->rows ? H2V_OK : h2vi_fail_memory("the walkers' rows");
    for (int64_t v = 0; status == H2V_OK && v < graph->num_owned; v++)
        engine->rows[v] =
            (h2vi_walk_row){.offset = graph->offsets[v],
                            .degree = (uint32_t)(graph->offsets[v + 1] - graph->offsets[v]),
                            .context_slot = context_slots ? context_slots[v] : 0};

    if (status == H2V_OK && graph->weights) {
        engine->alias =
            h2vi_alloc_n(graph->offsets[graph->num_owned], sizeof *engine->alias);
        status = engine->alias ? build_alias_tables(graph, engine->alias)
                               : h2vi_fail_memory("alias tables");
    }
    if (status == H2V_OK && h2vi_is_second_order(params))
        status = h2vi_edge_set_init(graph, &engine->edges);
    if (status != H2V_OK) h2vi_walk_engine_clear(engine);
    return status;
}

/* Local. Takes over the copy. What has become part of the engine's tables goes. */
static h2v_status init_on_copy(const h2v_graph *shared, const h2vi_walk_params *params,
                               h2vi_whole_copy *copy, h2vi_walk_engine *engine)
{
    const h2v_status status = h2vi_walk_engine_init(
        &copy->graph, params, copy->context_slots, copy->keep, engine);
    if (status != H2V_OK) {
        h2vi_whole_copy_destroy(&copy);
        return status;
    }
    free(copy->context_slots);
    free(copy->graph.weights);
    copy->context_slots = NULL;
    copy->graph.weights = NULL;
    engine->copy = copy;
    engine->shared = shared;
    engine->first_start = (uint32_t)shared->first[shared->world->rank];
    return H2V_OK;
}

h2v_status h2vi_walk_engine_open(const h2v_graph *graph, const h2vi_walk_params *params,
                                 const uint32_t *context_slots, const uint32_t *keep,
                                 h2vi_walk_engine *engine)
{
    const h2vi_walked_graph walked =
        h2vi_walked_graph_of(graph, graph->world->num_ranks, params);
    *engine = (h2vi_walk_engine){0};
    h2v_status status = H2V_OK;
    if (h2vi_is_held_whole(&walked)) {
        h2vi_whole_copy *copy = NULL;
        status = h2vi_whole_copy_make(graph, context_slots, keep, &copy);
        if (status != H2V_OK) return status;
        status = init_on_copy(graph, params, copy, engine);
    } else {
        status = h2vi_walk_engine_init(graph, params, context_slots, keep, engine);
    }
    status = h2v_agree(graph->world, status);
    if (status != H2V_OK) h2vi_walk_engine_clear(engine);
    return status;
}

int64_t h2vi_walk_table_bytes(const h2vi_walked_graph *graph, int64_t num_owned,
                              int64_t num_arcs)
{
    const size_t of_vertex = sizeof(h2vi_walk_row) +
                             (graph->is_second_order ? H2VI_BUCKET * sizeof(h2v_slot) : 0);
    const size_t of_arc = (graph->is_weighted ? sizeof(h2vi_alias) : 0) +
                          (graph->is_second_order ? 2 * sizeof(h2v_slot) : 0);
    return num_owned * (int64_t)of_vertex + num_arcs * (int64_t)of_arc;
}

int64_t h2vi_walk_engine_bytes(const h2vi_walked_graph *graph, int64_t num_owned,
                               int64_t num_arcs)
{
    return h2vi_is_held_whole(graph) ? h2vi_whole_copy_bytes(graph)
                                     : h2vi_walk_table_bytes(graph, num_owned, num_arcs);
}

void h2vi_walk_engine_clear(h2vi_walk_engine *engine)
{
    h2vi_whole_copy_destroy(&engine->copy);
    free(engine->rows);
    free(engine->alias);
    h2vi_edge_set_clear(&engine->edges);
    *engine = (h2vi_walk_engine){0};
}
