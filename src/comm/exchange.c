/* SPDX-License-Identifier: MIT */

/* See exchange.h. A message carries at most 1 GiB, since MPI counts are int. */
#include "exchange.h"

#include "alloc.h"
#include "clock.h"
#include "fail.h"
#include "tags.h"
#include "wait.h"

#include <stdlib.h>
#include <string.h>

static const int64_t MESSAGE_BYTES = (int64_t)1 << 30;

h2v_status h2vi_exchange_init(const h2v_world *world, size_t item_bytes,
                              h2vi_exchange *exchange)
{
    const size_t num_ranks = (size_t)world->num_ranks;
    *exchange = (h2vi_exchange){.world = world, .item_bytes = item_bytes, .what = "items"};
    exchange->send_counts = h2vi_alloc(num_ranks, sizeof *exchange->send_counts);
    exchange->recv_counts = h2vi_alloc(num_ranks, sizeof *exchange->recv_counts);
    if (!exchange->send_counts || !exchange->recv_counts) {
        h2vi_exchange_clear(exchange);
        return h2vi_fail_memory("an exchange between ranks");
    }
    return H2V_OK;
}

static void forget_received(h2vi_exchange *exchange)
{
    if (exchange->is_ours) free(exchange->received);
    exchange->received = NULL;
    exchange->is_ours = false;
    exchange->capacity = 0;
}

void h2vi_exchange_clear(h2vi_exchange *exchange)
{
    h2vi_exchange_end(exchange);
    forget_received(exchange);
    free(exchange->send_counts);
    free(exchange->recv_counts);
    *exchange = (h2vi_exchange){0};
}

static h2v_status make_room(h2vi_exchange *exchange)
{
    if (exchange->into) {
        forget_received(exchange);
        exchange->received = exchange->into;
        return H2V_OK;
    }
    if (exchange->num_received <= exchange->capacity && exchange->received) return H2V_OK;
    forget_received(exchange);
    const int64_t capacity = exchange->num_received + exchange->num_received / 4;
    exchange->received = h2vi_alloc_raw_n(capacity, exchange->item_bytes);
    if (!exchange->received) return h2vi_fail_memory("items from other ranks");
    exchange->is_ours = true;
    exchange->capacity = capacity;
    return H2V_OK;
}

/* One rank's status and items moved, in one reduction. */
static h2v_status agree_and_count(h2vi_exchange *exchange, h2v_status mine)
{
    const h2v_world *world = exchange->world;
    int64_t totals[2] = {mine != H2V_OK, 0};
    for (int peer = 0; peer < world->num_ranks; peer++)
        totals[1] += exchange->send_counts[peer];
    h2vi_wait_begin("all ranks to agree");
    MPI_Allreduce(MPI_IN_PLACE, totals, 2, MPI_INT64_T, MPI_SUM, world->comm);
    h2vi_wait_end();
    exchange->num_moved = totals[1];
    return totals[0] == 0 ? H2V_OK : h2v_agree(world, mine);
}

static int64_t num_messages(int64_t num_bytes)
{
    return (num_bytes + MESSAGE_BYTES - 1) / MESSAGE_BYTES;
}

static int message_length(int64_t num_bytes, int64_t start)
{
    const int64_t rest = num_bytes - start;
    return (int)(rest < MESSAGE_BYTES ? rest : MESSAGE_BYTES);
}

static void post(h2vi_exchange *exchange, const char *items, MPI_Request *requests)
{
    const h2v_world *world = exchange->world;
    const int64_t item_bytes = (int64_t)exchange->item_bytes;
    char *received = exchange->received;
    for (int peer = 0; peer < world->num_ranks; peer++) {
        const int64_t incoming = exchange->recv_counts[peer] * item_bytes;
        if (peer != world->rank)
            for (int64_t at = 0; at < incoming; at += MESSAGE_BYTES)
                MPI_Irecv(received + at, message_length(incoming, at), MPI_BYTE, peer,
                          H2VI_TAG_EXCHANGE, world->comm, requests++);
        received += incoming;
    }
    received = exchange->received;
    for (int peer = 0; peer < world->rank; peer++)
        received += exchange->recv_counts[peer] * item_bytes;
    for (int peer = 0; peer < world->num_ranks; peer++) {
        const int64_t outgoing = exchange->send_counts[peer] * item_bytes;
        if (outgoing == 0) continue; /* then `items` may be NULL */
        if (peer == world->rank)
            memcpy(received, items, (size_t)outgoing);
        else
            for (int64_t at = 0; at < outgoing; at += MESSAGE_BYTES)
                MPI_Isend(items + at, message_length(outgoing, at), MPI_BYTE, peer,
                          H2VI_TAG_EXCHANGE, world->comm, requests++);
        items += outgoing;
    }
}

h2v_status h2vi_exchange_begin(h2vi_exchange *exchange, h2v_status mine, const void *items)
{
    const h2v_world *world = exchange->world;
    const int64_t item_bytes = (int64_t)exchange->item_bytes;
    exchange->cpu_seconds = h2vi_process_seconds();
    if (mine != H2V_OK)
        memset(exchange->send_counts, 0, (size_t)world->num_ranks * sizeof(int64_t));
    h2vi_wait_begin_from(exchange->what, H2VI_ALL_RANKS);
    MPI_Alltoall(exchange->send_counts, 1, MPI_INT64_T, exchange->recv_counts, 1,
                 MPI_INT64_T, world->comm);
    h2vi_wait_end();

    exchange->num_received = 0;
    exchange->num_requests = 0;
    for (int peer = 0; peer < world->num_ranks; peer++) {
        exchange->num_received += exchange->recv_counts[peer];
        if (peer == world->rank) continue;
        const int64_t incoming = exchange->recv_counts[peer] * item_bytes;
        const int64_t outgoing = exchange->send_counts[peer] * item_bytes;
        exchange->num_requests += num_messages(incoming) + num_messages(outgoing);
        exchange->bytes_received += incoming;
        exchange->bytes_sent += outgoing;
        world->traffic->bytes_received += incoming;
        world->traffic->bytes_sent += outgoing;
    }
    exchange->requests = h2vi_alloc_n(exchange->num_requests, sizeof *exchange->requests);
    if (mine == H2V_OK)
        mine = exchange->requests ? make_room(exchange) : h2vi_fail_memory("messages");
    const h2v_status status = agree_and_count(exchange, mine);
    if (status == H2V_OK && exchange->num_moved > 0) {
        post(exchange, items, exchange->requests);
    } else {
        free(exchange->requests);
        exchange->requests = NULL;
    }
    return status;
}

/* One message after the other, so that it is known whose is waited for; MPI moves all. */
static MPI_Request *wait_for(const h2vi_exchange *exchange, const int64_t *counts,
                             void (*begin)(const char *, int), MPI_Request *requests)
{
    for (int peer = 0; peer < exchange->world->num_ranks; peer++) {
        const int64_t num_bytes = counts[peer] * (int64_t)exchange->item_bytes;
        if (peer == exchange->world->rank) continue;
        for (int64_t i = num_messages(num_bytes); i > 0; i--) {
            begin(exchange->what, peer);
            MPI_Wait(requests++, MPI_STATUS_IGNORE);
            h2vi_wait_end();
        }
    }
    return requests;
}

void h2vi_exchange_end(h2vi_exchange *exchange)
{
    if (!exchange->requests) return;
    MPI_Request *sends =
        wait_for(exchange, exchange->recv_counts, h2vi_wait_begin_from, exchange->requests);
    (void)wait_for(exchange, exchange->send_counts, h2vi_wait_begin_to, sends);
    free(exchange->requests);
    exchange->requests = NULL;
}

void h2vi_exchange_poke(h2vi_exchange *exchange)
{
    int all_done = 0; /* then the end finds null requests; else they are as they were */
    if (exchange->requests)
        MPI_Testall((int)exchange->num_requests, exchange->requests, &all_done,
                    MPI_STATUSES_IGNORE);
}

h2v_status h2vi_exchange_run(h2vi_exchange *exchange, h2v_status mine, const void *items)
{
    const h2v_status status = h2vi_exchange_begin(exchange, mine, items);
    if (status == H2V_OK) h2vi_exchange_end(exchange);
    return status;
}
