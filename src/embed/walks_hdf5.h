/* SPDX-License-Identifier: MIT */

/* The walks file: root attributes format="halo2vec-walks", format_version, method,
 * parameters (JSON), version, seed, directed, weighted, digest of the graph; /walks u32
 * [visits], gids; /offsets u64 [walks + 1]; /ids as the graph file has them. How many
 * visits there will be is not known before, so /walks grows by chunks. */
#pragma once

#include <stdbool.h>

#include "file_batch.h"
#include "halo2vec/types.h"
#include "halo2vec/world.h"
#include "ids.h"

#define H2VI_WALKS_FORMAT "halo2vec-walks"
enum { H2VI_WALKS_FORMAT_VERSION = 1 };

typedef struct h2vi_walks_header {
    int64_t num_vertices;
    int64_t num_walks; /* of all vertices */
    int walk_length;   /* vertices, at most */
    bool directed, weighted;
    h2v_digest digest; /* of the graph */
    uint64_t seed;
    const char *method;
    const char *parameters; /* JSON */
} h2vi_walks_header;

/* Local (one rank). Make the file, all but the walks. Errors: ERR_IO, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_walks_create(const char *path, const h2vi_walks_header *header,
                                         const h2vi_ids *ids);

typedef struct h2vi_walks_writer h2vi_walks_writer;

/* Collective. Open what rank 0 has made. */
H2V_CHECKED h2v_status h2vi_walks_open(const h2v_world *world, const char *path,
                                       h2vi_walks_writer **writer);

/* Collective. Add a batch, which begins where the last one ended. Errors: ERR_IO,
 * ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_walks_write(h2vi_walks_writer *writer,
                                        const h2vi_file_batch *batch);

/* Collective. Close, and release; NULL-safe. */
H2V_CHECKED h2v_status h2vi_walks_close(h2vi_walks_writer **writer);

/* What a check of a walks file finds. */
typedef struct h2vi_walks_found {
    int64_t num_vertices, num_walks, num_visits;
    int64_t shortest, longest; /* walks; 0 if there are none */
} h2vi_walks_found;

/* Local. Read all, a block at a time, and check: offsets ascend from 0 to the number of
 * visits, no walk is empty, walk i starts at vertex i modulo the number of vertices, and
 * visits are vertices. Errors: ERR_IO; ERR_DATA, which says where. */
H2V_CHECKED h2v_status h2vi_walks_check(const char *path, h2vi_walks_found *found);
