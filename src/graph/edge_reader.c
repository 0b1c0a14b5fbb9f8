/* SPDX-License-Identifier: MIT */

/* A batch of text is divided into segments; threads take them one by one. While they read,
 * the table of ids does not change: a segment lists the ids it does not find. Afterwards
 * these are inserted in the order of the text, and all threads make a block of each
 * segment's edges. So gids are those of a reader line by line, whatever the number of
 * threads and the size of batches, and most ids, which are known, are found by all threads
 * at once. One thread fills the next batch: before it reads segments where that takes long,
 * else while another inserts ids. */
#include "edge_reader.h"

#include "alloc.h"
#include "fail.h"
#include "segment.h"
#include "text_reader.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_PER_THREAD = 4, MIN_SEGMENTS = 8, MAX_SEGMENTS = 64 };

struct h2vi_edge_reader {
    h2vi_reading reading;
    h2vi_reading_counts counts;
    int64_t capacity; /* of a batch */
    h2vi_text_batch batches[2];
    int64_t num_segments; /* of the current batch */
    h2vi_segment *segments;
    int64_t max_segments;
    const char *path; /* of the current file, for messages */
    int64_t num_lines_of_file;
};

static int64_t choose_num_segments(int num_threads)
{
    const int64_t wanted = (int64_t)SEGMENTS_PER_THREAD * num_threads;
    return wanted < MIN_SEGMENTS   ? MIN_SEGMENTS
           : wanted > MAX_SEGMENTS ? MAX_SEGMENTS
                                   : wanted;
}

h2v_status h2vi_edge_reader_create(const h2vi_reading *reading, h2vi_edge_reader **out)
{
    *out = NULL;
    h2vi_edge_reader *reader = h2vi_alloc(1, sizeof *reader);
    if (!reader) return h2vi_fail_memory("a reader of edges");
    reader->reading = *reading;
    const int64_t num_segments = choose_num_segments(reading->num_threads);
    reader->capacity = num_segments * reading->segment_bytes;
    reader->max_segments = num_segments + 1;
    reader->segments = h2vi_alloc_n(reader->max_segments, sizeof *reader->segments);
    h2v_status status = reader->segments ? H2V_OK : h2vi_fail_memory("a reader of edges");
    for (int i = 0; status == H2V_OK && i < 2; i++)
        status = h2vi_text_batch_create(reader->capacity, &reader->batches[i]);
    if (status == H2V_OK)
        *out = reader;
    else
        h2vi_edge_reader_destroy(&reader);
    return status;
}

void h2vi_edge_reader_destroy(h2vi_edge_reader **reader)
{
    if (!*reader) return;
    for (int64_t i = 0; (*reader)->segments && i < (*reader)->max_segments; i++)
        h2vi_segment_clear(&(*reader)->segments[i]);
    for (int i = 0; i < 2; i++) h2vi_text_batch_clear(&(*reader)->batches[i]);
    free((*reader)->segments);
    free(*reader);
    *reader = NULL;
}

h2vi_reading_counts h2vi_edge_reader_counts(const h2vi_edge_reader *reader)
{
    return reader->counts;
}

/* A failure in the line after `num_lines` of this file. */
static h2v_status fail_at(const h2vi_edge_reader *reader, int64_t num_lines,
                          h2v_status status, const char *message)
{
    if (status == H2V_ERR_NOMEM) return h2v_fail(status, "%s", message);
    const bool is_standard = strcmp(reader->path, "-") == 0;
    return h2v_fail(status, "%s:%lld: %s", is_standard ? "standard input" : reader->path,
                    (long long)num_lines + 1, message);
}

/* Cut the lines of a batch into segments. */
static void divide(h2vi_edge_reader *reader, const h2vi_text_batch *batch)
{
    const char *begin = batch->text, *end = begin + batch->num_bytes;
    reader->num_segments = 0;
    while (begin < end) {
        const char *cut = end;
        if (end - begin > reader->reading.segment_bytes) {
            const char *last = begin + reader->reading.segment_bytes - 1;
            cut = (const char *)memchr(last, '\n', (size_t)(end - last)) + 1;
        }
        h2vi_segment *segment = &reader->segments[reader->num_segments++];
        h2vi_segment_reset(segment);
        segment->begin = begin;
        segment->end = cut;
        begin = cut;
    }
}

/* The first segment that could not be read to its end, or num_segments. */
static int64_t find_stopped(const h2vi_edge_reader *reader)
{
    int64_t i = 0;
    while (i < reader->num_segments && reader->segments[i].status == H2V_OK &&
           !reader->segments[i].has_string)
        i++;
    return i;
}

static void read_segments(h2vi_edge_reader *reader, const h2vi_line_format *format)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(reader->reading.num_threads)
    for (int64_t i = 0; i < reader->num_segments; i++)
        h2vi_segment_read(&reader->segments[i], &reader->reading, format);
}

/* An id that is not a number makes all ids strings: read the batch again, as such. */
static h2v_status start_over_with_strings(h2vi_edge_reader *reader,
                                          h2vi_line_format *format,
                                          const h2vi_text_batch *batch)
{
    const h2v_status status = h2vi_id_table_turn_to_strings(reader->reading.table);
    if (status != H2V_OK) return status;
    format->kind = H2VI_IDS_STRINGS;
    divide(reader, batch);
    read_segments(reader, format);
    return H2V_OK;
}

/* Give gids to what the segments hold, in order, up to the first that failed. */
static h2v_status merge_segments(h2vi_edge_reader *reader)
{
    for (int64_t i = 0; i < reader->num_segments; i++) {
        h2vi_segment *segment = &reader->segments[i];
        if (segment->status != H2V_OK)
            return fail_at(reader, reader->num_lines_of_file + segment->num_lines,
                           segment->status, segment->message);
        const h2v_status status = h2vi_segment_resolve(segment, reader->reading.table);
        if (status != H2V_OK) return status;
        reader->num_lines_of_file += segment->num_lines;
        reader->counts.num_self_loops += segment->num_self_loops;
    }
    return H2V_OK;
}

/* Merge the segments, unless they are to be read again. */
static h2v_status try_merge(h2vi_edge_reader *reader, bool *has_string)
{
    const int64_t stopped = find_stopped(reader);
    *has_string = stopped < reader->num_segments && reader->segments[stopped].has_string;
    return *has_string ? H2V_OK : merge_segments(reader);
}

/* Append the edges of all segments, which have their gids. */
static h2v_status pack_segments(h2vi_edge_reader *reader, h2vi_edge_list *edges)
{
    h2v_status status = H2V_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(reader->reading.num_threads)
    for (int64_t i = 0; i < reader->num_segments; i++)
        h2vi_segment_pack(&reader->segments[i], &reader->reading);
    for (int64_t i = 0; i < reader->num_segments; i++) {
        h2vi_segment *segment = &reader->segments[i];
        if (segment->status != H2V_OK) status = h2vi_fail_memory("edges");
        if (segment->block) h2vi_edge_list_append(edges, segment->block);
        segment->block = NULL;
    }
    return status;
}

/* Read the lines of a batch, and fill the next unless this is the last. The master merges:
 * messages stay with the thread that met the error. */
static h2v_status read_batch(h2vi_edge_reader *reader, h2vi_line_format *format,
                             h2vi_text_reader *text, const h2vi_text_batch *batch,
                             h2vi_text_batch *next, h2vi_edge_list *edges)
{
    const bool fills_late = h2vi_text_is_quick(text);
    h2v_status status = H2V_OK;
    bool has_string = false;
    divide(reader, batch);
#pragma omp parallel num_threads(reader->reading.num_threads)
    {
        if (!batch->is_last && !fills_late) {
#pragma omp single nowait
            h2vi_text_fill(text, batch, next);
        }
#pragma omp for schedule(dynamic, 1)
        for (int64_t i = 0; i < reader->num_segments; i++)
            h2vi_segment_read(&reader->segments[i], &reader->reading, format);
#pragma omp master
        status = try_merge(reader, &has_string);
        if (!batch->is_last && fills_late) {
#pragma omp single nowait
            h2vi_text_fill(text, batch, next);
        }
    }
    if (has_string) {
        status = start_over_with_strings(reader, format, batch);
        if (status == H2V_OK) status = merge_segments(reader);
    }
    if (status == H2V_OK) status = pack_segments(reader, edges);
    reader->counts.num_text_bytes += batch->num_bytes;
    if (status == H2V_OK && batch->status != H2V_OK)
        status = fail_at(reader, reader->num_lines_of_file, batch->status, batch->message);
    return status;
}

static h2v_status read_text(h2vi_edge_reader *reader, const char *path, int num_ids,
                            h2vi_edge_list *edges)
{
    h2vi_line_format format = {.delimiter = reader->reading.delimiter,
                               .num_ids = num_ids,
                               .weighted = reader->reading.weighted && num_ids == 2,
                               .kind = h2vi_id_table_holds_numbers(reader->reading.table)
                                           ? H2VI_IDS_NUMBERS
                                           : H2VI_IDS_STRINGS};
    h2vi_text_reader *text = NULL;
    h2v_status status = h2vi_text_open(path, reader->capacity, &text);
    if (status != H2V_OK) return status;
    reader->path = path;
    reader->num_lines_of_file = 0;

    h2vi_text_batch *batch = &reader->batches[0], *next = &reader->batches[1];
    h2vi_text_fill(text, NULL, batch);
    bool is_done = false;
    while (status == H2V_OK && !is_done) {
        status = read_batch(reader, &format, text, batch, next, edges);
        is_done = batch->is_last;
        h2vi_text_batch *const filled = next;
        next = batch;
        batch = filled;
    }
    reader->counts.num_lines += reader->num_lines_of_file;
    h2vi_text_close(&text);
    return status;
}

h2v_status h2vi_edge_reader_read(h2vi_edge_reader *reader, const char *path,
                                 h2vi_edge_list *edges)
{
    return read_text(reader, path, 2, edges);
}

h2v_status h2vi_edge_reader_read_vertices(h2vi_edge_reader *reader, const char *path)
{
    h2vi_edge_list none = {0};
    return read_text(reader, path, 1, &none);
}
