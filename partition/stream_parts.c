/* SPDX-License-Identifier: MIT */

/* Loads are sums of whole numbers, and scores add a row's arcs in their order: parts are a
 * function of the graph and the weights. */
#include "stream_parts.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "wait.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 5, ARCS_AHEAD = 16 };
static const uint32_t NOT_PLACED = UINT32_MAX;
static const double MAX_BALANCE = 1.05; /* of the mean part, where vertices allow it */

typedef struct streamed_parts {
    const h2v_graph *graph;
    const int64_t *weights;
    int num_parts;
    uint32_t *part_of; /* shape [num_vertices] */
    int64_t *loads;    /* work of the parts so far, shape [num_parts] */
    double *costs;     /* what one more unit of work would cost there, in arcs */
    double *arcs;      /* of the vertex that is placed, to each part */
    int64_t most_work; /* that a vertex counts for */
    int64_t max_load;
    double cost_factor;
} streamed_parts;

/* A vertex without work is placed, too. */
static int64_t work_of(const streamed_parts *streamed, int64_t v)
{
    const int64_t work = streamed->weights[v];
    return 1 + (work < streamed->most_work ? work : streamed->most_work);
}

static void streamed_clear(streamed_parts *streamed)
{
    free(streamed->part_of);
    free(streamed->loads);
    free(streamed->costs);
    free(streamed->arcs);
}

/* Collective. Fennel with gamma = 3/2: a part of load L costs alpha L^(3/2), alpha = edges
 * * sqrt(parts) / work^(3/2). */
static h2v_status streamed_init(const h2v_graph *graph, int num_parts,
                                const int64_t *weights, int64_t most_work,
                                streamed_parts *streamed)
{
    *streamed = (streamed_parts){
        .graph = graph, .weights = weights, .num_parts = num_parts, .most_work = most_work};
    streamed->part_of = h2vi_alloc_n(graph->num_vertices, sizeof *streamed->part_of);
    streamed->loads = h2vi_alloc_n(num_parts, sizeof *streamed->loads);
    streamed->costs = h2vi_alloc_n(num_parts, sizeof *streamed->costs);
    streamed->arcs = h2vi_alloc_n(num_parts, sizeof *streamed->arcs);
    const bool is_there =
        streamed->part_of && streamed->loads && streamed->costs && streamed->arcs;
    const h2v_status status =
        h2v_agree(graph->world, is_there ? H2V_OK : h2vi_fail_memory("streamed parts"));
    if (status != H2V_OK) return status;

    int64_t work = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) work += work_of(streamed, v);
    h2vi_sum(graph->world, 1, &work);
    const double total = (double)work;
    const double alpha =
        (double)graph->num_arcs / 2 * sqrt(num_parts) / (total * sqrt(total));
    streamed->cost_factor = 1.5 * alpha;
    streamed->max_load = (int64_t)(MAX_BALANCE * total / num_parts);
    for (int64_t v = 0; v < graph->num_vertices; v++) streamed->part_of[v] = NOT_PLACED;
    return H2V_OK;
}

static void add_load(streamed_parts *streamed, uint32_t part, int64_t work)
{
    streamed->loads[part] += work;
    streamed->costs[part] = streamed->cost_factor * sqrt((double)streamed->loads[part]);
}

/* Count the arcs of a row by the parts they lead to; whether there are any. Weights count
 * as shares of their row, so that a vertex speaks with its degree whatever the unit. */
static bool count_arcs(streamed_parts *streamed, int64_t v)
{
    const h2v_graph *graph = streamed->graph;
    const int64_t begin = graph->offsets[v], end = graph->offsets[v + 1];
    const h2v_slot self = (h2v_slot)(graph->first[graph->world->rank] + v);
    double unit = 1;
    if (graph->weights) {
        double sum = 0;
        for (int64_t e = begin; e < end; e++) sum += (double)graph->weights[e];
        unit = sum > 0 ? (double)(end - begin) / sum : 0;
    }
    bool are_there = false;
    for (int p = 0; p < streamed->num_parts; p++) streamed->arcs[p] = 0;
    for (int64_t e = begin; e < end; e++) {
        const int64_t ahead = e + ARCS_AHEAD < end ? e + ARCS_AHEAD : end - 1;
        __builtin_prefetch(&streamed->part_of[graph->targets[ahead]]);
        const h2v_slot target = graph->targets[e];
        const uint32_t part = streamed->part_of[target];
        if (part == NOT_PLACED || target == self) continue;
        streamed->arcs[part] += graph->weights ? unit * (double)graph->weights[e] : 1;
        are_there = true;
    }
    return are_there;
}

/* The best part that has room; if none has, the one with the least load. The lower number
 * wins a tie. */
static uint32_t choose_part(const streamed_parts *streamed, int64_t work)
{
    uint32_t best = NOT_PLACED, least = 0;
    double best_score = 0;
    for (int p = 0; p < streamed->num_parts; p++) {
        if (streamed->loads[p] < streamed->loads[least]) least = (uint32_t)p;
        if (streamed->loads[p] + work > streamed->max_load) continue;
        const double score = streamed->arcs[p] - (double)work * streamed->costs[p];
        if (best != NOT_PLACED && score <= best_score) continue;
        best = (uint32_t)p;
        best_score = score;
    }
    return best != NOT_PLACED ? best : least;
}

/* Who knows nobody yet joins the one before it, if there is room: numbers often follow
 * neighborhoods, and rows that all lead forward would else be dealt out like cards. */
static uint32_t choose_beside(const streamed_parts *streamed, int64_t v, int64_t work)
{
    const int64_t slot = streamed->graph->first[streamed->graph->world->rank] + v;
    const uint32_t before = slot > 0 ? streamed->part_of[slot - 1] : 0;
    return streamed->loads[before] + work <= streamed->max_load
               ? before
               : choose_part(streamed, work);
}

/* Local. Place the owned vertices, or place them again. */
static void stream_slice(streamed_parts *streamed)
{
    const h2v_graph *graph = streamed->graph;
    uint32_t *parts = streamed->part_of + graph->first[graph->world->rank];
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int64_t work = work_of(streamed, v);
        if (parts[v] != NOT_PLACED) add_load(streamed, parts[v], -work);
        parts[v] = count_arcs(streamed, v) ? choose_part(streamed, work)
                                           : choose_beside(streamed, v, work);
        add_load(streamed, parts[v], work);
    }
}

/* Collective. Rank r places its vertices, and all learn where they are. The others' loads
 * are zero for the sum that brings them rank r's. */
static void take_turn(streamed_parts *streamed, int r)
{
    const h2v_graph *graph = streamed->graph;
    if (r == graph->world->rank)
        stream_slice(streamed);
    else
        memset(streamed->loads, 0, (size_t)streamed->num_parts * sizeof *streamed->loads);
    h2vi_wait_begin_patiently("another rank's turn to cut");
    h2vi_sum(graph->world, streamed->num_parts, streamed->loads);
    h2vi_wait_end();
    h2vi_share_items(graph->world, "parts of its vertices", r, sizeof *streamed->part_of,
                     graph->first[r + 1] - graph->first[r],
                     streamed->part_of + graph->first[r]);
    for (int p = 0; p < streamed->num_parts; p++) add_load(streamed, (uint32_t)p, 0);
}

h2v_status h2vi_stream_partition(const h2v_graph *graph, int num_parts,
                                 const int64_t *weights, int64_t most_work,
                                 uint32_t **part_of)
{
    streamed_parts streamed;
    const h2v_status status =
        streamed_init(graph, num_parts, weights, most_work, &streamed);
    for (int pass = 0; status == H2V_OK && pass < PASSES; pass++)
        for (int r = 0; r < graph->world->num_ranks; r++) take_turn(&streamed, r);
    *part_of = NULL;
    if (status == H2V_OK) {
        *part_of = streamed.part_of;
        streamed.part_of = NULL;
    }
    streamed_clear(&streamed);
    return status;
}
