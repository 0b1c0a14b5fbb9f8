/* SPDX-License-Identifier: MIT */

/* A sweep writes rows only where there were none, and reads only those that there were; so
 * it needs no second copy of them. */
#include "spread_rows.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "ghosts.h"
#include "halo2vec/types.h"

#include <stdlib.h>

enum { MAX_SWEEPS = 64, MAX_STRIDE = H2V_MAX_DIM };

/* What is needed beside the rows. */
typedef struct sweeper {
    const h2vi_spread *spread;
    h2vi_ghosts ghosts;
    h2vi_ghost_pull flag_pull, row_pull;
    uint8_t *ghost_is_known; /* shape [num_ghosts] */
    float *ghost_rows;       /* shape [num_ghosts, stride] */
    uint8_t *is_next;        /* whether a row is due in this sweep, shape [num_owned] */
} sweeper;

/* Local. */
static h2v_status make_room(sweeper *this)
{
    const h2vi_spread *spread = this->spread;
    const int64_t num_ghosts = this->ghosts.num_ghosts;
    const size_t row_bytes = (size_t)spread->stride * sizeof(float);
    this->ghost_is_known = h2vi_alloc_n(num_ghosts, sizeof *this->ghost_is_known);
    this->ghost_rows = h2vi_alloc_n(num_ghosts, row_bytes);
    this->is_next = h2vi_alloc_n(spread->graph->num_owned, sizeof *this->is_next);
    if (!this->ghost_is_known || !this->ghost_rows || !this->is_next)
        return h2vi_fail_memory("rows of neighbors");
    const h2v_status status =
        h2vi_ghost_pull_init(&this->ghosts, sizeof(uint8_t), &this->flag_pull);
    return status == H2V_OK
               ? h2vi_ghost_pull_init(&this->ghosts, row_bytes, &this->row_pull)
               : status;
}

static void clear(sweeper *this)
{
    h2vi_ghost_pull_clear(&this->flag_pull);
    h2vi_ghost_pull_clear(&this->row_pull);
    h2vi_ghosts_clear(&this->ghosts);
    free(this->ghost_is_known);
    free(this->ghost_rows);
    free(this->is_next);
}

/* Collective. */
static h2v_status pull(const sweeper *this, const void *own, h2vi_ghost_pull *pull,
                       void *received)
{
    const h2v_status status = h2vi_ghost_pull_begin(&this->ghosts, own, pull, received);
    if (status == H2V_OK) h2vi_ghost_pull_end(pull);
    return status;
}

static bool is_known(const sweeper *this, int64_t source)
{
    const int64_t num_owned = this->spread->graph->num_owned;
    return source < num_owned ? this->spread->is_known[source]
                              : this->ghost_is_known[source - num_owned];
}

/* Collective. Which vertices are due in this sweep; how many, on all ranks. */
static int64_t find_next(sweeper *this)
{
    const h2v_graph *graph = this->spread->graph;
    int64_t count = 0;
#pragma omp parallel for schedule(dynamic, 256) num_threads(graph->world->num_threads)     \
    reduction(+ : count)
    for (int64_t v = 0; v < graph->num_owned; v++) {
        bool is_next = false;
        if (!this->spread->is_known[v])
            for (int64_t a = graph->offsets[v]; a < graph->offsets[v + 1] && !is_next; a++)
                is_next = is_known(this, this->ghosts.sources[a]);
        this->is_next[v] = is_next;
        count += is_next;
    }
    h2vi_sum(graph->world, 1, &count);
    return count;
}

/* The mean of what the neighbors of `v` have in a matrix. */
static void fill_row(const sweeper *this, int64_t v, float *matrix)
{
    double sums[MAX_STRIDE], total = 0;
    const h2v_graph *graph = this->spread->graph;
    const int stride = this->spread->stride;
    for (int c = 0; c < stride; c++) sums[c] = 0;
    for (int64_t a = graph->offsets[v]; a < graph->offsets[v + 1]; a++) {
        const int64_t source = this->ghosts.sources[a];
        if (!is_known(this, source)) continue;
        const float *row = source < graph->num_owned
                               ? matrix + source * stride
                               : this->ghost_rows + (source - graph->num_owned) * stride;
        const double weight = graph->weights ? (double)graph->weights[a] : 1;
        for (int c = 0; c < stride; c++) sums[c] += weight * (double)row[c];
        total += weight;
    }
    for (int c = 0; c < stride; c++) matrix[v * stride + c] = (float)(sums[c] / total);
}

/* Collective. */
static h2v_status fill(sweeper *this, float *matrix)
{
    const h2v_graph *graph = this->spread->graph;
    const h2v_status status = pull(this, matrix, &this->row_pull, this->ghost_rows);
    if (status != H2V_OK) return status;
#pragma omp parallel for schedule(dynamic, 256) num_threads(graph->world->num_threads)
    for (int64_t v = 0; v < graph->num_owned; v++)
        if (this->is_next[v]) fill_row(this, v, matrix);
    return H2V_OK;
}

/* Collective. */
static h2v_status sweep_all(sweeper *this)
{
    const h2vi_spread *spread = this->spread;
    for (int i = 0; i < MAX_SWEEPS; i++) {
        h2v_status status =
            pull(this, spread->is_known, &this->flag_pull, this->ghost_is_known);
        if (status != H2V_OK) return status;
        if (find_next(this) == 0) return H2V_OK;
        for (int m = 0; status == H2V_OK && m < spread->num_matrices; m++)
            status = fill(this, spread->matrices[m]);
        if (status != H2V_OK) return status;
        for (int64_t v = 0; v < spread->graph->num_owned; v++)
            spread->is_known[v] |= this->is_next[v];
    }
    return H2V_OK;
}

h2v_status h2vi_spread_rows(const h2vi_spread *spread)
{
    const h2v_graph *graph = spread->graph;
    H2V_ASSERT(spread->stride <= MAX_STRIDE);
    int64_t num_unknown = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) num_unknown += !spread->is_known[v];
    h2vi_sum(graph->world, 1, &num_unknown);
    if (num_unknown == 0) return H2V_OK;

    sweeper this = {.spread = spread};
    h2v_status status = h2vi_ghosts_create(graph, &this.ghosts);
    if (status == H2V_OK) status = h2v_agree(graph->world, make_room(&this));
    if (status == H2V_OK) status = sweep_all(&this);
    clear(&this);
    return status;
}
