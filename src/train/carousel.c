/* SPDX-License-Identifier: MIT */

/* The order is fixed by counting: a part may do step s once it has done s - 1 and has got s
 * blocks beside its first. Blocks come to a part in the order of its steps, from the part
 * above it in the ring, which is on this rank or the lowest of the segment above; so an
 * arrival needs no name. On this rank a lock guards the counts, taken twice a cell; a cell
 * takes milliseconds. */
#include "carousel.h"

int h2vi_home_of(const h2vi_carousel *carousel, int part, int step)
{
    const int size = carousel->parts_per_group, first = part - part % size;
    return first + (part - first + step) % size;
}

static h2vi_ring_segment *segment_of(const h2vi_carousel *carousel, int p)
{
    const int group = (carousel->rotation->first_part + p) / carousel->parts_per_group;
    return &carousel->segments[group - carousel->first_group];
}

/* Under the lock: list the part if it is free and its next block is there. */
static void offer_part(h2vi_carousel *carousel, int p)
{
    h2vi_part_state *part = &carousel->parts[p];
    if (part->is_taken || part->next_step == carousel->parts_per_group ||
        part->next_step >= part->num_blocks)
        return;
    part->is_taken = 1;
    const int end = carousel->ready_first + carousel->num_ready++;
    carousel->ready[end % carousel->rotation->num_local_parts] = p;
}

int h2vi_take_part(h2vi_carousel *carousel)
{
    if (carousel->num_ready == 0) return -1;
    const int p = carousel->ready[carousel->ready_first];
    carousel->ready_first =
        (carousel->ready_first + 1) % carousel->rotation->num_local_parts;
    carousel->num_ready--;
    return p;
}

void h2vi_count_move(h2vi_carousel *carousel, h2vi_ring_segment *segment)
{
    segment->last_move = ++carousel->num_moves;
}

void h2vi_give_block(h2vi_carousel *carousel, int p)
{
    carousel->parts[p].num_blocks++;
    offer_part(carousel, p);
}

void h2vi_finish_cell(h2vi_carousel *carousel, int p)
{
    h2vi_part_state *part = &carousel->parts[p];
    h2vi_ring_segment *segment = segment_of(carousel, p);
    part->is_taken = 0;
    part->next_step++;
    carousel->num_done++;
    h2vi_count_move(carousel, segment);
    offer_part(carousel, p);
    if (p > segment->first)
        h2vi_give_block(carousel, p - 1);
    else if (segment->travels)
        segment->num_leaving++;
    else
        h2vi_give_block(carousel, segment->end - 1);
    pthread_cond_broadcast(&carousel->changed);
}
