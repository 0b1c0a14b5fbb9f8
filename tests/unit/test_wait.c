/* SPDX-License-Identifier: MIT */

/* How a process ends that waits too long, or is told to end: its last line, its exit, and
 * no temporary left. Each case runs in a child of its own. */
#include "empty_directory.h"
#include "halo2vec/world.h"
#include "output.h"
#include "wait.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIMEOUT = 1, REACHED_THE_END = 7 };

static void sleep_milliseconds(long milliseconds)
{
    struct timespec rest = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&rest, &rest) != 0) continue;
}

/* What a child did: its last words, and how it ended. */
typedef struct end {
    char text[512];
    int exit_code; /* -1: by a signal */
    int signal;
} end;

static end run_child(void (*child)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        if (h2vi_watch_start(3) != H2V_OK) _exit(2);
        child();
        h2vi_watch_stop();
        _exit(REACHED_THE_END);
    }
    (void)close(ends[1]);
    end ending = {.exit_code = -1};
    size_t length = 0;
    ssize_t count = 0;
    while ((count = read(ends[0], ending.text + length, sizeof ending.text - 1 - length)) >
           0)
        length += (size_t)count;
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status)) ending.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
    return ending;
}

/* "halo2vec: rank 3 (host NAME) <rest>". */
static void assert_line(const char *text, const char *rest)
{
    char host[65] = "", expected[512];
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    (void)snprintf(expected, sizeof expected, "halo2vec: rank 3 (host %s) %s\n", host,
                   rest);
    assert_string_equal(text, expected);
}

static void wait_too_long(void)
{
    (void)h2vi_wait_name_activity("training");
    h2vi_wait_begin_from("blocks", 2);
    sleep_milliseconds(10 * 1000);
}

static void a_long_wait_ends_the_process(void **state)
{
    (void)state;
    h2v_comm_set_timeout(TIMEOUT);
    const end ending = run_child(wait_too_long);
    assert_line(
        ending.text,
        "waited 1 s for blocks from rank 2 in training; giving up (--comm-timeout 1)");
    assert_int_equal(ending.exit_code, 1);
}

/* The outer wait gives the name; each wait inside starts the clock anew. */
static void wait_with_progress(void)
{
    h2vi_wait_begin("rows");
    for (int i = 0; i < 6; i++) {
        h2vi_wait_begin_to("walkers", i);
        sleep_milliseconds(400);
        h2vi_wait_end();
    }
    sleep_milliseconds(10 * 1000);
}

static void progress_starts_the_clock_anew(void **state)
{
    (void)state;
    h2v_comm_set_timeout(TIMEOUT);
    const time_t start = time(NULL);
    const end ending = run_child(wait_with_progress);
    assert_line(ending.text, "waited 1 s for rows; giving up (--comm-timeout 1)");
    assert_true(time(NULL) - start >= 3);
}

static void wait_patiently(void)
{
    h2vi_wait_begin_patiently("rank 0's METIS");
    sleep_milliseconds(1900);
    h2vi_wait_end();
    sleep_milliseconds(1900); /* works */
}

static void patience_and_work_have_no_limit(void **state)
{
    (void)state;
    h2v_comm_set_timeout(TIMEOUT);
    const end ending = run_child(wait_patiently);
    assert_string_equal(ending.text, "");
    assert_int_equal(ending.exit_code, REACHED_THE_END);
}

static void wait_and_go_on(void)
{
    h2vi_wait_begin_from("numbers", H2VI_ALL_RANKS);
    sleep_milliseconds(1900);
    h2vi_wait_end();
}

static void without_a_timeout_waits_have_no_limit(void **state)
{
    (void)state;
    h2v_comm_set_timeout(0);
    const end ending = run_child(wait_and_go_on);
    assert_string_equal(ending.text, "");
    assert_int_equal(ending.exit_code, REACHED_THE_END);
}

static void wait_while_stopped(void)
{
    h2vi_wait_begin("rows");
    (void)raise(SIGSTOP); /* the parent lets it go on */
    h2vi_wait_end();
}

/* A job that was suspended has not waited. */
static void a_stopped_process_does_not_count(void **state)
{
    (void)state;
    h2v_comm_set_timeout(TIMEOUT);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (h2vi_watch_start(3) != H2V_OK) _exit(2);
        wait_while_stopped();
        _exit(REACHED_THE_END);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    sleep_milliseconds(2200);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), REACHED_THE_END);
}

static h2vi_output file, directory;

static void begin_outputs(void)
{
    if (h2vi_output_begin("a", H2VI_REFUSE_EXISTING, &file) != H2V_OK ||
        h2vi_output_begin_directory("d", H2VI_REFUSE_EXISTING, &directory) != H2V_OK)
        _exit(2);
    char name[256];
    (void)snprintf(name, sizeof name, "%s/f", directory.temporary);
    FILE *inside = fopen(name, "w");
    if (!inside || fclose(inside) != 0) _exit(2);
}

static void give_up_with_outputs(void)
{
    begin_outputs();
    h2vi_output_guard("of_another_rank");
    wait_too_long();
}

static void give_up_without_the_guard(void)
{
    h2vi_output_guard("of_another_rank");
    h2vi_output_unguard("of_another_rank");
    wait_too_long();
}

static int touch(const char *path)
{
    FILE *made = fopen(path, "w");
    return made ? fclose(made) : -1;
}

static void giving_up_removes_temporaries(void **state)
{
    (void)state; /* the directory is empty in the end, or leave_directory fails */
    h2v_comm_set_timeout(TIMEOUT);
    assert_int_equal(touch("of_another_rank"), 0);
    assert_int_equal(run_child(give_up_without_the_guard).exit_code, 1);
    assert_int_equal(access("of_another_rank", F_OK), 0);
    assert_int_equal(run_child(give_up_with_outputs).exit_code, 1);
}

static void be_terminated(void)
{
    h2v_catch_signals();
    begin_outputs();
    (void)raise(SIGTERM);
}

static void be_terminated_waiting(void)
{
    h2vi_wait_begin_from("blocks", 0);
    sleep_milliseconds(1100);
    be_terminated();
}

static void be_interrupted(void)
{
    h2v_catch_signals();
    begin_outputs();
    (void)raise(SIGINT);
}

static void ignore_interrupts(void)
{
    (void)signal(SIGINT, SIG_IGN);
    h2v_catch_signals();
    (void)raise(SIGINT);
}

static void a_signal_ends_the_process_as_usual(void **state)
{
    (void)state;
    h2v_comm_set_timeout(0);
    end ending = run_child(be_terminated);
    assert_string_equal(ending.text, "");
    assert_int_equal(ending.signal, SIGTERM);
    ending = run_child(be_interrupted);
    assert_int_equal(ending.signal, SIGINT);
    ending = run_child(be_terminated_waiting);
    assert_line(ending.text,
                "was terminated when it had waited 1 s for blocks from rank 0");
    assert_int_equal(ending.signal, SIGTERM);
    ending = run_child(ignore_interrupts); /* nohup, or a job in the background */
    assert_int_equal(ending.exit_code, REACHED_THE_END);
}

#define IN_DIRECTORY(test)                                                                 \
    cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_wait_ends_the_process),
        cmocka_unit_test(progress_starts_the_clock_anew),
        cmocka_unit_test(patience_and_work_have_no_limit),
        cmocka_unit_test(without_a_timeout_waits_have_no_limit),
        cmocka_unit_test(a_stopped_process_does_not_count),
        IN_DIRECTORY(giving_up_removes_temporaries),
        IN_DIRECTORY(a_signal_ends_the_process_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
