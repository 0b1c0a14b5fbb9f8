/* SPDX-License-Identifier: MIT */

/// @file embed.h
/// From a graph file to an embedding file: the main job.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/fastrp.h"
#include "halo2vec/partition.h"
#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "halo2vec/world.h"

#define H2V_MAX_PARTS 4096
#define H2V_MAX_ROUNDS 1000000

typedef enum h2v_method {
    H2V_METHOD_DEEPWALK, ///< first-order walks (Perozzi et al. 2014,
                         ///< doi:10.1145/2623330.2623732), trained by negative sampling
    H2V_METHOD_NODE2VEC, ///< second-order walks (Grover and Leskovec 2016,
                         ///< doi:10.1145/2939672.2939754)
    H2V_METHOD_FASTRP    ///< no walks and no training: fastrp.h
} h2v_method;

/// What the rows that are trained start from; contexts start from zero, but for FILE.
typedef enum h2v_init {
    H2V_INIT_NOISE,  ///< uniform in (-1/2, 1/2) / dim (word2vec)
    H2V_INIT_FASTRP, ///< rows of FastRP, centered and scaled
    H2V_INIT_FILE ///< rows and contexts of an embedding file, matched by id; new vertices
                  ///< start from their neighbors
} h2v_init;

/// How the changes that several groups made to a context row become one
/// (src/train/combiner.h has formulas and sources).
typedef enum h2v_combiner {
    H2V_COMBINER_SATURATING,
    H2V_COMBINER_PROJECTION,
    H2V_COMBINER_ADASUM,
    H2V_COMBINER_SUM,
    H2V_COMBINER_AVERAGE
} h2v_combiner;

/// What a number of a row costs between groups and between ranks
/// (src/train/packed_rows.h). Blocks that rotate are rounded at every step: where int8 is
/// asked for they go as f16, which is then what one group records.
typedef enum h2v_precision {
    H2V_PRECISION_F32,
    H2V_PRECISION_F16,
    H2V_PRECISION_BF16,
    H2V_PRECISION_INT8,
    H2V_PRECISION_AUTO ///< f32 with one group, int8 with several
} h2v_precision;

/// What was read beside the graph, told by digests.
typedef struct h2v_read_rows {
    int64_t property_columns; ///< of files.property; 0: there was none
    uint64_t property_digest; ///< of their projection
    uint64_t init_digest;     ///< of the rows and contexts that files.init gave
    int64_t num_walks;        ///< of files.walks; 0: there was none
    uint64_t walks_digest;    ///< of these walks, in their order
} h2v_read_rows;

/// What defines the result, and nothing else: the same values, graph and METIS library give
/// the same bytes on any number of ranks and threads.
typedef struct h2v_embed_params {
    h2v_method method;
    int dim;
    int walks;       ///< per vertex and epoch
    int walk_length; ///< vertices
    int window;
    int negatives; ///< per pair
    int epochs;
    double learning_rate; ///< falls linearly to a ten-thousandth of it
    double p, q;          ///< node2vec's return and in-out parameters
    double subsample;     ///< threshold t of word2vec's subsampling; 0: off
    uint64_t seed;
    int parts;  ///< 0: chosen from the graph and the parameters above
    int rounds; ///< of the whole training, rounded up to a multiple of epochs; 0: chosen
                ///< likewise
    h2v_partitioner partitioner;
    int groups; ///< of parts; each trains on its own copy of the context rows during a
                ///< round. Divides parts. 0: one, or one for each rank that runs, what is
                ///< cheaper (estimate.h): the one choice that depends on ranks
    h2v_combiner combiner; ///< of the groups' changes
    int pool;              ///< rows that a group's negatives of one round are drawn
                           ///< from; 0: chosen
    h2v_precision exchange_precision;
    h2v_init init;
    double init_length;       ///< FASTRP: root mean square of the lengths of the rows
    h2v_fastrp_params fastrp; ///< of the method, or of what training starts from
    h2v_read_rows read;       ///< filled in by h2v_embed(), for the record
} h2v_embed_params;

/// DeepWalk with node2vec's published defaults: dim 128, 10 walks of 80 vertices, window
/// 10, p = q = 1; word2vec's 5 negatives, learning rate .025; one epoch; seed 1.
h2v_embed_params h2v_embed_params_default(void);

/// Write the parameters as one line of JSON, as the embedding file keeps them. **Local.**
/// Keys are the words of the flags, sorted; those that the method has use for, and for
/// FastRP no parts, since its rows do not depend on them. A seed above 2^63 - 1 is a
/// string, since JSON libraries have no such numbers. `json` out: to be released with
/// free().
H2V_CHECKED h2v_status h2v_embed_params_json(const h2v_embed_params *params, char **json);

/// Where things are, and how it is told: nothing here changes the result.
typedef struct h2v_embed_files {
    const char *graph;
    const char *output;
    const char *partition; ///< NULL, or a partition file; then parts must be 0 or its own,
                           ///< and the partitioner is recorded as H2V_PARTITIONER_FILE
    const char *property;  ///< NULL, or properties of the vertices for FastRP: .npy or
                           ///< HDF5 (src/graph/matrix_file.h), one row a vertex in the
                           ///< order of the graph file
    const char *walks;     ///< NULL, or walks to train on instead of walking: text, or HDF5
                           ///< (walk.h). Each is trained once an epoch. The method must be
                           ///< DEEPWALK, its walks, walk_length, p and q are of no use, and
                           ///< groups not 0. Held in memory, each rank its share: 4 bytes a
                           ///< visit, 8 a walk, and up to 8 for every vertex of the graph.
                           ///< Beside them, the walks of a round on their way to the ranks
                           ///< that train them: each, however short, takes 8 bytes for
                           ///< every visit of the longest walk of the file, on its own rank
                           ///< and twice (sent, received) for each rank that it goes to.
                           ///< So walks of about equal
                           ///< length are best, and one far longer is best cut. Text is
                           ///< read a line at a time: memory for the longest line, and for
                           ///< a moment for all ids and a table of them on every rank
    const char *init;      ///< NULL, or the embedding file of H2V_INIT_FILE
    bool with_contexts;    ///< FastRP has none
    bool overwrite;
    int64_t memory;    ///< 0, or bytes: if a rank would need more (estimate.h: peak_bytes),
                       ///< embedding ends before it trains, or makes rows, with
                       ///< H2V_ERR_ARGUMENT, which names rounds or ranks that would do. Of
                       ///< walks of a file only an equal share for each rank is looked at
    const char *trace; ///< NULL, or where to write what a replay of the training needs, one
                       ///< JSON object a line (src/train/trace.h). It comes last: if it
                       ///< cannot be written, the embedding stays
} h2v_embed_files;

typedef enum h2v_phase {
    H2V_PHASE_LOAD,
    H2V_PHASE_TRIAL, ///< trial walks, which measure the work at each vertex
    H2V_PHASE_PARTITION,
    H2V_PHASE_MIGRATE,
    H2V_PHASE_INIT,     ///< the rows that training starts from; FastRP's properties
    H2V_PHASE_MULTIPLY, ///< FastRP's rows: finding and pulling ghosts, all powers
    H2V_PHASE_WALK,
    H2V_PHASE_ROUTE,
    H2V_PHASE_PULL, ///< of the rows that the groups need, from their owners
    H2V_PHASE_TRAIN,
    H2V_PHASE_PUSH, ///< of the groups' changes, and combining them
    H2V_PHASE_WRITE,
    H2V_NUM_PHASES
} h2v_phase;

/// "load", "trial", ... **Local.**
const char *h2v_phase_name(h2v_phase phase);

/// Of one rank.
typedef struct h2v_rank_report {
    double wall_seconds[H2V_NUM_PHASES];
    double cpu_seconds[H2V_NUM_PHASES]; ///< of the process, waiting for messages included
    double walk_seconds;                ///< thread CPU time inside walks, waiting excluded
    double route_seconds;               ///< likewise inside routing
    double cell_seconds;                ///< likewise inside cells
    double multiply_seconds;            ///< likewise inside FastRP
    int64_t bytes_sent[H2V_NUM_PHASES]; ///< to other ranks, by our exchanges
    int64_t bytes_received[H2V_NUM_PHASES];
    int64_t rows_sent[H2V_NUM_PHASES]; ///< of these bytes: rows of floats
    int64_t rows_received[H2V_NUM_PHASES];
    int64_t num_steps; ///< of walks
    int64_t num_pairs;
    int64_t num_owned, num_arcs;
    int64_t num_ghosts; ///< of FastRP: rows of other ranks that its arcs lead to
    int64_t row_bytes, graph_bytes, round_bytes; ///< as computed: rows, graph, one round;
                                                 ///< what FastRP holds is in the first two
                                                 ///< if nothing is trained
    int64_t index_bytes; ///< of FastRP: what finds and moves ghosts; of its method a part
                         ///< of graph_bytes
    int64_t peak_bytes;  ///< peak resident memory, as the system counts it
} h2v_rank_report;

enum { H2V_REASON_BYTES = 160, H2V_REFUSAL_BYTES = 400 };

/// Where the rows of vertices came from, of H2V_INIT_FILE; else zeros.
typedef struct h2v_init_report {
    int64_t num_matched, num_from_neighbors, num_noise;
} h2v_init_report;

typedef struct h2v_embed_report {
    h2v_embed_params params;        ///< in effect: nothing chosen is left at 0
    char because[H2V_REASON_BYTES]; ///< why so many groups; "" if they were given
    int64_t num_vertices, num_arcs;
    int num_ranks, num_threads;
    const char *kernel;              ///< instruction set of the cells
    h2v_partition_quality partition; ///< of FastRP without parts: zeros
    h2v_init_report init;
    double seconds;
    h2v_rank_report *ranks; ///< shape [num_ranks], on every rank
} h2v_embed_report;

/// What is going on, told by rank 0: in training, or in FastRP's powers.
typedef struct h2v_progress {
    h2v_phase phase;         ///< train or multiply
    double share;            ///< done of it, 0..1
    int round, rounds;       ///< powers that are done, and all, of FastRP
    int64_t num_pairs;       ///< trained by this rank so far
    double pairs_per_second; ///< of all ranks, as this rank's rate times its share suggests
    double learning_rate;
    double seconds;       ///< since the start
    double train_seconds; ///< since the first round, or since FastRP began
} h2v_progress;

typedef void h2v_progress_callback(void *context, const h2v_progress *progress);

/// Embed. **Collective on @p world.**
///
/// The output appears whole or not at all; it is tried for before any work. All ranks pass
/// equal arguments, apart from the callback.
///
/// @param callback  called on rank 0 by the main thread, at most once a cell or power; may
///                  be NULL
/// @param report    out: to be released with h2v_embed_report_clear()
/// @return H2V_OK, or on every rank the same error: H2V_ERR_ARGUMENT, H2V_ERR_EXISTS,
///         H2V_ERR_IO, H2V_ERR_DATA (also a graph without edges), H2V_ERR_NOMEM,
///         H2V_ERR_PARTITION
H2V_CHECKED h2v_status h2v_embed(const h2v_world *world, const h2v_embed_params *params,
                                 const h2v_embed_files *files,
                                 h2v_progress_callback *callback, void *context,
                                 h2v_embed_report *report);

/// Release what is inside. **Local.** Safe on a zeroed struct.
void h2v_embed_report_clear(h2v_embed_report *report);

/// Count the visits of trial walks at each owned vertex, as embedding would: the weights
/// for h2v_partition_create(). **Collective.** `visits`: shape [num_owned].
H2V_CHECKED h2v_status h2v_embed_count_visits(const h2v_graph *graph,
                                              const h2v_embed_params *params,
                                              int64_t *visits);

/// The number of parts that embedding would choose; with groups 0, for one group.
/// **Collective.**
int h2v_embed_choose_parts(const h2v_graph *graph, const h2v_embed_params *params,
                           const int64_t *visits);
