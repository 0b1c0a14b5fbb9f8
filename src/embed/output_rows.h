/* SPDX-License-Identifier: MIT */

/* From rows that ranks hold to the embedding file, in gid order. */
#pragma once

#include "embedding_hdf5.h"
#include "model.h"

/* Collective. Write rows that are with the owners of their vertices. `matrix`: of the owned
 * vertices in slot order, shape [num_owned, stride], of which `dim` columns are written. */
H2V_CHECKED h2v_status h2vi_write_owned_rows(const h2v_graph *graph, int dim, int stride,
                                             const float *matrix, const char *dataset,
                                             h2vi_embedding_writer *writer);

/* Collective. Write `in` as /embeddings and, if wanted, `out` as /contexts; of the blocks
 * only if there is one group. */
H2V_CHECKED h2v_status h2vi_write_model(const h2vi_model *model, const h2vi_moved *moved,
                                        const h2vi_blocks *blocks, bool with_contexts,
                                        h2vi_embedding_writer *writer);
