/* SPDX-License-Identifier: MIT */

/* The embedding file: root attributes format="halo2vec-embedding", format_version, method,
 * parameters (JSON: every parameter that defines the result), seed, parts, groups, version,
 * digest of the graph, directed; /embeddings f32 [n, dim], /contexts f32 [n, dim] unless
 * left out, /ids in the graph's order. Written in two acts: rank 0 makes the whole file but
 * the rows through the serial driver (strings of variable length allow nothing else), then
 * all ranks write their rows through the parallel one. So the bytes never depend on the
 * number of ranks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "halo2vec/world.h"
#include "ids.h"

enum { H2VI_EMBEDDING_FORMAT_VERSION = 1 };
#define H2VI_EMBEDDING_FORMAT "halo2vec-embedding"

typedef struct h2vi_embedding_header {
    int64_t num_vertices;
    int64_t dim;
    bool directed;
    bool has_contexts;
    h2v_digest digest;
    uint64_t seed;
    int64_t parts, groups;  /* left out where 0: the rows do not depend on them */
    const char *method;     /* borrowed */
    const char *parameters; /* JSON, borrowed */
} h2vi_embedding_header;

/* Local (rank 0). Make the file at `path` (a temporary), with everything but the rows. */
H2V_CHECKED h2v_status h2vi_embedding_create(const char *path,
                                             const h2vi_embedding_header *header,
                                             const h2vi_ids *ids);

typedef struct h2vi_embedding_writer h2vi_embedding_writer;

/* Collective. Open the file that rank 0 created, on all ranks. */
H2V_CHECKED h2v_status h2vi_embedding_open(const h2v_world *world, const char *path,
                                           h2vi_embedding_writer **writer);

/* Collective; a rank may have no rows. Write rows [first_gid, first_gid + num_rows) of
 * dataset "embeddings" or "contexts"; row-major, shape [num_rows, dim]. */
H2V_CHECKED h2v_status h2vi_embedding_write(h2vi_embedding_writer *writer,
                                            const char *dataset, int64_t first_gid,
                                            int64_t num_rows, const float *rows);

/* Collective. Close and release; reports what could not be written. NULL-safe. */
H2V_CHECKED h2v_status h2vi_embedding_close(h2vi_embedding_writer **writer);

/* What rows a file has. */
typedef struct h2vi_embedding_shape {
    int64_t num_vertices;
    int64_t dim;
    bool has_contexts;
} h2vi_embedding_shape;

/* Local. Without the rows. Errors as h2vi_embedding_read(). */
H2V_CHECKED h2v_status h2vi_embedding_read_shape(const char *path,
                                                 h2vi_embedding_shape *shape);

typedef struct h2vi_embedding {
    int64_t num_vertices;
    int64_t dim;
    bool directed;
    h2v_digest digest;
    float *vectors;  /* shape [num_vertices, dim] */
    float *contexts; /* the same, or NULL */
} h2vi_embedding;

/* Local. Read a whole file. ERR_IO, ERR_DATA, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_embedding_read(const char *path, h2vi_embedding *embedding);
/* Local. Only the ids, in the order of the rows. */
H2V_CHECKED h2v_status h2vi_embedding_read_ids(const char *path, h2vi_ids *ids);
/* Release the arrays and zero the struct. */
void h2vi_embedding_clear(h2vi_embedding *embedding);
