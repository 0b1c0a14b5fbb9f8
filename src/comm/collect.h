/* SPDX-License-Identifier: MIT */

/* Small numbers over all ranks, and arrays that all ranks get. All collective; none can
 * fail. Sums are of integers, so they do not depend on the order of ranks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "halo2vec/world.h"

/* values[i] becomes its sum over the ranks. */
void h2vi_sum(const h2v_world *world, int count, int64_t *values);

/* values[i] becomes the largest of the ranks'. */
void h2vi_max(const h2v_world *world, int count, double *values);

/* before[i] becomes the sum of values[i] over the lower ranks; 0 on rank 0. */
void h2vi_sum_before(const h2v_world *world, int count, const int64_t *values,
                     int64_t *before);

/* all[r] becomes rank r's item of `size` bytes; shape [num_ranks]. */
void h2vi_gather_all(const h2v_world *world, size_t size, const void *item, void *all);

/* Every rank gets the owner's `count` items of `item_bytes`. They count as traffic: as if
 * the owner sent them to each other rank. `what`: as in wait.h. */
void h2vi_share_items(const h2v_world *world, const char *what, int owner,
                      size_t item_bytes, int64_t count, void *items);

/* The same of every rank, in rank order: the items of rank r come to
 * all[first[r], first[r + 1]); `first`: shape [num_ranks + 1]. */
void h2vi_gather_items(const h2v_world *world, const char *what, size_t item_bytes,
                       const int64_t *first, const void *mine, void *all);

/* Every rank gets rank 0's bytes. */
void h2vi_share(const h2v_world *world, size_t size, void *item);
