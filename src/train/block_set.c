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

/* Zeros, by all threads: where pages are new, that is most of the time that it takes. */
static h2v_status make_buffer(const h2vi_block_set *set, float **buffer)
{
    const int64_t num_floats = floats_of(set, set->capacity);
    *buffer = h2vi_alloc_raw_n(num_floats, sizeof **buffer);
    if (!*buffer) return h2vi_fail_memory("context rows");
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < num_floats; i++) (*buffer)[i] = 0;
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
    for (int home = first; status == H2V_OK && home < end; home++)
        status = make_buffer(set, &set->rows[home]);
    for (int i = 0; status == H2V_OK && i < num_spare; i++)
        status = make_buffer(set, &set->spare[i]);
    if (status != H2V_OK) h2vi_block_set_clear(set);
    return status;
}

void h2vi_block_set_clear(h2vi_block_set *set)
{
    for (int home = 0; set->rows && home < set->num_homes; home++) free(set->rows[home]);
    for (int i = 0; set->spare && i < set->num_places; i++) free(set->spare[i]);
    free(set->num_rows);
    free(set->rows);
    free(set->spare);
    *set = (h2vi_block_set){0};
}

/* Old buffers go before new ones come, so that there is never one more than needed; where
 * none comes, the set holds what is left and can be cleared. */
h2v_status h2vi_block_set_reserve(h2vi_block_set *set, int64_t capacity)
{
    h2v_status status = H2V_OK;
    if (capacity <= set->capacity) return status;
    set->capacity = capacity;
    for (int i = 0; status == H2V_OK && i < set->num_homes + set->num_places; i++) {
        float **buffer =
            i < set->num_homes ? &set->rows[i] : &set->spare[i - set->num_homes];
        if (!*buffer) continue;
        free(*buffer);
        status = make_buffer(set, buffer);
    }
    return status;
}

int64_t h2vi_block_set_bytes(const h2vi_block_set *set)
{
    int64_t num_buffers = 0;
    for (int home = 0; home < set->num_homes; home++)
        num_buffers += set->rows[home] != NULL;
    for (int i = 0; i < set->num_places; i++) num_buffers += set->spare[i] != NULL;
    return num_buffers * floats_of(set, set->capacity) * (int64_t)sizeof(float);
}
