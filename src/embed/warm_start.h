/* SPDX-License-Identifier: MIT */

/* Rows that training starts from, other than noise. */
#pragma once

#include "fastrp_road.h"
#include "init_file.h"
#include "job.h"

typedef struct h2vi_start_source {
    const char *path;        /* of H2V_INIT_FILE */
    const float *properties; /* of FastRP: NULL, or projected */
    h2vi_listener listener;  /* of FastRP */
} h2vi_start_source;

/* Collective. The model is initialized with noise; job->params.init says what becomes of
 * it, and job->params.read what was read. FastRP's rows are centered, then scaled to
 * init_length; a vertex for which it has only zeros (one without arcs) keeps its noise, and
 * counts for neither. Phases init and multiply. `counts` out: of a file. */
H2V_CHECKED h2v_status h2vi_start_model(h2vi_job *job, const h2vi_start_source *source,
                                        h2vi_model *model, h2vi_init_counts *counts);
