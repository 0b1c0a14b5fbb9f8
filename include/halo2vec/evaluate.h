/* SPDX-License-Identifier: MIT */

/// @file evaluate.h
/// Link prediction, honestly: edges held out before training, negatives fixed in a file,
/// and a check that the embedding has not seen what it is asked about.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"

typedef struct h2v_split_params {
    const char *graph;
    const char *output; ///< a directory, to hold train.h5 (a graph file) and pairs.h5
    double fraction;    ///< share of the edges to hold out, in (0, 1)
    uint64_t seed;
    bool allow_disconnect; ///< else every component stays connected in the training graph
    bool overwrite; ///< replace an earlier split; never a directory that holds other files
} h2v_split_params;

typedef struct h2v_split_summary {
    int64_t num_vertices;
    int64_t num_edges; ///< of the whole graph
    int64_t num_train_edges;
    int64_t num_positives; ///< held out; as many negatives of each kind
} h2v_split_summary;

/// Hold out edges and draw negatives. **Local** (one rank).
///
/// The training graph keeps every vertex, in the same order. pairs.h5 holds `/positives`,
/// `/negatives_uniform` (both ends uniform) and `/negatives_degree` (both ends in
/// proportion to their degree), u32 gids of shape [num_positives, 2], none of the
/// negatives an edge of the whole graph, and the training graph's digest.
///
/// @return H2V_OK; H2V_ERR_ARGUMENT if the fraction cannot be had without cutting a
///         component (the message states the largest that can); H2V_ERR_DATA if the graph
///         has no edge, or too few non-edges; H2V_ERR_IO; H2V_ERR_EXISTS; H2V_ERR_NOMEM
H2V_CHECKED h2v_status h2v_evaluate_split(const h2v_split_params *params,
                                          h2v_split_summary *summary);

typedef enum h2v_scorer {
    H2V_SCORE_IN_OUT, ///< in_u . out_v, plus in_v . out_u if undirected
    H2V_SCORE_DOT,    ///< in_u . in_v
    H2V_SCORE_COSINE,
    H2V_SCORE_LOGISTIC, ///< logistic regression on in_u * in_v (Hadamard), fitted on
                        ///< training edges and as many uniform non-edges
    H2V_NUM_SCORERS
} h2v_scorer;

typedef enum h2v_negatives {
    H2V_NEGATIVES_UNIFORM,
    H2V_NEGATIVES_DEGREE,
    H2V_NUM_NEGATIVES
} h2v_negatives;

typedef struct h2v_links_params {
    const char *embedding;
    const char *split;  ///< the directory that h2v_evaluate_split() wrote
    bool allow_leak;    ///< score even if the embedding comes from another graph
    const char *scores; ///< NULL, or a file for every score and label (HDF5), so that
                        ///< others can recompute the metrics
    bool overwrite;     ///< replace the scores file
    uint64_t seed;      ///< of the classifier's sample
    int num_threads;
} h2v_links_params;

typedef struct h2v_links_result {
    int64_t num_positives;
    bool is_leaky; ///< digests differ, and allow_leak was given
    /// false where the embedding holds no contexts (in-out), or where the training graph
    /// has no edge or no non-edge to learn from (logistic)
    bool is_available[H2V_NUM_SCORERS];
    double roc_auc[H2V_NUM_SCORERS][H2V_NUM_NEGATIVES];
    double average_precision[H2V_NUM_SCORERS][H2V_NUM_NEGATIVES];
    double seconds;
} h2v_links_result;

/// Score held-out links. **Local** (one rank).
///
/// ROC-AUC and average precision as scikit-learn defines them, ties included. A row of
/// zeros has cosine 0 with every other.
///
/// @return H2V_OK; H2V_ERR_LEAK if the digests differ; H2V_ERR_DATA if the embedding has
///         other vertices than the split, or a row that is not finite; H2V_ERR_ARGUMENT;
///         H2V_ERR_IO; H2V_ERR_EXISTS; H2V_ERR_NOMEM
H2V_CHECKED h2v_status h2v_evaluate_links(const h2v_links_params *params,
                                          h2v_links_result *result);

/// Return "in-out", "dot", "cosine" or "logistic"; "uniform" or "degree". **Local.**
const char *h2v_scorer_name(h2v_scorer scorer);
const char *h2v_negatives_name(h2v_negatives negatives);
