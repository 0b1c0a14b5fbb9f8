/* SPDX-License-Identifier: MIT */

/* Small graphs by name, as files that all ranks load. */
#pragma once

#include "dense_graphs.h"
#include "graph_rows.h"

typedef enum graph_name {
    GRAPH_VERTEX, /* one vertex, no edge */
    GRAPH_EDGE,
    GRAPH_NO_EDGES,
    GRAPH_PATH,
    GRAPH_RING,
    GRAPH_STAR,     /* its hub is in the middle of the gids */
    GRAPH_CLIQUES,  /* two of 8, one bridge between them */
    GRAPH_ISOLATED, /* three of four vertices are */
    GRAPH_CYCLE,    /* directed */
    GRAPH_DEAD_END, /* directed path: every walk ends at the last vertex */
    GRAPH_RANDOM,
    GRAPH_RANDOM_WEIGHTED,
    GRAPH_RANDOM_DIRECTED,
    GRAPH_RANDOM_DIRECTED_WEIGHTED, /* the random ones have loops */
    NUM_GRAPHS
} graph_name;

typedef struct graph_shape {
    const char *text;
    int64_t num_vertices;
    bool directed, weighted;
    dense_rule rule;
} graph_shape;

extern const graph_shape graph_shapes[NUM_GRAPHS];

/* The same graph in memory; vertex v is named 10 v + 3. */
dense_graph graph_make(graph_name name);

/* Collective. Rank 0 writes the graph's file. */
H2V_CHECKED h2v_status graph_write(const h2v_world *world, graph_name name,
                                   const char *path);

/* Collective. Write it and load it, through a file named after the number of ranks. */
H2V_CHECKED h2v_status graph_load(const h2v_world *world, graph_name name,
                                  h2v_graph **graph);

/* Collective. Tests of several numbers of ranks run beside each other: make a directory for
 * this one and go there. */
H2V_CHECKED h2v_status graph_enter_directory(const h2v_world *world, const char *name);
