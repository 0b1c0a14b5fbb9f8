/* SPDX-License-Identifier: MIT */

/* Estimates of a job that is under way: embedding that is to choose its groups. */
#pragma once

#include "halo2vec/estimate.h"
#include "job.h"

/* Collective. `job` is prepared and open, or has one group. Release with
 * h2v_estimate_clear(). */
H2V_CHECKED h2v_status h2vi_job_estimate(const h2vi_job *job, h2v_estimate *estimate);
