/* SPDX-License-Identifier: MIT */

/* The commands. Each parses its own words (argv without the program and the command) and
 * returns an exit code, the same on every rank. */
#pragma once

/* These run on rank 0; the other ranks wait for the exit code. */
int cmd_convert(int argc, const char **argv);
int cmd_evaluate(int argc, const char **argv);
int cmd_info(int argc, const char **argv);

/* These run on all ranks. */
int cmd_partition(int argc, const char **argv);
int cmd_walk(int argc, const char **argv);
int cmd_embed(int argc, const char **argv);
