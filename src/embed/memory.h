/* SPDX-License-Identifier: MIT */

/* --memory: whether every rank would stay within it, by the costs that an estimate tells;
 * and if not, what would. Nothing here changes what is done. */
#pragma once

#include "costs.h"
#include "halo2vec/estimate.h"
#include "job.h"

/* Local. Of training: write into `refusal` why `memory` is too little, and the fewest
 * rounds that would do, or "". If the counts are a bound from below, `is_bound`. */
void h2vi_refuse_training(const h2vi_costing *costing, int64_t memory, bool is_bound,
                          char refusal[H2V_REFUSAL_BYTES]);

/* Collective. Of FastRP, with the fewest ranks that would do; the job is cut, or prepared,
 * and `ranks` are the costs on `num_ranks`. */
H2V_CHECKED h2v_status h2vi_refuse_fastrp(const h2vi_job *job, int64_t memory,
                                          int num_ranks, const h2v_rank_report *ranks,
                                          char refusal[H2V_REFUSAL_BYTES]);

/* Collective. Before the graph is cut, of what is known then: the least that a rank with an
 * equal share needs. ERR_ARGUMENT, on all ranks, if that is too much; not while groups are
 * open, nor of an estimate. */
H2V_CHECKED h2v_status h2vi_check_memory_early(const h2vi_job *job);

/* Collective. The same of a prepared job, rank by rank: one round is counted. Walks that
 * were given have been looked at early, and are not again. */
H2V_CHECKED h2v_status h2vi_check_memory(const h2vi_job *job);
