/* SPDX-License-Identifier: MIT */

/* Putting ids in order: numbers by value, strings by their bytes. */
#pragma once

#include <stdint.h>

#include "halo2vec/status.h"
#include "ids.h"

/* Sort distinct ids. *new_places (to be released with free()) says where each went, shape
 * [num_ids]. Unchanged on failure. */
H2V_CHECKED h2v_status h2vi_ids_sort(h2vi_ids *ids, uint32_t **new_places);
