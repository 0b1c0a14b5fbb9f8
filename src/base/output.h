/* SPDX-License-Identifier: MIT */

/* Outputs appear whole or not at all: written under a temporary name in the target's own
 * directory, flushed to the disk, then renamed. Used by one rank.
 *
 * A process that is about to end early removes what it guards: its own temporaries, and
 * those of another rank that it was told of, since that rank may be the one that died. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/status.h"

typedef enum h2vi_overwrite { H2VI_REFUSE_EXISTING, H2VI_OVERWRITE } h2vi_overwrite;

typedef struct h2vi_output {
    char *path;      /* what the user asked for */
    char *temporary; /* where to write; a file, or not there yet for a directory */
} h2vi_output;

/* Refuse an existing target, and create an empty temporary file beside it, so that a path
 * that cannot be written fails before the work. Errors: ERR_EXISTS, ERR_IO, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_output_begin(const char *path, h2vi_overwrite overwrite,
                                         h2vi_output *output);

/* The same for a directory: the temporary directory is created. */
H2V_CHECKED h2v_status h2vi_output_begin_directory(const char *path,
                                                   h2vi_overwrite overwrite,
                                                   h2vi_output *output);

/* Whether two outputs that were begun go to one place, however it is spelled. */
bool h2vi_output_is_same(const h2vi_output *a, const h2vi_output *b);

/* Refuse a target that is also `input` (NULL: none), which would be lost. Errors:
 * ERR_ARGUMENT. */
H2V_CHECKED h2v_status h2vi_output_spare(const h2vi_output *output, const char *input);

/* Have room for `more` bytes beside what the file has, holes included, so that what many
 * ranks write together cannot find the disk full: MPI libraries may lose that error. File
 * systems that do not promise room are left in peace. Errors: ERR_IO. */
H2V_CHECKED h2v_status h2vi_output_make_room(const char *path, int64_t more);

/* Flush, and rename to the target. On failure the temporary is removed; but kept, and
 * named, if it is a directory that has no other copy, the old one being gone. */
H2V_CHECKED h2v_status h2vi_output_commit(h2vi_output *output);

/* Remove the temporary, if any is left. Safe after a commit and on a zeroed struct. */
void h2vi_output_discard(h2vi_output *output);

/* Guard another rank's temporary, and stop doing so. The name is copied. */
void h2vi_output_guard(const char *temporary);
void h2vi_output_unguard(const char *temporary);

/* Remove all temporaries that are guarded. Only for a process that ends at once: from a
 * signal handler or any thread, since it takes no lock and no memory. */
void h2vi_output_remove_guarded(void);
