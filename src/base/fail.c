/* SPDX-License-Identifier: MIT */

/* Statuses and the message of the last failure, which is the library's only state. */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char last_message[H2VI_MESSAGE_BYTES];
static _Thread_local int last_rank = -1;

const char *h2v_status_text(h2v_status status)
{
    static const char *const texts[] = {
#define STATUS_TEXT(name, text) [H2V_##name] = (text),
        H2V_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    };
    return texts[status];
}

const char *h2v_error_message(void)
{
    return last_message;
}

int h2v_error_rank(void)
{
    return last_rank;
}

h2v_status h2v_fail(h2v_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(last_message, sizeof last_message, format, arguments);
    va_end(arguments);
    last_rank = -1;
    return status;
}

h2v_status h2vi_fail_memory(const char *what)
{
    return h2v_fail(H2V_ERR_NOMEM, "Out of memory for %s", what);
}

void h2vi_adopt_message(const char *message, int rank)
{
    memmove(last_message, message, sizeof last_message);
    last_message[sizeof last_message - 1] = '\0';
    last_rank = rank;
}

void h2vi_assert_failed(const char *expression, const char *file, int line)
{
    (void)fprintf(stderr, "halo2vec: %s:%d: assertion failed: %s\n", file, line,
                  expression);
    abort(); /* mpirun ends the other ranks of a rank that died by a signal */
}
