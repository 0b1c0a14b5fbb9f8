/* SPDX-License-Identifier: MIT */

/* From what a round needs (round_counts.h) to what ranks hold and send: arithmetic. */
#pragma once

#include "fastrp.h"
#include "halo2vec/estimate.h"
#include "peaks.h"
#include "round_counts.h"
#include "walk_engine.h"

typedef struct h2vi_costing {
    const h2v_embed_params *measured; /* of the round that was counted */
    const h2v_embed_params *params;   /* of the setting: these, or one group of as many
                                         parts */
    const h2vi_rank_counts *counts;   /* shape [shape.num_ranks] */
    bool are_alike;                   /* counts[0] is of every rank */
    const h2vi_fastrp_counts *start;  /* NULL, or of rows that training starts from, shape
                                         [shape.num_ranks] */
    int64_t given_bytes;              /* of walks that were given */
    h2vi_graph_shape shape;
    int num_threads; /* of each rank */
} h2vi_costing;

/* Local. The costs of one rank, but for graph_bytes; peak_bytes is the most that we
 * allocate at any time. */
h2v_rank_report h2vi_cost_rank(const h2vi_costing *costing, int rank);

/* Local. Fill `ranks`, shape [shape.num_ranks], but for graph_bytes. */
void h2vi_cost_ranks(const h2vi_costing *costing, h2v_rank_report *ranks);

/* Local. The largest peak_bytes, and the first rank that has them. */
int64_t h2vi_largest_peak(const h2vi_costing *costing, int *rank);

/* Local. Fill choice and because of an estimate of both settings, or of one for one rank.
 */
void h2vi_choose_setting(h2v_estimate *estimate);

/* Local. Why groups that were open became one without an estimate. */
void h2vi_say_why_one(int num_parts, int num_ranks, char because[H2V_REASON_BYTES]);
