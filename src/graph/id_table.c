/* SPDX-License-Identifier: MIT */

/* Numbers from 0 on that are dense enough have their gids in a plain array, which takes no
 * more memory than slots do and neither hashes nor probes. All else:
 *
 * Open addressing with linear probing (Knuth, The Art of Computer Programming 3, 6.4), in
 * shards that grow one at a time, so that growing never holds the table twice. A slot is
 * three words for a number (gid + 1, value) and two for a string (gid + 1, part of the
 * hash), zero if free. Capacities are not powers of two: the high half of the hash is
 * scaled to the shard by a multiplication, so a shard may grow by half and wastes less. */
#include "id_table.h"

#include "alloc.h"
#include "fail.h"
#include "hash.h"
#include "string_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUM_SHARDS = 16, FIRST_CAPACITY = 64, WORDS_OF_NUMBER = 3, WORDS_OF_STRING = 2 };

/* The array of dense numbers may be so long, or so many times the number of ids. */
enum { FREE_DENSE = 1 << 18, DENSE_PER_ID = 4, DENSE_ROUNDING = 1024 };

typedef struct id_shard {
    uint32_t *slots;
    uint32_t capacity, used;
} id_shard;

struct h2vi_id_table {
    bool holds_numbers;
    int64_t num_ids;
    uint32_t *dense; /* gid + 1 of each number below num_dense, or 0 */
    int64_t num_dense;
    id_shard shards[NUM_SHARDS];
    h2vi_string_store strings;
};

h2v_status h2vi_id_table_create(h2vi_id_table **table)
{
    *table = h2vi_alloc(1, sizeof **table);
    if (!*table) return h2vi_fail_memory("a table of ids");
    (*table)->holds_numbers = true;
    return H2V_OK;
}

static void clear_numbers(h2vi_id_table *table)
{
    free(table->dense);
    table->dense = NULL;
    table->num_dense = 0;
}

static void clear_shards(h2vi_id_table *table)
{
    clear_numbers(table);
    for (int i = 0; i < NUM_SHARDS; i++) {
        free(table->shards[i].slots);
        table->shards[i] = (id_shard){0};
    }
}

void h2vi_id_table_destroy(h2vi_id_table **table)
{
    if (!*table) return;
    clear_shards(*table);
    h2vi_string_store_clear(&(*table)->strings);
    free(*table);
    *table = NULL;
}

bool h2vi_id_table_holds_numbers(const h2vi_id_table *table)
{
    return table->holds_numbers;
}

int64_t h2vi_id_table_num_ids(const h2vi_id_table *table)
{
    return table->num_ids;
}

/* Mixes all bits of a number into all bits (the finalizer of SplitMix64: Steele, Lea, Flood
 * 2014, doi:10.1145/2660193.2660195). */
static uint64_t hash_number(int64_t number)
{
    uint64_t x = (uint64_t)number + 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static const id_shard *shard_of(const h2vi_id_table *table, uint64_t hash)
{
    return &table->shards[hash % NUM_SHARDS];
}

/* Where probing begins. */
static uint32_t home_of(const id_shard *shard, uint32_t tag)
{
    return (uint32_t)((uint64_t)tag * shard->capacity >> 32);
}

static int64_t number_in(const uint32_t *slot)
{
    return (int64_t)((uint64_t)slot[2] << 32 | slot[1]);
}

/* The slot of a number, or the free slot where it belongs. The shard has a free slot. */
static uint32_t *probe_number(const id_shard *shard, uint32_t tag, int64_t number)
{
    uint32_t i = home_of(shard, tag);
    for (;;) {
        uint32_t *slot = shard->slots + (size_t)i * WORDS_OF_NUMBER;
        if (slot[0] == 0 || number_in(slot) == number) return slot;
        if (++i == shard->capacity) i = 0;
    }
}

/* The same for a string. */
static uint32_t *probe_string(const h2vi_id_table *table, const id_shard *shard,
                              const h2vi_token *token)
{
    const uint32_t tag = tag_of(token->hash);
    uint32_t i = home_of(shard, tag);
    for (;;) {
        uint32_t *slot = shard->slots + (size_t)i * WORDS_OF_STRING;
        if (slot[0] == 0) return slot;
        if (slot[1] == tag && h2vi_string_store_equals(&table->strings, slot[0] - 1,
                                                       token->text, token->length))
            return slot;
        if (++i == shard->capacity) i = 0;
    }
}

static bool is_dense(const h2vi_id_table *table, int64_t number)
{
    return (uint64_t)number < (uint64_t)table->num_dense;
}

static void prefetch_slot(const h2vi_id_table *table, uint64_t hash, size_t words)
{
    const id_shard *shard = shard_of(table, hash);
    if (shard->slots)
        __builtin_prefetch(shard->slots + home_of(shard, tag_of(hash)) * words);
}

static void prefetch_number(const h2vi_id_table *table, int64_t number)
{
    if (is_dense(table, number))
        __builtin_prefetch(table->dense + number);
    else
        prefetch_slot(table, hash_number(number), WORDS_OF_NUMBER);
}

void h2vi_id_table_prefetch(const h2vi_id_table *table, const h2vi_token *token)
{
    if (table->holds_numbers)
        prefetch_number(table, token->number);
    else
        prefetch_slot(table, token->hash, WORDS_OF_STRING);
}

/* The gid of a number that is not dense, plus 1, or 0. */
static uint32_t find_sparse(const h2vi_id_table *table, int64_t number)
{
    const uint64_t hash = hash_number(number);
    const id_shard *shard = shard_of(table, hash);
    return shard->slots ? *probe_number(shard, tag_of(hash), number) : 0;
}

/* Gids are found plus 1, and 0 is none: one less of it is H2V_NO_SLOT. */
static uint32_t gid_of(uint32_t found)
{
    return found - 1;
}

void h2vi_id_table_prefetch_numbers(const h2vi_id_table *table, int64_t count,
                                    const int64_t *numbers)
{
    for (int64_t i = 0; i < count; i++) prefetch_number(table, numbers[i]);
}

void h2vi_id_table_find_numbers(const h2vi_id_table *table, int64_t count,
                                const int64_t *numbers, uint32_t *gids)
{
    const uint32_t *const dense = table->dense;
    const uint64_t num_dense = (uint64_t)table->num_dense;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t number = (uint64_t)numbers[i];
        gids[i] =
            gid_of(number < num_dense ? dense[number] : find_sparse(table, numbers[i]));
    }
}

static void find_strings(const h2vi_id_table *table, int64_t count, h2vi_token *tokens,
                         uint32_t *gids)
{
    for (int64_t i = 0; i < count; i++) {
        tokens[i].hash = h2vi_hash64(tokens[i].text, tokens[i].length);
        prefetch_slot(table, tokens[i].hash, WORDS_OF_STRING);
    }
    for (int64_t i = 0; i < count; i++) {
        const id_shard *shard = shard_of(table, tokens[i].hash);
        gids[i] = gid_of(shard->slots ? *probe_string(table, shard, &tokens[i]) : 0);
    }
}

void h2vi_id_table_find(const h2vi_id_table *table, int64_t count, h2vi_token *tokens,
                        uint32_t *gids)
{
    if (!table->holds_numbers) {
        find_strings(table, count, tokens, gids);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        h2vi_id_table_find_numbers(table, 1, &tokens[i].number, &gids[i]);
}

/* Put an occupied slot of the old array into the new one. */
static void move_slot(const id_shard *grown, const uint32_t *slot, uint32_t words)
{
    const uint32_t tag =
        words == WORDS_OF_NUMBER ? tag_of(hash_number(number_in(slot))) : slot[1];
    uint32_t i = home_of(grown, tag);
    while (grown->slots[(size_t)i * words] != 0)
        if (++i == grown->capacity) i = 0;
    memcpy(grown->slots + (size_t)i * words, slot, words * sizeof *slot);
}

/* Keep a quarter of the slots free. */
static h2v_status make_room(const h2vi_id_table *table, id_shard *old)
{
    if ((uint64_t)old->used + 1 <= old->capacity - old->capacity / 4) return H2V_OK;
    const uint32_t words = table->holds_numbers ? WORDS_OF_NUMBER : WORDS_OF_STRING;
    id_shard grown = {.capacity = old->capacity + old->capacity / 2 + FIRST_CAPACITY,
                      .used = old->used};
    grown.slots = h2vi_alloc(grown.capacity, words * sizeof *grown.slots);
    if (!grown.slots) return h2vi_fail_memory("a table of ids");
    for (uint32_t i = 0; i < old->capacity; i++) {
        const uint32_t *slot = old->slots + (size_t)i * words;
        if (slot[0] != 0) move_slot(&grown, slot, words);
    }
    free(old->slots);
    *old = grown;
    return H2V_OK;
}

/* Move what a shard holds of the dense numbers to their array. */
static h2v_status empty_shard(h2vi_id_table *table, id_shard *old)
{
    id_shard rest = {0};
    for (uint32_t i = 0; i < old->capacity; i++) {
        const uint32_t *slot = old->slots + (size_t)i * WORDS_OF_NUMBER;
        if (slot[0] == 0) continue;
        if (is_dense(table, number_in(slot)))
            table->dense[number_in(slot)] = slot[0];
        else
            rest.used++;
    }
    if (rest.used > 0) {
        rest.capacity = rest.used + rest.used / 2 + FIRST_CAPACITY;
        rest.slots = h2vi_alloc(rest.capacity, WORDS_OF_NUMBER * sizeof *rest.slots);
        if (!rest.slots) return h2vi_fail_memory("a table of ids");
    }
    for (uint32_t i = 0; rest.used > 0 && i < old->capacity; i++) {
        const uint32_t *slot = old->slots + (size_t)i * WORDS_OF_NUMBER;
        if (slot[0] != 0 && !is_dense(table, number_in(slot)))
            move_slot(&rest, slot, WORDS_OF_NUMBER);
    }
    free(old->slots);
    *old = rest;
    return H2V_OK;
}

/* Lengthen the array of dense numbers, if `number` and by half more than it has are within
 * bounds. */
static h2v_status widen(h2vi_id_table *table, int64_t number)
{
    const int64_t by_ids = DENSE_PER_ID * table->num_ids;
    const int64_t limit = by_ids > FREE_DENSE ? by_ids : FREE_DENSE;
    const int64_t least = table->num_dense + table->num_dense / 2;
    if (number < 0 || number >= limit || least > limit) return H2V_OK;
    int64_t length = number < least ? least : number + 1;
    length += DENSE_ROUNDING - length % DENSE_ROUNDING;
    uint32_t *dense =
        h2vi_regrow(table->dense, (size_t)table->num_dense, (size_t)length, sizeof *dense);
    if (!dense) return h2vi_fail_memory("a table of ids");
    table->dense = dense;
    table->num_dense = length;
    h2v_status status = H2V_OK;
    for (int i = 0; status == H2V_OK && i < NUM_SHARDS; i++)
        status = empty_shard(table, &table->shards[i]);
    return status;
}

static h2v_status fail_too_many(void)
{
    return h2v_fail(H2V_ERR_DATA, "More than %lld vertices", (long long)H2V_MAX_VERTICES);
}

static h2v_status insert_number(h2vi_id_table *table, int64_t number, uint32_t *gid)
{
    uint32_t *slot = NULL;
    h2v_status status = is_dense(table, number) ? H2V_OK : widen(table, number);
    if (status != H2V_OK) return status;
    id_shard *shard = NULL;
    if (is_dense(table, number)) {
        slot = &table->dense[number];
    } else {
        const uint64_t hash = hash_number(number);
        shard = &table->shards[hash % NUM_SHARDS];
        status = make_room(table, shard);
        if (status != H2V_OK) return status;
        slot = probe_number(shard, tag_of(hash), number);
    }
    if (slot[0] == 0) {
        if (table->num_ids == H2V_MAX_VERTICES) return fail_too_many();
        slot[0] = (uint32_t)++table->num_ids;
        if (shard) {
            slot[1] = (uint32_t)number;
            slot[2] = (uint32_t)((uint64_t)number >> 32);
            shard->used++;
        }
    }
    *gid = slot[0] - 1;
    return H2V_OK;
}

static h2v_status insert_string(h2vi_id_table *table, const h2vi_token *token,
                                uint32_t *gid)
{
    id_shard *shard = &table->shards[token->hash % NUM_SHARDS];
    h2v_status status = make_room(table, shard);
    if (status != H2V_OK) return status;
    uint32_t *slot = probe_string(table, shard, token);
    if (slot[0] == 0) {
        if (table->num_ids == H2V_MAX_VERTICES) return fail_too_many();
        status = h2vi_string_store_add(&table->strings, token->text, token->length);
        if (status != H2V_OK) return status;
        slot[0] = (uint32_t)++table->num_ids;
        slot[1] = tag_of(token->hash);
        shard->used++;
    }
    *gid = slot[0] - 1;
    return H2V_OK;
}

h2v_status h2vi_id_table_insert(h2vi_id_table *table, const h2vi_token *token,
                                uint32_t *gid)
{
    return table->holds_numbers ? insert_number(table, token->number, gid)
                                : insert_string(table, token, gid);
}

/* The numbers in the order of their gids. */
static h2v_status list_numbers(const h2vi_id_table *table, int64_t **numbers)
{
    *numbers = h2vi_alloc_n(table->num_ids, sizeof **numbers);
    if (!*numbers) return h2vi_fail_memory("ids");
    for (int64_t number = 0; number < table->num_dense; number++)
        if (table->dense[number] != 0) (*numbers)[table->dense[number] - 1] = number;
    for (int s = 0; s < NUM_SHARDS; s++) {
        const id_shard *shard = &table->shards[s];
        for (uint32_t i = 0; i < shard->capacity; i++) {
            const uint32_t *slot = shard->slots + (size_t)i * WORDS_OF_NUMBER;
            if (slot[0] != 0) (*numbers)[slot[0] - 1] = number_in(slot);
        }
    }
    return H2V_OK;
}

h2v_status h2vi_id_table_turn_to_strings(h2vi_id_table *table)
{
    enum { NUMBER_BYTES = 24 };
    int64_t *numbers = NULL;
    h2v_status status = list_numbers(table, &numbers);
    const int64_t num_ids = table->num_ids;
    clear_shards(table);
    table->holds_numbers = false;
    table->num_ids = 0;
    for (int64_t v = 0; status == H2V_OK && v < num_ids; v++) {
        char text[NUMBER_BYTES];
        const int length = snprintf(text, sizeof text, "%" PRId64, numbers[v]);
        h2vi_token token = {.text = text, .length = (uint32_t)length};
        token.hash = h2vi_hash64(token.text, token.length);
        uint32_t gid = 0;
        status = h2vi_id_table_insert(table, &token, &gid);
    }
    free(numbers);
    return status;
}

h2v_status h2vi_id_table_take(h2vi_id_table *table, h2vi_ids *ids)
{
    *ids = (h2vi_ids){0};
    h2v_status status = H2V_OK;
    if (table->holds_numbers) {
        status = list_numbers(table, &ids->numbers);
        clear_shards(table);
    } else {
        clear_shards(table);
        status = h2vi_string_store_take(&table->strings, ids);
    }
    if (status == H2V_OK) ids->num_ids = table->num_ids;
    table->num_ids = 0;
    table->holds_numbers = true;
    return status;
}
