/* SPDX-License-Identifier: MIT */

/* Weighted degrees, and what FastRP makes of them. Unweighted: every weight is 1. */
#pragma once

#include "graph_rows.h"

/* Local. Sum of the weights of an owned vertex's arcs, in their order. */
double h2vi_degree(const h2v_graph *graph, int64_t v);

/* Collective. The sum of the degrees of all vertices, 2m, in units of 2^-62 of the largest
 * (exact_sum.h); 1 for a graph without arcs. */
double h2vi_total_degree(const h2v_graph *graph);

/* Local. (degree / total)^strength; a degree of 0 counts as 1. */
double h2vi_degree_factor(double degree, double total, double strength);
