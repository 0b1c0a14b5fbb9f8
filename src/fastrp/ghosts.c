/* SPDX-License-Identifier: MIT */

/* Ghosts are found with a bit for every vertex of the graph, so that nothing is sorted: the
 * bits before a slot's are its place. */
#include "ghosts.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The slots that arcs of this rank lead to on other ranks. */
typedef struct slot_set {
    int64_t num_words;
    _Atomic uint64_t *bits; /* shape [num_words] */
    uint32_t *before;       /* bits set before each word, shape [num_words] */
} slot_set;

static h2v_status slot_set_init(int64_t num_slots, slot_set *set)
{
    set->num_words = (num_slots + 63) / 64;
    set->bits = h2vi_alloc_n(set->num_words, sizeof *set->bits);
    set->before = h2vi_alloc_n(set->num_words, sizeof *set->before);
    return set->bits && set->before ? H2V_OK : h2vi_fail_memory("the search for ghosts");
}

static void slot_set_clear(slot_set *set)
{
    free((void *)set->bits);
    free(set->before);
    *set = (slot_set){0};
}

static uint64_t read_word(const slot_set *set, int64_t word)
{
    return atomic_load_explicit(&set->bits[word], memory_order_relaxed);
}

/* Looks before it writes: most arcs lead where others led before. */
static void slot_set_add(slot_set *set, h2v_slot slot)
{
    const uint64_t bit = (uint64_t)1 << slot % 64;
    if (!(read_word(set, slot / 64) & bit))
        (void)atomic_fetch_or_explicit(&set->bits[slot / 64], bit, memory_order_relaxed);
}

static uint32_t count_bits(uint64_t word)
{
    return (uint32_t)__builtin_popcountll(word);
}

/* Returns how many there are, and lets places be found. */
static int64_t slot_set_count(slot_set *set)
{
    uint32_t num_slots = 0;
    for (int64_t i = 0; i < set->num_words; i++) {
        set->before[i] = num_slots;
        num_slots += count_bits(read_word(set, i));
    }
    return num_slots;
}

static uint32_t slot_set_place(const slot_set *set, h2v_slot slot)
{
    const uint64_t below = ((uint64_t)1 << slot % 64) - 1;
    return set->before[slot / 64] + count_bits(read_word(set, slot / 64) & below);
}

static void slot_set_list(const slot_set *set, h2v_slot *slots)
{
    for (int64_t i = 0; i < set->num_words; i++)
        for (uint64_t word = read_word(set, i); word; word &= word - 1)
            *slots++ = (h2v_slot)(64 * i + __builtin_ctzll(word));
}

static int64_t num_arcs_of(const h2v_graph *graph)
{
    return graph->offsets[graph->num_owned];
}

/* The place of a slot on this rank; not below num_owned: it is another rank's. */
static uint64_t local_of(const h2v_graph *graph, h2v_slot slot)
{
    return (uint64_t)slot - (uint64_t)graph->first[graph->world->rank];
}

/* Local. Which slots, and what every arc leads to. */
static h2v_status find_ghosts(h2vi_ghosts *ghosts, slot_set *set)
{
    const h2v_graph *graph = ghosts->graph;
    const int64_t num_arcs = num_arcs_of(graph);
    const uint64_t num_owned = (uint64_t)graph->num_owned;
    h2v_status status = slot_set_init(graph->num_vertices, set);
    if (status != H2V_OK) return status;
#pragma omp parallel for schedule(static) num_threads(graph->world->num_threads)
    for (int64_t i = 0; i < num_arcs; i++)
        if (local_of(graph, graph->targets[i]) >= num_owned)
            slot_set_add(set, graph->targets[i]);
    ghosts->num_ghosts = slot_set_count(set);
    ghosts->slots = h2vi_alloc_n(ghosts->num_ghosts, sizeof *ghosts->slots);
    if (!ghosts->slots) return h2vi_fail_memory("ghosts");
    slot_set_list(set, ghosts->slots);

    ghosts->sources = graph->targets;
    if (ghosts->num_ghosts == 0 && graph->first[graph->world->rank] == 0) return H2V_OK;
    uint32_t *sources = h2vi_alloc_n(num_arcs, sizeof *sources);
    if (!sources) return h2vi_fail_memory("sources of rows");
    ghosts->sources = sources;
#pragma omp parallel for schedule(static) num_threads(graph->world->num_threads)
    for (int64_t i = 0; i < num_arcs; i++) {
        const uint64_t local = local_of(graph, graph->targets[i]);
        sources[i] = local < num_owned
                         ? (uint32_t)local
                         : (uint32_t)num_owned + slot_set_place(set, graph->targets[i]);
    }
    return H2V_OK;
}

/* Local. Who wants what of ours, from what they asked for. */
static h2v_status keep_requests(h2vi_ghosts *ghosts, const h2vi_exchange *requests)
{
    const int num_ranks = ghosts->graph->world->num_ranks;
    const h2v_slot *wanted = requests->received;
    ghosts->num_sent = requests->num_received;
    ghosts->sent = h2vi_alloc_n(ghosts->num_sent, sizeof *ghosts->sent);
    ghosts->send_counts = h2vi_alloc_n(num_ranks, sizeof *ghosts->send_counts);
    if (!ghosts->sent || !ghosts->send_counts)
        return h2vi_fail_memory("rows that other ranks need");
    for (int64_t i = 0; i < ghosts->num_sent; i++)
        ghosts->sent[i] = (uint32_t)local_of(ghosts->graph, wanted[i]);
    memcpy(ghosts->send_counts, requests->recv_counts,
           (size_t)num_ranks * sizeof *ghosts->send_counts);
    return H2V_OK;
}

/* Collective. Ask the owners. */
static h2v_status request(h2vi_ghosts *ghosts, h2v_status mine)
{
    const h2v_graph *graph = ghosts->graph;
    const h2v_world *world = graph->world;
    h2vi_exchange requests = {0};
    if (mine == H2V_OK) mine = h2vi_exchange_init(world, sizeof(h2v_slot), &requests);
    h2v_status status = h2v_agree(world, mine);
    if (status == H2V_OK) {
        int owner = 0;
        for (int64_t i = 0; i < ghosts->num_ghosts; i++) {
            while ((int64_t)ghosts->slots[i] >= graph->first[owner + 1]) owner++;
            requests.send_counts[owner]++;
        }
        requests.what = "requests for rows";
        status = h2vi_exchange_run(&requests, H2V_OK, ghosts->slots);
    }
    if (status == H2V_OK) {
        ghosts->num_moved = requests.num_moved;
        status = h2v_agree(world, keep_requests(ghosts, &requests));
    }
    h2vi_exchange_clear(&requests);
    return status;
}

h2v_status h2vi_ghosts_create(const h2v_graph *graph, h2vi_ghosts *ghosts)
{
    *ghosts = (h2vi_ghosts){.graph = graph};
    slot_set set = {0};
    h2v_status status = find_ghosts(ghosts, &set);
    slot_set_clear(&set);
    status = request(ghosts, status);
    if (status != H2V_OK) h2vi_ghosts_clear(ghosts);
    return status;
}

void h2vi_ghosts_clear(h2vi_ghosts *ghosts)
{
    free(ghosts->slots);
    if (ghosts->graph && ghosts->sources != ghosts->graph->targets) free(ghosts->sources);
    free(ghosts->sent);
    free(ghosts->send_counts);
    *ghosts = (h2vi_ghosts){0};
}

h2v_status h2vi_ghost_pull_init(const h2vi_ghosts *ghosts, size_t row_bytes,
                                h2vi_ghost_pull *pull)
{
    *pull = (h2vi_ghost_pull){0};
    h2v_status status =
        h2vi_exchange_init(ghosts->graph->world, row_bytes, &pull->exchange);
    if (status != H2V_OK) return status;
    pull->exchange.what = "rows";
    pull->packed = h2vi_alloc_raw_n(ghosts->num_sent, row_bytes);
    if (pull->packed) return H2V_OK;
    h2vi_ghost_pull_clear(pull);
    return h2vi_fail_memory("rows for other ranks");
}

h2v_status h2vi_ghost_pull_begin(const h2vi_ghosts *ghosts, const void *own,
                                 h2vi_ghost_pull *pull, void *received)
{
    if (ghosts->num_moved == 0) return H2V_OK;
    const h2v_world *world = ghosts->graph->world;
    const size_t row_bytes = pull->exchange.item_bytes;
    const char *rows = own;
    char *packed = pull->packed;
#pragma omp parallel for schedule(static) num_threads(world->num_threads)
    for (int64_t i = 0; i < ghosts->num_sent; i++)
        memcpy(packed + (size_t)i * row_bytes, rows + ghosts->sent[i] * row_bytes,
               row_bytes);
    memcpy(pull->exchange.send_counts, ghosts->send_counts,
           (size_t)world->num_ranks * sizeof *ghosts->send_counts);
    pull->exchange.into = received;
    return h2vi_exchange_begin(&pull->exchange, H2V_OK, packed);
}

void h2vi_ghost_pull_poke(h2vi_ghost_pull *pull)
{
    h2vi_exchange_poke(&pull->exchange);
}

void h2vi_ghost_pull_end(h2vi_ghost_pull *pull)
{
    h2vi_exchange_end(&pull->exchange);
}

void h2vi_ghost_pull_clear(h2vi_ghost_pull *pull)
{
    h2vi_exchange_clear(&pull->exchange);
    free(pull->packed);
    *pull = (h2vi_ghost_pull){0};
}
