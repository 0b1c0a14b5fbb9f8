/* SPDX-License-Identifier: MIT */

/* What a replay of the training on other hosts needs (tests/bench/replay.py): what each
 * cell cost, what was computed before each exchange, and who sent how much to whom. Kept
 * only if asked for; where it is not, the trace is NULL and all calls but the first and the
 * last do nothing. Memory: 8 bytes a cell, 48 an exchange, 32 a round and rank, and 8 a
 * round and part.
 *
 * The file has one JSON object a line:
 *
 *     {"trace": 1, "num_ranks", "num_threads", "num_parts", "num_groups", "num_rounds",
 *      "first_parts": [num_ranks + 1]}
 *     {"round", "phase", "end", "seconds": [num_ranks], "serial_seconds": ...,
 *      "bytes_sent": ..., "bytes_received": ...}
 *             a stage: work up to its end, an "exchange", an "agreement" or "nothing"; in
 *             the order of the run. The phase "train", of zeros, stands for the cells
 *     {"round", "phase", "bytes": [num_ranks][num_ranks]}
 *             by sender, then receiver; only if there are any
 *     {"round", "block_bytes": [num_parts]}   of the block at home there
 *     {"round", "part", "seconds": [steps], "num_pairs": [steps]}   cells
 *
 * A push that travels while the next round walks is two stages: one with an exchange when
 * it begins, one without when it ends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "exchange.h"
#include "halo2vec/embed.h"

typedef struct h2vi_traced_cell {
    float seconds; /* thread CPU time */
    uint32_t num_pairs;
} h2vi_traced_cell;

typedef enum h2vi_stage_end {
    H2VI_ENDS_WITH_NOTHING,
    H2VI_ENDS_WITH_AGREEMENT,
    H2VI_ENDS_WITH_EXCHANGE
} h2vi_stage_end;

/* Work, and what ends it. */
typedef struct h2vi_traced_stage {
    int32_t round, phase;
    int64_t end;           /* h2vi_stage_end */
    double seconds;        /* CPU time of all threads */
    double serial_seconds; /* of these: of the main thread while the others had nothing */
    int64_t bytes_sent, bytes_received;
} h2vi_traced_stage;

typedef struct h2vi_trace {
    const h2v_world *world; /* borrowed */
    int num_parts, num_groups, num_rounds;
    int first_part, num_local_parts;
    int num_steps;           /* of a rotation: parts of a group */
    int round;               /* under way */
    h2vi_traced_cell *cells; /* shape [num_rounds, num_local_parts, num_steps] */
    int64_t *block_bytes;    /* shape [num_rounds, num_local_parts] */
    int64_t *peer_bytes;     /* sent, shape [num_rounds, traced phases, num_ranks] */
    h2vi_traced_stage *stages;
    int64_t num_stages, stage_capacity;
    double seconds[H2V_NUM_PHASES]; /* of the stages so far */
    double serial_seconds[H2V_NUM_PHASES];
    double work_begin;  /* CPU seconds of the process: what comes is not timed elsewhere */
    bool is_incomplete; /* a stage found no room */
} h2vi_trace;

/* Local. `params`: parts, groups and rounds chosen. */
H2V_CHECKED h2v_status h2vi_trace_init(const h2v_world *world,
                                       const h2v_embed_params *params, h2vi_trace *trace);
void h2vi_trace_clear(h2vi_trace *trace);

/* What follows belongs to this round. */
void h2vi_trace_begin_round(h2vi_trace *trace, int round);

/* A stage of walk, route, pull or push. `seconds` and `serial_seconds` are
 * what the phase has cost this rank since the first round: the trace takes the differences.
 * `exchange` has just run, or begun; NULL if the stage ends without. */
void h2vi_trace_stage(h2vi_trace *trace, h2v_phase phase, double seconds,
                      double serial_seconds, const h2vi_exchange *exchange);

/* The place of the cells among the stages: between those before and after the rotation. */
void h2vi_trace_rotation(h2vi_trace *trace);

/* For work that nobody times thread by thread: it begins, and a stage ends it, whose
 * seconds are the CPU time of the process from then to the exchange, or to now if that is
 * NULL. More such work may follow at once. */
void h2vi_trace_work_begin(h2vi_trace *trace);
void h2vi_trace_work_end(h2vi_trace *trace, h2v_phase phase, const h2vi_exchange *exchange);

/* All ranks have just agreed: so the last stage ended. Untimed work may follow. */
void h2vi_trace_agreed(h2vi_trace *trace);

/* Bytes of the block whose home is a part of this rank, as it is passed on. */
void h2vi_trace_block(h2vi_trace *trace, int part, int64_t num_bytes);

/* Called by any thread; no two of them for the same cell. */
void h2vi_trace_cell(h2vi_trace *trace, int part, int step, double seconds,
                     int64_t num_pairs);

/* Collective. Rank 0 writes the file. Errors: ERR_IO, ERR_NOMEM. */
H2V_CHECKED h2v_status h2vi_trace_write(const h2vi_trace *trace, const char *path);
