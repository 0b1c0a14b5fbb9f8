/* SPDX-License-Identifier: MIT */

/* Random walks over a distributed graph: first order (DeepWalk; Perozzi et al. 2014,
 * doi:10.1145/2623330.2623732) and second order (node2vec; Grover and Leskovec 2016,
 * doi:10.1145/2939672.2939754), weighted or not, exact on any number of ranks.
 *
 * A walk is a function of (seed, purpose, epoch, walk number, start's gid) and the graph. A
 * walker that steps on a vertex of another rank is handed over; rounds of handing over go
 * on until none is on its way, which comes to pass since every hand-over follows a step or
 * a refused attempt, and both are bounded. A small graph may be held whole on every rank
 * instead (whole_copy.h): then walkers stay where they start. */
#pragma once

#include <stdint.h>

#include "alias.h"
#include "edge_set.h"
#include "exchange.h"
#include "graph_rows.h"
#include "isa.h"
#include "random.h"
#include "walker.h"
#include "whole_copy.h"

typedef struct h2vi_walk_params {
    int walk_length; /* vertices, 1..H2V_MAX_WALK_LENGTH */
    double p, q;     /* node2vec's return and in-out parameters; both 1: first order */
    uint64_t seed;
} h2vi_walk_params;

static inline bool h2vi_is_second_order(const h2vi_walk_params *params)
{
    return params->p != 1 || params->q != 1;
}

/* What one load fetches at a vertex. */
typedef struct h2vi_walk_row {
    int64_t offset;
    uint32_t degree;
    uint32_t context_slot;
} h2vi_walk_row;

/* The second-order rule in 32-bit darts, under an envelope of max(1, 1/q), or with 1/p
 * where the return edge is not folded. */
typedef struct h2vi_bias {
    uint64_t to_return, near, far; /* accept below: x = previous, x adjacent to it, else */
    double envelope, folded;       /* folded: what of 1/p stands above the envelope */
} h2vi_bias;

typedef struct h2vi_walk_engine {
    const h2v_graph *shared; /* borrowed; walks start at its owned vertices */
    const h2v_graph *graph;  /* on which walkers walk: the same, or that of `copy`, whose
                                vertices are then all owned */
    h2vi_whole_copy *copy;   /* ours, or NULL: walkers are handed over */
    uint32_t first_start;    /* in `graph`, the first vertex that `shared` owns */
    h2vi_walk_params params;
    h2vi_walk_row *rows;  /* shape [num_owned], of `graph`, as all that follows */
    const uint32_t *keep; /* borrowed; NULL, or the owned vertices' subsampling thresholds:
                             a visit is kept if its random word is at most this */
    h2vi_alias *alias;    /* per arc, `other` a slot; NULL if unweighted */
    h2vi_edge_set edges;  /* second order only */
    h2vi_bias bias;
    h2vi_isa isa;   /* of the kernels; the best here, and any other that is here will do */
    bool is_closed; /* all vertices are here, and whoever came to one finds a way on */
    bool is_far;    /* what steps read is more than the caches near a core hold */
    int64_t num_steps; /* taken by this rank since creation */
    double seconds;    /* thread CPU time of all threads since creation, without waiting */
    double serial_seconds; /* of these: of the main thread while the others had nothing */
    int64_t bytes_sent, bytes_received;
    int64_t buffer_bytes; /* the most that a run held for walkers and visits on their way */
    /* Called by the main thread after each exchange of a walk; may be NULL. There is none
     * where walkers stay. */
    void (*on_exchange)(void *context, const h2vi_exchange *exchange);
    void *context;
} h2vi_walk_engine;

/* Local. On the graph itself: walkers that leave a rank are handed over. `context_slots`
 * and `keep` (each may be NULL) are of the owned vertices. Memory: 16 bytes a vertex; 8 an
 * arc if weighted; 8 an arc and 32 a vertex if p or q is not 1. */
H2V_CHECKED h2v_status h2vi_walk_engine_init(const h2v_graph *graph,
                                             const h2vi_walk_params *params,
                                             const uint32_t *context_slots,
                                             const uint32_t *keep,
                                             h2vi_walk_engine *engine);

/* Collective. The same on a copy of the whole graph on every rank if it is held whole, else
 * on the graph itself. Memory beside that: for a moment, the weights of the copy. Errors:
 * ERR_NOMEM, on all ranks. */
H2V_CHECKED h2v_status h2vi_walk_engine_open(const h2v_graph *graph,
                                             const h2vi_walk_params *params,
                                             const uint32_t *context_slots,
                                             const uint32_t *keep,
                                             h2vi_walk_engine *engine);
void h2vi_walk_engine_clear(h2vi_walk_engine *engine);

/* What walks on a graph of `num_ranks` go by. */
static inline h2vi_walked_graph h2vi_walked_graph_of(const h2v_graph *graph, int num_ranks,
                                                     const h2vi_walk_params *params)
{
    return (h2vi_walked_graph){.num_vertices = graph->num_vertices,
                               .num_arcs = graph->num_arcs,
                               .num_ranks = num_ranks,
                               .is_weighted = graph->weights != NULL,
                               .is_second_order = h2vi_is_second_order(params)};
}

/* Local. Bytes of an engine's tables on a graph of which so much is owned. */
int64_t h2vi_walk_table_bytes(const h2vi_walked_graph *graph, int64_t num_owned,
                              int64_t num_arcs);

/* Local. The same of an engine that was opened, with the copy, if there is one. */
int64_t h2vi_walk_engine_bytes(const h2vi_walked_graph *graph, int64_t num_owned,
                               int64_t num_arcs);

/* The main thread has been at work for walks, alone. */
static inline void h2vi_walk_engine_add_serial(h2vi_walk_engine *engine, double seconds)
{
    engine->seconds += seconds;
    engine->serial_seconds += seconds;
}

/* Walks that start on this rank. */
typedef struct h2vi_start {
    uint32_t vertex; /* local index in the shared graph */
    uint32_t walk;   /* walk number within the epoch */
} h2vi_start;

typedef struct h2vi_walk_run {
    h2vi_purpose purpose; /* H2VI_FOR_WALK or H2VI_FOR_TRIAL_WALK */
    uint32_t epoch;
    int64_t num_walks;
    const h2vi_start *starts; /* shape [num_walks] */
    h2vi_token *tokens;       /* out: shape [num_walks, walk_length]; NULL: not wanted */
    int64_t *visits;          /* added to: of the vertices that the shared graph owns, by
                                 walks of all ranks; NULL: not wanted */
} h2vi_walk_run;

/* Collective. Walk. Errors: ERR_NOMEM, on all ranks. */
H2V_CHECKED h2v_status h2vi_walk(h2vi_walk_engine *engine, const h2vi_walk_run *run);

/* Collective. Count how often `num_walks` trial walks from every vertex visit each owned
 * vertex: the work to expect there. `visits`: shape [num_owned], overwritten. */
H2V_CHECKED h2v_status h2vi_walk_count_visits(h2vi_walk_engine *engine, int num_walks,
                                              int64_t *visits);
