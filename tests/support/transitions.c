/* SPDX-License-Identifier: MIT */

/* Given how often a place (t, u) was left, where to is a multinomial draw with the closed
 * form's probabilities, and draws at different places are independent; so the chi-squares
 * of all places add up. */
#include "transitions.h"

#include <math.h>
#include <string.h>

enum { MAX_VERTICES = 8, NOWHERE = MAX_VERTICES };
static const double THIN = 5; /* expected counts below it are not chi-square */

typedef struct transition_counts {
    int64_t of[MAX_VERTICES + 1][MAX_VERTICES][MAX_VERTICES]; /* [t or NOWHERE][u][x] */
} transition_counts;

static void count_walk(const h2vi_token *walk, int length, transition_counts *counts)
{
    for (int i = 0; i + 1 < length && walk[i + 1].slot != H2V_NO_SLOT; i++)
        counts->of[i > 0 ? walk[i - 1].slot : NOWHERE][walk[i].slot][walk[i + 1].slot]++;
}

static double weight_of(const h2vi_csr *csr, double p, double q, uint32_t t, int64_t e)
{
    const double weight = csr->weights ? (double)csr->weights[e] : 1;
    const uint32_t x = csr->targets[e];
    if (t == NOWHERE) return weight;
    if (x == t) return weight / p;
    return h2vi_csr_has_arc(csr, x, t) ? weight : weight / q;
}

/* Add the chi-square of one place. */
static double fit_place(const h2vi_csr *csr, double p, double q, uint32_t t, uint32_t u,
                        const int64_t *counts, transition_fit *fit)
{
    double total = 0, chi_square = 0, least = INFINITY;
    int64_t num_here = 0, num_known = 0;
    for (int64_t x = 0; x < csr->num_vertices; x++) num_here += counts[x];
    if (num_here == 0) return 0;
    fit->num_transitions += num_here;
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++)
        total += weight_of(csr, p, q, t, e);
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++) {
        const double expected = (double)num_here * weight_of(csr, p, q, t, e) / total;
        const double difference = (double)counts[csr->targets[e]] - expected;
        chi_square += difference * difference / expected;
        num_known += counts[csr->targets[e]];
        least = expected < least ? expected : least;
    }
    fit->num_strange += num_known != num_here;
    fit->num_thin += least < THIN;
    fit->num_degrees += (int)(csr->offsets[u + 1] - csr->offsets[u]) - 1;
    return chi_square;
}

transition_fit fit_transitions(const h2vi_csr *csr, double p, double q,
                               const gathered_walks *walks)
{
    transition_counts counts;
    memset(&counts, 0, sizeof counts);
    for (int64_t walk = 0; walk < walks->num_walks; walk++)
        for (int64_t gid = 0; gid < walks->num_vertices; gid++)
            count_walk(gathered_walk(walks, walk, gid), walks->walk_length, &counts);

    transition_fit fit = {0};
    double chi_square = 0;
    for (uint32_t t = 0; t <= NOWHERE; t++)
        for (uint32_t u = 0; u < csr->num_vertices; u++)
            chi_square += fit_place(csr, p, q, t, u, counts.of[t][u], &fit);
    const double spread = 2.0 / (9.0 * fit.num_degrees);
    fit.sigmas = (cbrt(chi_square / fit.num_degrees) - (1 - spread)) / sqrt(spread);
    return fit;
}
