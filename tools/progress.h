/* SPDX-License-Identifier: MIT */

/* Progress on stderr: a bar that redraws itself, or plain lines for job logs. */
#pragma once

#include "halo2vec/embed.h"

typedef enum progress_style {
    PROGRESS_AUTO,
    PROGRESS_BAR,
    PROGRESS_LINES,
    PROGRESS_NONE
} progress_style;

typedef struct progress_display {
    progress_style style; /* never AUTO after progress_init() */
    double last;          /* seconds at the last print */
    int has_drawn;
} progress_display;

/* AUTO becomes a bar on a terminal, and lines elsewhere. Under mpirun stderr is never seen
 * as a terminal, so there it is lines. */
void progress_init(progress_style style, progress_display *progress);

/* An h2v_progress_callback; `context` is the progress. */
void progress_show(void *context, const h2v_progress *now);

/* End the bar's line, if one was drawn. */
void progress_end(progress_display *progress);
