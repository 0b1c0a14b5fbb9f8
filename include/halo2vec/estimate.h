/* SPDX-License-Identifier: MIT */

/// @file estimate.h
/// What embedding would cost on a number of ranks before it is done, and no file written.
/// Of training, in one group and in a group for each rank: the graph is cut, one round is
/// walked, and what it needs is counted. Of FastRP: the graph is dealt out to the ranks,
/// and the rows that they would need of each other are counted.
#pragma once

#include <stdint.h>

#include "halo2vec/embed.h"

typedef enum h2v_setting {
    H2V_SETTING_ROTATION, ///< one group: context rows are where they are trained, in blocks
                          ///< that go round all ranks
    H2V_SETTING_GROUPS,   ///< a group for each rank, with its own copy of what it needs
    H2V_NUM_SETTINGS
} h2v_setting;

/// What a setting would cost. `ranks` is a report of a run that did not take place.
///
/// FastRP has the first setting alone: of the whole run, bytes and rows sent and received
/// in the phase multiply, num_owned, num_arcs, num_ghosts, row_bytes, graph_bytes,
/// index_bytes, all as a run would report them. Properties are not read, and not counted,
/// but for what they take as rows.
///
/// Of training: of one epoch, bytes and rows sent and received in the phases walk, route,
/// pull, train and push; of the whole, num_owned, num_arcs, row_bytes, graph_bytes,
/// round_bytes; and num_pairs of one epoch.
///
/// Of both, peak_bytes: the most that we allocate on the rank at any time, be it while the
/// graph is cut on rank 0, while vertices move, in training, or while rows are written;
/// large arrays are rounded up to huge pages. Not in it is what libraries take: MPI and
/// HDF5 (some 30 to 60 MiB), METIS on rank 0 (seen: 20 to 50 bytes an arc, before
/// training). All else is 0.
///
/// Counts are exact for the first round; others are taken to be like it, and an epoch's
/// walks to be like this round's. They hold if every row that a group needs changes, as
/// nearly all do. Second-order walks (node2vec) also travel to ask about arcs, which is not
/// counted. Bytes of memory leave room for growth as training does, but training needs a
/// little more or less as rounds differ. (BlogCatalog on 3 ranks, one epoch: bytes of rows
/// and walks within 3 %, memory within 6 %.) What makes the rows that training starts from
/// is not counted, but by h2v_embed() with files.memory: before the first round FastRP
/// holds twice the rows of the owned vertices, those of ghosts and those that are ghosts
/// elsewhere, and its index beside the model. Nowhere is an embedding file to start from,
/// of which rank 0 holds ids, nor a trace.
typedef struct h2v_setting_estimate {
    h2v_embed_params params; ///< in effect
    int rounds_needed;       ///< what quality asks for; params.rounds should not be below;
                             ///< of FastRP 0
    h2v_rank_report *ranks;  ///< shape [num_ranks], on every rank
    char
        why_parts[H2V_REASON_BYTES]; ///< of training: the numbers that parts are chosen by,
    char why_rounds[H2V_REASON_BYTES]; ///< and rounds, as they came out, with the limits
    char refusal[H2V_REFUSAL_BYTES];   ///< "", or why the memory is too little, and what
                                       ///< would do
} h2v_setting_estimate;

typedef struct h2v_estimate {
    int num_ranks;
    int num_threads; ///< of each, as now
    int64_t num_vertices, num_arcs;
    h2v_partition_quality partition; ///< of the parts that both settings have
    h2v_setting_estimate settings[H2V_NUM_SETTINGS]; ///< of one rank, or of FastRP: the
                                                     ///< first alone
    h2v_setting choice;                              ///< what groups = 0 takes
    char because[H2V_REASON_BYTES];
} h2v_estimate;

/// Estimate. **Collective on @p world**, which need not have as many ranks: the numbers do
/// not depend on it.
///
/// Takes the memory and time of embedding up to the first round's pairs; rows are not made.
/// Parts that are left open become about as many as one group would have, a multiple of
/// num_ranks; params->groups is not looked at. Of FastRP: the graph, up to 8 bytes for
/// every vertex of it and 12 for each owned one; num_ranks exchanges.
///
/// @param graph      a graph file
/// @param partition  NULL, or a partition file
/// @param num_ranks  1 .. H2V_MAX_PARTS
/// @param memory     0, or bytes that a rank has: refusals are for these
/// @param estimate   out: to be released with h2v_estimate_clear()
/// @return H2V_OK, or on every rank the same error: as h2v_embed(); H2V_ERR_ARGUMENT also
///         if parts do not make a group for each rank
H2V_CHECKED h2v_status h2v_embed_estimate(const h2v_world *world,
                                          const h2v_embed_params *params, const char *graph,
                                          const char *partition, int num_ranks,
                                          int64_t memory, h2v_estimate *estimate);

/// Bytes that all ranks together send for rows in one epoch: phases pull, train and push.
/// **Local.**
int64_t h2v_estimate_row_traffic(const h2v_estimate *estimate, h2v_setting setting);

/// Release what is inside. **Local.** Safe on a zeroed struct.
void h2v_estimate_clear(h2v_estimate *estimate);
