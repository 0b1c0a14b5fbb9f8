/* SPDX-License-Identifier: MIT */

/* Text in batches of whole lines, from a file or standard input, plain or gzip (recognized
 * by its first bytes; several members, as concatenated files have them, are one text). A
 * byte order mark at the beginning is dropped, and the last line is ended if it is not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "halo2vec/status.h"

/* No line of sense is longer; whoever reads lines refuses longer ones, whatever the size of
 * the batches. */
enum { H2VI_MAX_LINE_BYTES = 1 << 18 };

typedef struct h2vi_text_reader h2vi_text_reader;

/* Some lines, and what stopped the reader after them, if anything did. */
typedef struct h2vi_text_batch {
    char *text; /* num_bytes of whole lines, then num_carried of one that goes on */
    int64_t num_bytes;
    int64_t num_carried;
    bool is_last;
    h2v_status status; /* H2V_OK, or why no line can follow */
    char message[H2VI_MESSAGE_BYTES];
} h2vi_text_batch;

/* `capacity` is the size of a batch; a line that does not fit is an error. "-" is standard
 * input. Errors: ERR_IO, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_text_open(const char *path, int64_t capacity,
                                      h2vi_text_reader **reader);

/* The buffer of a batch. */
H2V_CHECKED h2v_status h2vi_text_batch_create(int64_t capacity, h2vi_text_batch *batch);
void h2vi_text_batch_clear(h2vi_text_batch *batch);

/* Fill `batch` with the lines after `previous` (NULL at first), another batch of the same
 * reader whose lines may be read meanwhile. An error stands in the batch. */
void h2vi_text_fill(h2vi_text_reader *reader, const h2vi_text_batch *previous,
                    h2vi_text_batch *batch);

/* Whether filling a batch takes less time than reading its lines: a file that is neither
 * compressed nor a pipe. */
bool h2vi_text_is_quick(const h2vi_text_reader *reader);

/* Release *reader, if any, and set it to NULL. */
void h2vi_text_close(h2vi_text_reader **reader);
