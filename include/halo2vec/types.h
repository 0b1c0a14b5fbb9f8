/* SPDX-License-Identifier: MIT */

/// @file types.h
/// Numbers that name vertices, and the limits that follow from their width.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A vertex of the whole graph: 0 .. num_vertices - 1, in the order of the graph file.
/// Users never see it: they see the vertex's own id.
typedef int64_t h2v_gid;

/// A vertex as the ranks number it: consecutive on each rank (see graph.h). Also the
/// type in which adjacency is stored, hence the limit on the number of vertices.
typedef uint32_t h2v_slot;

#define H2V_NO_SLOT UINT32_MAX
#define H2V_MAX_VERTICES ((int64_t)UINT32_MAX - 1)
#define H2V_MAX_DIM 4096
#define H2V_MAX_WALK_LENGTH 32767
#define H2V_MAX_WINDOW 1000
#define H2V_MAX_ID_BYTES 65535

/// A digest of a graph: an order-free sum of hashes of its vertices and edges, by the
/// ids of the user and the weights, flags included. Equal for equal graphs, whatever
/// the order of the lines that they were read from.
typedef struct h2v_digest {
    uint64_t low, high;
} h2v_digest;
