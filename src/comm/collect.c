/* SPDX-License-Identifier: MIT */

/* Plain MPI behind names that say what is meant. */
#include "collect.h"

#include "wait.h"

#include <string.h>

void h2vi_sum(const h2v_world *world, int count, int64_t *values)
{
    h2vi_wait_begin("sums over all ranks");
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_INT64_T, MPI_SUM, world->comm);
    h2vi_wait_end();
}

void h2vi_max(const h2v_world *world, int count, double *values)
{
    h2vi_wait_begin("the largest of all ranks' numbers");
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_MAX, world->comm);
    h2vi_wait_end();
}

void h2vi_sum_before(const h2v_world *world, int count, const int64_t *values,
                     int64_t *before)
{
    h2vi_wait_begin("sums over lower ranks");
    MPI_Exscan(values, before, count, MPI_INT64_T, MPI_SUM, world->comm);
    h2vi_wait_end();
    if (world->rank == 0) memset(before, 0, (size_t)count * sizeof *before);
}

void h2vi_gather_all(const h2v_world *world, size_t size, const void *item, void *all)
{
    h2vi_wait_begin_from("numbers", H2VI_ALL_RANKS);
    MPI_Allgather(item, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, world->comm);
    h2vi_wait_end();
}

void h2vi_gather_items(const h2v_world *world, const char *what, size_t item_bytes,
                       const int64_t *first, const void *mine, void *all)
{
    const int64_t size = (int64_t)item_bytes;
    const int64_t own = (first[world->rank + 1] - first[world->rank]) * size;
    char *items = all;
    if (own > 0) memcpy(items + first[world->rank] * size, mine, (size_t)own);
    for (int r = 0; r < world->num_ranks; r++) {
        h2vi_wait_begin_from(what, r);
        MPI_Bcast(items + first[r] * size, (int)((first[r + 1] - first[r]) * size),
                  MPI_BYTE, r, world->comm);
        h2vi_wait_end();
    }
    world->traffic->bytes_sent += own * (world->num_ranks - 1);
    world->traffic->bytes_received += first[world->num_ranks] * size - own;
}

void h2vi_share(const h2v_world *world, size_t size, void *item)
{
    h2vi_wait_begin("what rank 0 shares");
    MPI_Bcast(item, (int)size, MPI_BYTE, 0, world->comm);
    h2vi_wait_end();
}
