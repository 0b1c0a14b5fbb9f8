/* SPDX-License-Identifier: MIT */

/* A rank's share of walks as text: the lines that begin in its share of the bytes. Ids are
 * separated by blanks, a line may end in CR LF, and an empty one is no walk. */
#define _POSIX_C_SOURCE 200809L /* getline */
#include "read_walks.h"

#include "alloc.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "id_table.h"
#include "match_ids.h"
#include "number_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { BATCH = 1024 };

typedef struct walk_text {
    const char *path, *graph_path;
    FILE *file;
    int64_t begin, end; /* this rank's bytes */
    char *line;
    size_t line_bytes;
    int64_t line_start;
    const h2vi_id_table *table;
    h2vi_given_walks *given;
    int64_t walk_capacity, visit_capacity, num_visits;
} walk_text;

static h2v_status fail_read(const char *path)
{
    return h2v_fail(H2V_ERR_IO, "Cannot read '%s': %s", path, strerror(errno));
}

/* The number of the line that begins at line_start: only errors need it. */
static int64_t line_number(walk_text *this)
{
    int64_t number = 1;
    if (fseeko(this->file, 0, SEEK_SET) != 0) return 0;
    for (int64_t at = 0; at < this->line_start; at++)
        if (getc(this->file) == '\n') number++;
    return number;
}

static h2v_status fail_unknown(walk_text *this, const h2vi_token *id)
{
    enum { MOST_SHOWN = 64 };
    return h2v_fail(H2V_ERR_DATA, "%s:%lld: '%.*s' is no vertex of '%s'", this->path,
                    (long long)line_number(this),
                    id->length < MOST_SHOWN ? (int)id->length : MOST_SHOWN, id->text,
                    this->graph_path);
}

static h2v_status reserve(walk_text *this, int64_t num_more)
{
    h2vi_given_walks *given = this->given;
    if (given->num_walks + 1 >= this->walk_capacity) {
        const int64_t capacity = 2 * this->walk_capacity + 1024;
        int64_t *starts =
            h2vi_regrow(given->starts, given->starts ? (size_t)given->num_walks + 1 : 0,
                        (size_t)capacity, sizeof *starts);
        if (!starts) return h2vi_fail_memory("given walks");
        given->starts = starts;
        this->walk_capacity = capacity;
    }
    if (this->num_visits + num_more > this->visit_capacity) {
        const int64_t capacity = this->num_visits + num_more + this->visit_capacity + BATCH;
        uint32_t *visits = h2vi_regrow(given->visits, (size_t)this->num_visits,
                                       (size_t)capacity, sizeof *visits);
        if (!visits) return h2vi_fail_memory("given walks");
        given->visits = visits;
        this->visit_capacity = capacity;
    }
    return H2V_OK;
}

static h2v_status fail_long(walk_text *this)
{
    return h2v_fail(H2V_ERR_DATA, "%s:%lld: a walk of more than %d vertices", this->path,
                    (long long)line_number(this), H2V_MAX_WALK_LENGTH);
}

static h2v_status fail_long_id(walk_text *this, int64_t num_bytes)
{
    return h2v_fail(H2V_ERR_DATA, "%s:%lld: an id of %lld bytes; at most %d", this->path,
                    (long long)line_number(this), (long long)num_bytes, H2V_MAX_ID_BYTES);
}

/* Where ids are numbers, what is none is no id. */
static h2v_status add_batch(walk_text *this, int64_t count, h2vi_token *ids)
{
    h2v_status status = reserve(this, count);
    if (count == 0) return status;
    const bool are_numbers = h2vi_id_table_holds_numbers(this->table);
    for (int64_t i = 0; status == H2V_OK && i < count; i++)
        if (are_numbers &&
            !h2vi_number_from_text(ids[i].text, ids[i].length, &ids[i].number))
            status = fail_unknown(this, &ids[i]);
    if (status != H2V_OK) return status;
    uint32_t *gids = this->given->visits + this->num_visits;
    h2vi_id_table_find(this->table, count, ids, gids);
    for (int64_t i = 0; i < count; i++)
        if (gids[i] == H2V_NO_SLOT) return fail_unknown(this, &ids[i]);
    this->num_visits += count;
    return H2V_OK;
}

/* One line, without its end. */
static h2v_status add_line(walk_text *this, char *line, int64_t length)
{
    h2vi_token ids[BATCH];
    int64_t count = 0;
    const int64_t before = this->num_visits;
    h2v_status status = reserve(this, 0);
    for (int64_t at = 0; status == H2V_OK && at < length;) {
        while (at < length && (unsigned char)line[at] <= ' ') at++;
        const int64_t start = at;
        while (at < length && (unsigned char)line[at] > ' ') at++;
        if (at - start > H2V_MAX_ID_BYTES) return fail_long_id(this, at - start);
        if (at > start)
            ids[count++] =
                (h2vi_token){.text = line + start, .length = (uint32_t)(at - start)};
        if (count < BATCH && at < length) continue;
        if (this->num_visits - before + count > H2V_MAX_WALK_LENGTH) return fail_long(this);
        status = add_batch(this, count, ids);
        count = 0;
    }
    if (status != H2V_OK || this->num_visits == before) return status;
    this->given->starts[++this->given->num_walks] = this->num_visits;
    return H2V_OK;
}

/* To the first line that begins in this rank's share. */
static h2v_status find_begin(walk_text *this, const h2v_world *world)
{
    if (fseeko(this->file, 0, SEEK_END) != 0) return fail_read(this->path);
    const int64_t num_bytes = ftello(this->file);
    if (num_bytes < 0) return fail_read(this->path);
    this->begin = num_bytes / world->num_ranks * world->rank;
    this->end = world->rank + 1 < world->num_ranks
                    ? num_bytes / world->num_ranks * (world->rank + 1)
                    : num_bytes;
    this->line_start = this->begin;
    if (fseeko(this->file, this->begin > 0 ? this->begin - 1 : 0, SEEK_SET) != 0)
        return fail_read(this->path);
    if (this->begin == 0) return H2V_OK;
    const ssize_t length = getline(&this->line, &this->line_bytes, this->file);
    if (length < 0) return fail_read(this->path);
    this->line_start += length - 1;
    return H2V_OK;
}

static h2v_status read_lines(walk_text *this, const h2v_world *world)
{
    h2v_status status = find_begin(this, world);
    if (status == H2V_OK) status = reserve(this, 0);
    while (status == H2V_OK && this->line_start < this->end) {
        errno = 0;
        const ssize_t length = getline(&this->line, &this->line_bytes, this->file);
        if (length < 0) return fail_read(this->path);
        status = add_line(this, this->line, length);
        this->line_start += length;
    }
    return status;
}

static h2v_status read_table(const char *graph_path, h2vi_id_table **table)
{
    h2vi_ids ids = {0};
    h2v_status status = h2vi_graph_read_ids(graph_path, &ids);
    if (status == H2V_OK) status = h2vi_id_table_create(table);
    if (status == H2V_OK) status = h2vi_fill_id_table(graph_path, &ids, *table);
    h2vi_ids_clear(&ids);
    return status;
}

h2v_status h2vi_read_walks_text(const h2v_world *world, const char *graph_path,
                                const char *path, h2vi_given_walks *given)
{
    h2vi_id_table *table = NULL;
    walk_text this = {.path = path, .graph_path = graph_path, .given = given};
    h2v_status status = read_table(graph_path, &table);
    this.table = table;
    if (status == H2V_OK) {
        this.file = fopen(path, "r");
        if (!this.file)
            status = h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s", path, strerror(errno));
    }
    if (status == H2V_OK) status = read_lines(&this, world);
    if (this.file) (void)fclose(this.file);
    free(this.line);
    h2vi_id_table_destroy(&table);
    return status;
}
