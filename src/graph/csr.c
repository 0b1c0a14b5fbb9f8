/* SPDX-License-Identifier: MIT */

/* Compressed sparse rows: the checker and lookups. */
#include "csr.h"

#include "fail.h"

#include <math.h>
#include <stdlib.h>

void h2vi_csr_clear(h2vi_csr *csr)
{
    free(csr->offsets);
    free(csr->targets);
    free(csr->weights);
    *csr = (h2vi_csr){0};
}

int64_t h2vi_csr_lower_bound(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    int64_t low = csr->offsets[u], high = csr->offsets[u + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (csr->targets[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t find_arc(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    const int64_t e = h2vi_csr_lower_bound(csr, u, v);
    return e < csr->offsets[u + 1] && csr->targets[e] == v ? e : -1;
}

bool h2vi_csr_has_arc(const h2vi_csr *csr, uint32_t u, uint32_t v)
{
    return find_arc(csr, u, v) >= 0;
}

/* Row u on its own: targets in range and ascending, weights finite and > 0. */
static h2v_status check_row(const h2vi_csr *csr, uint32_t u)
{
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++) {
        if (csr->targets[e] >= csr->num_vertices)
            return h2v_fail(H2V_ERR_DATA, "Row %u has target %u; there are %lld vertices",
                            u, csr->targets[e], (long long)csr->num_vertices);
        if (e > csr->offsets[u] && csr->targets[e - 1] >= csr->targets[e])
            return h2v_fail(H2V_ERR_DATA, "Row %u is not strictly ascending at target %u",
                            u, csr->targets[e]);
        if (csr->weights && !(isfinite(csr->weights[e]) && csr->weights[e] > 0.0F))
            return h2v_fail(H2V_ERR_DATA, "Arc %u -> %u has weight %g; it must be > 0", u,
                            csr->targets[e], (double)csr->weights[e]);
    }
    return H2V_OK;
}

/* Every arc of row u has its reverse, with the same weight. */
static h2v_status check_reverse(const h2vi_csr *csr, uint32_t u)
{
    for (int64_t e = csr->offsets[u]; e < csr->offsets[u + 1]; e++) {
        const uint32_t v = csr->targets[e];
        const int64_t back = find_arc(csr, v, u);
        if (back < 0)
            return h2v_fail(H2V_ERR_DATA, "Undirected arc %u -> %u has no reverse", u, v);
        if (csr->weights && csr->weights[e] != csr->weights[back])
            return h2v_fail(H2V_ERR_DATA, "Arc %u -> %u and its reverse differ in weight",
                            u, v);
    }
    return H2V_OK;
}

static h2v_status check_offsets(const h2vi_csr *csr)
{
    if (csr->num_vertices < 0 || csr->num_vertices > H2V_MAX_VERTICES || csr->num_arcs < 0)
        return h2v_fail(H2V_ERR_DATA, "%lld vertices and %lld arcs cannot be",
                        (long long)csr->num_vertices, (long long)csr->num_arcs);
    if (csr->offsets[0] != 0 || csr->offsets[csr->num_vertices] != csr->num_arcs)
        return h2v_fail(H2V_ERR_DATA, "Offsets run from %lld to %lld, not from 0 to %lld",
                        (long long)csr->offsets[0],
                        (long long)csr->offsets[csr->num_vertices],
                        (long long)csr->num_arcs);
    for (int64_t u = 0; u < csr->num_vertices; u++)
        if (csr->offsets[u] > csr->offsets[u + 1])
            return h2v_fail(H2V_ERR_DATA, "Offsets descend at row %lld", (long long)u);
    return H2V_OK;
}

h2v_status h2vi_csr_check(const h2vi_csr *csr)
{
    h2v_status status = check_offsets(csr);
    for (int64_t u = 0; status == H2V_OK && u < csr->num_vertices; u++)
        status = check_row(csr, (uint32_t)u);
    for (int64_t u = 0; status == H2V_OK && !csr->directed && u < csr->num_vertices; u++)
        status = check_reverse(csr, (uint32_t)u);
    return status;
}

int64_t h2vi_csr_num_edges(const h2vi_csr *csr)
{
    if (csr->directed) return csr->num_arcs;
    int64_t num_loops = 0;
#pragma omp parallel for schedule(static) reduction(+ : num_loops)
    for (int64_t u = 0; u < csr->num_vertices; u++)
        num_loops += find_arc(csr, (uint32_t)u, (uint32_t)u) >= 0;
    return (csr->num_arcs + num_loops) / 2;
}
