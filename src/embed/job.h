/* SPDX-License-Identifier: MIT */

/* The part of the road that does not depend on what is done at its end: from a graph file
 * to vertices on the ranks of their parts, with all parameters chosen. */
#pragma once

#include "blocks.h"
#include "given_walks.h"
#include "halo2vec/embed.h"
#include "migrate.h"

typedef struct h2vi_job {
    const h2v_world *world; /* borrowed, as the paths */
    const char *graph_path;
    const char *partition_path; /* NULL: parts are made */
    const char *walks_path;     /* NULL: training walks */
    h2v_embed_params params;    /* in effect, once prepared */
    int num_ranks;  /* for which memory is looked at, and, if params.groups is 0, groups are
                       chosen */
    int64_t memory; /* of a rank; 0: not looked at */
    bool is_estimate; /* memory is told of, and no reason to fail */
    bool is_open;     /* out: groups are to be chosen: `params` has one for each
                         rank, `rotation` one; parts are the same */
    h2v_embed_params rotation;
    h2v_graph *graph; /* slices, until the vertices have moved: those of FastRP only
                         where there are parts */
    int64_t *visits;  /* likewise; of FastRP: what a vertex costs, if there are parts */
    h2v_partition partition; /* likewise */
    h2v_partition_quality quality;
    h2vi_given_walks given; /* of walks_path */
    h2vi_blocks blocks;
    h2vi_moved moved;
    h2v_rank_report report; /* of this rank */
} h2vi_job;

/* Collective. From world, paths, params and num_ranks to all the rest; of FastRP there are
 * no blocks and no moved.vertices. Groups that are 0 become 1 if parts do not make a group
 * for each rank, or if the method has none. */
H2V_CHECKED h2v_status h2vi_job_prepare(h2vi_job *job);

/* Collective. Of FastRP, only as far as the cut: vertices have not moved, and there is a
 * partition if there are parts. */
H2V_CHECKED h2v_status h2vi_job_cut(h2vi_job *job);

/* Local. The graph where it is now. */
static inline const h2v_graph *h2vi_job_graph(const h2vi_job *job)
{
    return job->moved.graph ? job->moved.graph : job->graph;
}

/* Local, alike on all ranks: of an open job, take `rotation`. */
H2V_CHECKED h2v_status h2vi_job_take_rotation(h2vi_job *job);
void h2vi_job_clear(h2vi_job *job);
