/* SPDX-License-Identifier: MIT */

/* What tests of training share: a graph by a rule, sliced over the ranks of a world, and
 * its vertices moved to parts by a rule, with their context slots. MPI must be initialized.
 */
#pragma once

#include <stdint.h>

#include "blocks.h"
#include "graph_rows.h"
#include "migrate.h"

/* Vertices 0 .. n - 1 in a ring with chords: v is joined to v + 1, v + 2, v + 5 (mod n) and
 * vertex 0 to every third one. Undirected, unweighted. n is at least 16. */
h2v_graph *job_graph(const h2v_world *world, int64_t num_vertices);

/* Visits of a vertex, as a rule of its gid: a long tail. */
int64_t job_visits(int64_t gid);

/* The part of a vertex, as a rule of its gid: uneven, none empty if n >= 16 parts. */
int32_t job_part(int64_t gid, int num_parts);

/* A graph whose vertices are with their parts, and their blocks. */
typedef struct test_job {
    h2v_world *world;
    h2vi_blocks blocks;
    h2vi_moved moved;
} test_job;

/* Collective on `comm`: make world, graph, parts, and as many blocks; with several groups
 * num_parts / num_groups blocks. */
void job_init(MPI_Comm comm, int num_threads, int64_t num_vertices, int num_parts,
              test_job *job);
void job_init_groups(MPI_Comm comm, int num_threads, int64_t num_vertices, int num_parts,
                     int num_groups, test_job *job);
/* Collective. The same for a graph as loaded, which is taken; job->world is there. */
void job_init_graph(h2v_graph *graph, int num_parts, int num_groups, test_job *job);
void job_clear(test_job *job);
