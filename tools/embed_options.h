/* SPDX-License-Identifier: MIT */

/* The options of embed: its table, and which of them go together. */
#pragma once

#include "cli.h"
#include "halo2vec/embed.h"

typedef struct embed_settings {
    h2v_embed_params params;
    h2v_embed_files files;
    const char *report;
    int num_ranks; /* to estimate for; 0: those that run */
    int progress, num_threads, comm_timeout;
    bool is_quiet, is_estimate, as_json;
} embed_settings;

/* Parse, and refuse options that others leave without use. */
cli_outcome embed_options_read(const cli_command *command, int argc, const char **argv,
                               embed_settings *settings);
