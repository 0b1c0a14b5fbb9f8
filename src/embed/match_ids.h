/* SPDX-License-Identifier: MIT */

/* Which vertices of a graph have a row in an embedding file, by their ids. */
#pragma once

#include "graph_rows.h"
#include "ids.h"
#include "picked_rows.h"

struct h2vi_id_table;

/* Local. Put ids of a file, `path`, into an empty table: they get the numbers of their
 * rows. Errors: ERR_NOMEM; ERR_DATA if one is there twice, or too long. */
H2V_CHECKED h2v_status h2vi_fill_id_table(const char *path, const h2vi_ids *ids,
                                          struct h2vi_id_table *table);

/* Collective; rank 0 reads both files' ids, alone. `num_rows`: of the embedding file.
 * `picks` out: the owned vertices that have a row there, sorted by it; room for num_owned
 * of them. Errors: ERR_IO, ERR_NOMEM; ERR_DATA if ids are numbers in one file and strings
 * in the other, or are not as many as there are rows and vertices, or one is in the
 * embedding file twice. Memory on rank 0 for a moment: one file's ids and a table of them,
 * then the table, the other file's ids and 4 bytes for each; 4 MiB on the others. */
H2V_CHECKED h2v_status h2vi_match_ids(const char *path, int64_t num_rows,
                                      const char *graph_path, const h2v_graph *graph,
                                      h2vi_pick *picks, int64_t *num_picks);
