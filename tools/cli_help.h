/* SPDX-License-Identifier: MIT */

/* The page that --help prints, made from the table that parses. */
#pragma once

#include "cli.h"

/* Print on stdout. Targets must still hold the defaults. */
void cli_print_help(const cli_command *command, const cli_option *options);
