/* SPDX-License-Identifier: MIT */

/* An output of rank 0 that all ranks write to, or remove if the job is lost. */
#pragma once

#include "halo2vec/status.h"
#include "halo2vec/world.h"
#include "output.h"

/* Collective. Rank 0 has begun `output`; the others get its temporary's name. They guard
 * it, since rank 0 may be the one that is lost, and call h2vi_output_discard() once rank 0
 * has committed or discarded it. `output` is zeroed on the others, as on rank 0 if there is
 * nothing to share. Error: ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_share_output(const h2v_world *world, h2vi_output *output);
