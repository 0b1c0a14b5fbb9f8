/* SPDX-License-Identifier: MIT */

/// @file fastrp.h
/// FastRP: embeddings by very sparse random projection of powers of the transition matrix
/// (Chen, Sultan, Tian, Chen and Skiena, CIKM 2019, doi:10.1145/3357384.3357879).
///
/// With S the (weighted) adjacency, d its row sums, D = diag(d), A = D^-1 S, 2m = sum d:
///
///     R    random, n x dim: +-sqrt(s), each with probability 1 / 2s, else 0 (Li, Hastie
///          and Church, KDD 2006, doi:10.1145/1150402.1150436); a row is a function of the
///          seed and the vertex's place in the graph file
///     N_0  = L R,  L = diag((d / 2m)^beta), d = 1 where it is 0
///     N_i  = A N_{i-1}; zero where d = 0
///     out  = alpha_0 N_0 + sum_i alpha_i N_i
///
/// with rows brought to unit length as h2v_unit_rows says; a row of zeros stays. So the row
/// of a vertex without arcs is alpha_0 times its row of N_0: zeros by default.
///
/// With properties (Neo4j GDS's extension) the last property_dim = floor(dim x
/// property_ratio) columns of N_0 are sum_k p_k V_k instead, p the vertex's properties and
/// V_k a random row as of R but with entries +-sqrt(s / property_dim), and the columns
/// before are d^beta times entries +-sqrt(s / (dim - property_dim)): as in GDS.
///
/// The rows' bits depend on the graph, these parameters, the dim, the seed and the
/// properties: not on parts, ranks, threads or instruction sets.
#pragma once

#include <stdbool.h>

enum { H2V_MAX_POWERS = 64 };

/// Where rows are brought to length 1.
typedef enum h2v_unit_rows {
    H2V_UNIT_ROWS_NONE,    ///< nowhere: the paper's formula
    H2V_UNIT_ROWS_ADDED,   ///< where they are added up (the authors' evaluation)
    H2V_UNIT_ROWS_ITERATED ///< before they are added up and multiplied on (Neo4j GDS)
} h2v_unit_rows;

/// What the rows of a power are kept in; sums are f32.
typedef enum h2v_row_type {
    H2V_ROWS_F32,
    H2V_ROWS_BF16 ///< rounded to the nearest, ties to even: half the memory and traffic
} h2v_row_type;

typedef struct h2v_fastrp_params {
    int num_weights;                ///< powers; 1 .. H2V_MAX_POWERS
    double weights[H2V_MAX_POWERS]; ///< alpha_1, alpha_2, ... (GDS iterationWeights)
    double normalization_strength;  ///< beta (GDS normalizationStrength)
    double node_self_influence;     ///< alpha_0 (GDS nodeSelfInfluence)
    double sparsity;                ///< s >= 1; 0: the square root of n
    h2v_unit_rows unit_rows;
    h2v_row_type row_type;
    double property_ratio; ///< 0..1; > 0 needs properties
    bool standardize;      ///< columns to mean 0, deviation 1, as the last step; of the
                           ///< method only
} h2v_fastrp_params;

/// Weights 0, 0, 1, 1, 1, 1, strength 0, ITERATED, sparsity 3, f32: by measurement
/// (src/fastrp/params.c).
h2v_fastrp_params h2v_fastrp_params_default(void);
