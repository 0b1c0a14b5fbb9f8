/* SPDX-License-Identifier: MIT */

/* What progress says, and how often, on a terminal and elsewhere. Standard error goes to a
 * file, or to a terminal of our own making. */
#define _XOPEN_SOURCE 700
#include "progress.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_TEXT = 4096 };

/* What a test wrote to standard error. */
static char text[MAX_TEXT];
static int saved_stderr = -1;
static FILE *captured;

static void capture(void)
{
    (void)fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    captured = tmpfile();
    (void)dup2(fileno(captured), STDERR_FILENO);
}

static const char *release(void)
{
    (void)fflush(stderr);
    (void)dup2(saved_stderr, STDERR_FILENO);
    (void)close(saved_stderr);
    rewind(captured);
    text[fread(text, 1, sizeof text - 1, captured)] = '\0';
    (void)fclose(captured);
    return text;
}

static h2v_progress at(double seconds, double share)
{
    return (h2v_progress){.phase = H2V_PHASE_TRAIN,
                          .share = share,
                          .round = 3,
                          .rounds = 16,
                          .num_pairs = 1000,
                          .pairs_per_second = 12.34e6,
                          .learning_rate = 0.0125,
                          .seconds = seconds,
                          .train_seconds = seconds - 5};
}

/* The display after these moments, each at its share of the training. */
static const char *shown(progress_style style, int count, const double (*moments)[2])
{
    progress_display display;
    capture();
    progress_init(style, &display);
    for (int i = 0; i < count; i++) {
        const h2v_progress now = at(moments[i][0], moments[i][1]);
        progress_show(&display, &now);
    }
    progress_end(&display);
    return release();
}

/* 75 s spent, of them 70 s for a quarter of the training: 210 s left. */
static void lines_tell_rate_and_time(void **state)
{
    (void)state;
    const double moments[][2] = {{75, 0.25}};
    assert_string_equal(
        shown(PROGRESS_LINES, 1, moments),
        "train  25.0 %  round 3/16  12.3 Mpairs/s  rate 0.01250  1:15 spent, "
        "3:30 left\n");
}

static void hours_are_told(void **state)
{
    (void)state;
    const double moments[][2] = {{7205, 0.5}};
    assert_string_equal(shown(PROGRESS_LINES, 1, moments),
                        "train  50.0 %  round 3/16  12.3 Mpairs/s  rate 0.01250  2:00:05 "
                        "spent, 2:00:00 left\n");
}

/* 12 s spent, of them 9 s for three of four powers: 3 s left. */
static void powers_are_told(void **state)
{
    (void)state;
    const h2v_progress now = {.phase = H2V_PHASE_MULTIPLY,
                              .share = 0.75,
                              .round = 3,
                              .rounds = 4,
                              .seconds = 12,
                              .train_seconds = 9};
    for (int style = PROGRESS_BAR; style <= PROGRESS_LINES; style++) {
        progress_display display;
        capture();
        progress_init((progress_style)style, &display);
        progress_show(&display, &now);
        progress_end(&display);
        assert_string_equal(
            release(), style == PROGRESS_LINES
                           ? "multiply  75.0 %  power 3/4  0:12 spent, 0:03 left\n"
                           : "\r[##################......]  75.0 %  power 3/4  0:12 spent, "
                             "0:03 left   \n");
    }
}

static int count_in(const char *where, char what)
{
    int count = 0;
    for (; *where; where++) count += *where == what;
    return count;
}

static void lines_come_every_ten_seconds(void **state)
{
    (void)state;
    const double moments[][2] = {{6, 0.1},  {9.9, 0.2},  {10.1, 0.3}, {15, 0.4},
                                 {20, 0.5}, {20.2, 0.6}, {31, 0.7}};
    assert_int_equal(count_in(shown(PROGRESS_LINES, 7, moments), '\n'), 3);
}

static void bars_come_five_times_a_second(void **state)
{
    (void)state;
    const double moments[][2] = {{6, 0.25}, {6.1, 0.3}, {6.25, 0.5}, {6.3, 0.6}, {9, 1}};
    const char *bars = shown(PROGRESS_BAR, 5, moments);
    assert_int_equal(count_in(bars, '\r'), 3);
    assert_int_equal(count_in(bars, '\n'), 1); /* the last is left standing */
    assert_ptr_equal(bars + strlen(bars) - 1, strchr(bars, '\n'));
    assert_non_null(strstr(bars, "\r[######..................]  25.0 %  round 3/16"));
    assert_non_null(strstr(bars, "\r[############............]  50.0 %"));
    assert_non_null(strstr(bars, "\r[########################] 100.0 %"));
}

static void none_is_silent(void **state)
{
    (void)state;
    const double moments[][2] = {{100, 0.5}, {200, 1}};
    assert_string_equal(shown(PROGRESS_NONE, 2, moments), "");
}

static void nothing_to_show_draws_nothing(void **state)
{
    (void)state;
    assert_string_equal(shown(PROGRESS_BAR, 0, NULL), "");
}

static void auto_means_lines_in_a_file(void **state)
{
    (void)state;
    progress_display display;
    capture();
    progress_init(PROGRESS_AUTO, &display);
    (void)release();
    assert_int_equal(display.style, PROGRESS_LINES);
}

static void auto_means_a_bar_on_a_terminal(void **state)
{
    (void)state;
    const int leader = posix_openpt(O_RDWR | O_NOCTTY);
    if (leader < 0 || grantpt(leader) != 0 || unlockpt(leader) != 0) skip();
    const int terminal = open(ptsname(leader), O_RDWR | O_NOCTTY);
    if (terminal < 0) skip();
    progress_display display;
    saved_stderr = dup(STDERR_FILENO);
    (void)dup2(terminal, STDERR_FILENO);
    progress_init(PROGRESS_AUTO, &display);
    (void)dup2(saved_stderr, STDERR_FILENO);
    (void)close(saved_stderr);
    (void)close(terminal);
    (void)close(leader);
    assert_int_equal(display.style, PROGRESS_BAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_tell_rate_and_time),
        cmocka_unit_test(hours_are_told),
        cmocka_unit_test(powers_are_told),
        cmocka_unit_test(lines_come_every_ten_seconds),
        cmocka_unit_test(bars_come_five_times_a_second),
        cmocka_unit_test(none_is_silent),
        cmocka_unit_test(nothing_to_show_draws_nothing),
        cmocka_unit_test(auto_means_lines_in_a_file),
        cmocka_unit_test(auto_means_a_bar_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
