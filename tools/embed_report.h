/* SPDX-License-Identifier: MIT */

/* What a run of embed cost: a few lines for people, JSON for programs. */
#pragma once

#include "halo2vec/embed.h"

/* A short summary on stderr. */
void embed_report_print(const h2v_embed_report *report, const char *output);

/* The JSON file; its keys are an interface. Returns 0, or -1 if it cannot be written. */
int embed_report_write(const h2v_embed_report *report, const h2v_embed_files *files,
                       const char *path);
