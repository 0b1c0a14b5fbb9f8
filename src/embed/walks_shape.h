/* SPDX-License-Identifier: MIT */

/* How a walks file is laid out: /walks and /offsets, and how they fit. */
#pragma once

#include <stdint.h>

#include "halo2vec/status.h"

/* Local. `file` is open, an hid_t of HDF5. Both are lists of unsigned integers (HDF5 would
 * clip others into such), and offsets lead from 0 to the number of visits; what is between
 * is not looked at. Errors: ERR_DATA; ERR_IO. */
H2V_CHECKED h2v_status h2vi_walks_shape(int64_t file, const char *path, int64_t *num_walks,
                                        int64_t *num_visits);
