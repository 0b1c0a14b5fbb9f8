/* SPDX-License-Identifier: MIT */

/* How a function fails: it records one message and returns a status. */
#pragma once

#include "halo2vec/status.h"

enum { H2VI_MESSAGE_BYTES = 512 };

/* Record the message (sentence case, no full stop: what, where, what would be right) and
 * return `status`, so that a failure is one line: return h2v_fail(H2V_ERR_DATA, ...). */
h2v_status h2v_fail(h2v_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The usual one. `what` says whose memory it was, such as "alias table". */
h2v_status h2vi_fail_memory(const char *what);

/* Adopt a message that another rank sent. */
void h2vi_adopt_message(const char *message, int rank);

/* A mistake of our own: say where and end all ranks. */
void h2vi_assert_failed(const char *expression, const char *file, int line)
    __attribute__((noreturn));

#ifdef H2V_CHECKED_BUILD
#define H2V_ASSERT(cond) ((cond) ? (void)0 : h2vi_assert_failed(#cond, __FILE__, __LINE__))
#else
#define H2V_ASSERT(cond) ((void)sizeof(cond))
#endif
