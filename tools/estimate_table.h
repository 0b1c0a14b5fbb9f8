/* SPDX-License-Identifier: MIT */

/* What embed --estimate prints. */
#pragma once

#include "halo2vec/estimate.h"

/* Lines for people, on stdout; whether it fits, if `memory` is above 0. */
void estimate_print(const h2v_estimate *estimate, const char *graph, int64_t memory);

/* One JSON object, on stdout; what ranks hold and send has the keys of embed's report.
 * Returns 0, or -1 if memory is out. */
int estimate_print_json(const h2v_estimate *estimate, const char *graph, int64_t memory);
