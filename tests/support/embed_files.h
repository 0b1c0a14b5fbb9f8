/* SPDX-License-Identifier: MIT */

/* Graph files for tests of the whole job, small parameters for it, and what can be said of
 * the files that it leaves. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "halo2vec/embed.h"

enum { EMBED_VERTICES = 60 /* of each graph but karate */ };

/* Local: plain.h5 and weighted.h5 (undirected, connected, the same edges), directed.h5
 * (five vertices without arcs that leave, five without any), karate.h5. */
void embed_write_graphs(const char *karate_edges);

/* Five parts, four rounds, 20 dims, short walks, seed 7. */
h2v_embed_params embed_small_params(void);

/* With contexts; the output is overwritten. */
h2v_embed_files embed_files_of(const char *graph, const char *output);

/* Collective. Embed, and forget the report. */
H2V_CHECKED h2v_status embed_quietly(const h2v_world *world, const h2v_embed_params *params,
                                     const h2v_embed_files *files);

/* Collective: what one rank with one thread makes of it, while the others wait. */
H2V_CHECKED h2v_status embed_alone(const h2v_world *world, const h2v_embed_params *params,
                                   const char *graph, const char *output);

/* The same with all that `files` say, but for the output. */
H2V_CHECKED h2v_status embed_alone_with(const h2v_world *world,
                                        const h2v_embed_params *params,
                                        const h2v_embed_files *files, const char *output);

/* Whether two files have the same bytes, and some. */
bool embed_same_bytes(const char *path, const char *other);

/* Whether any row of two embeddings of one shape differs. Parameters are stored too, so the
 * bytes of their files always do. False also if one cannot be read. */
bool embed_other_rows(const char *path, const char *other);

/* Files in the working directory. */
int embed_count_files(void);

/* Collective. Make a directory for this test and number of ranks, go there, and empty it.
 */
void embed_enter_directory(const h2v_world *world, const char *name);
