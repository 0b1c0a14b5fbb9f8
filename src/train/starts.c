/* SPDX-License-Identifier: MIT */

#include "starts.h"

#include "alloc.h"
#include "fail.h"
#include "random.h"

#include <stdlib.h>

static uint32_t round_of_walk(uint32_t offset, uint32_t walk, uint32_t walks,
                              uint32_t rounds)
{
    const h2vi_uint128 place = ((h2vi_uint128)walk << 32 | offset) * rounds / walks;
    return (uint32_t)(place >> 32);
}

/* Walks of one vertex in a round of its epoch, into starts[0..]; returns how many. */
static int64_t starts_of_vertex(const h2v_embed_params *params, uint32_t gid,
                                uint32_t vertex, int round, h2vi_start *starts)
{
    const uint32_t walks = (uint32_t)params->walks;
    const uint32_t rounds = (uint32_t)(params->rounds / params->epochs);
    const uint32_t epoch = (uint32_t)round / rounds, wanted = (uint32_t)round % rounds;
    const uint32_t offset =
        h2vi_random(params->seed, H2VI_FOR_ROUND, epoch, 0, gid, 0).w[0];
    uint32_t walk =
        (uint32_t)((uint64_t)wanted * walks / rounds); /* at most one too late */
    if (walk > 0) walk--;
    int64_t count = 0;
    for (; walk < walks && round_of_walk(offset, walk, walks, rounds) <= wanted; walk++) {
        if (round_of_walk(offset, walk, walks, rounds) < wanted) continue;
        if (starts) starts[count] = (h2vi_start){vertex, walk};
        count++;
    }
    return count;
}

h2v_status h2vi_starts_reserve(h2vi_starts *starts, int64_t count, int walk_length)
{
    if (starts->tokens && count <= starts->capacity) return H2V_OK;
    h2vi_starts_clear(starts);
    starts->capacity = count + count / 16;
    starts->starts = h2vi_alloc_raw_n(starts->capacity, sizeof *starts->starts);
    starts->tokens =
        h2vi_alloc_raw_n(starts->capacity * walk_length, sizeof *starts->tokens);
    if (starts->starts && starts->tokens) return H2V_OK;
    h2vi_starts_clear(starts);
    return h2vi_fail_memory("a round's walks");
}

int h2vi_rounds_at_once(const h2v_embed_params *params, int64_t num_vertices, int round)
{
    if (params->read.num_walks > 0) return 1;
    const int rounds = params->rounds / params->epochs, left = rounds - round % rounds;
    const double walks = (double)params->walks * (double)num_vertices / rounds;
    const double most = H2VI_WALKS_AT_ONCE / walks;
    int count = most < H2VI_MOST_ROUNDS_AT_ONCE ? (int)most : H2VI_MOST_ROUNDS_AT_ONCE;
    if (count < 1) count = 1;
    return count < left ? count : left;
}

/* Starts of the owned vertices in one round, into starts[0..] unless NULL; how many. */
static int64_t starts_of_round(const h2v_embed_params *params, const h2v_graph *graph,
                               int round, h2vi_start *starts)
{
    int64_t count = 0;
    for (int64_t v = 0; v < graph->num_owned; v++)
        count += starts_of_vertex(params, graph->gids[v], (uint32_t)v, round,
                                  starts ? starts + count : NULL);
    return count;
}

h2v_status h2vi_starts_collect(const h2v_embed_params *params, const h2v_graph *graph,
                               int round, int num_rounds, h2vi_starts *starts,
                               h2vi_walk_run *run)
{
    int64_t count = 0;
    for (int i = 0; i < num_rounds; i++)
        count += starts_of_round(params, graph, round + i, NULL);
    if (count > UINT32_MAX)
        return h2v_fail(H2V_ERR_ARGUMENT,
                        "%lld walks start on one rank in one round; more --rounds or ranks "
                        "make them fewer than 2^32",
                        (long long)count);
    const h2v_status status = h2vi_starts_reserve(starts, count, params->walk_length);
    if (status != H2V_OK) return status;
    count = 0;
    for (int i = 0; i < num_rounds; i++) {
        count += starts_of_round(params, graph, round + i, starts->starts + count);
        starts->round_ends[i] = count;
    }
    *run = (h2vi_walk_run){.purpose = H2VI_FOR_WALK,
                           .epoch = (uint32_t)(round / (params->rounds / params->epochs)),
                           .num_walks = count,
                           .starts = starts->starts,
                           .tokens = starts->tokens};
    return H2V_OK;
}

h2vi_walk_run h2vi_starts_of_round(const h2vi_starts *starts, const h2vi_walk_run *run,
                                   int walk_length, int index)
{
    const int64_t begin = index > 0 ? starts->round_ends[index - 1] : 0;
    h2vi_walk_run of_round = *run;
    of_round.num_walks = starts->round_ends[index] - begin;
    of_round.starts += begin;
    of_round.tokens += begin * walk_length;
    return of_round;
}

void h2vi_starts_clear(h2vi_starts *starts)
{
    free(starts->starts);
    free(starts->tokens);
    *starts = (h2vi_starts){0};
}

int64_t h2vi_starts_bytes(const h2v_embed_params *params, const h2vi_starts *starts)
{
    return starts->capacity * ((int64_t)sizeof(h2vi_start) +
                               params->walk_length * (int64_t)sizeof(h2vi_token));
}
