/* SPDX-License-Identifier: MIT */

/* From walks to cells: every (center, context) pair within a window goes to the cell (part
 * of the center, block of the context), and there it lies in the order of the walks' starts
 * (slot, walk number; given walks: in the order of their file) and of the places in the
 * walk. A walk goes once, whole, to each rank that owns one of its centers, which finds its
 * own pairs in it. The half-width of each window is drawn from 1..window (Mikolov et al.
 * 2013, arXiv:1301.3781). */
#pragma once

#include <stdint.h>

#include "blocks.h"
#include "exchange.h"
#include "migrate.h"
#include "random_many.h"
#include "trace.h"
#include "walk_engine.h"

typedef struct h2vi_pair {
    uint32_t center; /* within its part */
    uint32_t row;    /* context row within its block */
} h2vi_pair;

/* Counts of blocks stand in rows of whole vectors of bytes. */
enum { H2VI_COUNT_LANES = 16 };
static inline int h2vi_count_width(int num_blocks)
{
    return (num_blocks + H2VI_COUNT_LANES - 1) / H2VI_COUNT_LANES * H2VI_COUNT_LANES;
}

typedef struct h2vi_router {
    const h2vi_moved *moved;   /* borrowed */
    const h2vi_blocks *blocks; /* borrowed */
    int window, walk_length;
    uint64_t seed;
    h2vi_random_many *random_many; /* of the best instruction set here */
    int first_part, num_local_parts;
    uint32_t *part_of;     /* local part of each owned vertex, shape [num_owned] */
    h2vi_exchange walks;   /* items of 1 + walk_length tokens: {gid, walk number}, tokens */
    h2vi_token *parcel;    /* walks to send */
    int64_t parcel_tokens; /* its capacity */
    int64_t *cursors;      /* pairs by thread and bin, shape [num_threads, num_bins] */
    int64_t num_bins;      /* num_local_parts * num_blocks */
    uint32_t *counts;      /* the same while they are counted, shape [num_threads,
                              num_local_parts, count_width] */
    int count_width;       /* num_blocks, rounded up */
    int64_t num_counts;    /* of a thread */
    uint16_t *reaches;     /* half-widths of windows, from the first pass to the second, by
                              walk and place; 0: the center is not of this rank */
    int64_t num_places;    /* its capacity */
    int64_t *bin_starts;   /* pairs of cell (local part, block), shape [num_bins + 1] */
    h2vi_pair *pairs;
    int64_t capacity, num_pairs;
    bool starts_are_places; /* starts are the two words of a walk's place in a file, not a
                               vertex and a walk number */
    int64_t total_pairs;    /* since creation */
    double seconds; /* thread CPU time of all threads since creation, without waiting */
    double serial_seconds; /* of these: of the main thread while the others had nothing */
    h2vi_trace *trace;     /* borrowed; NULL: none is kept */
} h2vi_router;

H2V_CHECKED h2v_status h2vi_router_init(const h2vi_moved *moved, const h2vi_blocks *blocks,
                                        int window, const h2vi_walk_params *walks,
                                        h2vi_router *router);
void h2vi_router_clear(h2vi_router *router);

/* Collective. Route the walks of `run`; bin_starts and pairs are valid until the next call.
 */
H2V_CHECKED h2v_status h2vi_route(h2vi_router *router, const h2vi_walk_run *run);

/* Bytes that the router holds now. */
int64_t h2vi_router_bytes(const h2vi_router *router);
