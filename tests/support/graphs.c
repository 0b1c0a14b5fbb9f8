/* SPDX-License-Identifier: MIT */

/* The rules behind the names. */
#include "graphs.h"

#include "fail.h"
#include "graph_hdf5.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RING_SIZE = 12, STAR_SIZE = 200, CLIQUE_SIZE = 8, CYCLE_SIZE = 9 };

static bool is_no_edge(uint32_t u, uint32_t v)
{
    (void)u;
    (void)v;
    return false;
}

static bool is_next(uint32_t u, uint32_t v)
{
    return v == u + 1;
}

static bool is_on_ring(uint32_t u, uint32_t v)
{
    return v == u + 1 || (u == 0 && v == RING_SIZE - 1);
}

static bool is_of_star(uint32_t u, uint32_t v)
{
    return u != v && (u == STAR_SIZE / 2 || v == STAR_SIZE / 2);
}

static bool is_in_clique(uint32_t u, uint32_t v)
{
    const bool is_bridge = u == CLIQUE_SIZE - 1 && v == CLIQUE_SIZE;
    return is_bridge || (u != v && u / CLIQUE_SIZE == v / CLIQUE_SIZE);
}

static bool is_fourth(uint32_t u, uint32_t v)
{
    return u % 4 == 0 && v == u + 4;
}

static bool is_next_on_cycle(uint32_t u, uint32_t v)
{
    return v == (u + 1) % CYCLE_SIZE;
}

/* About 10 arcs a vertex; few for some vertices, many for others, none for some. */
static bool is_by_chance(uint32_t u, uint32_t v)
{
    if (u % 97 == 13 || v % 97 == 13) return false;
    const uint32_t mixed = (u * 0x9E3779B1U) ^ (v * 0x85EBCA77U);
    return (mixed * 0xC2B2AE3DU >> 16) % (20 + u % 60) == 0;
}

const graph_shape graph_shapes[NUM_GRAPHS] = {
    [GRAPH_VERTEX] = {"vertex", 1, false, false, is_no_edge},
    [GRAPH_EDGE] = {"edge", 2, false, false, is_next},
    [GRAPH_NO_EDGES] = {"no edges", 5, false, true, is_no_edge},
    [GRAPH_PATH] = {"path", 7, false, true, is_next},
    [GRAPH_RING] = {"ring", RING_SIZE, false, false, is_on_ring},
    [GRAPH_STAR] = {"star", STAR_SIZE, false, false, is_of_star},
    [GRAPH_CLIQUES] = {"cliques", 2 * CLIQUE_SIZE, false, false, is_in_clique},
    [GRAPH_ISOLATED] = {"isolated", 21, false, false, is_fourth},
    [GRAPH_CYCLE] = {"cycle", CYCLE_SIZE, true, false, is_next_on_cycle},
    [GRAPH_DEAD_END] = {"dead end", 6, true, true, is_next},
    [GRAPH_RANDOM] = {"random", 500, false, false, is_by_chance},
    [GRAPH_RANDOM_WEIGHTED] = {"random weighted", 500, false, true, is_by_chance},
    [GRAPH_RANDOM_DIRECTED] = {"random directed", 500, true, false, is_by_chance},
    [GRAPH_RANDOM_DIRECTED_WEIGHTED] = {"random directed weighted", 500, true, true,
                                        is_by_chance},
};

dense_graph graph_make(graph_name name)
{
    const graph_shape *shape = &graph_shapes[name];
    return dense_make(shape->num_vertices, shape->directed, shape->weighted, shape->rule);
}

h2v_status graph_write(const h2v_world *world, graph_name name, const char *path)
{
    h2v_status status = H2V_OK;
    if (world->rank == 0) {
        dense_graph graph = graph_make(name);
        status = h2vi_graph_write(path, &graph.csr, &graph.ids, graph_shapes[name].text);
        dense_clear(&graph);
    }
    return h2v_agree(world, status);
}

h2v_status graph_load(const h2v_world *world, graph_name name, h2v_graph **graph)
{
    char path[32];
    (void)snprintf(path, sizeof path, "graph.%d.h5", world->num_ranks);
    *graph = NULL;
    const h2v_status status = graph_write(world, name, path);
    return status == H2V_OK ? h2v_graph_load(world, path, graph) : status;
}

h2v_status graph_enter_directory(const h2v_world *world, const char *name)
{
    char directory[64];
    (void)snprintf(directory, sizeof directory, "%s.%d.files", name, world->num_ranks);
    if (world->rank == 0) (void)mkdir(directory, 0777);
    MPI_Barrier(world->comm);
    return h2v_agree(world, chdir(directory) == 0
                                ? H2V_OK
                                : h2v_fail(H2V_ERR_IO, "Cannot enter '%s'", directory));
}
