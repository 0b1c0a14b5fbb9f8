/* SPDX-License-Identifier: MIT */

/* Walks on their way to a file, a batch at a time. In the file stand the first walks of all
 * vertices, in the order of gids, then the second ones, and so on. A batch is a run of
 * these of which each rank starts a run as well, since it owns a run of vertices: so what
 * the ranks have of it follows one another in rank order, and no walk needs to move. */
#pragma once

#include "graph_rows.h"
#include "walk_engine.h"

/* The walks [begin, end) of the file, and this rank's share of them. */
typedef struct h2vi_file_batch {
    int64_t begin, end;
    int64_t first, num_walks; /* this rank's */
    int walk_length;
    const h2vi_token *tokens; /* shape [num_walks, walk_length]; slots are gids */
    int64_t *starts; /* of this rank's walks in its run of visits, shape [num_walks + 1] */
} h2vi_file_batch;

/* Local. The batch that begins with walk `begin`, of `num_walks` in all; a rank starts at
 * most `room` of it, and all together at most `room_of_all`. The same end on all ranks. */
h2vi_file_batch h2vi_file_batch_at(const h2v_graph *graph, int64_t num_walks, int64_t begin,
                                   int64_t room, int64_t room_of_all);

/* Local. Its starts, and after walking the starts within the run of visits. */
void h2vi_file_batch_starts(const h2v_graph *graph, const h2vi_file_batch *batch,
                            h2vi_start *starts);
void h2vi_file_batch_measure(const h2v_world *world, h2vi_file_batch *batch);
