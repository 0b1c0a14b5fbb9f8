/* SPDX-License-Identifier: MIT */

/* Damage an HDF5 file that we wrote, in one place. */
#pragma once

#include <stdint.h>

#include "halo2vec/status.h"

/* Local. Set element `index` of a dataset of integers or floats. */
H2V_CHECKED h2v_status patch_integer(const char *path, const char *dataset, int64_t index,
                                     int64_t value);
H2V_CHECKED h2v_status patch_float(const char *path, const char *dataset, int64_t index,
                                   float value);

/* Local. Write a list of integers again as 'u'nsigned, 'i'ntegers or 'f'loats, with zeros
 * at its end. */
H2V_CHECKED h2v_status patch_list(const char *path, const char *dataset, char kind,
                                  int num_zeros);

/* Local. Take a dataset out. */
H2V_CHECKED h2v_status patch_remove(const char *path, const char *dataset);
