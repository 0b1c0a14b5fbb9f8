/* SPDX-License-Identifier: MIT */

/* Walked transitions against the closed form of node2vec (Grover and Leskovec 2016): from
 * u, having come from t, to x with probability proportional to w(u, x) times 1/p if x = t,
 * 1 if x -> t is an arc, 1/q otherwise; the first step has no bias. p = q = 1 is DeepWalk,
 * and the test of t tells whether it forgets. For graphs of a few vertices. */
#pragma once

#include "csr.h"
#include "gathered_walks.h"

typedef struct transition_fit {
    int64_t num_transitions;
    int num_strange; /* seen, but impossible */
    int num_thin;    /* places (t, u) with too few visits for the test; 0 is right */
    int num_degrees; /* of freedom, over all places with a choice */
    double sigmas;   /* chi-square's distance from its mean, in deviations of a normal
                        variable (Wilson and Hilferty 1931): above 4.75 by chance once in
                        10^6 seeds, and below -4.75 as rarely */
} transition_fit;

transition_fit fit_transitions(const h2vi_csr *csr, double p, double q,
                               const gathered_walks *walks);
