/* SPDX-License-Identifier: MIT */

/* How the changes g_1, g_2, ... that groups made to one context row become one change u.
 *
 *     sum          g_1 + g_2 + ...
 *     average      sum / how many groups changed the row
 *     saturating   sum * (1 - e^(-a c)) / (sum over i of 1 - e^(-a c_i)), where group i
 *                  made c_i updates, c is the sum of the c_i, and a is how far one
 *                  update takes a row towards where it settles: few updates add up
 *                  like a sum, many saturate like an average (ours)
 *     projection   u = g_1, then u <- u + g - (u.g / |g|^2) g for each further g: what
 *                  u had along g is replaced by g, what stands across it is kept. Zero
 *                  norm: u stays. After the gradient combiner of GraphAny2Vec (Gill,
 *                  Dathathri, Maleki, Musuvathi, Mytkowicz and Saarikivi, IPDPS 2021,
 *                  doi:10.48550/arXiv.1909.03359). Where two groups share a direction,
 *                  the later one decides; with u and g exchanged in the fraction it
 *                  would be the earlier one. Orthogonal changes add up either way
 *     adasum       (1 - a.b / 2|a|^2) a + (1 - a.b / 2|b|^2) b for two halves a, b of
 *                  the group numbers [0, 2^k), 2^k the first power not below the
 *                  number of groups, and so on inside the halves; a group that did not
 *                  change the row is zero, the factor of a zero vector 1 (Maleki,
 *                  Musuvathi, Mytkowicz, Saarikivi et al. 2020,
 *                  doi:10.48550/arXiv.2006.02924)
 *
 * One change alone is u as it stands. The sum of several (in sum, average, saturating) is
 * made of integers of 2^-36, rounded to nearest, so its order cannot matter; a change that
 * is not finite or reaches 2^14 is refused, by every rule: up to 2^12 groups then fit 63
 * bits. All else is done in double, in the order of groups and columns; row + u is rounded
 * to float once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/embed.h"

typedef struct h2vi_change {
    const float *change; /* shape [dim] */
    float updates;       /* c_i, finite and not negative */
    int group;
} h2vi_change;

typedef struct h2vi_combiner {
    h2v_combiner rule;
    int dim, num_groups;
    double curvature; /* a, finite and not negative; 0 where the rule does not need it */
    void *scratch;    /* h2vi_combiner_scratch_bytes(), of one thread, 8-byte aligned */
} h2vi_combiner;

int64_t h2vi_combiner_scratch_bytes(h2v_combiner rule, int dim, int num_groups);

/* Local. Add the combined change to `row`, shape [dim]. Changes are in ascending order of
 * their groups, at least one, at most one a group. False, and the row as it was, if a
 * change, its updates or the curvature is out of range. */
bool h2vi_combine(const h2vi_combiner *combiner, int num_changes,
                  const h2vi_change *changes, float *row);

/* "saturating", ... */
const char *h2vi_combiner_name(h2v_combiner rule);

/* Local. 1 - e^(-x) of x >= 0, in + and x alone, so the same bits everywhere; relative
 * error below 1e-15, also where x is tiny. */
double h2vi_one_minus_exp(double x);
