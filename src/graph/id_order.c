/* SPDX-License-Identifier: MIT */

/* Multikey quicksort (Bentley, Sedgewick 1997, doi:10.1145/314161.314321), of indices. A
 * number is a string of eight bytes, the highest first and its sign bit turned over.
 * Recursion takes the smaller parts and the loop the largest, so it is never deep, however
 * long the ids. */
#include "id_order.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 8, END = -1 };

/* A run of indices whose ids agree in their first `depth` bytes. */
typedef struct run {
    uint32_t *order;
    int64_t count;
    int64_t depth;
} run;

/* Byte `depth` of an id, or END behind it. */
static int byte_at(const h2vi_ids *ids, uint32_t i, int64_t depth)
{
    if (h2vi_ids_are_numbers(ids)) {
        if (depth == NUMBER_BYTES) return END;
        const uint64_t bits = (uint64_t)ids->numbers[i] ^ (uint64_t)1 << 63;
        return (int)(bits >> (8 * (NUMBER_BYTES - 1 - depth)) & 0xff);
    }
    if (ids->starts[i] + depth == ids->starts[i + 1] - 1) return END;
    return (unsigned char)ids->text[ids->starts[i] + depth];
}

static void swap(uint32_t *a, uint32_t *b)
{
    const uint32_t kept = *a;
    *a = *b;
    *b = kept;
}

static int median_of(int a, int b, int c)
{
    if (a > b) return median_of(b, a, c);
    return c < a ? a : c > b ? b : c;
}

/* Divide a run by one byte into below, equal (*equal: one byte deeper) and above. */
static int divide(const h2vi_ids *ids, const run *all, run parts[3])
{
    uint32_t *order = all->order;
    const int pivot = median_of(byte_at(ids, order[0], all->depth),
                                byte_at(ids, order[all->count / 2], all->depth),
                                byte_at(ids, order[all->count - 1], all->depth));
    int64_t below = 0, above = all->count;
    for (int64_t i = 0; i < above;) {
        const int byte = byte_at(ids, order[i], all->depth);
        if (byte < pivot)
            swap(&order[below++], &order[i++]);
        else if (byte > pivot)
            swap(&order[--above], &order[i]);
        else
            i++;
    }
    /* Ids are distinct: at most one ends here, and nothing is left to compare. */
    const int64_t num_equal = pivot == END ? 0 : above - below;
    parts[0] = (run){order, below, all->depth};
    parts[1] = (run){order + below, num_equal, all->depth + 1};
    parts[2] = (run){order + above, all->count - above, all->depth};
    return parts[0].count >= parts[1].count ? (parts[0].count >= parts[2].count ? 0 : 2)
                                            : (parts[1].count >= parts[2].count ? 1 : 2);
}

static void sort_run(const h2vi_ids *ids, run all)
{
    while (all.count > 1) {
        run parts[3];
        const int largest = divide(ids, &all, parts);
        for (int i = 0; i < 3; i++)
            if (i != largest) sort_run(ids, parts[i]);
        all = parts[largest];
    }
}

/* Ids in their new order. */
static h2v_status reorder(const h2vi_ids *ids, const uint32_t *order, h2vi_ids *sorted)
{
    *sorted = (h2vi_ids){.num_ids = ids->num_ids};
    if (h2vi_ids_are_numbers(ids)) {
        sorted->numbers = h2vi_alloc_n(ids->num_ids, sizeof *sorted->numbers);
        if (!sorted->numbers) return h2vi_fail_memory("sorted ids");
        for (int64_t i = 0; i < ids->num_ids; i++)
            sorted->numbers[i] = ids->numbers[order[i]];
        return H2V_OK;
    }
    sorted->starts = h2vi_alloc_n(ids->num_ids + 1, sizeof *sorted->starts);
    sorted->text = h2vi_alloc_n(ids->starts[ids->num_ids] + 1, 1);
    if (!sorted->starts || !sorted->text) {
        h2vi_ids_clear(sorted);
        return h2vi_fail_memory("sorted ids");
    }
    for (int64_t i = 0; i < ids->num_ids; i++) {
        const int64_t start = ids->starts[order[i]];
        const int64_t num_bytes = ids->starts[order[i] + 1] - start;
        memcpy(sorted->text + sorted->starts[i], ids->text + start, (size_t)num_bytes);
        sorted->starts[i + 1] = sorted->starts[i] + num_bytes;
    }
    return H2V_OK;
}

h2v_status h2vi_ids_sort(h2vi_ids *ids, uint32_t **new_places)
{
    *new_places = NULL;
    h2v_status status = H2V_OK;
    h2vi_ids sorted = {0};
    uint32_t *order = h2vi_alloc_n(ids->num_ids, sizeof *order);
    uint32_t *places = h2vi_alloc_n(ids->num_ids, sizeof *places);
    if (!order || !places) {
        status = h2vi_fail_memory("sorted ids");
        goto cleanup;
    }
    for (int64_t i = 0; i < ids->num_ids; i++) order[i] = (uint32_t)i;
    sort_run(ids, (run){order, ids->num_ids, 0});
    status = reorder(ids, order, &sorted);
    if (status != H2V_OK) goto cleanup;
    for (int64_t i = 0; i < ids->num_ids; i++) places[order[i]] = (uint32_t)i;
    h2vi_ids_clear(ids);
    *ids = sorted;
    *new_places = places;
    places = NULL;

cleanup:
    free(order);
    free(places);
    return status;
}
