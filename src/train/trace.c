/* SPDX-License-Identifier: MIT */

/* See trace.h. In the end each rank sends what it kept to rank 0, one round at a time, as
 * words of 64 bits: stages, bytes by phase and peer, blocks, cells. Stages are collective,
 * so that all ranks have the same ones. */
#include "trace.h"

#include "agree.h"
#include "alloc.h"
#include "clock.h"
#include "fail.h"
#include "halo2vec/partition.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Phases that exchange; training has its blocks. */
static const h2v_phase traced_phases[] = {H2V_PHASE_WALK, H2V_PHASE_ROUTE, H2V_PHASE_PULL,
                                          H2V_PHASE_PUSH};
enum { NUM_TRACED = sizeof traced_phases / sizeof *traced_phases };

static int place_of_phase(h2v_phase phase)
{
    int place = 0;
    while (place < NUM_TRACED && traced_phases[place] != phase) place++;
    H2V_ASSERT(place < NUM_TRACED);
    return place;
}

h2v_status h2vi_trace_init(const h2v_world *world, const h2v_embed_params *params,
                           h2vi_trace *trace)
{
    const int first =
        h2v_partition_first_part(params->parts, world->num_ranks, world->rank);
    const int end =
        h2v_partition_first_part(params->parts, world->num_ranks, world->rank + 1);
    *trace = (h2vi_trace){.world = world,
                          .num_parts = params->parts,
                          .num_groups = params->groups,
                          .num_rounds = params->rounds,
                          .first_part = first,
                          .num_local_parts = end - first,
                          .num_steps = params->parts / params->groups};
    const int64_t num_blocks = (int64_t)params->rounds * trace->num_local_parts;
    trace->cells = h2vi_alloc_n(num_blocks * trace->num_steps, sizeof *trace->cells);
    trace->block_bytes = h2vi_alloc_n(num_blocks, sizeof *trace->block_bytes);
    trace->peer_bytes = h2vi_alloc_n(
        (int64_t)params->rounds * NUM_TRACED * world->num_ranks, sizeof *trace->peer_bytes);
    if (trace->cells && trace->block_bytes && trace->peer_bytes) return H2V_OK;
    h2vi_trace_clear(trace);
    return h2vi_fail_memory("the trace");
}

void h2vi_trace_clear(h2vi_trace *trace)
{
    free(trace->cells);
    free(trace->block_bytes);
    free(trace->peer_bytes);
    free(trace->stages);
    *trace = (h2vi_trace){0};
}

/* ---- keeping
 * ------------------------------------------------------------------------------ */

void h2vi_trace_begin_round(h2vi_trace *trace, int round)
{
    if (trace) trace->round = round;
}

static int64_t *bytes_to_peers(const h2vi_trace *trace, int round, int place)
{
    return trace->peer_bytes +
           ((int64_t)round * NUM_TRACED + place) * trace->world->num_ranks;
}

static void add_exchange(h2vi_trace *trace, const h2vi_exchange *exchange,
                         h2vi_traced_stage *stage)
{
    int64_t *peers =
        bytes_to_peers(trace, trace->round, place_of_phase((h2v_phase)stage->phase));
    const int64_t item_bytes = (int64_t)exchange->item_bytes;
    for (int peer = 0; peer < trace->world->num_ranks; peer++) {
        if (peer == trace->world->rank) continue;
        peers[peer] += exchange->send_counts[peer] * item_bytes;
        stage->bytes_sent += exchange->send_counts[peer] * item_bytes;
        stage->bytes_received += exchange->recv_counts[peer] * item_bytes;
    }
    stage->end = H2VI_ENDS_WITH_EXCHANGE;
}

void h2vi_trace_stage(h2vi_trace *trace, h2v_phase phase, double seconds,
                      double serial_seconds, const h2vi_exchange *exchange)
{
    if (!trace) return;
    h2vi_traced_stage stage = {.round = trace->round,
                               .phase = (int32_t)phase,
                               .seconds = seconds - trace->seconds[phase],
                               .serial_seconds =
                                   serial_seconds - trace->serial_seconds[phase]};
    trace->seconds[phase] = seconds;
    trace->serial_seconds[phase] = serial_seconds;
    if (exchange) add_exchange(trace, exchange, &stage);
    if (trace->num_stages == trace->stage_capacity) {
        const int64_t wanted = trace->num_stages > 0 ? 2 * trace->num_stages : 64;
        h2vi_traced_stage *room = h2vi_regrow(trace->stages, (size_t)trace->num_stages,
                                              (size_t)wanted, sizeof *room);
        if (!room) {
            trace->is_incomplete = true; /* told when it is written */
            return;
        }
        trace->stages = room;
        trace->stage_capacity = wanted;
    }
    trace->stages[trace->num_stages++] = stage;
}

void h2vi_trace_rotation(h2vi_trace *trace)
{
    h2vi_trace_stage(trace, H2V_PHASE_TRAIN, 0, 0, NULL);
}

void h2vi_trace_work_begin(h2vi_trace *trace)
{
    if (trace) trace->work_begin = h2vi_process_seconds();
}

void h2vi_trace_work_end(h2vi_trace *trace, h2v_phase phase, const h2vi_exchange *exchange)
{
    if (!trace) return;
    const double end = exchange ? exchange->cpu_seconds : h2vi_process_seconds();
    h2vi_trace_stage(trace, phase, trace->seconds[phase] + end - trace->work_begin,
                     trace->serial_seconds[phase], exchange);
    h2vi_trace_work_begin(trace);
}

void h2vi_trace_agreed(h2vi_trace *trace)
{
    if (!trace || trace->num_stages == 0) return;
    trace->stages[trace->num_stages - 1].end = H2VI_ENDS_WITH_AGREEMENT;
    h2vi_trace_work_begin(trace);
}

/* The place of a part of this rank in the current round. */
static int64_t place_of_part(const h2vi_trace *trace, int part)
{
    return (int64_t)trace->round * trace->num_local_parts + part - trace->first_part;
}

void h2vi_trace_block(h2vi_trace *trace, int part, int64_t num_bytes)
{
    if (trace) trace->block_bytes[place_of_part(trace, part)] = num_bytes;
}

void h2vi_trace_cell(h2vi_trace *trace, int part, int step, double seconds,
                     int64_t num_pairs)
{
    if (!trace) return;
    trace->cells[place_of_part(trace, part) * trace->num_steps + step] =
        (h2vi_traced_cell){(float)seconds, (uint32_t)num_pairs};
}

/* ---- one round, as it travels to rank 0
 * --------------------------------------------------- */

static int parts_of_rank(const h2vi_trace *trace, int rank)
{
    return h2v_partition_first_part(trace->num_parts, trace->world->num_ranks, rank + 1) -
           h2v_partition_first_part(trace->num_parts, trace->world->num_ranks, rank);
}

/* Stages [*first, returned) are those of the round. */
static int64_t stages_of_round(const h2vi_trace *trace, int round, int64_t *first)
{
    int64_t end = 0;
    while (end < trace->num_stages && trace->stages[end].round < round) end++;
    *first = end;
    while (end < trace->num_stages && trace->stages[end].round == round) end++;
    return end;
}

/* The four sections of a round of one rank. */
typedef struct round_record {
    h2vi_traced_stage *stages;
    int64_t *peer_bytes;
    int64_t *block_bytes;
    h2vi_traced_cell *cells;
} round_record;

/* Where they lie in `words`; returns how many words there are. */
static int64_t lay_out(const h2vi_trace *trace, int rank, int64_t num_stages,
                       int64_t *words, round_record *record)
{
    const int64_t num_parts = parts_of_rank(trace, rank);
    const int64_t sizes[] = {num_stages *
                                 (int64_t)(sizeof(h2vi_traced_stage) / sizeof(int64_t)),
                             (int64_t)NUM_TRACED * trace->world->num_ranks, num_parts,
                             num_parts * trace->num_steps};
    if (record) {
        record->stages = (h2vi_traced_stage *)(void *)words;
        record->peer_bytes = words + sizes[0];
        record->block_bytes = record->peer_bytes + sizes[1];
        record->cells = (h2vi_traced_cell *)(void *)(record->block_bytes + sizes[2]);
    }
    return sizes[0] + sizes[1] + sizes[2] + sizes[3];
}

_Static_assert(sizeof(h2vi_traced_stage) % sizeof(int64_t) == 0, "whole words");
_Static_assert(sizeof(h2vi_traced_cell) == sizeof(int64_t), "8 bytes a cell");

/* Local. What this rank kept of a round. */
static h2v_status pack_round(const h2vi_trace *trace, int round, int64_t **words,
                             int64_t *num_words)
{
    int64_t first = 0;
    const int64_t num_stages = stages_of_round(trace, round, &first) - first;
    const int64_t num_parts = trace->num_local_parts;
    round_record record;
    *num_words = lay_out(trace, trace->world->rank, num_stages, NULL, NULL);
    *words = h2vi_alloc_n(*num_words, sizeof **words);
    if (!*words || trace->is_incomplete) return h2vi_fail_memory("the trace");
    (void)lay_out(trace, trace->world->rank, num_stages, *words, &record);
    if (num_stages > 0)
        memcpy(record.stages, trace->stages + first,
               (size_t)num_stages * sizeof *record.stages);
    memcpy(record.peer_bytes, bytes_to_peers(trace, round, 0),
           (size_t)NUM_TRACED * (size_t)trace->world->num_ranks * sizeof(int64_t));
    memcpy(record.block_bytes, trace->block_bytes + round * num_parts,
           (size_t)num_parts * sizeof *record.block_bytes);
    memcpy(record.cells, trace->cells + round * num_parts * trace->num_steps,
           (size_t)(num_parts * trace->num_steps) * sizeof *record.cells);
    return H2V_OK;
}

/* ---- as it is written
 * --------------------------------------------------------------------- */

/* Takes over `object`; NULL if memory was out while it was made. */
static h2v_status write_line(FILE *file, json_t *object)
{
    if (!object) return h2vi_fail_memory("the trace");
    const int outcome = json_dumpf(object, file, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(object);
    if (outcome != 0 || fputc('\n', file) == EOF)
        return h2v_fail(H2V_ERR_IO, "Cannot write the trace: %s", strerror(errno));
    return H2V_OK;
}

static h2v_status write_head(const h2vi_trace *trace, FILE *file)
{
    const h2v_world *world = trace->world;
    json_t *first_parts = json_array();
    for (int r = 0; r <= world->num_ranks; r++)
        (void)json_array_append_new(
            first_parts,
            json_integer(h2v_partition_first_part(trace->num_parts, world->num_ranks, r)));
    return write_line(file, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "trace", 1,
                                      "num_ranks", world->num_ranks, "num_threads",
                                      world->num_threads, "num_parts", trace->num_parts,
                                      "num_groups", trace->num_groups, "num_rounds",
                                      trace->num_rounds, "first_parts", first_parts));
}

static const char *const names_of_ends[] = {"nothing", "agreement", "exchange"};

/* Stage i of all ranks. */
static h2v_status write_stage(const h2vi_trace *trace, const round_record *records,
                              int64_t i, FILE *file)
{
    json_t *seconds = json_array(), *serial = json_array();
    json_t *sent = json_array(), *received = json_array();
    for (int r = 0; r < trace->world->num_ranks; r++) {
        const h2vi_traced_stage *stage = &records[r].stages[i];
        (void)json_array_append_new(seconds, json_real(stage->seconds));
        (void)json_array_append_new(serial, json_real(stage->serial_seconds));
        (void)json_array_append_new(sent, json_integer(stage->bytes_sent));
        (void)json_array_append_new(received, json_integer(stage->bytes_received));
    }
    const h2vi_traced_stage *stage = &records[0].stages[i];
    return write_line(
        file, json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "round", (int)stage->round,
                        "phase", h2v_phase_name((h2v_phase)stage->phase), "end",
                        names_of_ends[stage->end], "seconds", seconds, "serial_seconds",
                        serial, "bytes_sent", sent, "bytes_received", received));
}

static h2v_status write_bytes(const h2vi_trace *trace, const round_record *records,
                              int round, int place, FILE *file)
{
    const int num_ranks = trace->world->num_ranks;
    int64_t total = 0;
    json_t *rows = json_array();
    for (int r = 0; r < num_ranks; r++) {
        json_t *row = json_array();
        for (int peer = 0; peer < num_ranks; peer++) {
            const int64_t num_bytes =
                records[r].peer_bytes[(int64_t)place * num_ranks + peer];
            total += num_bytes;
            (void)json_array_append_new(row, json_integer(num_bytes));
        }
        (void)json_array_append_new(rows, row);
    }
    json_t *line = json_pack("{s:i, s:s, s:o}", "round", round, "phase",
                             h2v_phase_name(traced_phases[place]), "bytes", rows);
    if (total > 0 || !line) return write_line(file, line);
    json_decref(line);
    return H2V_OK;
}

static h2v_status write_cells(const h2vi_trace *trace, const round_record *record,
                              int round, int rank, FILE *file)
{
    const int first =
        h2v_partition_first_part(trace->num_parts, trace->world->num_ranks, rank);
    h2v_status status = H2V_OK;
    for (int p = 0; status == H2V_OK && p < parts_of_rank(trace, rank); p++) {
        const h2vi_traced_cell *cells = record->cells + (int64_t)p * trace->num_steps;
        json_t *seconds = json_array(), *pairs = json_array();
        for (int step = 0; step < trace->num_steps; step++) {
            (void)json_array_append_new(seconds, json_real((double)cells[step].seconds));
            (void)json_array_append_new(pairs, json_integer(cells[step].num_pairs));
        }
        status =
            write_line(file, json_pack("{s:i, s:i, s:o, s:o}", "round", round, "part",
                                       first + p, "seconds", seconds, "num_pairs", pairs));
    }
    return status;
}

static h2v_status write_round(const h2vi_trace *trace, const round_record *records,
                              int64_t num_stages, int round, FILE *file)
{
    h2v_status status = H2V_OK;
    for (int64_t i = 0; status == H2V_OK && i < num_stages; i++)
        status = write_stage(trace, records, i, file);
    for (int place = 0; status == H2V_OK && place < NUM_TRACED; place++)
        status = write_bytes(trace, records, round, place, file);
    if (status != H2V_OK) return status;

    json_t *bytes = json_array();
    for (int r = 0; r < trace->world->num_ranks; r++)
        for (int p = 0; p < parts_of_rank(trace, r); p++)
            (void)json_array_append_new(bytes, json_integer(records[r].block_bytes[p]));
    status =
        write_line(file, json_pack("{s:i, s:o}", "round", round, "block_bytes", bytes));
    for (int r = 0; status == H2V_OK && r < trace->world->num_ranks; r++)
        status = write_cells(trace, &records[r], round, r, file);
    return status;
}

/* Collective. All ranks' words of a round to rank 0, where they are written. */
static h2v_status hand_in(const h2vi_trace *trace, int round, h2vi_exchange *words,
                          round_record *records, FILE *file)
{
    const h2v_world *world = trace->world;
    int64_t *own = NULL, num_own = 0;
    const h2v_status packed = pack_round(trace, round, &own, &num_own);
    memset(words->send_counts, 0, (size_t)world->num_ranks * sizeof *words->send_counts);
    words->send_counts[0] = num_own;
    h2v_status status = h2vi_exchange_run(words, packed, own);
    if (status == H2V_OK && world->rank == 0) {
        int64_t first = 0;
        const int64_t num_stages = stages_of_round(trace, round, &first) - first;
        int64_t *at = words->received;
        for (int r = 0; r < world->num_ranks; r++) {
            const int64_t num_words = lay_out(trace, r, num_stages, at, &records[r]);
            H2V_ASSERT(num_words == words->recv_counts[r]);
            at += num_words;
        }
        status = write_round(trace, records, num_stages, round, file);
    }
    free(own);
    return h2vi_agree_patiently(world, status, "rank 0 to write the trace");
}

/* Local, rank 0. */
static h2v_status open_file(const h2vi_trace *trace, const char *path, FILE **file)
{
    *file = fopen(path, "w");
    if (!*file)
        return h2v_fail(H2V_ERR_IO, "Cannot create '%s': %s", path, strerror(errno));
    return write_head(trace, *file);
}

h2v_status h2vi_trace_write(const h2vi_trace *trace, const char *path)
{
    const h2v_world *world = trace->world;
    FILE *file = NULL;
    h2vi_exchange words;
    round_record *records = h2vi_alloc_n(world->num_ranks, sizeof *records);
    h2v_status status = h2vi_exchange_init(world, sizeof(int64_t), &words);
    words.what = "the trace";
    if (status == H2V_OK && !records) status = h2vi_fail_memory("the trace");
    if (status == H2V_OK && world->rank == 0) status = open_file(trace, path, &file);
    status = h2v_agree(world, status);
    for (int round = 0; status == H2V_OK && round < trace->num_rounds; round++)
        status = hand_in(trace, round, &words, records, file);
    if (file && fclose(file) != 0 && status == H2V_OK)
        status = h2v_fail(H2V_ERR_IO, "Cannot write '%s': %s", path, strerror(errno));
    free(records);
    h2vi_exchange_clear(&words);
    return h2vi_agree_patiently(world, status, "rank 0 to write the trace");
}
