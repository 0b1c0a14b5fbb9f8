/* SPDX-License-Identifier: MIT */

/// @file convert.h
/// Text edge lists to a graph file.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"

typedef struct h2v_convert_params {
    int num_inputs;
    const char *const *inputs; ///< paths, shape [num_inputs]; "-" is standard input; gzip
                               ///< is recognized by its first bytes
    const char *vertices;      ///< NULL, or a file of ids, one a line: vertices that exist
                               ///< even if no edge names them
    const char *output;
    bool directed;
    bool weighted;        ///< the third column is a weight: finite, > 0
    bool keep_self_loops; ///< else they are dropped and counted
    bool sort_ids;        ///< vertices in ascending id, not in order of first appearance
    bool overwrite;
    char delimiter;  ///< 0: any run of spaces, tabs, and at most one comma between columns
    int num_threads; ///< 0: one for each core that this process may use
} h2v_convert_params;

/// What was read and what was done about it.
typedef struct h2v_convert_summary {
    int64_t num_lines; ///< with comments and empty lines
    int64_t num_vertices;
    int64_t num_edges;      ///< distinct edges kept (undirected: each counted once)
    int64_t num_arcs;       ///< entries of the adjacency written
    int64_t num_duplicates; ///< lines that named an edge again: weights added, or kept once
    int64_t num_self_loops; ///< lines u u
    int64_t num_isolated;   ///< vertices without an edge
    bool ids_are_numbers;   ///< all ids are canonical decimal 64-bit integers
    double seconds;         ///< without the flush to the disk
    double flush_seconds;
    int64_t num_text_bytes; ///< after decompression
} h2v_convert_summary;

/// Defaults: no inputs, undirected, unweighted, loops dropped, one thread.
h2v_convert_params h2v_convert_params_default(void);

/// Read edge lists and write a graph file. **Local** (one rank).
///
/// The output appears whole or not at all, and its bytes do not depend on num_threads.
/// A line may have 262,144 bytes. Peak memory stays below three times the size of the
/// adjacency written if edges are listed twice each on average, or less; every line takes
/// eight bytes (twelve if weighted) until all are read.
///
/// @return H2V_OK; H2V_ERR_DATA with file and line; H2V_ERR_IO; H2V_ERR_EXISTS;
///         H2V_ERR_NOMEM; H2V_ERR_ARGUMENT
H2V_CHECKED h2v_status h2v_convert(const h2v_convert_params *params,
                                   h2v_convert_summary *summary);
