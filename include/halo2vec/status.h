/* SPDX-License-Identifier: MIT */

/// @file status.h
/// What a function returns when it can fail.
///
/// Every such function returns an h2v_status, H2V_OK being 0, and leaves a message
/// for people in h2v_error_message(). A function marked **Collective** returns the
/// same status on every rank: the lowest failing rank speaks for all.
#pragma once

/// The statuses: name, text. The one list from which all else is made.
#define H2V_STATUS_LIST(X)                                                                 \
    X(OK, "done")                                                                          \
    X(ERR_NOMEM, "out of memory")                                                          \
    X(ERR_IO, "a file cannot be read or written")                                          \
    X(ERR_ARGUMENT, "a parameter is out of its range")                                     \
    X(ERR_EXISTS, "the output exists")                                                     \
    X(ERR_DATA, "the input was read but is not valid")                                     \
    X(ERR_LEAK, "the embedding was not trained on this training graph")                    \
    X(ERR_PARTITION, "the partitioner failed")

typedef enum h2v_status {
#define H2V_STATUS_ENUM(name, text) H2V_##name,
    H2V_STATUS_LIST(H2V_STATUS_ENUM)
#undef H2V_STATUS_ENUM
} h2v_status;

/// Marks a function whose status must not be ignored.
#define H2V_CHECKED __attribute__((warn_unused_result))

/// Return the text of @p status, such as "out of memory". **Local.**
const char *h2v_status_text(h2v_status status);

/// Return the message of the last failure on this thread: what, where, and what
/// would be right. **Local.** Borrowed; valid until the next failure.
const char *h2v_error_message(void);

/// Return the rank that the last failure came from, or -1 if it was found by this
/// rank alone. **Local.**
int h2v_error_rank(void);
