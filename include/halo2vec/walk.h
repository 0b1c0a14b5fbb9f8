/* SPDX-License-Identifier: MIT */

/// @file walk.h
/// Random walks over a graph, written down: the very walks that embedding trains on in its
/// first epoch, for other programs to read.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/embed.h"

/// Both hold the first walks of all vertices, in the order of the graph file, then the
/// second ones, and so on: walk w of vertex v is walk w * num_vertices + v.
typedef enum h2v_walk_format {
    H2V_WALKS_TEXT, ///< a walk a line: ids of its vertices, one space between them (what
                    ///< DeepWalk writes and gensim's LineSentence reads)
    H2V_WALKS_HDF5  ///< /walks: gids, end to end; /offsets: where each walk begins, and
                    ///< where the last one ends; /ids: as the graph file has them
} h2v_walk_format;

/// Take the next piece of text; called on rank 0 by the main thread. Returns 0, or another
/// number if it can take no more.
typedef int h2v_text_sink(void *context, int64_t num_bytes, const char *text);

/// Where things are: nothing here changes the walks.
typedef struct h2v_walk_files {
    const char *graph;
    const char *output; ///< NULL: text goes to the sink
    h2v_walk_format format;
    bool overwrite;
    h2v_text_sink *sink;
    void *context; ///< of the sink
} h2v_walk_files;

typedef struct h2v_walk_summary {
    int64_t num_vertices;
    int64_t num_walks;
    int64_t num_visits; ///< vertices of all walks; a walk ends early where no arc leaves
    double seconds;     ///< without the flush to the disk
    double flush_seconds;
} h2v_walk_summary;

/// Walk, and write the walks. **Collective on @p world.**
///
/// The bytes written are a function of the graph and of method (not FastRP), walks,
/// walk_length, p, q and seed: never of ranks and threads. Nothing else of @p params is
/// looked at. An output file appears whole or not at all, and is tried for before any work;
/// all ranks write to it, so all hosts must see its directory.
///
/// Memory per rank, however many walks there are: the graph's slice, what walks need beside
/// it (walks/walk_engine.h), and some hundred megabytes for walks on their way; for text
/// also all ids as text and 8 bytes each. Walks of one number follow the vertices: of a
/// graph that has far more of them than fit in these megabytes, one rank's vertices start
/// at a time, and the others only take the walkers that come to them.
///
/// @param summary  out, on all ranks
/// @return H2V_OK, or on every rank the same error: H2V_ERR_ARGUMENT, H2V_ERR_EXISTS,
///         H2V_ERR_IO, H2V_ERR_NOMEM, H2V_ERR_DATA (also if an id holds a blank of Unicode,
///         which text cannot tell from what separates ids)
H2V_CHECKED h2v_status h2v_walk(const h2v_world *world, const h2v_embed_params *params,
                                const h2v_walk_files *files, h2v_walk_summary *summary);
