/* SPDX-License-Identifier: MIT */

/* The road from a graph file to its walks (halo2vec/walk.h). */
#pragma once

#include "halo2vec/walk.h"

/* Collective. h2v_walk(), which has at most `visits_at_once` visits of a rank's walks in
 * memory at a time, fewer if they are written as text of long ids, but a walk of each rank
 * at least. */
H2V_CHECKED h2v_status h2vi_write_walks(const h2v_world *world,
                                        const h2v_embed_params *params,
                                        const h2v_walk_files *files, int64_t visits_at_once,
                                        h2v_walk_summary *summary);
