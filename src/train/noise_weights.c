/* SPDX-License-Identifier: MIT */

/* Degree where it is enough, trial walks where it is not (noise_weights.h). Strengths are
 * added over vertices as integers in a power-of-two unit that fits them all, so the sum
 * does not depend on who owns what. */
#include "noise_weights.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "plan.h"

#include <math.h>
#include <stdlib.h>

enum { UNITS = 16, SUM_BITS = 62 };

/* Sum of a row's weights, in the row's order; the degree if unweighted. */
static double strength_of(const h2v_graph *graph, int64_t v)
{
    const int64_t begin = graph->offsets[v], end = graph->offsets[v + 1];
    if (!graph->weights) return (double)(end - begin);
    double sum = 0;
    for (int64_t e = begin; e < end; e++) sum += (double)graph->weights[e];
    return sum;
}

/* Collective. The strengths' sum over all vertices, and how many have any. */
static double sum_strengths(const h2v_graph *graph, const double *strengths,
                            double *num_connected)
{
    double largest = 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        if (strengths[v] > largest) largest = strengths[v];
    h2vi_max(graph->world, 1, &largest);

    int exponent = 0;
    (void)frexp(largest * (double)graph->num_vertices, &exponent);
    const int shift = SUM_BITS - exponent; /* all of them sum to less than 2^62 units */
    int64_t sums[2] = {0, 0};
    for (int64_t v = 0; v < graph->num_owned; v++) {
        sums[0] += (int64_t)ldexp(strengths[v], shift);
        sums[1] += strengths[v] > 0;
    }
    h2vi_sum(graph->world, 2, sums);
    *num_connected = (double)sums[1];
    return ldexp((double)sums[0], -shift);
}

/* Whether `visits` of `num_walks` walks from every vertex could be chance around
 * `expected`. A walk returns to where it was, so visits vary more than independent ones:
 * six deviations. */
static bool is_plausible(double visits, double expected, double num_walks)
{
    const double mean = expected * num_walks;
    return fabs(visits - mean) <= 6 * sqrt(mean) + 4;
}

h2v_status h2vi_noise_weights(const h2v_graph *graph, const h2v_embed_params *params,
                              const int64_t *visits, int64_t *weights)
{
    double *strengths = h2vi_alloc_n(graph->num_owned, sizeof *strengths);
    const h2v_status status =
        h2v_agree(graph->world, strengths ? H2V_OK : h2vi_fail_memory("degrees"));
    if (status != H2V_OK) goto cleanup;

    for (int64_t v = 0; v < graph->num_owned; v++) strengths[v] = strength_of(graph, v);
    double num_connected = 0;
    const double total = sum_strengths(graph, strengths, &num_connected);
    for (int64_t v = 0; v < graph->num_owned; v++) {
        /* The start, then each further vertex of every connected vertex's walk. */
        const double expected =
            1 + (params->walk_length - 1) * num_connected * (strengths[v] / total);
        const double measured = (double)visits[v] / H2VI_TRIAL_WALKS;
        const bool by_degree =
            !graph->directed && is_plausible((double)visits[v], expected, H2VI_TRIAL_WALKS);
        const double units = UNITS * (by_degree ? expected : measured);
        weights[v] = units > 1 ? llround(units) : 1;
    }

cleanup:
    free(strengths);
    return status;
}
