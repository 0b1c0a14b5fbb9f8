/* SPDX-License-Identifier: MIT */

/* Ranks, hosts, cores and threads. Threads share the host's cores with the other ranks on
 * it, so the default is their fair share. */
#define _GNU_SOURCE
#include "halo2vec/world.h"

#include "alloc.h"
#include "fail.h"
#include "wait.h"

#include <omp.h>
#include <sched.h>
#include <stdlib.h>

/* Collective on `host`. The cores that this rank may run on, and how many of the host's
 * ranks may run on some of them: with ranks bound to sockets, those of its own socket. */
static void count_cores(MPI_Comm host, h2v_world *world)
{
    cpu_set_t mine, theirs, both;
    int num_ranks = 1, rank = 0;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) CPU_SET(0, &mine);
    world->allowed_cores = CPU_COUNT(&mine);
    world->ranks_on_cores = 1;
    MPI_Comm_size(host, &num_ranks);
    MPI_Comm_rank(host, &rank);
    for (int r = 0; r < num_ranks; r++) {
        theirs = mine;
        MPI_Bcast(&theirs, sizeof theirs, MPI_BYTE, r, host);
        CPU_AND(&both, &mine, &theirs);
        world->ranks_on_cores += r != rank && CPU_COUNT(&both) > 0;
    }
}

h2v_status h2v_world_create(MPI_Comm comm, int num_threads, h2v_world **out)
{
    *out = NULL;
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    const h2v_status watched = h2vi_watch_start(rank);
    h2vi_wait_begin("all ranks to start");
    h2v_world *world = h2vi_alloc(1, sizeof *world);
    h2v_traffic *traffic = h2vi_alloc(1, sizeof *traffic);
    int is_missing = !world || !traffic || watched != H2V_OK;
    MPI_Allreduce(MPI_IN_PLACE, &is_missing, 1, MPI_INT, MPI_MAX, comm);
    if (is_missing) {
        free(world);
        free(traffic);
        h2vi_wait_end();
        if (watched == H2V_OK) h2vi_watch_stop();
        return h2vi_fail_memory("the ranks");
    }

    world->traffic = traffic;
    MPI_Comm_dup(comm, &world->comm);
    MPI_Comm_set_errhandler(world->comm, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_rank(world->comm, &world->rank);
    MPI_Comm_size(world->comm, &world->num_ranks);

    MPI_Comm host = MPI_COMM_NULL;
    MPI_Comm_split_type(world->comm, MPI_COMM_TYPE_SHARED, world->rank, MPI_INFO_NULL,
                        &host);
    count_cores(host, world);
    MPI_Comm_free(&host);
    h2vi_wait_end();

    const int share = world->allowed_cores / world->ranks_on_cores;
    world->num_threads = num_threads > 0 ? num_threads : (share > 1 ? share : 1);
    omp_set_num_threads(world->num_threads);
    *out = world;
    return H2V_OK;
}

void h2v_world_destroy(h2v_world **world)
{
    if (!*world) return;
    h2vi_wait_begin("all ranks to end");
    MPI_Comm_free(&(*world)->comm);
    h2vi_wait_end();
    h2vi_watch_stop();
    free((*world)->traffic);
    free(*world);
    *world = NULL;
}
