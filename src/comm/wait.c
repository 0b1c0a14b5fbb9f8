/* SPDX-License-Identifier: MIT */

/* See wait.h. The main thread alone writes what is waited for; the watchdog and signal
 * handlers read it, so it is atomic, and a reading counts only if the wait began at the
 * same time before and after it. The last line is put together by hand: a signal handler
 * may not call printf. */
#include "wait.h"

#include "clock.h"
#include "fail.h"
#include "halo2vec/world.h"
#include "output.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum { MILLISECONDS = 1000 * 1000, LOOK_EVERY = 500 * MILLISECONDS, EXIT_FAILED = 1 };
static const int64_t SECOND = (int64_t)1000 * MILLISECONDS;

static struct {
    _Atomic(const char *) what; /* NULL: it does not wait */
    _Atomic(const char *) relation;
    atomic_int peer; /* -1: none */
    atomic_bool is_patient;
    atomic_llong since; /* nanoseconds */
    _Atomic(const char *) activity;
    int depth; /* main thread only */
} waiting;

static struct {
    int rank;
    char host[65];
    int timeout_seconds; /* 0: none */
    int num_users;
    bool is_running, is_ending; /* is_ending under the lock */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ending;
} watch = {.rank = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

/* ---- the main thread says what it waits for */

static void begin(const char *what, const char *relation, int peer, bool is_patient)
{
    atomic_store(&waiting.since, now());
    if (waiting.depth++ > 0) return;
    atomic_store(&waiting.relation, relation);
    atomic_store(&waiting.peer, peer);
    atomic_store(&waiting.is_patient, is_patient);
    atomic_store(&waiting.what, what);
}

void h2vi_wait_begin(const char *what)
{
    begin(what, "", -1, false);
}

void h2vi_wait_begin_from(const char *what, int rank)
{
    begin(what, rank == H2VI_ALL_RANKS ? " from all ranks" : " from rank ", rank, false);
}

void h2vi_wait_begin_to(const char *what, int rank)
{
    begin(what, " to reach rank ", rank, false);
}

void h2vi_wait_begin_patiently(const char *what)
{
    begin(what, "", -1, true);
}

void h2vi_wait_end(void)
{
    H2V_ASSERT(waiting.depth > 0);
    atomic_store(&waiting.since, now());
    if (--waiting.depth == 0) atomic_store(&waiting.what, NULL);
}

const char *h2vi_wait_name_activity(const char *activity)
{
    return atomic_exchange(&waiting.activity, activity);
}

/* ---- the last line */

typedef struct last_line {
    char text[512];
    size_t length;
} last_line;

static void add_text(last_line *line, const char *text)
{
    while (*text && line->length < sizeof line->text) line->text[line->length++] = *text++;
}

static void add_number(last_line *line, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add_text(line, digits + at);
}

/* One reading of what the main thread wrote. */
typedef struct reading {
    const char *what, *relation, *activity;
    int peer;
    bool is_patient;
    int64_t since, nanoseconds;
} reading;

/* Whether it waits. */
static bool read_wait(reading *read)
{
    const int64_t since = atomic_load(&waiting.since);
    *read = (reading){.what = atomic_load(&waiting.what),
                      .relation = atomic_load(&waiting.relation),
                      .activity = atomic_load(&waiting.activity),
                      .peer = atomic_load(&waiting.peer),
                      .is_patient = atomic_load(&waiting.is_patient),
                      .since = since,
                      .nanoseconds = now() - since};
    return read->what && atomic_load(&waiting.since) == since;
}

/* "halo2vec: rank 3 (host h2) <verb> 45 s for blocks from rank 2 in training". */
static void describe(last_line *line, const char *verb, const reading *wait)
{
    add_text(line, "halo2vec: rank ");
    add_number(line, watch.rank);
    add_text(line, " (host ");
    add_text(line, watch.host);
    add_text(line, ") ");
    add_text(line, verb);
    add_text(line, " ");
    add_number(line, wait->nanoseconds / SECOND);
    add_text(line, " s for ");
    add_text(line, wait->what);
    add_text(line, wait->relation);
    if (wait->peer >= 0) add_number(line, wait->peer);
    if (wait->activity) {
        add_text(line, " in ");
        add_text(line, wait->activity);
    }
}

/* In one piece, so that lines of several ranks do not mix. */
static void speak(last_line *line)
{
    if (line->length == sizeof line->text) line->length--;
    line->text[line->length++] = '\n';
    const ssize_t written = write(STDERR_FILENO, line->text, line->length);
    (void)written; /* nobody is left to be told */
}

/* ---- the watchdog */

static void give_up(const reading *wait) __attribute__((noreturn));

static void give_up(const reading *wait)
{
    last_line line = {.length = 0};
    describe(&line, "waited", wait);
    add_text(&line, "; giving up (--comm-timeout ");
    add_number(&line, watch.timeout_seconds);
    add_text(&line, ")");
    speak(&line);
    h2vi_output_remove_guarded();
    _exit(EXIT_FAILED); /* MPI belongs to the main thread, which waits */
}

/* Under the lock: sleep until the next look, or the end. */
static void sleep_a_little(void)
{
    const struct timespec until = h2vi_time_in(CLOCK_MONOTONIC, LOOK_EVERY);
    (void)pthread_cond_timedwait(&watch.ending, &watch.lock, &until);
}

/* Time is counted in looks, not by the clock: a job that was stopped for a night, and goes
 * on, has not waited. */
static void *watch_main_thread(void *unused)
{
    int64_t since = 0, looks = 0;
    reading wait;
    pthread_mutex_lock(&watch.lock);
    for (; !watch.is_ending; sleep_a_little()) {
        const bool is_waiting = read_wait(&wait) && !wait.is_patient;
        looks = is_waiting && wait.since == since ? looks + 1 : 0;
        since = wait.since;
        wait.nanoseconds = looks * LOOK_EVERY;
        if (wait.nanoseconds >= watch.timeout_seconds * SECOND) give_up(&wait);
    }
    pthread_mutex_unlock(&watch.lock);
    return unused;
}

/* Signals are for the other threads: the watchdog must not be found inside a handler. */
static int start_thread(void)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int outcome = pthread_create(&watch.thread, NULL, watch_main_thread, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return outcome;
}

void h2v_comm_set_timeout(int seconds)
{
    watch.timeout_seconds = seconds > 0 ? seconds : 0;
}

h2v_status h2vi_watch_start(int rank)
{
    if (watch.num_users++ > 0) return H2V_OK;
    watch.rank = rank;
    if (gethostname(watch.host, sizeof watch.host) != 0) watch.host[0] = '\0';
    watch.host[sizeof watch.host - 1] = '\0';
    if (watch.timeout_seconds == 0) return H2V_OK;
    watch.is_ending = false;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch.ending, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    watch.is_running = start_thread() == 0;
    if (watch.is_running) return H2V_OK;
    h2vi_watch_stop();
    return h2vi_fail_memory("a thread that watches the others");
}

void h2vi_watch_stop(void)
{
    if (--watch.num_users > 0 || !watch.is_running) return;
    pthread_mutex_lock(&watch.lock);
    watch.is_ending = true;
    (void)pthread_cond_signal(&watch.ending);
    pthread_mutex_unlock(&watch.lock);
    (void)pthread_join(watch.thread, NULL);
    (void)pthread_cond_destroy(&watch.ending);
    watch.is_running = false;
}

/* ---- signals */

static void end_by_signal(int number)
{
    reading wait;
    if (read_wait(&wait)) {
        last_line line = {.length = 0};
        describe(&line,
                 number == SIGINT ? "was interrupted when it had waited"
                                  : "was terminated when it had waited",
                 &wait);
        speak(&line);
    }
    h2vi_output_remove_guarded();
    (void)raise(number); /* the default action, once this handler returns */
}

void h2v_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND}, before;
    action.sa_handler = end_by_signal;
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const bool is_known = sigaction(numbers[i], NULL, &before) == 0;
        if (is_known && before.sa_handler == SIG_DFL)
            (void)sigaction(numbers[i], &action, NULL);
    }
}
