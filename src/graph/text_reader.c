/* SPDX-License-Identifier: MIT */

/* The one file that knows zlib. Plain text is read straight into the batch; gzip passes
 * through a small buffer of compressed bytes. */
#include "text_reader.h"

#include "alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { RAW_BYTES = 1 << 17, MAGIC_BYTES = 2, GZIP_WINDOW = 16 + MAX_WBITS };

struct h2vi_text_reader {
    int file;
    int64_t capacity;
    bool is_gzip;
    bool is_inflating; /* inside a gzip member */
    bool is_at_end;
    unsigned char *raw; /* read, but not yet handed on: [raw_start, raw_end) */
    int64_t raw_start, raw_end;
    z_stream stream;
};

static voidpf allocate(voidpf unused, uInt count, uInt size)
{
    (void)unused;
    return h2vi_alloc(count, size);
}

static void release(voidpf unused, voidpf memory)
{
    (void)unused;
    free(memory);
}

/* Read up to `capacity` bytes; none at the end. */
static h2v_status read_file(int file, void *into, int64_t capacity, int64_t *count)
{
    do {
        *count = read(file, into, (size_t)capacity);
    } while (*count < 0 && errno == EINTR);
    if (*count >= 0) return H2V_OK;
    *count = 0;
    return h2v_fail(H2V_ERR_IO, "Cannot be read: %s", strerror(errno));
}

/* Read until `wanted` raw bytes are there, or the end. */
static h2v_status fill_raw(h2vi_text_reader *reader, int64_t wanted)
{
    if (reader->raw_start == reader->raw_end) reader->raw_start = reader->raw_end = 0;
    while (reader->raw_end - reader->raw_start < wanted) {
        if (reader->raw_end == RAW_BYTES) {
            const int64_t left = reader->raw_end - reader->raw_start;
            memmove(reader->raw, reader->raw + reader->raw_start, (size_t)left);
            reader->raw_start = 0;
            reader->raw_end = left;
        }
        int64_t count = 0;
        const h2v_status status = read_file(reader->file, reader->raw + reader->raw_end,
                                            RAW_BYTES - reader->raw_end, &count);
        if (status != H2V_OK) return status;
        if (count == 0) break;
        reader->raw_end += count;
    }
    return H2V_OK;
}

static bool is_magic_next(const h2vi_text_reader *reader)
{
    return reader->raw_end - reader->raw_start >= MAGIC_BYTES &&
           reader->raw[reader->raw_start] == 0x1f &&
           reader->raw[reader->raw_start + 1] == 0x8b;
}

static h2v_status read_plain(h2vi_text_reader *reader, char *into, int64_t capacity,
                             int64_t *count)
{
    const int64_t left = reader->raw_end - reader->raw_start;
    if (left == 0) return read_file(reader->file, into, capacity, count);
    *count = left < capacity ? left : capacity;
    memcpy(into, reader->raw + reader->raw_start, (size_t)*count);
    reader->raw_start += *count;
    return H2V_OK;
}

/* Between members: begin the next one, or come to the end. Zeros after the last member are
 * padding (tapes have them); anything else is damage. */
static h2v_status begin_member(h2vi_text_reader *reader)
{
    h2v_status status = fill_raw(reader, MAGIC_BYTES);
    if (status != H2V_OK) return status;
    if (is_magic_next(reader)) {
        reader->is_inflating = true;
        return inflateReset(&reader->stream) == Z_OK ? H2V_OK : h2vi_fail_memory("zlib");
    }
    while (reader->raw_start < reader->raw_end) {
        if (reader->raw[reader->raw_start++] != 0)
            return h2v_fail(H2V_ERR_DATA, "Gzip data are followed by other bytes");
        if (reader->raw_start == reader->raw_end) status = fill_raw(reader, 1);
        if (status != H2V_OK) return status;
    }
    reader->is_at_end = true;
    return H2V_OK;
}

/* One call of inflate(); the number of bytes it made. */
static h2v_status inflate_some(h2vi_text_reader *reader, char *into, int64_t capacity,
                               int64_t *count)
{
    const h2v_status status = fill_raw(reader, 1);
    if (status != H2V_OK) return status;
    if (reader->raw_start == reader->raw_end)
        return h2v_fail(H2V_ERR_DATA, "Gzip data end early: the file is truncated");

    z_stream *stream = &reader->stream;
    stream->next_in = reader->raw + reader->raw_start;
    stream->avail_in = (uInt)(reader->raw_end - reader->raw_start);
    stream->next_out = (unsigned char *)into;
    stream->avail_out = (uInt)capacity;
    const int outcome = inflate(stream, Z_NO_FLUSH);
    reader->raw_start = reader->raw_end - (int64_t)stream->avail_in;
    *count = capacity - (int64_t)stream->avail_out;

    if (outcome == Z_STREAM_END) reader->is_inflating = false;
    if (outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR) return H2V_OK;
    if (outcome == Z_MEM_ERROR) return h2vi_fail_memory("zlib");
    return h2v_fail(H2V_ERR_DATA, "Gzip data are damaged: %s",
                    stream->msg ? stream->msg : "a dictionary is needed");
}

static h2v_status read_gzip(h2vi_text_reader *reader, char *into, int64_t capacity,
                            int64_t *count)
{
    h2v_status status = H2V_OK;
    *count = 0;
    while (status == H2V_OK && *count == 0 && !reader->is_at_end)
        status = reader->is_inflating ? inflate_some(reader, into, capacity, count)
                                      : begin_member(reader);
    return status;
}

static h2v_status recognize_gzip(h2vi_text_reader *reader)
{
    const h2v_status status = fill_raw(reader, MAGIC_BYTES);
    if (status != H2V_OK) return status;
    reader->is_gzip = is_magic_next(reader);
    if (!reader->is_gzip) return H2V_OK;
    reader->stream = (z_stream){.zalloc = allocate, .zfree = release};
    if (inflateInit2(&reader->stream, GZIP_WINDOW) == Z_OK) return H2V_OK;
    reader->is_gzip = false;
    return h2vi_fail_memory("zlib");
}

h2v_status h2vi_text_open(const char *path, int64_t capacity, h2vi_text_reader **out)
{
    *out = NULL;
    h2vi_text_reader *reader = h2vi_alloc(1, sizeof *reader);
    unsigned char *raw = h2vi_alloc(RAW_BYTES, 1);
    if (!reader || !raw) {
        free(reader);
        free(raw);
        return h2vi_fail_memory("a text reader");
    }
    const bool is_standard = strcmp(path, "-") == 0;
    *reader = (h2vi_text_reader){.capacity = capacity, .raw = raw};
    reader->file = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    h2v_status status = reader->file < 0 ? h2v_fail(H2V_ERR_IO, "%s", strerror(errno))
                                         : recognize_gzip(reader);
    if (status == H2V_ERR_IO)
        status = h2v_fail(H2V_ERR_IO, "Cannot read '%s': %s", path, strerror(errno));
    if (status == H2V_OK)
        *out = reader;
    else
        h2vi_text_close(&reader);
    return status;
}

void h2vi_text_close(h2vi_text_reader **reader)
{
    if (!*reader) return;
    if ((*reader)->is_gzip) (void)inflateEnd(&(*reader)->stream);
    if ((*reader)->file > STDIN_FILENO) (void)close((*reader)->file);
    free((*reader)->raw);
    free(*reader);
    *reader = NULL;
}

bool h2vi_text_is_quick(const h2vi_text_reader *reader)
{
    struct stat file;
    return !reader->is_gzip && fstat(reader->file, &file) == 0 && S_ISREG(file.st_mode);
}

h2v_status h2vi_text_batch_create(int64_t capacity, h2vi_text_batch *batch)
{
    *batch = (h2vi_text_batch){0};
    batch->text = h2vi_alloc_n(capacity + 1, 1); /* one more to end the last line */
    return batch->text ? H2V_OK : h2vi_fail_memory("a batch of text");
}

void h2vi_text_batch_clear(h2vi_text_batch *batch)
{
    free(batch->text);
    *batch = (h2vi_text_batch){0};
}

static void set_failure(h2vi_text_batch *batch, h2v_status status)
{
    batch->is_last = true;
    batch->status = status;
    (void)snprintf(batch->message, sizeof batch->message, "%s", h2v_error_message());
}

/* Divide what was read into whole lines and the beginning of the next. */
static void divide(const h2vi_text_reader *reader, int64_t num_read, h2vi_text_batch *batch)
{
    if (batch->is_last && batch->status == H2V_OK && num_read > 0 &&
        batch->text[num_read - 1] != '\n')
        batch->text[num_read++] = '\n';
    int64_t end = num_read;
    while (end > 0 && batch->text[end - 1] != '\n') end--;
    batch->num_bytes = end;
    batch->num_carried = num_read - end;
    if (batch->num_carried < reader->capacity) return;

    const long long longest = reader->capacity < H2VI_MAX_LINE_BYTES
                                  ? (long long)reader->capacity
                                  : H2VI_MAX_LINE_BYTES;
    set_failure(batch, h2v_fail(H2V_ERR_DATA, "Line is longer than %lld bytes", longest));
}

static int64_t drop_byte_order_mark(char *text, int64_t num_bytes)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    const int64_t length = sizeof mark;
    if (num_bytes < length || memcmp(text, mark, sizeof mark) != 0) return num_bytes;
    memmove(text, text + length, (size_t)(num_bytes - length));
    return num_bytes - length;
}

void h2vi_text_fill(h2vi_text_reader *reader, const h2vi_text_batch *previous,
                    h2vi_text_batch *batch)
{
    int64_t num_read = previous ? previous->num_carried : 0;
    if (num_read > 0)
        memcpy(batch->text, previous->text + previous->num_bytes, (size_t)num_read);
    batch->is_last = false;
    batch->status = H2V_OK;
    batch->message[0] = '\0';

    while (num_read < reader->capacity && !batch->is_last) {
        char *into = batch->text + num_read;
        const int64_t room = reader->capacity - num_read;
        int64_t count = 0;
        const h2v_status status = reader->is_gzip ? read_gzip(reader, into, room, &count)
                                                  : read_plain(reader, into, room, &count);
        if (status != H2V_OK) set_failure(batch, status);
        if (count == 0) batch->is_last = true;
        num_read += count;
    }
    if (!previous) num_read = drop_byte_order_mark(batch->text, num_read);
    divide(reader, num_read, batch);
}
