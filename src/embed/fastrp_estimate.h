/* SPDX-License-Identifier: MIT */

/* What FastRP costs a rank: from counts to bytes, and the counts of ranks that do not run.
 */
#pragma once

#include "fastrp.h"
#include "halo2vec/estimate.h"
#include "job.h"

/* Local. Of a rank with these counts: what it owns and holds. */
void h2vi_cost_fastrp(const h2v_graph *graph, const h2v_embed_params *params, int num_ranks,
                      const h2vi_fastrp_counts *counts, h2v_rank_report *rank);

/* Collective. `job` is cut (job.h), or prepared. What each of `num_ranks` ranks would have
 * of its graph, and what it would cost; shape [num_ranks], to be freed. */
H2V_CHECKED h2v_status h2vi_count_fastrp(const h2vi_job *job, int num_ranks,
                                         h2vi_fastrp_counts **counts);
H2V_CHECKED h2v_status h2vi_cost_fastrp_ranks(const h2vi_job *job, int num_ranks,
                                              h2v_rank_report **ranks);

/* Collective. `job` is cut. Release with h2v_estimate_clear(). */
H2V_CHECKED h2v_status h2vi_fastrp_estimate(const h2vi_job *job, h2v_estimate *estimate);
