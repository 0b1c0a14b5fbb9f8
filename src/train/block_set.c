/* SPDX-License-Identifier: MIT */

/* Buffers of equal size, so that any of them can take any block: which of them belong to a
 * home and which are spare changes with every block that leaves or comes. */
#include "block_set.h"

#include "alloc.h"
#include "fail.h"

#include <stdlib.h>

static int64_t floats_of(const h2vi_block_set *set, int64_t num_rows)
{
    return num_rows * (set->stride + (set->has_updates ? 1 : 0));
}

/* Whole lines of the cache: threads would share one between buffers. */
static int64_t floats_of_buffer(const h2vi_block_set *set)
{
    enum { LINE = 16 };
    return (floats_of(set, set->capacity) + LINE - 1) / LINE * LINE;
}

/* Zeros, by all threads: where pages are new, that is most of the time that it takes. All
 * buffers in one piece, so that it has huge pages where each buffer would be too small. */
static h2v_status make_buffers(h2vi_block_set *set, int64_t num_buffers)
{
    const int64_t num_floats = num_buffers * floats_of_buffer(set);
    set->memory = h2vi_alloc_raw_n(num_floats, sizeof *set->memory);
    if (!set->memory) return h2vi_fail_memory("context rows");
    float *memory = set->memory;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < num_floats; i++) memory[i] = 0;
    return H2V_OK;
}

h2v_status h2vi_block_set_init(int num_homes, int first, int end, int num_spare,
                               int64_t num_rows, int stride, bool has_updates,
                               h2vi_block_set *set)
{
    /* While blocks pass, any buffer may be without a block: there is a place for all. */
    *set = (h2vi_block_set){.num_homes = num_homes,
                            .stride = stride,
                            .has_updates = has_updates,
                            .capacity = num_rows,
                            .num_places = end - first + num_spare};
    set->num_rows = h2vi_alloc_n(num_homes, sizeof *set->num_rows);
    set->rows = h2vi_alloc_n(num_homes, sizeof *set->rows);
    set->spare = h2vi_alloc_n(set->num_places, sizeof *set->spare);
    h2v_status status = set->num_rows && set->rows && set->spare
                            ? H2V_OK
                            : h2vi_fail_memory("context rows");
    for (int home = 0; status == H2V_OK && home < num_homes; home++)
        set->num_rows[home] = num_rows;
    if (status == H2V_OK) status = make_buffers(set, end - first + num_spare);
    float *next = set->memory;
    for (int home = first; status == H2V_OK && home < end;
         home++, next += floats_of_buffer(set))
        set->rows[home] = next;
    for (int i = 0; status == H2V_OK && i < num_spare; i++, next += floats_of_buffer(set))
        set->spare[i] = next;
    if (status != H2V_OK) h2vi_block_set_clear(set);
    return status;
}

void h2vi_block_set_clear(h2vi_block_set *set)
{
    free(set->memory);
    free(set->num_rows);
    free(set->rows);
    free(set->spare);
    *set = (h2vi_block_set){0};
}

static int num_buffers_of(const h2vi_block_set *set)
{
    int count = 0;
    for (int home = 0; home < set->num_homes; home++) count += set->rows[home] != NULL;
    for (int i = 0; i < set->num_places; i++) count += set->spare[i] != NULL;
    return count;
}

/* Buffer i of all places for one, or NULL if none is there. */
static float **buffer_of(h2vi_block_set *set, int i)
{
    float **buffer = i < set->num_homes ? &set->rows[i] : &set->spare[i - set->num_homes];
    return *buffer ? buffer : NULL;
}

/* Old buffers go before new ones come, so that there is never one more than needed; where
 * none come, the set holds none and can be cleared. */
h2v_status h2vi_block_set_reserve(h2vi_block_set *set, int64_t capacity)
{
    static float held; /* stands for a buffer while there is none */
    const int num_places = set->num_homes + set->num_places;
    if (capacity <= set->capacity) return H2V_OK;
    set->capacity = capacity;
    for (int i = 0; i < num_places; i++)
        if (buffer_of(set, i)) *buffer_of(set, i) = &held;
    free(set->memory);
    const h2v_status status = make_buffers(set, num_buffers_of(set));
    float *next = set->memory;
    for (int i = 0; i < num_places; i++) {
        float **buffer = buffer_of(set, i);
        if (!buffer) continue;
        *buffer = next;
        if (next) next += floats_of_buffer(set);
    }
    return status;
}

int64_t h2vi_block_set_bytes(const h2vi_block_set *set)
{
    return num_buffers_of(set) * floats_of(set, set->capacity) * (int64_t)sizeof(float);
}
