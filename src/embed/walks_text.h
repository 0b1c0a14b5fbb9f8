/* SPDX-License-Identifier: MIT */

/* Walks as text: a walk a line, ids of its vertices, one space between them. To a file that
 * all ranks write to, or, piece by piece in order, to one reader on rank 0. */
#pragma once

#include "exchange.h"
#include "file_batch.h"
#include "halo2vec/walk.h"
#include "ids.h"

typedef struct h2vi_text_walks {
    const h2v_world *world; /* borrowed, as the path */
    const char *path;       /* NULL: to the sink */
    h2vi_ids words;         /* ids as text */
    int file;               /* -1: none */
    int64_t num_bytes;      /* written so far */
    h2vi_exchange pieces;   /* text to rank 0 */
    h2v_text_sink *sink;
    void *context;
    char *text; /* of a batch */
    int64_t capacity;
} h2vi_text_walks;

/* Collective. Read the ids, and open `path`, which rank 0 has made, or take the sink.
 * Errors: ERR_DATA if an id is empty or holds a blank of Unicode or a control character;
 * ERR_IO, ERR_NOMEM. h2vi_text_walks_clear() is for a failure, too. */
H2V_CHECKED h2v_status h2vi_text_walks_open(const h2v_world *world,
                                            const h2v_walk_files *files, const char *path,
                                            h2vi_text_walks *walks);

/* Collective. Of `visits` at once, how many have a text that takes no more memory than the
 * visits would, with ids of the mean length; one at least, the same on all ranks. */
int64_t h2vi_text_walks_at_once(const h2vi_text_walks *walks, int64_t visits);

/* Collective. Add a batch. */
H2V_CHECKED h2v_status h2vi_text_walks_write(h2vi_text_walks *walks,
                                             const h2vi_file_batch *batch);

/* Collective. Close the file; what could not be written is an error. */
H2V_CHECKED h2v_status h2vi_text_walks_close(h2vi_text_walks *walks);

/* Local. */
void h2vi_text_walks_clear(h2vi_text_walks *walks);
