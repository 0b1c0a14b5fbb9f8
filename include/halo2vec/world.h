/* SPDX-License-Identifier: MIT */

/// @file world.h
/// The ranks and threads of a run. Results never depend on either.
#pragma once

#include <mpi.h>
#include <stdint.h>

#include "halo2vec/status.h"

/// Bytes between this rank and others, of what the ranks exchange; small numbers that they
/// agree on, and what parallel HDF5 moves, are not counted.
typedef struct h2v_traffic {
    int64_t bytes_sent, bytes_received;
} h2v_traffic;

/// Members are read-only to callers.
typedef struct h2v_world {
    MPI_Comm comm;        ///< ours (a duplicate); its errors are fatal
    int rank;             ///< as MPI_Comm_rank means it
    int num_ranks;        ///< as MPI_Comm_size means it
    int num_threads;      ///< OpenMP threads of this rank
    int ranks_on_cores;   ///< ranks of this host that may run on some of these cores
    int allowed_cores;    ///< cores that this rank may run on
    h2v_traffic *traffic; ///< of this rank so far; the world's own
} h2v_world;

/// Let this process end when it has waited for another rank for more than @p seconds; 0, as
/// at the start: never. **Local**, before h2v_world_create(), with the same value on all
/// ranks. It is how long another rank may be silent, since a rank that is lost cannot be
/// told from one that works: choose more than any round's work takes. Only waiting for what
/// one rank does for all (METIS, the ids in the output) has no limit.
///
/// At the end one line on standard error says what was waited for, temporaries of
/// unfinished outputs are removed, and _exit(1) makes the launcher end the other ranks.
void h2v_comm_set_timeout(int seconds);

/// Let SIGINT and SIGTERM, where they would end this process, first say what it waited for
/// (if it did) and remove temporaries of unfinished outputs. **Local.** For programs that
/// have no handlers of their own.
void h2v_catch_signals(void);

/// Duplicate @p comm and count the ranks and cores of each host. **Collective.**
///
/// MPI must be initialized with at least MPI_THREAD_FUNNELED; all functions of this
/// library are called by the main thread.
///
/// @param comm         borrowed for the call
/// @param num_threads  per rank; 0 takes the allowed cores / the ranks that share them
/// @param world        out: to be released with h2v_world_destroy(); outlives every
///                     object made with it
/// @return H2V_OK, or H2V_ERR_NOMEM on every rank
H2V_CHECKED h2v_status h2v_world_create(MPI_Comm comm, int num_threads, h2v_world **world);

/// Release @p *world, if any, and set it to NULL. **Collective.**
void h2v_world_destroy(h2v_world **world);

/// Agree on a status: H2V_OK if it is so on all ranks, else the status and message of
/// the lowest rank that failed, on all ranks. **Collective on @p world.**
/// Cost: one reduction of 8 bytes when all is well.
H2V_CHECKED h2v_status h2v_agree(const h2v_world *world, h2v_status mine);
