/* SPDX-License-Identifier: MIT */

/// @file info.h
/// What is in a file of ours.
#pragma once

#include "halo2vec/status.h"

typedef enum h2v_info_depth {
    H2V_INFO_HEADER, ///< attributes and sizes: as fast as opening the file
    H2V_INFO_CHECK   ///< read everything, check invariants, recompute the digest
} h2v_info_depth;

/// Describe a graph, partition, walks, pairs or embedding file. **Local** (one rank).
///
/// @param json  out: a JSON object as text, keys in the words of the formats; to be
///              released with free(); NULL on failure
/// @return H2V_OK; H2V_ERR_IO if it cannot be opened; H2V_ERR_DATA if it is not a file of
///         ours or breaks an invariant; H2V_ERR_NOMEM
H2V_CHECKED h2v_status h2v_info(const char *path, h2v_info_depth depth, char **json);
