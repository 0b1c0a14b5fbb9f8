/* SPDX-License-Identifier: MIT */

/* Sorting a list of edges by (source, target), stable, in place, joining equal ones. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge_list.h"
#include "halo2vec/status.h"

enum { H2VI_SORT_LEAF = 1 << 17 };

/* A thread's arrays; shape [H2VI_SORT_LEAF] each, or less for less edges. */
typedef struct h2vi_sort_scratch {
    uint64_t *keys[2];
    float *weights[2]; /* NULL if unweighted */
} h2vi_sort_scratch;

H2V_CHECKED h2v_status h2vi_sort_scratch_create(int64_t num_edges, bool weighted,
                                                h2vi_sort_scratch *scratch);
void h2vi_sort_scratch_clear(h2vi_sort_scratch *scratch);

/* What is sorted, and where distinct edges go. */
typedef struct h2vi_sort_job {
    h2vi_edge_pool *pool;
    int gid_bits;         /* gids are below 2^gid_bits */
    int64_t *row_lengths; /* one more for each distinct edge, at its source */
    h2vi_sort_scratch *scratch;
    h2vi_edge_list rows; /* out: chunks of targets (and weights) in order */
    int64_t num_duplicates;
    bool has_overflow;  /* a sum of weights is no finite float: */
    h2vi_edge overflow; /* the first such edge */

    uint64_t key; /* of the edge that is being joined */
    double sum;   /* of its weights */
    bool has_key;
} h2vi_sort_job;

/* Sort edges whose keys differ in their low `num_bits` only. The list is empty afterwards.
 * Key: source << gid_bits | target. */
H2V_CHECKED h2v_status h2vi_edge_sort(h2vi_sort_job *job, h2vi_edge_list *edges,
                                      int num_bits);

/* After the last list of a job: write out the edge that is being joined. */
H2V_CHECKED h2v_status h2vi_edge_sort_finish(h2vi_sort_job *job);

/* How many bits of the key to divide `count` edges by, so that pieces fit a leaf. */
int h2vi_edge_sort_digit(int64_t count, int num_bits);
