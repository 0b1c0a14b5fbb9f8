/* SPDX-License-Identifier: MIT */

/* The parts of a group stand in a ring, and blocks pass down it. The run of this rank's
 * parts within one group is a segment of that ring; a group may be one segment, whole on
 * this rank, or several. Only the first and the last segment of a rank can have blocks that
 * leave it.
 *
 * Which cells may run is a matter of counting (carousel.c); here blocks move.
 *
 * No deadlock: a segment that travels has a buffer for each of its parts and NUM_SPARE
 * more, which no other segment may take; so rings do not wait for each other. A block is at
 * home for good, or before a part that can train it (the part waits for none but this one),
 * or waits to leave its segment. If nothing moves in a ring, there are only blocks of the
 * first and the last kind. There are more buffers than blocks, so some segment has a free
 * one, and then the one above it has no block that waits: the free buffer has a receive
 * posted, or all blocks have come. Blocks that are home for good are at most as many as
 * parts, so the one above has a free buffer as well; and so on round the ring: no block
 * waits, all are at home. One spare buffer would do; the second lets a block come while one
 * leaves. Two segments of a rank have no peer in common: those of the first are below this
 * rank, those of the last above it. */
#include "rotate.h"

#include "alloc.h"
#include "block_wire.h"
#include "carousel.h"
#include "clock.h"
#include "fail.h"
#include "groups.h"
#include "halo2vec/partition.h"
#include "tags.h"
#include "wait.h"

#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { NUM_SPARE = 2 };

static void train_cell(h2vi_carousel *carousel, int p, int thread)
{
    const h2vi_rotation *rotation = carousel->rotation;
    const int part = rotation->first_part + p, step = carousel->parts[p].next_step;
    const int home = h2vi_home_of(carousel, part, step);
    float *rows = carousel->blocks->rows[home];
    H2V_ASSERT(rows != NULL);
    pthread_mutex_unlock(&carousel->lock);
    rotation->task(rotation->context, thread, part, step, home, rows);
    pthread_mutex_lock(&carousel->lock);
    h2vi_finish_cell(carousel, p);
}

/* A thread other than the main one: cells until all are done. */
static void work(h2vi_carousel *carousel, int thread)
{
    pthread_mutex_lock(&carousel->lock);
    while (carousel->num_done < carousel->num_cells) {
        const int p = h2vi_take_part(carousel);
        if (p >= 0)
            train_cell(carousel, p, thread);
        else
            pthread_cond_wait(&carousel->changed, &carousel->lock);
    }
    pthread_mutex_unlock(&carousel->lock);
}

/* ---- blocks on the move: the main thread, under the lock */

static float *take_spare(h2vi_block_set *blocks)
{
    int place = 0;
    while (place < blocks->num_places && !blocks->spare[place]) place++;
    H2V_ASSERT(place < blocks->num_places);
    float *buffer = blocks->spare[place];
    blocks->spare[place] = NULL;
    return buffer;
}

static void give_spare(h2vi_block_set *blocks, float *buffer)
{
    int place = 0;
    while (place < blocks->num_places && blocks->spare[place]) place++;
    H2V_ASSERT(place < blocks->num_places);
    blocks->spare[place] = buffer;
}

/* Elements of a message. A block that travels is one of two or more, of fewer than 2^32
 * rows together. */
static int count_of(const h2vi_carousel *carousel, int home)
{
    const int64_t num_rows = carousel->blocks->num_rows[home];
    H2V_ASSERT(num_rows <= carousel->blocks->capacity && num_rows <= INT_MAX);
    return (int)num_rows;
}

/* What was sent, or packed, is needed no more. */
static void release_sent(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    if (!segment->sending) return;
    give_spare(carousel->blocks, segment->sending);
    segment->sending = NULL;
    segment->num_free++;
}

/* The block's message; once it is packed, its buffer is free. */
static const void *pack(h2vi_carousel *carousel, h2vi_ring_segment *segment, int home)
{
    if (!segment->send_wire) return segment->sending;
    pthread_mutex_unlock(&carousel->lock);
    h2vi_block_pack(&carousel->wire, carousel->blocks, home, segment->sending,
                    segment->send_wire);
    pthread_mutex_lock(&carousel->lock);
    release_sent(carousel, segment);
    return segment->send_wire;
}

static void send_next(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    h2vi_rotation *rotation = carousel->rotation;
    if (segment->send != MPI_REQUEST_NULL || segment->num_sent == segment->num_leaving)
        return;
    const int home =
        h2vi_home_of(carousel, rotation->first_part + segment->first, segment->num_sent++);
    const int count = count_of(carousel, home);
    segment->sending = carousel->blocks->rows[home];
    carousel->blocks->rows[home] = NULL;
    MPI_Isend(pack(carousel, segment, home), count, carousel->row, segment->below,
              H2VI_TAG_BLOCK, rotation->world->comm, &segment->send);
    const int64_t num_bytes = (int64_t)count * carousel->wire.row_bytes;
    rotation->rows_sent += count;
    rotation->bytes_sent += num_bytes;
    rotation->world->traffic->bytes_sent += num_bytes;
    h2vi_count_move(carousel, segment);
}

/* The k-th arrival, from 0, is the block of the highest part's step k + 1. */
static int home_of_arrival(const h2vi_carousel *carousel, const h2vi_ring_segment *segment,
                           int k)
{
    return h2vi_home_of(carousel, carousel->rotation->first_part + segment->end - 1, k + 1);
}

static void receive_next(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    h2vi_rotation *rotation = carousel->rotation;
    if (segment->receive != MPI_REQUEST_NULL || segment->num_free == 0 ||
        segment->num_received == carousel->parts_per_group)
        return;
    const int home = home_of_arrival(carousel, segment, segment->num_received++);
    const int count = count_of(carousel, home);
    segment->receiving = take_spare(carousel->blocks);
    segment->num_free--;
    MPI_Irecv(segment->receive_wire ? segment->receive_wire : segment->receiving, count,
              carousel->row, segment->above, H2VI_TAG_BLOCK, rotation->world->comm,
              &segment->receive);
    const int64_t num_bytes = (int64_t)count * carousel->wire.row_bytes;
    rotation->rows_received += count;
    rotation->bytes_received += num_bytes;
    rotation->world->traffic->bytes_received += num_bytes;
    h2vi_count_move(carousel, segment);
}

static void finish_send(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    release_sent(carousel, segment);
    h2vi_count_move(carousel, segment);
}

static void finish_receive(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    h2vi_block_set *blocks = carousel->blocks;
    const int home = home_of_arrival(carousel, segment, segment->num_arrived++);
    if (segment->receive_wire) {
        pthread_mutex_unlock(&carousel->lock);
        h2vi_block_unpack(&carousel->wire, blocks, home, segment->receive_wire,
                          segment->receiving);
        pthread_mutex_lock(&carousel->lock);
    }
    blocks->rows[home] = segment->receiving;
    segment->receiving = NULL;
    h2vi_count_move(carousel, segment);
    h2vi_give_block(carousel, segment->end - 1);
    pthread_cond_broadcast(&carousel->changed);
}

/* Pass blocks on as far as they have come. */
static void pass_blocks(h2vi_carousel *carousel)
{
    for (int i = 0; i < carousel->num_travelers; i++) {
        h2vi_ring_segment *segment = carousel->travelers[i];
        int is_done = 0;
        if (segment->send != MPI_REQUEST_NULL) {
            MPI_Test(&segment->send, &is_done, MPI_STATUS_IGNORE);
            if (is_done) finish_send(carousel, segment);
        }
        if (segment->receive != MPI_REQUEST_NULL) {
            MPI_Test(&segment->receive, &is_done, MPI_STATUS_IGNORE);
            if (is_done) finish_receive(carousel, segment);
        }
        send_next(carousel, segment);
        receive_next(carousel, segment);
    }
}

static int all_blocks_are_home(const h2vi_carousel *carousel)
{
    const int num_blocks = carousel->parts_per_group;
    for (int i = 0; i < carousel->num_travelers; i++) {
        const h2vi_ring_segment *segment = carousel->travelers[i];
        if (segment->num_sent < num_blocks || segment->num_arrived < num_blocks ||
            segment->send != MPI_REQUEST_NULL)
            return 0;
    }
    return 1;
}

static void end_wait(h2vi_carousel *carousel)
{
    if (carousel->is_waiting) h2vi_wait_end();
    carousel->is_waiting = 0;
}

/* Under the lock: whether only other ranks can help the segment on. None of its parts has
 * both a cell left and the block for it. */
static int is_stuck(const h2vi_carousel *carousel, const h2vi_ring_segment *segment)
{
    for (int p = segment->first; p < segment->end; p++)
        if (carousel->parts[p].is_taken) return 0;
    return segment->receive != MPI_REQUEST_NULL || segment->send != MPI_REQUEST_NULL;
}

/* Under the lock: of the segments that are stuck the one that moved least recently. */
static const h2vi_ring_segment *find_late(const h2vi_carousel *carousel)
{
    const h2vi_ring_segment *late = NULL;
    for (int i = 0; i < carousel->num_travelers; i++) {
        const h2vi_ring_segment *segment = carousel->travelers[i];
        if (is_stuck(carousel, segment) && (!late || segment->last_move < late->last_move))
            late = segment;
    }
    return late;
}

/* Say whose block is waited for, in case it never comes; whatever moves starts the clock
 * anew. */
static void declare_wait(h2vi_carousel *carousel)
{
    if (carousel->is_waiting && carousel->num_moves == carousel->judged_at) return;
    end_wait(carousel);
    carousel->judged_at = carousel->num_moves;
    const h2vi_ring_segment *late = find_late(carousel);
    if (!late) return;
    if (late->receive != MPI_REQUEST_NULL)
        h2vi_wait_begin_from("blocks", late->above);
    else
        h2vi_wait_begin_to("blocks", late->below);
    carousel->is_waiting = 1;
}

/* Wait a little for another thread, or, in vain, for a message. */
static void wait_briefly(h2vi_carousel *carousel)
{
    enum { NANOSECONDS = 50 * 1000 };
    const struct timespec until = h2vi_time_in(CLOCK_MONOTONIC, NANOSECONDS);
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
        const int p = h2vi_take_part(carousel);
        if (p < 0) {
            declare_wait(carousel);
            wait_briefly(carousel);
            continue;
        }
        end_wait(carousel);
        train_cell(carousel, p, 0);
        if (rotation->tick) tell(carousel);
    }
    end_wait(carousel);
    pthread_mutex_unlock(&carousel->lock);
}

/* ---- begin and end */

/* Local. The segment of a group that has parts here. */
static void join_ring(h2vi_carousel *carousel, int group)
{
    const h2vi_rotation *rotation = carousel->rotation;
    const int size = carousel->parts_per_group, first = group * size, end = first + size;
    const int own = rotation->first_part, own_end = own + rotation->num_local_parts;
    h2vi_ring_segment *segment = &carousel->segments[group - carousel->first_group];
    const int low = first > own ? first : own, high = end < own_end ? end : own_end;
    *segment = (h2vi_ring_segment){.first = low - own,
                                   .end = high - own,
                                   .travels = first < low || high < end,
                                   .num_free = NUM_SPARE,
                                   .send = MPI_REQUEST_NULL,
                                   .receive = MPI_REQUEST_NULL};
    if (!segment->travels) return;
    const h2vi_groups groups =
        h2vi_groups_of(rotation->world, rotation->num_parts, rotation->num_groups);
    segment->above = h2vi_part_host(&groups, high < end ? high : first);
    segment->below = h2vi_part_host(&groups, low > first ? low - 1 : end - 1);
    H2V_ASSERT(carousel->num_travelers < H2VI_MAX_TRAVELERS);
    carousel->travelers[carousel->num_travelers++] = segment;
}

/* Local. Room for the largest block of the segment's group, packed, twice. */
static h2v_status make_wires(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    const int size = carousel->parts_per_group;
    const int first = (carousel->rotation->first_part + segment->first) / size * size;
    int64_t largest = 0;
    for (int home = first; home < first + size; home++)
        if (carousel->blocks->num_rows[home] > largest)
            largest = carousel->blocks->num_rows[home];
    segment->send_wire = h2vi_alloc_n(largest, (size_t)carousel->wire.row_bytes);
    segment->receive_wire = h2vi_alloc_n(largest, (size_t)carousel->wire.row_bytes);
    return segment->send_wire && segment->receive_wire
               ? H2V_OK
               : h2vi_fail_memory("rows on their way");
}

/* Local. */
static h2v_status prepare(h2vi_carousel *carousel)
{
    const h2vi_rotation *rotation = carousel->rotation;
    const int num_local = rotation->num_local_parts, size = carousel->parts_per_group;
    if (num_local == 0) return H2V_OK;
    carousel->first_group = rotation->first_part / size;
    carousel->num_segments =
        (rotation->first_part + num_local - 1) / size - carousel->first_group + 1;
    carousel->parts = h2vi_alloc_n(num_local, sizeof *carousel->parts);
    carousel->ready = h2vi_alloc_n(num_local, sizeof *carousel->ready);
    carousel->segments = h2vi_alloc_n(carousel->num_segments, sizeof *carousel->segments);
    if (!carousel->parts || !carousel->ready || !carousel->segments)
        return h2vi_fail_memory("the order of cells");
    for (int i = 0; i < carousel->num_segments; i++)
        join_ring(carousel, carousel->first_group + i);
    carousel->wire =
        h2vi_block_wire_of(carousel->blocks, rotation->precision, rotation->dim);
    h2v_status status = H2V_OK;
    for (int i = 0; status == H2V_OK && i < carousel->num_travelers; i++)
        if (h2vi_block_wire_packs(&carousel->wire))
            status = make_wires(carousel, carousel->travelers[i]);
    return status;
}

/* Waits that end at a time go by a clock that nobody sets. */
static void make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static void ride(h2vi_carousel *carousel)
{
    make_condition(&carousel->changed);
    MPI_Type_contiguous(carousel->wire.row_bytes, MPI_BYTE, &carousel->row);
    MPI_Type_commit(&carousel->row);
    for (int p = 0; p < carousel->rotation->num_local_parts; p++)
        h2vi_give_block(carousel, p); /* its own */
#pragma omp parallel num_threads(carousel->rotation->world->num_threads)
    {
        const int thread = omp_get_thread_num();
        if (thread == 0)
            lead(carousel);
        else
            work(carousel, thread);
    }
    MPI_Type_free(&carousel->row);
    (void)pthread_cond_destroy(&carousel->changed);
}

h2v_status h2vi_rotate(h2vi_rotation *rotation, h2vi_block_set *blocks)
{
    const int size = rotation->num_parts / rotation->num_groups;
    h2vi_carousel carousel = {.rotation = rotation,
                              .blocks = blocks,
                              .parts_per_group = size,
                              .num_cells = rotation->num_local_parts * size,
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .row = MPI_DATATYPE_NULL};
    const h2v_status status = h2v_agree(rotation->world, prepare(&carousel));
    if (status == H2V_OK && rotation->num_local_parts > 0) ride(&carousel);
    for (int i = 0; i < carousel.num_travelers; i++) {
        free(carousel.travelers[i]->send_wire);
        free(carousel.travelers[i]->receive_wire);
    }
    free(carousel.parts);
    free(carousel.ready);
    free(carousel.segments);
    return status;
}

int h2vi_rotation_num_spare(int num_parts, int num_groups, int first_part,
                            int num_local_parts)
{
    const int size = num_parts / num_groups, end = first_part + num_local_parts;
    const int starts_within = first_part % size != 0, ends_within = end % size != 0;
    if (num_local_parts == 0) return 0;
    const int is_one_segment = first_part / size == (end - 1) / size;
    const int num_travelers =
        is_one_segment ? starts_within || ends_within : starts_within + ends_within;
    return num_travelers * NUM_SPARE;
}
