/* SPDX-License-Identifier: MIT */

/* See degrees.h. */
#include "degrees.h"

#include "collect.h"
#include "exact_sum.h"
#include "power.h"

double h2vi_degree(const h2v_graph *graph, int64_t v)
{
    const int64_t begin = graph->offsets[v], end = graph->offsets[v + 1];
    if (!graph->weights) return (double)(end - begin);
    double degree = 0;
    for (int64_t i = begin; i < end; i++) degree += graph->weights[i];
    return degree;
}

double h2vi_total_degree(const h2v_graph *graph)
{
    if (graph->num_arcs == 0) return 1;
    if (!graph->weights) return (double)graph->num_arcs;
    double largest = 0;
#pragma omp parallel for num_threads(graph->world->num_threads) reduction(max : largest)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        const double degree = h2vi_degree(graph, v);
        if (degree > largest) largest = degree;
    }
    h2vi_max(graph->world, 1, &largest);

    const double scale = h2vi_exact_scale(largest);
    int64_t high = 0, low = 0;
#pragma omp parallel for num_threads(graph->world->num_threads) reduction(+ : high, low)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        h2vi_exact_sum sum = {0};
        h2vi_exact_add(&sum, scale, h2vi_degree(graph, v));
        high += sum.high;
        low += sum.low;
    }
    h2vi_exact_sum total = {high, low};
    h2vi_sum(graph->world, 2, &total.high);
    return h2vi_exact_value(&total, scale);
}

double h2vi_degree_factor(double degree, double total, double strength)
{
    return h2vi_power((degree > 0 ? degree : 1) / total, strength);
}
