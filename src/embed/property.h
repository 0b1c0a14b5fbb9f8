/* SPDX-License-Identifier: MIT */

/* Properties of vertices, projected to the columns of N_0 that they fill (fastrp.h). */
#pragma once

#include "fastrp.h"

/* Collective. Read the matrix file at `path`, one row a vertex in the order of the graph
 * file, and project. `job` has graph, params, dim and seed. `projected` out: shape
 * [num_owned, property_dim], to be freed; NULL on failure. Each rank reads the windows of
 * rows that hold vertices of its own. ERR_DATA if there are not as many rows as vertices;
 * as matrix_file.h. */
H2V_CHECKED h2v_status h2vi_project_properties(const h2vi_fastrp_job *job, const char *path,
                                               float **projected);
