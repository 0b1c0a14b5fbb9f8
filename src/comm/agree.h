/* SPDX-License-Identifier: MIT */

/* h2v_agree() for one more case. */
#pragma once

#include "halo2vec/status.h"
#include "halo2vec/world.h"

/* Collective. Agree after rank 0 has done alone, for all, what may take hours. The others
 * wait without a limit; `what` is what for, as in wait.h. Rank 0 waits for them as ever. */
H2V_CHECKED h2v_status h2vi_agree_patiently(const h2v_world *world, h2v_status mine,
                                            const char *what);
