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

/* An int counts the bytes of a piece. */
void h2vi_share_items(const h2v_world *world, const char *what, int owner,
                      size_t item_bytes, int64_t count, void *items)
{
    static const int64_t PIECE = (int64_t)1 << 30;
    const int64_t num_bytes = count * (int64_t)item_bytes;
    for (int64_t at = 0; at < num_bytes; at += PIECE) {
        const int64_t rest = num_bytes - at;
        h2vi_wait_begin_from(what, owner);
        MPI_Bcast((char *)items + at, (int)(rest < PIECE ? rest : PIECE), MPI_BYTE, owner,
                  world->comm);
        h2vi_wait_end();
    }
    if (world->rank == owner)
        world->traffic->bytes_sent += num_bytes * (world->num_ranks - 1);
    else
        world->traffic->bytes_received += num_bytes;
}

void h2vi_gather_items(const h2v_world *world, const char *what, size_t item_bytes,
                       const int64_t *first, const void *mine, void *all)
{
    char *items = all;
    const size_t num_owned = (size_t)(first[world->rank + 1] - first[world->rank]);
    if (num_owned > 0)
        memcpy(items + (size_t)first[world->rank] * item_bytes, mine,
               num_owned * item_bytes);
    for (int r = 0; r < world->num_ranks; r++)
        h2vi_share_items(world, what, r, item_bytes, first[r + 1] - first[r],
                         items + (size_t)first[r] * item_bytes);
}

void h2vi_share(const h2v_world *world, size_t size, void *item)
{
    h2vi_wait_begin("what rank 0 shares");
    MPI_Bcast(item, (int)size, MPI_BYTE, 0, world->comm);
    h2vi_wait_end();
}
