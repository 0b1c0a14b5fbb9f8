/* SPDX-License-Identifier: MIT */

/* Training: rounds of walking, routing, one rotation in each group, and reconciling
 * the groups if there are several. */
#pragma once

#include "blocks.h"
#include "given_walks.h"
#include "halo2vec/embed.h"
#include "migrate.h"
#include "model.h"
#include "trace.h"

typedef struct h2vi_training {
    const h2v_embed_params *params; /* parts and rounds chosen */
    const h2vi_moved *moved;
    const h2vi_blocks *blocks;
    h2vi_model *model;
    h2vi_given_walks *given;         /* NULL: walk; changed by being placed */
    h2v_progress_callback *callback; /* on rank 0 only */
    void *context;
    double start;            /* wall clock at the start of the job */
    h2v_rank_report *report; /* this rank's; added to */
    h2vi_trace *trace;       /* NULL: none is kept */
} h2vi_training;

/* Collective. */
H2V_CHECKED h2v_status h2vi_train(const h2vi_training *training);
