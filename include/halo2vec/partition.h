/* SPDX-License-Identifier: MIT */

/// @file partition.h
/// A part for every vertex. Parts are what training is divided into; ranks only host them:
/// of P parts, rank r of R hosts parts P*r/R up to P*(r+1)/R - 1, both rounded up: rank 0
/// always hosts one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/graph.h"
#include "halo2vec/status.h"
#include "halo2vec/world.h"

typedef enum h2v_partitioner {
    H2V_PARTITIONER_AUTO,   ///< METIS, or Fennel on large graphs without communities; see
                            ///< h2v_partition_create()
    H2V_PARTITIONER_METIS,  ///< k-way (Karypis and Kumar 1998,
                            ///< doi:10.1137/S1064827595287997); rank 0 holds the graph once
    H2V_PARTITIONER_FENNEL, ///< streamed (Tsourakakis et al. 2014,
                            ///< doi:10.1145/2556195.2556213); 4 bytes a vertex on each
                            ///< rank, in seconds
    H2V_PARTITIONER_HASH,   ///< by random number: no memory, no time, every edge cut
    H2V_PARTITIONER_FILE    ///< made before: what an embedding records of loaded parts
} h2v_partitioner;

/// A part for each vertex of the loaded graph. Empty parts are legal.
typedef struct h2v_partition {
    int num_parts;
    int64_t num_owned; ///< as in the graph that it was made for
    int32_t *parts;    ///< part of each owned vertex, shape [num_owned], 0..num_parts-1
} h2v_partition;

/// How good a partition is. A balance is the largest part over the mean: 1 is perfect.
typedef struct h2v_partition_quality {
    int64_t edge_cut;  ///< edges between parts (directed: arcs)
    int64_t num_edges; ///< all of them
    double vertex_balance;
    double arc_balance;
    double weight_balance;       ///< of the weights that were passed (visits)
    h2v_partitioner partitioner; ///< what made the parts; what was asked for if there is
                                 ///< one only; FILE if they were measured
    double seconds;              ///< of cutting
    int64_t gathered_bytes;      ///< what rank 0 held for METIS, whose own work is apart; 0
                                 ///< elsewhere, and without it
} h2v_partition_quality;

/// "auto", "metis", "fennel", "hash" or "file". **Local.**
const char *h2v_partitioner_name(h2v_partitioner partitioner);

/// Cut the graph. **Collective.**
///
/// The result is a function of the graph, num_parts, the partitioner, the seed, the weights
/// and the METIS library: never of the number of ranks.
///
/// AUTO: graphs of up to 2^20 arcs are METIS's. For larger ones Fennel's cut, which takes
/// seconds where METIS may take minutes, tells whether the graph has communities. If more
/// than two thirds of the edges that parts by chance would cut are cut, METIS would not do
/// better, and the cut is kept; so it is where METIS cannot count the arcs. Else METIS
/// cuts. Of a directed graph Fennel sees only where arcs lead.
///
/// @param graph      as loaded: slices in gid order
/// @param num_parts  1 .. number of vertices
/// @param partitioner  any but FILE
/// @param weights    work expected at each owned vertex, >= 0; shape [num_owned]
/// @param partition  out: to be cleared with h2v_partition_clear()
/// @param quality    out
/// @return H2V_OK; H2V_ERR_ARGUMENT; H2V_ERR_PARTITION if METIS fails or the graph is too
///         large for its indices; H2V_ERR_NOMEM
H2V_CHECKED h2v_status h2v_partition_create(const h2v_graph *graph, int num_parts,
                                            h2v_partitioner partitioner, uint64_t seed,
                                            const int64_t *weights,
                                            h2v_partition *partition,
                                            h2v_partition_quality *quality);

/// Write a partition to a file. **Collective.** Errors: ERR_EXISTS, ERR_IO, ERR_NOMEM.
H2V_CHECKED h2v_status h2v_partition_save(const h2v_graph *graph,
                                          const h2v_partition *partition, bool overwrite,
                                          const char *path);

/// Read a partition that was saved for this graph (digests must match). **Collective.**
/// Errors: ERR_IO; ERR_DATA if it is no partition file or one of another graph; ERR_NOMEM.
H2V_CHECKED h2v_status h2v_partition_load(const h2v_graph *graph, const char *path,
                                          h2v_partition *partition);

/// Measure a partition; seconds and gathered_bytes are 0. **Collective.**
H2V_CHECKED h2v_status h2v_partition_measure(const h2v_graph *graph,
                                             const h2v_partition *partition,
                                             const int64_t *weights,
                                             h2v_partition_quality *quality);

/// Release what is inside. **Local.** Safe on a zeroed struct.
void h2v_partition_clear(h2v_partition *partition);

/// The first part that a rank hosts, for rank 0 .. num_ranks. **Local.**
int h2v_partition_first_part(int num_parts, int num_ranks, int rank);
