/* SPDX-License-Identifier: MIT */

/* The lines that edge lists are made of, read fast: two numbers, perhaps a weight, and
 * nothing else. What is not plainly such a line is left to edge_line.h, which alone says
 * what lines mean. */
#pragma once

#include <stdint.h>

#include "edge_line.h"

/* Read at most `max_lines` lines from *text on: ids[2i] and ids[2i + 1] of line i, and
 * weights[i] if they are weighted. *text moves behind them, to `end` or to the first line
 * that is not of this kind or too near the end to tell. Returns their number. */
int64_t h2vi_number_lines_read(const h2vi_line_format *format, const char **text,
                               const char *end, int64_t max_lines, int64_t *ids,
                               float *weights);
