/* SPDX-License-Identifier: MIT */

/* From what a round needs (round_counts.h) to what ranks hold and send: arithmetic. */
#pragma once

#include "halo2vec/estimate.h"
#include "round_counts.h"
#include "walk_engine.h"

typedef struct h2vi_costing {
    const h2v_embed_params *measured; /* of the round that was counted: a group for each
                                         rank */
    const h2v_embed_params *params;   /* of the setting: these, or one group of as many
                                         parts */
    const h2vi_group_counts *counts;  /* shape [measured->groups] */
    int64_t num_vertices;
    int num_threads; /* of each rank */
} h2vi_costing;

/* Local. Fill `ranks`, shape [measured->groups], but for graph_bytes. */
void h2vi_cost_ranks(const h2vi_costing *costing, h2v_rank_report *ranks);

/* Local. Fill choice and because of an estimate of both settings, or of one for one rank.
 */
void h2vi_choose_setting(h2v_estimate *estimate);

/* Local. Why groups that were open became one without an estimate. */
void h2vi_say_why_one(int num_parts, int num_ranks, char because[H2V_REASON_BYTES]);
