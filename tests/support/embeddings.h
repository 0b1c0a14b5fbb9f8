/* SPDX-License-Identifier: MIT */

/* Embedding files for tests of one rank: every value by a rule. MPI must be initialized. */
#pragma once

#include <stdlib.h>

#include "alloc.h"
#include "embedding_hdf5.h"

/* The value in row v, column d of the vectors or, if `context` is 1, of the contexts. */
typedef float (*embedding_rule)(int context, int64_t v, int64_t d);

static inline h2v_status embedding_write_rows(h2vi_embedding_writer *writer,
                                              const h2vi_embedding_header *header,
                                              int context, embedding_rule rule)
{
    const int64_t n = header->num_vertices, dim = header->dim;
    float *rows = h2vi_alloc_n(n * dim, sizeof *rows);
    for (int64_t i = 0; i < n * dim; i++) rows[i] = rule(context, i / dim, i % dim);
    const h2v_status status =
        h2vi_embedding_write(writer, context ? "contexts" : "embeddings", 0, n, rows);
    free(rows);
    return status;
}

/* `header` needs num_vertices, dim, has_contexts, directed and digest. */
static inline h2v_status embedding_make(const char *path, h2vi_embedding_header header,
                                        const h2vi_ids *ids, embedding_rule rule)
{
    h2v_world *world = NULL;
    h2vi_embedding_writer *writer = NULL;
    header.method = "deepwalk";
    header.parameters = "{\"walks\": 10}";
    header.seed = UINT64_MAX;
    header.parts = 1;
    h2v_status status = h2v_world_create(MPI_COMM_SELF, 1, &world);
    if (status == H2V_OK) status = h2vi_embedding_create(path, &header, ids);
    if (status == H2V_OK) status = h2vi_embedding_open(world, path, &writer);
    if (status == H2V_OK) status = embedding_write_rows(writer, &header, 0, rule);
    if (status == H2V_OK && header.has_contexts)
        status = embedding_write_rows(writer, &header, 1, rule);
    const h2v_status closed = h2vi_embedding_close(&writer);
    h2v_world_destroy(&world);
    return status != H2V_OK ? status : closed;
}
