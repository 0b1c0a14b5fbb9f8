/* SPDX-License-Identifier: MIT */

#include "given_walks.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"
#include "hash.h"
#include "plan.h"
#include "random.h"
#include "slot_map.h"
#include "starts.h"

#include <stdlib.h>
#include <string.h>

static uint64_t digest_of(const h2vi_given_walks *given)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < given->num_walks; i++) {
        const int64_t start = given->starts[i], length = given->starts[i + 1] - start;
        const uint64_t words[2] = {
            (uint64_t)(given->first + i),
            h2vi_hash64(given->visits + start, (size_t)length * sizeof *given->visits)};
        sum += h2vi_hash64(words, sizeof words);
    }
    return sum;
}

h2v_status h2vi_given_walks_sum(const h2v_world *world, const char *path,
                                h2vi_given_walks *given)
{
    double longest = 0;
    for (int64_t i = 0; i < given->num_walks; i++) {
        const double length = (double)(given->starts[i + 1] - given->starts[i]);
        if (length > longest) longest = length;
    }
    h2vi_sum_before(world, 1, &given->num_walks, &given->first);
    int64_t sums[3] = {given->num_walks, given->starts[given->num_walks],
                       (int64_t)digest_of(given)};
    h2vi_sum(world, 3, sums);
    h2vi_max(world, 1, &longest);
    given->total_walks = sums[0];
    given->total_visits = sums[1];
    given->digest = (uint64_t)sums[2];
    if (given->total_walks == 0) return h2v_fail(H2V_ERR_DATA, "'%s' has no walks", path);
    if (longest > H2V_MAX_WALK_LENGTH)
        return h2v_fail(H2V_ERR_DATA, "'%s' has a walk of %.0f vertices; at most %d", path,
                        longest, H2V_MAX_WALK_LENGTH);
    given->longest = (int)longest;
    return H2V_OK;
}

h2v_status h2vi_given_walks_count(const h2v_graph *graph, const h2vi_given_walks *given,
                                  int64_t *visits)
{
    const h2v_world *world = graph->world;
    const int64_t piece = 1 << 20, n = graph->num_vertices;
    int64_t *counts = h2vi_alloc_n(n, sizeof *counts);
    const h2v_status status =
        h2v_agree(world, counts ? H2V_OK : h2vi_fail_memory("visits of given walks"));
    if (status == H2V_OK) {
        for (int64_t i = 0; i < given->starts[given->num_walks]; i++)
            counts[given->visits[i]]++;
        for (int64_t at = 0; at < n; at += piece)
            h2vi_sum(world, (int)(n - at < piece ? n - at : piece), counts + at);
        for (int64_t v = 0; v < graph->num_owned; v++) {
            const h2vi_uint128 scaled =
                (h2vi_uint128)counts[graph->gids[v]] * H2VI_TRIAL_WALKS * (uint64_t)n;
            visits[v] = (int64_t)(scaled / (uint64_t)given->total_walks);
        }
    }
    free(counts);
    return status;
}

/* Collective. Of all slots, from what the owned vertices have. */
static h2v_status map_vertices(const h2vi_moved *moved, bool is_keep, uint32_t **map)
{
    const int64_t num_owned = moved->graph->num_owned;
    uint32_t *own = h2vi_alloc_n(num_owned, sizeof *own);
    h2v_status status =
        h2v_agree(moved->graph->world, own ? H2V_OK : h2vi_fail_memory("given walks"));
    for (int64_t v = 0; status == H2V_OK && v < num_owned; v++)
        own[v] = is_keep ? moved->vertices[v].keep : moved->vertices[v].context_slot;
    if (status == H2V_OK) status = h2vi_slot_map_create(moved->graph, own, map);
    free(own);
    return status;
}

h2v_status h2vi_given_walks_place(const h2vi_moved *moved, bool is_subsampled,
                                  h2vi_given_walks *given)
{
    const h2v_graph *graph = moved->graph;
    const int64_t n = graph->num_vertices;
    uint32_t *gids = NULL;
    uint32_t *slots = h2vi_alloc_n(n, sizeof *slots);
    h2v_status status =
        h2v_agree(graph->world, slots ? H2V_OK : h2vi_fail_memory("given walks"));
    if (status == H2V_OK) status = h2vi_slot_map_create(graph, graph->gids, &gids);
    if (status == H2V_OK) {
        for (int64_t slot = 0; slot < n; slot++) slots[gids[slot]] = (uint32_t)slot;
        const int64_t num_visits = given->starts[given->num_walks];
        for (int64_t i = 0; i < num_visits; i++) given->visits[i] = slots[given->visits[i]];
    }
    free(gids);
    free(slots);
    if (status == H2V_OK) status = map_vertices(moved, false, &given->context_slots);
    if (status == H2V_OK && is_subsampled) status = map_vertices(moved, true, &given->keep);
    return status;
}

static uint32_t low_word(int64_t place)
{
    return (uint32_t)((uint64_t)place & UINT32_MAX);
}

static uint32_t high_word(int64_t place)
{
    return (uint32_t)((uint64_t)place >> 32);
}

static uint32_t round_of_walk(uint64_t seed, uint32_t epoch, int64_t place, uint32_t rounds)
{
    const int64_t run = place / rounds;
    const h2vi_words random =
        h2vi_random(seed, H2VI_FOR_ROUND, epoch, low_word(run), high_word(run), 1);
    return (uint32_t)((uint64_t)(place % rounds) + h2vi_below(random.w[0], rounds)) %
           rounds;
}

static void copy_walk(const h2v_embed_params *params, const h2vi_given_walks *given,
                      uint32_t epoch, int64_t i, h2vi_token *tokens)
{
    const int64_t start = given->starts[i], length = given->starts[i + 1] - start;
    const int64_t place = given->first + i;
    for (int64_t at = 0; at < length; at++) {
        const h2v_slot slot = given->visits[start + at];
        tokens[at] = (h2vi_token){slot, given->context_slots[slot]};
        if (!given->keep || given->keep[slot] == UINT32_MAX) continue;
        const h2vi_words random =
            h2vi_random(params->seed, H2VI_FOR_SUBSAMPLE, epoch, low_word(place),
                        high_word(place), (uint32_t)at);
        if (random.w[0] > given->keep[slot]) tokens[at].context_slot = H2V_NO_SLOT;
    }
    memset(tokens + length, 0xff, (size_t)(given->longest - length) * sizeof *tokens);
}

h2v_status h2vi_given_walks_collect(const h2v_embed_params *params,
                                    const h2vi_given_walks *given, int round,
                                    h2vi_starts *starts, h2vi_walk_run *run)
{
    const uint32_t rounds = (uint32_t)(params->rounds / params->epochs);
    const uint32_t epoch = (uint32_t)round / rounds, wanted = (uint32_t)round % rounds;
    const int64_t most = given->num_walks / rounds + 2; /* a run may be cut at both ends */
    const h2v_status status = h2vi_starts_reserve(starts, most, given->longest);
    if (status != H2V_OK) return status;
    int64_t count = 0;
    for (int64_t i = 0; i < given->num_walks; i++) {
        const int64_t place = given->first + i;
        if (round_of_walk(params->seed, epoch, place, rounds) != wanted) continue;
        starts->starts[count] = (h2vi_start){high_word(place), low_word(place)};
        copy_walk(params, given, epoch, i, starts->tokens + count * given->longest);
        count++;
    }
    *run = (h2vi_walk_run){.purpose = H2VI_FOR_WALK,
                           .epoch = epoch,
                           .num_walks = count,
                           .starts = starts->starts,
                           .tokens = starts->tokens};
    return H2V_OK;
}

int64_t h2vi_given_walks_bytes(const h2v_graph *graph, const h2vi_given_walks *given)
{
    return (given->num_walks + 1) * (int64_t)sizeof *given->starts +
           given->starts[given->num_walks] * (int64_t)sizeof *given->visits +
           graph->num_vertices * (int64_t)((given->keep ? 2 : 1) * sizeof(uint32_t));
}

void h2vi_given_walks_clear(h2vi_given_walks *given)
{
    free(given->starts);
    free(given->visits);
    free(given->context_slots);
    free(given->keep);
    *given = (h2vi_given_walks){0};
}
