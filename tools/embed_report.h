/* SPDX-License-Identifier: MIT */

/* What a run of embed cost: a few lines for people, JSON for programs. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "halo2vec/embed.h"

/* A short summary on stderr. */
void embed_report_print(const h2v_embed_report *report, const char *output);

/* "12 parts by metis (30.1 % of the edges cut, balance 1.03)". */
void embed_report_print_cut(int num_parts, const h2v_partition_quality *cut, FILE *to);

/* Pieces of the JSON; NULL if memory is out. */
json_t *embed_report_parameters(const h2v_embed_params *params);
json_t *embed_report_partition(const h2v_partition_quality *cut);
json_t *embed_report_rank(const h2v_rank_report *rank);

/* The JSON file; its keys are an interface. ns_per_pair, of what is trained, is a sum over
 * ranks, divided by num_pairs: thread CPU inside walks, routing and cells (walk_seconds,
 * route_seconds, cell_seconds), and what threads did beside cells while rotations went on,
 * num_threads x wall_seconds of train - cell_seconds: they waited for a cell, a block or
 * a core. Returns 0, or -1 if it cannot be written. */
int embed_report_write(const h2v_embed_report *report, const h2v_embed_files *files,
                       const char *path);
