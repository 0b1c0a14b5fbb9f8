/* SPDX-License-Identifier: MIT */

/* The order is fixed by counting: part p may do step s once it has done s - 1 and has got s
 * blocks beside its first. Blocks come to a part in the order of its steps, from part p +
 * 1, which is on this rank or the lowest part of the rank above; so an arrival needs no
 * name. On this rank a lock guards the counts, taken twice a cell; a cell takes
 * milliseconds.
 *
 * No deadlock between ranks: with P blocks and more than P buffers in all, some rank always
 * has a receive posted; on each rank the oldest waiting step of the lowest part depends
 * only on cells that come before it in (step, part). */
#include "rotate.h"

#include "alloc.h"
#include "fail.h"
#include "halo2vec/partition.h"
#include "tags.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct part_state {
    int next_step;  /* steps done */
    int num_blocks; /* blocks that came to it, its first included */
    int is_taken;   /* in the list of ready parts, or at work */
} part_state;

typedef struct h2vi_carousel {
    h2vi_rotation *rotation;
    h2vi_block_set *blocks;
    part_state *parts; /* shape [num_local_parts] */
    int *ready;        /* ring of parts that can go on, shape [num_local_parts] */
    int ready_first, num_ready;
    int num_done, num_cells;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int num_leaving; /* steps that the lowest part has done: its blocks leave in this order
                      */
    /* Only the main thread uses what follows. */
    int travels; /* whether blocks leave this rank at all */
    int above, below;
    MPI_Datatype row; /* one row is one element, so that counts of rows fit an int */
    int num_rows;
    int num_sent, num_received; /* blocks whose send, receive was posted */
    MPI_Request send, receive;
    float *sending, *receiving;
    int num_arrived;
} h2vi_carousel;

static int block_of(const h2vi_carousel *carousel, int part, int step)
{
    return (part + step) % carousel->rotation->num_parts;
}

/* Under the lock: list the part if it is free and its next block is there. */
static void offer_part(h2vi_carousel *carousel, int p)
{
    const h2vi_rotation *rotation = carousel->rotation;
    part_state *part = &carousel->parts[p];
    if (part->is_taken || part->next_step == rotation->num_parts ||
        part->next_step >= part->num_blocks)
        return;
    part->is_taken = 1;
    const int end = carousel->ready_first + carousel->num_ready++;
    carousel->ready[end % rotation->num_local_parts] = p;
}

/* Under the lock: the part that has been ready for longest; -1 if none is. */
static int take_part(h2vi_carousel *carousel)
{
    if (carousel->num_ready == 0) return -1;
    const int p = carousel->ready[carousel->ready_first];
    carousel->ready_first =
        (carousel->ready_first + 1) % carousel->rotation->num_local_parts;
    carousel->num_ready--;
    return p;
}

/* Under the lock: a block has come to the part. */
static void give_block(h2vi_carousel *carousel, int p)
{
    carousel->parts[p].num_blocks++;
    offer_part(carousel, p);
}

/* Under the lock: the cell is done; its block goes on to the part below. */
static void finish_cell(h2vi_carousel *carousel, int p)
{
    part_state *part = &carousel->parts[p];
    const int num_local = carousel->rotation->num_local_parts;
    part->is_taken = 0;
    part->next_step++;
    carousel->num_done++;
    offer_part(carousel, p);
    if (p > 0)
        give_block(carousel, p - 1);
    else if (carousel->travels)
        carousel->num_leaving++;
    else
        give_block(carousel, num_local - 1);
    pthread_cond_broadcast(&carousel->changed);
}

static void train_cell(h2vi_carousel *carousel, int p, int thread)
{
    const h2vi_rotation *rotation = carousel->rotation;
    const int part = rotation->first_part + p, step = carousel->parts[p].next_step;
    const int block = block_of(carousel, part, step);
    float *rows = carousel->blocks->rows[block];
    H2V_ASSERT(rows != NULL);
    pthread_mutex_unlock(&carousel->lock);
    rotation->task(rotation->context, thread, part, step, block, rows);
    pthread_mutex_lock(&carousel->lock);
    finish_cell(carousel, p);
}

/* A thread other than the main one: cells until all are done. */
static void work(h2vi_carousel *carousel, int thread)
{
    pthread_mutex_lock(&carousel->lock);
    while (carousel->num_done < carousel->num_cells) {
        const int p = take_part(carousel);
        if (p >= 0)
            train_cell(carousel, p, thread);
        else
            pthread_cond_wait(&carousel->changed, &carousel->lock);
    }
    pthread_mutex_unlock(&carousel->lock);
}

/* ---- blocks on the move: the main thread, under the lock
 * ------------------------------------ */

static float *take_spare(h2vi_block_set *blocks)
{
    for (int i = 0; i < blocks->num_places; i++) {
        if (!blocks->spare[i]) continue;
        float *buffer = blocks->spare[i];
        blocks->spare[i] = NULL;
        return buffer;
    }
    return NULL;
}

static void give_spare(h2vi_block_set *blocks, float *buffer)
{
    int place = 0;
    while (place < blocks->num_places && blocks->spare[place]) place++;
    H2V_ASSERT(place < blocks->num_places);
    blocks->spare[place] = buffer;
}

static void send_next(h2vi_carousel *carousel)
{
    h2vi_rotation *rotation = carousel->rotation;
    if (carousel->send != MPI_REQUEST_NULL || carousel->num_sent == carousel->num_leaving)
        return;
    const int block = block_of(carousel, rotation->first_part, carousel->num_sent);
    carousel->sending = carousel->blocks->rows[block];
    carousel->blocks->rows[block] = NULL;
    MPI_Isend(carousel->sending, carousel->num_rows, carousel->row, carousel->below,
              H2VI_TAG_BLOCK, rotation->world->comm, &carousel->send);
    carousel->num_sent++;
    rotation->bytes_sent +=
        carousel->num_rows * carousel->blocks->stride * (int64_t)sizeof(float);
}

static void receive_next(h2vi_carousel *carousel)
{
    h2vi_rotation *rotation = carousel->rotation;
    if (carousel->receive != MPI_REQUEST_NULL ||
        carousel->num_received == rotation->num_parts)
        return;
    carousel->receiving = take_spare(carousel->blocks);
    if (!carousel->receiving) return;
    MPI_Irecv(carousel->receiving, carousel->num_rows, carousel->row, carousel->above,
              H2VI_TAG_BLOCK, rotation->world->comm, &carousel->receive);
    carousel->num_received++;
    rotation->bytes_received +=
        carousel->num_rows * carousel->blocks->stride * (int64_t)sizeof(float);
}

/* The k-th arrival, from 0, is the block of the highest part's step k + 1. */
static void accept(h2vi_carousel *carousel)
{
    const h2vi_rotation *rotation = carousel->rotation;
    const int highest = rotation->num_local_parts - 1;
    carousel->num_arrived++;
    const int block =
        block_of(carousel, rotation->first_part + highest, carousel->num_arrived);
    carousel->blocks->rows[block] = carousel->receiving;
    carousel->receiving = NULL;
    give_block(carousel, highest);
    pthread_cond_broadcast(&carousel->changed);
}

/* Pass blocks on as far as they have come. */
static void pass_blocks(h2vi_carousel *carousel)
{
    int is_done = 0;
    if (!carousel->travels) return;
    if (carousel->send != MPI_REQUEST_NULL) {
        MPI_Test(&carousel->send, &is_done, MPI_STATUS_IGNORE);
        if (is_done) give_spare(carousel->blocks, carousel->sending);
    }
    if (carousel->receive != MPI_REQUEST_NULL) {
        MPI_Test(&carousel->receive, &is_done, MPI_STATUS_IGNORE);
        if (is_done) accept(carousel);
    }
    send_next(carousel);
    receive_next(carousel);
}

static int all_blocks_are_home(const h2vi_carousel *carousel)
{
    const int num_parts = carousel->rotation->num_parts;
    return !carousel->travels ||
           (carousel->num_sent == num_parts && carousel->num_arrived == num_parts &&
            carousel->send == MPI_REQUEST_NULL);
}

/* Wait a little for another thread, or, in vain, for a message. */
static void wait_briefly(h2vi_carousel *carousel)
{
    enum { NANOSECONDS = 50 * 1000 };
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += NANOSECONDS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&carousel->changed, &carousel->lock, &until);
}

/* Telling may take its time: the others go on. */
static void tell(h2vi_carousel *carousel)
{
    const double share = (double)carousel->num_done / carousel->num_cells;
    pthread_mutex_unlock(&carousel->lock);
    carousel->rotation->tick(carousel->rotation->context, share);
    pthread_mutex_lock(&carousel->lock);
}

static void lead(h2vi_carousel *carousel)
{
    const h2vi_rotation *rotation = carousel->rotation;
    pthread_mutex_lock(&carousel->lock);
    while (carousel->num_done < carousel->num_cells || !all_blocks_are_home(carousel)) {
        pass_blocks(carousel);
        const int p = take_part(carousel);
        if (p < 0) {
            wait_briefly(carousel);
            continue;
        }
        train_cell(carousel, p, 0);
        if (rotation->tick) tell(carousel);
    }
    pthread_mutex_unlock(&carousel->lock);
}

/* The rank that hosts a part, counted around the circle. */
static int host_of(const h2vi_rotation *rotation, int part)
{
    const int num_parts = rotation->num_parts, num_ranks = rotation->world->num_ranks;
    const int wanted = (part + num_parts) % num_parts;
    int rank = 0;
    while (h2v_partition_first_part(num_parts, num_ranks, rank + 1) <= wanted) rank++;
    return rank;
}

h2v_status h2vi_rotate(h2vi_rotation *rotation, h2vi_block_set *blocks)
{
    const int num_local = rotation->num_local_parts;
    h2vi_carousel carousel = {.rotation = rotation,
                              .blocks = blocks,
                              .num_cells = num_local * rotation->num_parts,
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER,
                              .travels = num_local < rotation->num_parts,
                              .row = MPI_DATATYPE_NULL,
                              .num_rows = (int)blocks->capacity,
                              .send = MPI_REQUEST_NULL,
                              .receive = MPI_REQUEST_NULL};
    carousel.parts = h2vi_alloc_n(num_local, sizeof *carousel.parts);
    carousel.ready = h2vi_alloc_n(num_local, sizeof *carousel.ready);
    const bool has_room = carousel.parts && carousel.ready;
    const h2v_status status = h2v_agree(
        rotation->world, has_room ? H2V_OK : h2vi_fail_memory("the order of cells"));
    if (status != H2V_OK || num_local == 0) goto cleanup;

    carousel.above = host_of(rotation, rotation->first_part + num_local);
    carousel.below = host_of(rotation, rotation->first_part - 1);
    MPI_Type_contiguous(blocks->stride, MPI_FLOAT, &carousel.row);
    MPI_Type_commit(&carousel.row);
    for (int p = 0; p < num_local; p++) give_block(&carousel, p); /* its own */
#pragma omp parallel num_threads(rotation->world->num_threads)
    {
        const int thread = omp_get_thread_num();
        if (thread == 0)
            lead(&carousel);
        else
            work(&carousel, thread);
    }
    MPI_Type_free(&carousel.row);

cleanup:
    free(carousel.parts);
    free(carousel.ready);
    return status;
}
