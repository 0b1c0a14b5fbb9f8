/* SPDX-License-Identifier: MIT */

/* Which rows of other ranks the arcs of this rank lead to, and bringing them here: in each
 * power an owner sends a row once to every rank that needs it, and no other rows travel. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "exchange.h"
#include "graph_rows.h"

typedef struct h2vi_ghosts {
    const h2v_graph *graph; /* kept */
    int64_t num_ghosts;
    h2v_slot *slots;   /* of the ghosts, ascending, hence by owner; shape [num_ghosts] */
    uint32_t *sources; /* of every arc: its target as a local row, owned or num_owned + the
                          ghost's place; shape as graph->targets. Ours, unless nothing would
                          change: then graph->targets itself */
    int64_t num_sent;  /* rows that a pull sends */
    uint32_t *sent;    /* owned rows that other ranks need, by rank, ascending; shape
                          [num_sent] */
    int64_t *send_counts; /* of them by rank, shape [num_ranks] */
    int64_t num_moved;    /* rows that a pull sends on all ranks; 0: pulls are no calls */
} h2vi_ghosts;

/* Collective. ERR_NOMEM. Memory for a moment: 3 bytes for 16 vertices of the graph. */
H2V_CHECKED h2v_status h2vi_ghosts_create(const h2v_graph *graph, h2vi_ghosts *ghosts);
void h2vi_ghosts_clear(h2vi_ghosts *ghosts);

/* A pull under way. */
typedef struct h2vi_ghost_pull {
    h2vi_exchange exchange;
    void *packed; /* shape [num_sent] rows */
} h2vi_ghost_pull;

/* Local: make room for pulls of rows of `row_bytes`. */
H2V_CHECKED h2v_status h2vi_ghost_pull_init(const h2vi_ghosts *ghosts, size_t row_bytes,
                                            h2vi_ghost_pull *pull);
/* Collective. Begin to bring rows of the matrix `own`, shape [num_owned] rows, into
 * `received`, shape [num_ghosts] rows in the order of `slots`; neither may be touched
 * before the end, but read. */
H2V_CHECKED h2v_status h2vi_ghost_pull_begin(const h2vi_ghosts *ghosts, const void *own,
                                             h2vi_ghost_pull *pull, void *received);
/* Local, main thread: let messages move. */
void h2vi_ghost_pull_poke(h2vi_ghost_pull *pull);
/* Wait. Nothing was begun: does nothing. */
void h2vi_ghost_pull_end(h2vi_ghost_pull *pull);
void h2vi_ghost_pull_clear(h2vi_ghost_pull *pull);
