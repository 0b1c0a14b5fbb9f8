/* SPDX-License-Identifier: MIT */

/* At most five bars a second, or one line in ten seconds. */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, TIME_BYTES = 64 };
static const double BAR_SECONDS = 0.2, LINE_SECONDS = 10;

void progress_init(progress_style style, progress_display *progress)
{
    if (style == PROGRESS_AUTO)
        style = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
    *progress = (progress_display){.style = style};
}

/* 75 as "1:15", 3675 as "1:01:15". */
static const char *clock_text(double seconds, char text[TIME_BYTES])
{
    const long whole = seconds > 0 && seconds < 1e8 ? (long)seconds : 0;
    if (whole >= 3600)
        (void)snprintf(text, TIME_BYTES, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                       whole % 60);
    else
        (void)snprintf(text, TIME_BYTES, "%ld:%02ld", whole / 60, whole % 60);
    return text;
}

static void draw_bar(double share)
{
    char bar[BAR_WIDTH + 1];
    const int full = (int)(share * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    (void)fprintf(stderr, "\r[%s] ", bar);
}

static void print_training(const h2v_progress *now, const char *name)
{
    (void)fprintf(stderr, "%s%5.1f %%  round %d/%d  %.1f Mpairs/s  rate %.5f", name,
                  100 * now->share, now->round, now->rounds, now->pairs_per_second / 1e6,
                  now->learning_rate);
}

static void print_powers(const h2v_progress *now, const char *name)
{
    (void)fprintf(stderr, "%s%5.1f %%  power %d/%d", name, 100 * now->share, now->round,
                  now->rounds);
}

void progress_show(void *context, const h2v_progress *now)
{
    progress_display *progress = context;
    const bool is_bar = progress->style == PROGRESS_BAR;
    const double pause = is_bar ? BAR_SECONDS : LINE_SECONDS;
    if (progress->style == PROGRESS_NONE || now->seconds - progress->last < pause) return;
    progress->last = now->seconds;
    progress->has_drawn = 1;
    char left[TIME_BYTES], spent[TIME_BYTES];
    const double rest =
        now->share > 0 ? now->train_seconds * (1 - now->share) / now->share : 0;
    if (is_bar) draw_bar(now->share);
    if (now->phase == H2V_PHASE_MULTIPLY)
        print_powers(now, is_bar ? "" : "multiply ");
    else
        print_training(now, is_bar ? "" : "train ");
    (void)fprintf(stderr, "  %s spent, %s left%s", clock_text(now->seconds, spent),
                  clock_text(rest, left), is_bar ? "   " : "\n");
    (void)fflush(stderr);
}

void progress_end(progress_display *progress)
{
    if (progress->style == PROGRESS_BAR && progress->has_drawn) (void)fputc('\n', stderr);
}
