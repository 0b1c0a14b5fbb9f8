/* SPDX-License-Identifier: MIT */

/* Text lies in blocks and places in pages, both of fixed size, so that nothing is ever
 * moved or held twice while the store grows; only the short lists of blocks and pages are.
 */
#include "string_store.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BITS = 20, BLOCK_BYTES = 1 << BLOCK_BITS, PAGE_PLACES = 1 << 16 };

static char *string_at(const h2vi_string_store *store, int64_t i)
{
    const uint64_t *page = store->pages[i / PAGE_PLACES];
    const uint64_t place = page[i % PAGE_PLACES];
    return (char *)store->blocks[place >> BLOCK_BITS] + place % BLOCK_BYTES;
}

/* Append a zeroed array to a list of arrays; the list doubles at powers of two. */
static h2v_status append_array(void ***list, int64_t count, size_t num_bytes)
{
    if ((count & (count - 1)) == 0) {
        void **grown = h2vi_regrow(*list, (size_t)count, count > 0 ? 2 * (size_t)count : 1,
                                   sizeof *grown);
        if (!grown) return h2vi_fail_memory("ids");
        *list = grown;
    }
    (*list)[count] = h2vi_alloc(num_bytes, 1);
    return (*list)[count] ? H2V_OK : h2vi_fail_memory("ids");
}

/* A block with room for `needed` bytes at its end. */
static h2v_status make_room(h2vi_string_store *store, int64_t needed)
{
    if (store->num_blocks > 0 && store->block_used + needed <= BLOCK_BYTES) return H2V_OK;
    const h2v_status status = append_array(&store->blocks, store->num_blocks, BLOCK_BYTES);
    if (status != H2V_OK) return status;
    store->num_blocks++;
    store->block_used = 0;
    return H2V_OK;
}

static int64_t num_pages(const h2vi_string_store *store)
{
    return (store->num_strings + PAGE_PLACES - 1) / PAGE_PLACES;
}

h2v_status h2vi_string_store_add(h2vi_string_store *store, const char *text,
                                 uint32_t length)
{
    h2v_status status = make_room(store, (int64_t)length + 1);
    if (status != H2V_OK) return status;
    if (store->num_strings % PAGE_PLACES == 0) {
        status =
            append_array(&store->pages, num_pages(store), PAGE_PLACES * sizeof(uint64_t));
        if (status != H2V_OK) return status;
    }
    const int64_t i = store->num_strings++;
    uint64_t *page = store->pages[i / PAGE_PLACES];
    page[i % PAGE_PLACES] =
        (uint64_t)(store->num_blocks - 1) << BLOCK_BITS | (uint64_t)store->block_used;
    char *string = string_at(store, i);
    memcpy(string, text, length);
    string[length] = '\0';
    store->block_used += (int64_t)length + 1;
    store->num_bytes += (int64_t)length + 1;
    return H2V_OK;
}

bool h2vi_string_store_equals(const h2vi_string_store *store, int64_t i, const char *text,
                              uint32_t length)
{
    const char *string = string_at(store, i);
    return strncmp(string, text, length) == 0 && string[length] == '\0';
}

h2v_status h2vi_string_store_take(h2vi_string_store *store, h2vi_ids *ids)
{
    *ids = (h2vi_ids){0};
    ids->starts = h2vi_alloc_n(store->num_strings + 1, sizeof *ids->starts);
    ids->text = h2vi_alloc_n(store->num_bytes + 1, 1);
    if (!ids->starts || !ids->text) {
        h2vi_ids_clear(ids);
        return h2vi_fail_memory("ids");
    }
    int64_t start = 0;
    for (int64_t i = 0; i < store->num_strings; i++) {
        const char *string = string_at(store, i);
        const size_t num_bytes = strlen(string) + 1;
        ids->starts[i] = start;
        memcpy(ids->text + start, string, num_bytes);
        start += (int64_t)num_bytes;
    }
    ids->starts[store->num_strings] = start;
    ids->num_ids = store->num_strings;
    h2vi_string_store_clear(store);
    return H2V_OK;
}

void h2vi_string_store_clear(h2vi_string_store *store)
{
    for (int64_t i = 0; i < store->num_blocks; i++) free(store->blocks[i]);
    for (int64_t i = 0; i < num_pages(store); i++) free(store->pages[i]);
    free(store->blocks);
    free(store->pages);
    *store = (h2vi_string_store){0};
}
