/* SPDX-License-Identifier: MIT */

/* What a rotation is doing on this rank, and which cells may run. All parts of the rank are
 * in one list, whatever their group; the run of them within one group is a segment of that
 * group's ring. */
#pragma once

#include <mpi.h>
#include <pthread.h>
#include <stdint.h>

#include "block_set.h"
#include "block_wire.h"
#include "rotate.h"

enum { H2VI_MAX_TRAVELERS = 2 };

typedef struct h2vi_part_state {
    int next_step;  /* steps done */
    int num_blocks; /* blocks that came to it, its first included */
    int is_taken;   /* in the list of ready parts, or at work */
} h2vi_part_state;

/* The parts of this rank in one group's ring. */
typedef struct h2vi_ring_segment {
    int first, end;  /* local parts */
    int travels;     /* whether parts of its group are on other ranks */
    int num_leaving; /* steps that the lowest part has done: its blocks leave in this order;
                        under the lock */
    int64_t last_move; /* the carousel's num_moves at this segment's last; under the lock */
    /* Only the main thread uses what follows. */
    int above, below;
    int num_sent, num_received; /* blocks whose send, receive was posted */
    int num_arrived;
    int num_free; /* spare buffers that it may take */
    MPI_Request send, receive;
    float *sending, *receiving;     /* the block's buffer; packed sends need none */
    void *send_wire, *receive_wire; /* NULL if rows go as they are */
} h2vi_ring_segment;

typedef struct h2vi_carousel {
    h2vi_rotation *rotation;
    h2vi_block_set *blocks;
    int parts_per_group, first_group;
    h2vi_part_state *parts;      /* shape [num_local_parts] */
    h2vi_ring_segment *segments; /* by group, shape [num_segments] */
    int num_segments;
    int *ready; /* ring of parts that can go on, shape [num_local_parts] */
    int ready_first, num_ready;
    int num_done, num_cells;
    int64_t num_moves; /* of cells and blocks */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Only the main thread uses what follows. */
    h2vi_ring_segment *travelers[H2VI_MAX_TRAVELERS];
    int num_travelers;
    h2vi_block_wire wire;
    MPI_Datatype row;  /* one row is one element, so that counts of rows fit an int */
    int is_waiting;    /* for other ranks, and says so */
    int64_t judged_at; /* num_moves when it last looked whether it waits */
} h2vi_carousel;

/* The block that a part trains at a step. */
int h2vi_home_of(const h2vi_carousel *carousel, int part, int step);

/* What follows is called under the lock. */

/* The part that has been ready for longest; -1 if none is. */
int h2vi_take_part(h2vi_carousel *carousel);

/* A block has come to the part. */
void h2vi_give_block(h2vi_carousel *carousel, int p);

/* The cell is done; its block goes on to the part below. */
void h2vi_finish_cell(h2vi_carousel *carousel, int p);

/* The segment's cells or blocks went a step on. */
void h2vi_count_move(h2vi_carousel *carousel, h2vi_ring_segment *segment);
