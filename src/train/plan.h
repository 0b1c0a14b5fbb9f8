/* SPDX-License-Identifier: MIT */

/* Parameters: whether they are usable, and what is chosen where the user left the choice.
 * The choices are functions of the graph and the training parameters alone. */
#pragma once

#include "graph_rows.h"
#include "halo2vec/embed.h"

enum {
    H2VI_TRIAL_WALKS = 4,       /* a vertex, to measure visits */
    H2VI_MIN_ROUNDS = 16,       /* rotations that quality needs */
    H2VI_MIN_GROUP_ROUNDS = 32, /* where groups reconcile, see plan.c */
    H2VI_ENOUGH_ROUNDS = 128,   /* more are chosen only to save memory */
    H2VI_PAIRS_PER_CENTER = 8,  /* and cell, at least: below, tiles run empty (in cells of
                                   3 parts, which become 4, and of 6, which become 8: 6) */
    H2VI_PAIRS_WANTED = 16,     /* likewise, where there are enough for more rounds */
    H2VI_ROWS_PER_PART = 1024,  /* with a block as large: a core's L2 at 128 dims */
    H2VI_PAIRS_PER_VERTEX = 256 /* of a round, at most: 2 KiB, twice the rows at 128 dims */
};

/* Whether rows of FastRP are made: for their own sake, or to train from. */
static inline bool h2vi_needs_fastrp(const h2v_embed_params *params)
{
    return params->method == H2V_METHOD_FASTRP || params->init == H2V_INIT_FASTRP;
}

/* Local. ERR_ARGUMENT names the flag and its range. Of what the method has no use for
 * nothing is said. */
H2V_CHECKED h2v_status h2vi_check_params(const h2v_embed_params *params);

/* Rounds of the whole training that quality needs: groups learn of each other's changes
 * only between rounds, so more groups need more. */
int h2vi_rounds_for_groups(int num_groups);

/* Pairs that a walk of `walk_length` vertices gives on average. */
double h2vi_pairs_per_walk(double walk_length, int window);

/* Collective. Fill params->parts, params->rounds and params->pool where they are 0; groups
 * are chosen already. The mean length of walks is measured by the trial walks' visits;
 * given walks (params->read) are counted. */
void h2vi_choose(const h2v_graph *graph, const int64_t *visits, h2v_embed_params *params);
