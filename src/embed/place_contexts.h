/* SPDX-License-Identifier: MIT */

/* Context rows on their way from the owners of their vertices to the blocks that hold them,
 * if there is one group. */
#pragma once

#include "migrate.h"
#include "model.h"

/* Collective. Between rotations. `rows`: of the owned vertices in slot order, shape
 * [num_owned, model->stride]; those with is_placed, shape [num_owned], replace what the
 * blocks hold. Error: ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_place_contexts(const h2vi_moved *moved,
                                           const h2vi_blocks *blocks, const float *rows,
                                           const uint8_t *is_placed, h2vi_model *model);
