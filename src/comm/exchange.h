/* SPDX-License-Identifier: MIT */

/* All-to-all of variable numbers of equal items: walkers, visits, rows, arcs. Counts travel
 * first, then each pair of ranks that has something to say exchanges one run of messages;
 * nothing is sent where nothing is to be said. Buffers are kept from call to call. */
#pragma once

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/world.h"

typedef struct h2vi_exchange {
    const h2v_world *world; /* kept */
    size_t item_bytes;
    const char *what; /* the items' name in "waited for <what> from rank 2"; may be set */
    int64_t *send_counts; /* the caller's part: items for each rank, shape [num_ranks] */
    void *into; /* NULL, or the caller's memory for what arrives, who knows how much: no
                   second copy is kept; may be set anew before each call */
    int64_t *recv_counts; /* items from each rank, shape [num_ranks] */
    int64_t num_received;
    int64_t num_moved;  /* items that all ranks sent in this call */
    void *received;     /* in rank order; valid until the next call; `into`, if set */
    bool is_ours;       /* whether received is not the caller's */
    int64_t capacity;   /* of received, in items, if it is ours */
    int64_t bytes_sent; /* to other ranks, since creation */
    int64_t bytes_received;
    double cpu_seconds;    /* of the process, when the last call began: work ended there */
    MPI_Request *requests; /* between begin and end; receives first, by rank */
    int64_t num_requests;
} h2vi_exchange;

/* Local: make an exchange of items of `item_bytes`. */
H2V_CHECKED h2v_status h2vi_exchange_init(const h2v_world *world, size_t item_bytes,
                                          h2vi_exchange *exchange);

/* Collective. Send `items`, grouped by destination in rank order, send_counts[r] for rank
 * r, and receive into `received`. `mine` is the status of the local work before: if it, or
 * the memory for what arrives, failed on any rank, all ranks return that failure. */
H2V_CHECKED h2v_status h2vi_exchange_run(h2vi_exchange *exchange, h2v_status mine,
                                         const void *items);

/* The same in two halves, so that messages travel while the ranks do something else, other
 * exchanges included. `items` must stay until the end; then `received` may be read. The end
 * of what was not begun, or failed to begin, does nothing. */
H2V_CHECKED h2v_status h2vi_exchange_begin(h2vi_exchange *exchange, h2v_status mine,
                                           const void *items);
void h2vi_exchange_end(h2vi_exchange *exchange);

/* Local, main thread, between begin and end: let messages move. Many implementations of MPI
 * move them only while it is called. Nothing begun: does nothing. */
void h2vi_exchange_poke(h2vi_exchange *exchange);

/* Release the buffers, once what was begun has ended; safe on a zeroed struct. */
void h2vi_exchange_clear(h2vi_exchange *exchange);
