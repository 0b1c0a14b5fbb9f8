/* SPDX-License-Identifier: MIT */

/* Chunks do not overlap; the oldest slab serves first; slabs that fell empty go. */
#include "edge_pool.h"

#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_CHUNKS = 3000 }; /* more than two slabs hold */

static int64_t payload_bytes(const h2vi_edge_pool *pool)
{
    const h2vi_edge_chunk *none = NULL;
    return (int64_t)sizeof none->as +
           (pool->weighted ? H2VI_CHUNK_EDGES * (int64_t)sizeof(float) : 0);
}

static void chunks_are_apart(bool weighted)
{
    h2vi_edge_pool pool = {.weighted = weighted};
    h2vi_edge_chunk **chunks = malloc(NUM_CHUNKS * sizeof(h2vi_edge_chunk *));
    assert_non_null(chunks);
    const int64_t num_bytes = payload_bytes(&pool);
    for (int i = 0; i < NUM_CHUNKS; i++) {
        chunks[i] = h2vi_edge_pool_take(&pool);
        assert_non_null(chunks[i]);
        memset(&chunks[i]->as, i % 251, (size_t)num_bytes);
    }
    assert_true(pool.num_slabs > 2);
    for (int i = 0; i < NUM_CHUNKS; i++) {
        const unsigned char *bytes = (const unsigned char *)&chunks[i]->as;
        for (int64_t k = 0; k < num_bytes; k++) assert_int_equal(bytes[k], i % 251);
    }
    for (int i = 0; i < NUM_CHUNKS; i++) h2vi_edge_pool_put(&pool, chunks[i]);
    h2vi_edge_pool_trim(&pool);
    assert_null(pool.first);
    free(chunks);
}

static void chunks_of_edges_are_apart(void **state)
{
    (void)state;
    chunks_are_apart(false);
    chunks_are_apart(true);
}

static void the_oldest_slab_serves_first(void **state)
{
    (void)state;
    h2vi_edge_pool pool = {0};
    h2vi_edge_chunk *first = h2vi_edge_pool_take(&pool), *others = NULL;
    while (pool.num_slabs < 3) {
        h2vi_edge_chunk *chunk = h2vi_edge_pool_take(&pool);
        assert_non_null(chunk);
        chunk->next = others;
        others = chunk;
    }
    h2vi_edge_chunk *last = others;
    others = last->next;
    h2vi_edge_pool_put(&pool, last);
    h2vi_edge_pool_put(&pool, first);
    assert_ptr_equal(h2vi_edge_pool_take(&pool), first);

    h2vi_edge_slab *const kept = first->home;
    while (others) {
        h2vi_edge_chunk *next = others->next;
        h2vi_edge_pool_put(&pool, others);
        others = next;
    }
    h2vi_edge_pool_trim(&pool); /* all but the first chunk's */
    assert_ptr_equal(pool.first, kept);
    assert_ptr_equal(pool.last, kept);
    h2vi_edge_chunk *again = h2vi_edge_pool_take(&pool);
    assert_ptr_equal(again->home, kept);
    h2vi_edge_pool_put(&pool, again);
    h2vi_edge_pool_put(&pool, first);
    h2vi_edge_pool_trim(&pool);
    assert_null(pool.first);
}

static void memory_may_be_out(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    h2vi_edge_pool pool = {0};
    h2vi_alloc_fail_after(0);
    assert_null(h2vi_edge_pool_take(&pool));
    h2vi_alloc_fail_after(-1);
    h2vi_edge_chunk *chunk = h2vi_edge_pool_take(&pool);
    assert_non_null(chunk);
    h2vi_edge_pool_put(&pool, chunk);
    h2vi_edge_pool_trim(&pool);
    assert_null(pool.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_edges_are_apart),
        cmocka_unit_test(the_oldest_slab_serves_first),
        cmocka_unit_test(memory_may_be_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
