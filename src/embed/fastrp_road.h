/* SPDX-License-Identifier: MIT */

/* FastRP within a job: properties, the rows, and what they cost. */
#pragma once

#include "fastrp.h"
#include "job.h"

/* Collective. Project the properties at `path`, and fill in job->params.read: in the phase
 * init. `projected` out: as fastrp.h wants it, to be freed; NULL on failure and if `path`
 * is NULL. Errors as property.h. */
H2V_CHECKED h2v_status h2vi_read_properties(h2vi_job *job, const char *path,
                                            float **projected);

/* Who is told of progress. */
typedef struct h2vi_listener {
    h2v_progress_callback *callback; /* NULL: nobody */
    void *context;
    double start; /* of the run, as h2vi_wall_seconds() */
} h2vi_listener;

/* Collective. The rows, in the phase multiply; fills in what the report says of them.
 * `rows`: shape [num_owned, stride], overwritten. `properties`: NULL, or projected. */
H2V_CHECKED h2v_status h2vi_make_fastrp_rows(h2vi_job *job, const float *properties,
                                             const h2vi_listener *listener, int stride,
                                             float *rows);
