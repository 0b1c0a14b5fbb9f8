/* SPDX-License-Identifier: MIT */

/* How the changes g_1, g_2, ... that groups made to one context row become one change.
 *
 *     sum          g_1 + g_2 + ...
 *     average      sum / how many groups changed the row
 *     saturating   sum * (1 - e^(-a c)) / (sum over i of 1 - e^(-a c_i)), c = c_1 + c_2 +
 * ... c_i updates that group i made to the row, a how far one update takes a row towards
 * where it settles: few updates add up like a sum, many saturate like an average (ours)
 *     projection   TO BE CITED
 *     adasum       TO BE CITED
 *
 * Sums are integers of 2^-36, so their order cannot matter; a change that is not finite or
 * reaches 2^14 is refused: up to 2^12 groups then fit 63 bits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/embed.h"

typedef struct h2vi_change {
    const float *change; /* shape [dim] */
    float updates;       /* c_i */
    int group;
} h2vi_change;

typedef struct h2vi_combiner {
    h2v_combiner rule;
    int dim, num_groups;
    double curvature; /* a, of the saturating rule */
    void *scratch;    /* h2vi_combiner_scratch_bytes(), of one thread */
} h2vi_combiner;

int64_t h2vi_combiner_scratch_bytes(h2v_combiner rule, int dim, int num_groups);

/* Local. Add the combined change to `row`, shape [dim]. Changes are in ascending order of
 * their groups, at least one, at most one a group. False, and the row as it was, if a
 * change is out of range. */
bool h2vi_combine(const h2vi_combiner *combiner, int num_changes,
                  const h2vi_change *changes, float *row);

/* "saturating", ... */
const char *h2vi_combiner_name(h2v_combiner rule);
