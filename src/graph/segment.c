/* SPDX-License-Identifier: MIT */

/* Lines pass in blocks: all ids of a block are hashed and their slots prefetched before the
 * first is looked up, so that the misses of the cache overlap. Blocks of numbers are
 * looked up when the next one has been read: it is read while the memory comes. */
#include "segment.h"

#include "alloc.h"
#include "number_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_LINES = 32, NUMBER_LINES = 128, FIRST_CAPACITY = 4096, LOOK_AHEAD = 16 };

/* The bytes of the shortest edge, "1 2" and the end of its line. */
enum { MIN_LINE_BYTES = 4 };

/* The place of an id that no edge has. */
static const uint32_t NOWHERE = UINT32_MAX;

typedef struct block {
    int count;
    h2vi_token ids[2 * BLOCK_LINES]; /* source and target of each line */
    float weights[BLOCK_LINES];
    bool is_edge[BLOCK_LINES]; /* else the line only names the source */
} block;

static void set_failure(h2vi_segment *segment, h2v_status status)
{
    if (segment->status != H2V_OK) return;
    segment->status = status;
    (void)snprintf(segment->message, sizeof segment->message, "%s", h2v_error_message());
}

static void forget_missing(h2vi_segment *segment)
{
    free(segment->strings);
    free(segment->numbers);
    free(segment->places);
    segment->strings = NULL;
    segment->numbers = NULL;
    segment->places = NULL;
    segment->num_missing = segment->capacity = 0;
}

static h2v_status make_room(h2vi_segment *segment)
{
    const size_t kept = (size_t)segment->capacity;
    const size_t capacity = kept > 0 ? 2 * kept : FIRST_CAPACITY;
    if (segment->kind == H2VI_IDS_NUMBERS) {
        int64_t *numbers =
            h2vi_regrow(segment->numbers, kept, capacity, sizeof *segment->numbers);
        if (!numbers) return h2vi_fail_memory("new ids");
        segment->numbers = numbers;
    } else {
        h2vi_token *strings =
            h2vi_regrow(segment->strings, kept, capacity, sizeof *segment->strings);
        if (!strings) return h2vi_fail_memory("new ids");
        segment->strings = strings;
    }
    uint32_t *places =
        h2vi_regrow(segment->places, kept, capacity, sizeof *segment->places);
    if (!places) return h2vi_fail_memory("new ids");
    segment->places = places;
    segment->capacity = (int64_t)capacity;
    return H2V_OK;
}

static h2v_status add_missing_number(h2vi_segment *segment, int64_t number, uint32_t place)
{
    const h2v_status status =
        segment->num_missing == segment->capacity ? make_room(segment) : H2V_OK;
    if (status != H2V_OK) return status;
    segment->numbers[segment->num_missing] = number;
    segment->places[segment->num_missing++] = place;
    return H2V_OK;
}

static h2v_status add_missing(h2vi_segment *segment, const h2vi_token *id, uint32_t place)
{
    if (segment->kind == H2VI_IDS_NUMBERS)
        return add_missing_number(segment, id->number, place);
    const h2v_status status =
        segment->num_missing == segment->capacity ? make_room(segment) : H2V_OK;
    if (status != H2V_OK) return status;
    segment->strings[segment->num_missing] = *id;
    segment->places[segment->num_missing++] = place;
    return H2V_OK;
}

/* Add an edge between ids that have these gids, if any yet. */
static h2v_status add_edge(h2vi_segment *segment, const h2vi_token ids[2], float weight,
                           const uint32_t gids[2])
{
    h2vi_edge_run *run = &segment->run;
    const uint32_t place = 2 * (uint32_t)run->count;
    h2v_status status = H2V_OK;
    run->edges[run->count] = (h2vi_edge){.source = gids[0], .target = gids[1]};
    if (run->weights) run->weights[run->count] = weight;
    run->count++;
    if (gids[0] == H2V_NO_SLOT) status = add_missing(segment, &ids[0], place);
    if (status == H2V_OK && gids[1] == H2V_NO_SLOT)
        status = add_missing(segment, &ids[1], place + 1);
    return status;
}

static void flush_block(h2vi_segment *segment, const h2vi_reading *reading, block *lines)
{
    uint32_t gids[2 * BLOCK_LINES];
    h2v_status status = H2V_OK;
    h2vi_id_table_find(reading->table, 2 * lines->count, lines->ids, gids);
    for (int i = 0; status == H2V_OK && i < lines->count; i++) {
        if (lines->is_edge[i])
            status = add_edge(segment, lines->ids + 2 * i, lines->weights[i], gids + 2 * i);
        else if (gids[2 * i] == H2V_NO_SLOT)
            status = add_missing(segment, &lines->ids[2 * i], NOWHERE);
    }
    lines->count = 0;
    if (status != H2V_OK) set_failure(segment, status);
}

static bool is_same_id(const h2vi_line_format *format, const h2vi_token *a,
                       const h2vi_token *b)
{
    if (format->kind == H2VI_IDS_NUMBERS) return a->number == b->number;
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void add_line(h2vi_segment *segment, const h2vi_reading *reading,
                     const h2vi_line_format *format, const h2vi_edge_line *line,
                     block *lines)
{
    const int i = lines->count++;
    const bool is_vertex = format->num_ids == 1;
    const bool is_loop = !is_vertex && is_same_id(format, &line->ids[0], &line->ids[1]);
    segment->num_self_loops += is_loop;
    lines->ids[2 * i] = line->ids[0];
    lines->ids[2 * i + 1] = line->ids[is_vertex ? 0 : 1];
    lines->weights[i] = line->weight;
    lines->is_edge[i] = !is_vertex && !(is_loop && reading->loops == H2VI_DROP_LOOPS);
    if (lines->count == BLOCK_LINES) flush_block(segment, reading, lines);
}

/* Lines of two numbers. */
typedef struct number_block {
    int64_t count;
    int64_t ids[2 * NUMBER_LINES]; /* source and target of each line */
    float weights[NUMBER_LINES];
} number_block;

static void read_number_block(const h2vi_segment *segment, const h2vi_reading *reading,
                              const h2vi_line_format *format, const char **text,
                              number_block *lines)
{
    lines->count = h2vi_number_lines_read(format, text, segment->end, NUMBER_LINES,
                                          lines->ids, lines->weights);
    h2vi_id_table_prefetch_numbers(reading->table, 2 * lines->count, lines->ids);
}

static bool has_loop(const number_block *lines)
{
    bool found = false;
    for (int64_t i = 0; i < lines->count; i++)
        found |= lines->ids[2 * i] == lines->ids[2 * i + 1];
    return found;
}

static bool has_missing(const h2vi_edge *edges, int64_t count)
{
    bool found = false;
    for (int64_t i = 0; i < count; i++)
        found |= (edges[i].source == H2V_NO_SLOT) | (edges[i].target == H2V_NO_SLOT);
    return found;
}

/* Record which ends are not known of the last edges that were added. */
static h2v_status add_missing_ends(h2vi_segment *segment, const number_block *lines)
{
    const int64_t first = segment->run.count - lines->count;
    h2v_status status = H2V_OK;
    for (int64_t i = 0; status == H2V_OK && i < lines->count; i++) {
        const h2vi_edge edge = segment->run.edges[first + i];
        const uint32_t place = 2 * (uint32_t)(first + i);
        if (edge.source == H2V_NO_SLOT)
            status = add_missing_number(segment, lines->ids[2 * i], place);
        if (status == H2V_OK && edge.target == H2V_NO_SLOT)
            status = add_missing_number(segment, lines->ids[2 * i + 1], place + 1);
    }
    return status;
}

_Static_assert(sizeof(h2vi_edge) == 2 * sizeof(uint32_t), "ends are looked up in place");

/* Add the edges of a block without loops. */
static h2v_status add_number_block(h2vi_segment *segment, const h2vi_reading *reading,
                                   const number_block *lines)
{
    h2vi_edge_run *run = &segment->run;
    h2vi_edge *added = run->edges + run->count;
    h2vi_id_table_find_numbers(reading->table, 2 * lines->count, lines->ids,
                               (uint32_t *)added);
    if (run->weights)
        memcpy(run->weights + run->count, lines->weights,
               (size_t)lines->count * sizeof *run->weights);
    run->count += lines->count;
    return has_missing(added, lines->count) ? add_missing_ends(segment, lines) : H2V_OK;
}

/* Add line i of a block, which may be a loop. */
static h2v_status add_number_line(h2vi_segment *segment, const h2vi_reading *reading,
                                  const number_block *lines, const uint32_t *gids,
                                  int64_t i)
{
    const h2vi_token ids[2] = {{.number = lines->ids[2 * i]},
                               {.number = lines->ids[2 * i + 1]}};
    const bool is_loop = ids[0].number == ids[1].number;
    const float weight = reading->weighted ? lines->weights[i] : 1;
    segment->num_self_loops += is_loop;
    if (!is_loop || reading->loops == H2VI_KEEP_LOOPS)
        return add_edge(segment, ids, weight, gids + 2 * i);
    return gids[2 * i] == H2V_NO_SLOT ? add_missing(segment, &ids[0], NOWHERE) : H2V_OK;
}

/* Add the edges of a block. */
static h2v_status add_numbers(h2vi_segment *segment, const h2vi_reading *reading,
                              const number_block *lines)
{
    uint32_t gids[2 * NUMBER_LINES];
    h2v_status status = H2V_OK;
    if (!has_loop(lines)) return add_number_block(segment, reading, lines);
    h2vi_id_table_find_numbers(reading->table, 2 * lines->count, lines->ids, gids);
    for (int64_t i = 0; status == H2V_OK && i < lines->count; i++)
        status = add_number_line(segment, reading, lines, gids, i);
    return status;
}

/* Lines of two numbers up to one that is not; how many there were. */
static int64_t read_number_lines(h2vi_segment *segment, const h2vi_reading *reading,
                                 const h2vi_line_format *format, const char **text)
{
    number_block blocks[2];
    int64_t count = 0;
    h2v_status status = H2V_OK;
    read_number_block(segment, reading, format, text, &blocks[0]);
    for (int i = 0; status == H2V_OK && blocks[i].count > 0; i = !i) {
        number_block *next = &blocks[!i];
        next->count = 0;
        if (blocks[i].count == NUMBER_LINES)
            read_number_block(segment, reading, format, text, next);
        status = add_numbers(segment, reading, &blocks[i]);
        count += blocks[i].count;
    }
    segment->num_lines += count;
    if (status != H2V_OK) set_failure(segment, status);
    return count;
}

/* Make room for all edges that the text can have: nothing is looked at again. */
static h2v_status make_edges(h2vi_segment *segment, bool weighted)
{
    h2vi_edge_run *run = &segment->run;
    const int64_t most = (segment->end - segment->begin) / MIN_LINE_BYTES + 1;
    if (most <= segment->max_edges) return H2V_OK;
    segment->max_edges = 0;
    free(run->edges);
    free(run->weights);
    run->edges = h2vi_alloc_small_pages((size_t)most, sizeof *run->edges);
    run->weights =
        weighted ? h2vi_alloc_small_pages((size_t)most, sizeof *run->weights) : NULL;
    if (!run->edges || (weighted && !run->weights)) return h2vi_fail_memory("edges");
    segment->max_edges = most;
    return H2V_OK;
}

void h2vi_segment_read(h2vi_segment *segment, const h2vi_reading *reading,
                       const h2vi_line_format *format)
{
    block lines = {.count = 0};
    h2vi_edge_line line = {.weight = 1};
    const char *p = segment->begin;
    if (segment->kind != format->kind) forget_missing(segment);
    segment->kind = format->kind;
    const h2v_status status = make_edges(segment, reading->weighted);
    if (status != H2V_OK) set_failure(segment, status);
    while (p < segment->end && segment->status == H2V_OK) {
        if (lines.count == 0 && read_number_lines(segment, reading, format, &p) > 0)
            continue;
        const h2vi_line_outcome outcome =
            h2vi_edge_line_read(format, &p, segment->end, &line);
        if (outcome == H2VI_LINE_STRING) segment->has_string = true;
        if (outcome == H2VI_LINE_WRONG) set_failure(segment, H2V_ERR_DATA);
        if (outcome == H2VI_LINE_STRING || outcome == H2VI_LINE_WRONG) return;
        segment->num_lines++;
        if (outcome == H2VI_LINE_FULL) add_line(segment, reading, format, &line, &lines);
    }
    flush_block(segment, reading, &lines);
}

static void set_gid(const h2vi_segment *segment, uint32_t place, uint32_t gid)
{
    if (place == NOWHERE) return;
    h2vi_edge *edge = &segment->run.edges[place / 2];
    if (place % 2 == 0)
        edge->source = gid;
    else
        edge->target = gid;
}

static h2v_status resolve_strings(h2vi_segment *segment, h2vi_id_table *table)
{
    for (int64_t i = 0; i < segment->num_missing; i++) {
        if (i + LOOK_AHEAD < segment->num_missing)
            h2vi_id_table_prefetch(table, &segment->strings[i + LOOK_AHEAD]);
        uint32_t gid = 0;
        const h2v_status status = h2vi_id_table_insert(table, &segment->strings[i], &gid);
        if (status != H2V_OK) return status;
        set_gid(segment, segment->places[i], gid);
    }
    return H2V_OK;
}

/* Most were inserted by the lines before: numbers are looked up together first. */
static h2v_status resolve_numbers(h2vi_segment *segment, h2vi_id_table *table)
{
    uint32_t gids[NUMBER_LINES];
    for (int64_t first = 0; first < segment->num_missing; first += NUMBER_LINES) {
        const int64_t *numbers = segment->numbers + first;
        const int64_t left = segment->num_missing - first;
        const int64_t count = left < NUMBER_LINES ? left : NUMBER_LINES;
        h2vi_id_table_prefetch_numbers(table, count, numbers);
        h2vi_id_table_find_numbers(table, count, numbers, gids);
        for (int64_t i = 0; i < count; i++) {
            const h2vi_token id = {.number = numbers[i]};
            const h2v_status status = gids[i] == H2V_NO_SLOT
                                          ? h2vi_id_table_insert(table, &id, &gids[i])
                                          : H2V_OK;
            if (status != H2V_OK) return status;
            set_gid(segment, segment->places[first + i], gids[i]);
        }
    }
    return H2V_OK;
}

h2v_status h2vi_segment_resolve(h2vi_segment *segment, h2vi_id_table *table)
{
    const h2v_status status = segment->kind == H2VI_IDS_NUMBERS
                                  ? resolve_numbers(segment, table)
                                  : resolve_strings(segment, table);
    if (status == H2V_OK) segment->num_missing = 0;
    return status;
}

void h2vi_segment_pack(h2vi_segment *segment, const h2vi_reading *reading)
{
    if (segment->run.count == 0) return;
    const h2v_status status =
        h2vi_edge_block_create(&segment->run, reading->directed,
                               h2vi_id_table_num_ids(reading->table), &segment->block);
    if (status != H2V_OK) set_failure(segment, status);
}

void h2vi_segment_reset(h2vi_segment *segment)
{
    segment->run.count = 0;
    segment->num_lines = 0;
    segment->num_self_loops = 0;
    segment->num_missing = 0;
    segment->has_string = false;
    segment->status = H2V_OK;
}

void h2vi_segment_clear(h2vi_segment *segment)
{
    forget_missing(segment);
    free(segment->run.edges);
    free(segment->run.weights);
    free(segment->block);
    *segment = (h2vi_segment){0};
}
