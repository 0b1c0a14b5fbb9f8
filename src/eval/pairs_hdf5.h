/* SPDX-License-Identifier: MIT */

/* Two files of evaluation.
 *
 * pairs.h5, what a split asks about: root attributes format="halo2vec-pairs",
 * format_version, train_digest and graph_digest (of the training graph and of the whole
 * one), fraction, seed, directed, num_vertices; /positives, /negatives_uniform and
 * /negatives_degree, u32 gids of shape [num_pairs, 2].
 *
 * The scores, for others to recompute the metrics: format="halo2vec-scores", train_digest,
 * leak; /labels u8 [2 * num_pairs], all positives (1) before all negatives (0), and for
 * each scorer and kind of negatives /<scorer>_<negatives>, such as /in-out_uniform, f64 of
 * the same shape. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/evaluate.h"
#include "halo2vec/status.h"
#include "halo2vec/types.h"

enum { H2VI_PAIRS_FORMAT_VERSION = 1, H2VI_SCORES_FORMAT_VERSION = 1 };
#define H2VI_PAIRS_FORMAT "halo2vec-pairs"
#define H2VI_SCORES_FORMAT "halo2vec-scores"

/* Invariants, checked when read: all gids below num_vertices, the ends of a pair differ. */
typedef struct h2vi_pairs {
    int64_t num_vertices;
    int64_t num_pairs;
    bool directed;
    h2v_digest train_digest, graph_digest;
    double fraction;
    uint64_t seed;
    uint32_t *positives;                    /* shape [num_pairs, 2] */
    uint32_t *negatives[H2V_NUM_NEGATIVES]; /* each of shape [num_pairs, 2] */
} h2vi_pairs;

/* Release the arrays and zero the struct. */
void h2vi_pairs_clear(h2vi_pairs *pairs);

/* Local. Errors: ERR_IO. */
H2V_CHECKED h2v_status h2vi_pairs_write(const char *path, const h2vi_pairs *pairs);

/* Local. Errors: ERR_IO, ERR_DATA, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_pairs_read(const char *path, h2vi_pairs *pairs);

typedef struct h2vi_scores_writer h2vi_scores_writer;

/* Local. Make the file at `path` (a temporary), with the labels. */
H2V_CHECKED h2v_status h2vi_scores_create(const char *path, const h2vi_pairs *pairs,
                                          bool is_leaky, h2vi_scores_writer **writer);

/* Local. `scores`: of the positives, then of the negatives, shape [2 * num_pairs]. */
H2V_CHECKED h2v_status h2vi_scores_write(h2vi_scores_writer *writer, h2v_scorer scorer,
                                         h2v_negatives negatives, const double *scores);

/* Local. NULL-safe. */
H2V_CHECKED h2v_status h2vi_scores_close(h2vi_scores_writer **writer);
