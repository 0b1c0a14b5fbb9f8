/* SPDX-License-Identifier: MIT */

/* A walk travels to rank 0 behind its place; slots become gids before. */
#include "gathered_walks.h"

#include "alloc.h"
#include "clock.h"
#include "exchange.h"
#include "fail.h"
#include "hash.h"
#include "slot_map.h"

#include <stdlib.h>
#include <string.h>

static size_t row_bytes(const h2vi_walk_engine *engine)
{
    return (size_t)engine->params.walk_length * sizeof(h2vi_token);
}

/* Collective. Walk; out: the starts, and the tokens in slots of this rank's walks. */
static h2v_status walk_here(h2vi_walk_engine *engine, uint32_t first_walk,
                            gathered_walks *walks, h2vi_start **starts, h2vi_token **tokens)
{
    const h2v_graph *graph = engine->shared;
    const int64_t num_walks = walks->num_walks * graph->num_owned;
    *starts = h2vi_alloc_n(num_walks, sizeof **starts);
    *tokens = h2vi_alloc_n(num_walks, row_bytes(engine));
    const h2v_status status = h2v_agree(
        graph->world, *starts && *tokens ? H2V_OK : h2vi_fail_memory("walks here"));
    if (status != H2V_OK) return status;
    for (int64_t i = 0; i < num_walks; i++)
        (*starts)[i] = (h2vi_start){(uint32_t)(i % graph->num_owned),
                                    first_walk + (uint32_t)(i / graph->num_owned)};
    const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK,
                               .num_walks = num_walks,
                               .starts = *starts,
                               .tokens = *tokens};
    const double start = h2vi_wall_seconds();
    const double cpu_start = h2vi_seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    const h2v_status walked = h2vi_walk(engine, &run);
    walks->seconds = h2vi_wall_seconds() - start;
    walks->cpu_seconds = h2vi_seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    return walked;
}

/* Collective. Slots to gids, in place. */
static h2v_status name_by_gid(const h2v_graph *graph, int64_t num_tokens,
                              h2vi_token *tokens)
{
    uint32_t *gid_of = NULL;
    const h2v_status status = h2vi_slot_map_create(graph, graph->gids, &gid_of);
    for (int64_t i = 0; status == H2V_OK && i < num_tokens; i++)
        if (tokens[i].slot != H2V_NO_SLOT) tokens[i].slot = gid_of[tokens[i].slot];
    free(gid_of);
    return status;
}

/* Collective. */
static h2v_status send_home(const h2vi_walk_engine *engine, uint32_t first_walk,
                            const h2vi_start *starts, const h2vi_token *tokens,
                            gathered_walks *walks)
{
    const h2v_graph *graph = engine->shared;
    const size_t length = row_bytes(engine), item = sizeof(int64_t) + length;
    const int64_t num_walks = walks->num_walks * graph->num_owned;
    h2vi_exchange exchange = {0};
    char *items = h2vi_alloc_n(num_walks, item);
    h2v_status status = h2vi_exchange_init(graph->world, item, &exchange);
    if (graph->world->rank == 0)
        walks->tokens = h2vi_alloc_n(walks->num_walks * walks->num_vertices, length);
    if (!items || (graph->world->rank == 0 && !walks->tokens))
        status = h2vi_fail_memory("walks on their way");
    status = h2v_agree(graph->world, status);
    if (status != H2V_OK) goto cleanup;
    for (int64_t i = 0; i < num_walks; i++) {
        const int64_t place = (int64_t)(starts[i].walk - first_walk) * walks->num_vertices +
                              graph->gids[starts[i].vertex];
        memcpy(items + (size_t)i * item, &place, sizeof place);
        memcpy(items + (size_t)i * item + sizeof place,
               tokens + i * engine->params.walk_length, length);
    }
    exchange.send_counts[0] = num_walks;
    status = h2vi_exchange_run(&exchange, H2V_OK, items);
    for (int64_t i = 0; status == H2V_OK && i < exchange.num_received; i++) {
        const char *arrived = (const char *)exchange.received + (size_t)i * item;
        int64_t place = 0;
        memcpy(&place, arrived, sizeof place);
        memcpy(walks->tokens + place * walks->walk_length, arrived + sizeof place, length);
    }

cleanup:
    free(items);
    h2vi_exchange_clear(&exchange);
    return status;
}

h2v_status gather_walks(h2vi_walk_engine *engine, uint32_t first_walk, int64_t num_walks,
                        gathered_walks *walks)
{
    h2vi_start *starts = NULL;
    h2vi_token *tokens = NULL;
    *walks = (gathered_walks){.num_vertices = engine->shared->num_vertices,
                              .num_walks = num_walks,
                              .walk_length = engine->params.walk_length};
    h2v_status status = walk_here(engine, first_walk, walks, &starts, &tokens);
    if (status == H2V_OK)
        status =
            name_by_gid(engine->shared,
                        num_walks * engine->shared->num_owned * walks->walk_length, tokens);
    if (status == H2V_OK) status = send_home(engine, first_walk, starts, tokens, walks);
    free(starts);
    free(tokens);
    if (status != H2V_OK) gathered_clear(walks);
    return status;
}

size_t gathered_bytes(const gathered_walks *walks)
{
    return (size_t)(walks->num_walks * walks->num_vertices * walks->walk_length) *
           sizeof *walks->tokens;
}

h2v_digest gathered_digest(const gathered_walks *walks)
{
    return h2vi_hash128(walks->tokens, gathered_bytes(walks));
}

void gathered_clear(gathered_walks *walks)
{
    free(walks->tokens);
    *walks = (gathered_walks){0};
}
