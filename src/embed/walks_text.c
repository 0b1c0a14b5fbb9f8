/* SPDX-License-Identifier: MIT */

/* Two passes over a batch: how long the text of each walk is, then the text, where it
 * stays. */
#define _POSIX_C_SOURCE 200809L /* pwrite */
#include "walks_text.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "graph_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- words
 * ----------------------------------------------------------------------------------------
 */

/* Ids that are numbers become strings. */
static h2v_status write_numbers(h2vi_ids *ids)
{
    char digits[32];
    h2vi_ids words = {.num_ids = ids->num_ids};
    int64_t num_bytes = 0;
    for (int64_t v = 0; v < ids->num_ids; v++)
        num_bytes += snprintf(digits, sizeof digits, "%" PRId64, ids->numbers[v]) + 1;
    words.starts = h2vi_alloc_n(ids->num_ids + 1, sizeof *words.starts);
    words.text = h2vi_alloc_n(num_bytes + 1, 1);
    if (!words.starts || !words.text) {
        h2vi_ids_clear(&words);
        return h2vi_fail_memory("ids as text");
    }
    for (int64_t v = 0; v < ids->num_ids; v++)
        words.starts[v + 1] = words.starts[v] + 1 +
                              snprintf(words.text + words.starts[v], sizeof digits,
                                       "%" PRId64, ids->numbers[v]);
    h2vi_ids_clear(ids);
    *ids = words;
    return H2V_OK;
}

static uint32_t word_length(const h2vi_ids *words, uint32_t gid)
{
    return (uint32_t)(words->starts[gid + 1] - words->starts[gid] - 1);
}

/* U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000, in
 * UTF-8, at the beginning of a text that a byte of 0 ends. */
static bool begins_with_wide_blank(const unsigned char *text)
{
    if (text[0] == 0xc2) return text[1] == 0x85 || text[1] == 0xa0;
    if (text[0] == 0xe1) return text[1] == 0x9a && text[2] == 0x80;
    if (text[0] == 0xe3) return text[1] == 0x80 && text[2] == 0x80;
    if (text[0] != 0xe2) return false;
    if (text[1] == 0x81) return text[2] == 0x9f;
    return text[1] == 0x80 && ((text[2] >= 0x80 && text[2] <= 0x8a) || text[2] == 0xa8 ||
                               text[2] == 0xa9 || text[2] == 0xaf);
}

/* Whoever reads lines splits them at any of these: Python's str.split() at Unicode's
 * blanks, too. */
static bool is_word(const char *text, uint32_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (uint32_t i = 0; i < length; i++)
        if (bytes[i] <= ' ' || (bytes[i] >= 0xc2 && begins_with_wide_blank(bytes + i)))
            return false;
    return length > 0;
}

static h2v_status check_words(const char *graph, const h2vi_ids *words)
{
    enum { MOST_SHOWN = 64 };
    for (int64_t v = 0; v < words->num_ids; v++) {
        const char *text = words->text + words->starts[v];
        if (is_word(text, word_length(words, (uint32_t)v))) continue;
        const size_t line = strcspn(text, "\n\r");
        return h2v_fail(H2V_ERR_DATA,
                        "'%s': the id '%.*s' holds a blank, which separates ids in text; "
                        "HDF5 can hold it (name the output .h5, or --format hdf5)",
                        graph, line < MOST_SHOWN ? (int)line : MOST_SHOWN, text);
    }
    return H2V_OK;
}

/* Local. */
static h2v_status read_words(const char *graph, h2vi_ids *words)
{
    h2v_status status = h2vi_graph_read_ids(graph, words);
    if (status != H2V_OK) return status;
    return h2vi_ids_are_numbers(words) ? write_numbers(words) : check_words(graph, words);
}

/* ---- where it goes
 * --------------------------------------------------------------------------------
 */

static h2v_status fail_write(const char *path)
{
    return h2v_fail(H2V_ERR_IO, "Cannot write walks to '%s': %s", path, strerror(errno));
}

/* Local. */
static h2v_status open_target(h2vi_text_walks *walks)
{
    if (!walks->path) return h2vi_exchange_init(walks->world, sizeof(char), &walks->pieces);
    walks->file = open(walks->path, O_WRONLY);
    if (walks->file >= 0) return H2V_OK;
    return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s; all hosts must see its directory",
                    walks->path, strerror(errno));
}

/* Local. */
static h2v_status write_at(const h2vi_text_walks *walks, int64_t at, int64_t num_bytes)
{
    for (int64_t done = 0; done < num_bytes;) {
        const ssize_t count = pwrite(walks->file, walks->text + done,
                                     (size_t)(num_bytes - done), (off_t)(at + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail_write(walks->path);
        done += count;
    }
    return H2V_OK;
}

/* Collective. What the ranks have follows one another in rank order. */
static h2v_status send_to_sink(h2vi_text_walks *walks, int64_t num_bytes)
{
    h2vi_exchange *pieces = &walks->pieces;
    pieces->send_counts[0] = num_bytes;
    h2v_status status = h2vi_exchange_run(pieces, H2V_OK, walks->text);
    if (status != H2V_OK) return status;
    if (walks->world->rank == 0 &&
        walks->sink(walks->context, pieces->num_received, pieces->received) != 0)
        status = h2v_fail(H2V_ERR_IO, "Cannot write walks: who reads them takes no more");
    return h2v_agree(walks->world, status);
}

/* ---- text
 * -----------------------------------------------------------------------------------------
 */

static int64_t text_length(const h2vi_ids *words, const h2vi_token *walk, int64_t length)
{
    int64_t num_bytes = length; /* a space, or the end of the line, behind each */
    for (int64_t i = 0; i < length; i++) num_bytes += word_length(words, walk[i].slot);
    return num_bytes;
}

static void write_line(const h2vi_ids *words, const h2vi_token *walk, int64_t length,
                       char *line)
{
    for (int64_t i = 0; i < length; i++) {
        const uint32_t num_bytes = word_length(words, walk[i].slot);
        memcpy(line, words->text + words->starts[walk[i].slot], num_bytes);
        line[num_bytes] = i + 1 < length ? ' ' : '\n';
        line += num_bytes + 1;
    }
}

static const h2vi_token *walk_of(const h2vi_file_batch *batch, int64_t i, int64_t *length)
{
    *length = batch->starts[i + 1] - batch->starts[i];
    return batch->tokens + i * batch->walk_length;
}

static h2v_status make_room(h2vi_text_walks *walks, int64_t num_bytes)
{
    if (walks->text && num_bytes <= walks->capacity) return H2V_OK;
    free(walks->text);
    walks->capacity = num_bytes + num_bytes / 16;
    walks->text = h2vi_alloc_raw_n(walks->capacity, 1);
    if (walks->text) return H2V_OK;
    walks->capacity = 0;
    return h2vi_fail_memory("walks as text");
}

/* Local. `lines` is scratch of shape [num_walks + 1]; its last is the number of bytes. */
static h2v_status write_text(h2vi_text_walks *walks, const h2vi_file_batch *batch,
                             int64_t *lines)
{
#pragma omp parallel for schedule(static) num_threads(walks->world->num_threads)
    for (int64_t i = 0; i < batch->num_walks; i++) {
        int64_t length = 0;
        const h2vi_token *walk = walk_of(batch, i, &length);
        lines[i + 1] = text_length(&walks->words, walk, length);
    }
    for (int64_t i = 0; i < batch->num_walks; i++) lines[i + 1] += lines[i];
    const h2v_status status = make_room(walks, lines[batch->num_walks]);
    if (status != H2V_OK) return status;
#pragma omp parallel for schedule(static) num_threads(walks->world->num_threads)
    for (int64_t i = 0; i < batch->num_walks; i++) {
        int64_t length = 0;
        const h2vi_token *walk = walk_of(batch, i, &length);
        write_line(&walks->words, walk, length, walks->text + lines[i]);
    }
    return H2V_OK;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

h2v_status h2vi_text_walks_open(const h2v_world *world, const h2v_walk_files *files,
                                const char *path, h2vi_text_walks *walks)
{
    *walks = (h2vi_text_walks){.world = world,
                               .path = path,
                               .file = -1,
                               .sink = files->sink,
                               .context = files->context};
    h2v_status status = read_words(files->graph, &walks->words);
    if (status == H2V_OK) status = open_target(walks);
    return h2v_agree(world, status);
}

int64_t h2vi_text_walks_at_once(const h2vi_text_walks *walks, int64_t visits)
{
    const h2vi_ids *words = &walks->words;
    double mean = 0; /* with a space, or the end of the line */
    if (words->num_ids > 0)
        mean = (double)words->starts[words->num_ids] / (double)words->num_ids;
    h2vi_max(walks->world, 1, &mean);
    const double room = (double)sizeof(h2vi_token);
    if (mean > room) visits = (int64_t)((double)visits * room / mean);
    return visits > 0 ? visits : 1;
}

h2v_status h2vi_text_walks_write(h2vi_text_walks *walks, const h2vi_file_batch *batch)
{
    const h2v_world *world = walks->world;
    int64_t *lines = h2vi_alloc_n(batch->num_walks + 1, sizeof *lines);
    h2v_status status =
        lines ? write_text(walks, batch, lines) : h2vi_fail_memory("walks as text");
    status = h2v_agree(world, status);
    if (status != H2V_OK) goto cleanup;

    const int64_t own = lines[batch->num_walks];
    if (!walks->path) {
        status = send_to_sink(walks, own);
        goto cleanup;
    }
    int64_t before = 0, total = own;
    h2vi_sum_before(world, 1, &own, &before);
    h2vi_sum(world, 1, &total);
    status = h2v_agree(world, write_at(walks, walks->num_bytes + before, own));
    walks->num_bytes += total;

cleanup:
    free(lines);
    return status;
}

h2v_status h2vi_text_walks_close(h2vi_text_walks *walks)
{
    h2v_status status = H2V_OK;
    if (walks->file >= 0 && close(walks->file) != 0) status = fail_write(walks->path);
    walks->file = -1;
    return h2v_agree(walks->world, status);
}

void h2vi_text_walks_clear(h2vi_text_walks *walks)
{
    if (walks->file >= 0) (void)close(walks->file);
    h2vi_ids_clear(&walks->words);
    h2vi_exchange_clear(&walks->pieces);
    free(walks->text);
    *walks = (h2vi_text_walks){.file = -1};
}
