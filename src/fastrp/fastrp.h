/* SPDX-License-Identifier: MIT */

/* The rows of halo2vec/fastrp.h, on the ranks that own the vertices. In each power a rank
 * pulls the rows that its arcs lead to from their owners (ghosts.h), sums the rows of
 * vertices that need none of them meanwhile, and the others after. */
#pragma once

#include "graph_rows.h"
#include "halo2vec/fastrp.h"

typedef struct h2vi_fastrp_job {
    const h2v_graph *graph;
    const h2v_fastrp_params *params;
    int dim;
    int stride; /* of the result; a multiple of H2VI_ROW_LANES */
    uint64_t seed;
    const float *properties; /* NULL, or the projected properties of the owned vertices:
                                columns [dim - property_dim, dim) of N_0, shape
                                [num_owned, property_dim] */
    void (*after_power)(void *context, int num_done); /* NULL, or called by the main thread
                                                         after each power */
    void *context;
} h2vi_fastrp_job;

/* Columns of N_0 that properties fill. */
int h2vi_property_dim(const h2v_fastrp_params *params, int dim);

typedef struct h2vi_fastrp_counts {
    int64_t num_owned, num_arcs, num_ghosts, num_sent;
} h2vi_fastrp_counts;

typedef struct h2vi_fastrp_report {
    h2vi_fastrp_counts counts;
    double cpu_seconds; /* of threads inside projecting and multiplying */
    int64_t rows_sent, rows_received;
} h2vi_fastrp_report;

/* Collective. `result`: shape [num_owned, stride] in slot order, overwritten. Errors:
 * ERR_NOMEM; ERR_ARGUMENT if a number of it is not finite. */
H2V_CHECKED h2v_status h2vi_fastrp(const h2vi_fastrp_job *job, float *result,
                                   h2vi_fastrp_report *report);

/* Bytes that a rank holds meanwhile, apart from the graph: rows (the result and projected
 * properties included), and
 * what finds and moves ghosts. The result's stride is the least for the dim. */
int64_t h2vi_fastrp_row_bytes(const h2v_fastrp_params *params, int dim,
                              const h2vi_fastrp_counts *counts);
int64_t h2vi_fastrp_index_bytes(const h2vi_fastrp_counts *counts, int num_ranks);

/* How often rows travel: once a power; not N_0, which ghosts draw themselves, unless it
 * holds properties. */
int h2vi_fastrp_num_pulls(const h2v_fastrp_params *params);

/* Bytes that travel for `num_sent` rows: the rows in every pull, and what ghosts draw
 * theirs of N_0 from. What asks for them, 4 bytes each once, goes the other way. */
int64_t h2vi_fastrp_traffic(const h2v_fastrp_params *params, int dim, int64_t num_sent);
