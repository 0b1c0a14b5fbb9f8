/* SPDX-License-Identifier: MIT */

/* Each kernel gives the hashes that h2vi_hash128() gives of the same bytes. */
#include "hash_many.h"

#include "hash.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint64_t draw(uint32_t i)
{
    const h2vi_words r = h2vi_random(5, H2VI_FOR_GENERATOR, 0, 0, i, 0);
    return (uint64_t)r.w[0] << 32 | r.w[1];
}

static void numbers_have_their_hashes(void **state)
{
    (void)state;
    int64_t numbers[H2VI_HASHED_AT_ONCE] = {0, -1, 1, INT64_MAX, INT64_MIN, 1LL << 32};
    for (int i = 6; i < H2VI_HASHED_AT_ONCE; i++)
        numbers[i] = (int64_t)(draw((uint32_t)i) >> i);
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        const h2vi_hash_kernels *kernels = h2vi_hash_kernels_of((h2vi_isa)isa);
        for (int count = 0; kernels && count <= H2VI_HASHED_AT_ONCE; count++) {
            h2vi_hashes hashes = {.low = {0}};
            kernels->hash_numbers(numbers, count, &hashes);
            for (int i = 0; i < count; i++) {
                const h2v_digest hash = h2vi_hash128(&numbers[i], sizeof numbers[i]);
                assert_true(hashes.low[i] == hash.low && hashes.high[i] == hash.high);
            }
        }
    }
}

/* Ends of which the halves are equal, and large, more often than by chance. */
static void fill(h2vi_hashed_edges *edges)
{
    for (int i = 0; i < H2VI_HASHED_AT_ONCE; i++) {
        const uint32_t at = (uint32_t)i * 8;
        edges->sources.low[i] = draw(at);
        edges->sources.high[i] = draw(at + 1);
        edges->targets.low[i] = i % 7 ? draw(at + 2) : edges->sources.low[i];
        edges->targets.high[i] = i % 3 ? draw(at + 3) : edges->sources.high[i];
        edges->weights[i] = i % 5 ? 1.0 : 0.25 * i;
    }
}

static h2v_digest expected_sum(const h2vi_hashed_edges *edges, int first)
{
    h2v_digest sum = {.low = 11, .high = 12};
    for (int i = first; i < edges->count; i++) {
        const uint64_t a[2] = {edges->sources.low[i], edges->sources.high[i]};
        const uint64_t b[2] = {edges->targets.low[i], edges->targets.high[i]};
        const bool is_swapped =
            !edges->directed && (a[1] > b[1] || (a[1] == b[1] && a[0] > b[0]));
        unsigned char bytes[40];
        memcpy(bytes, is_swapped ? b : a, 16);
        memcpy(bytes + 16, is_swapped ? a : b, 16);
        memcpy(bytes + 32, &edges->weights[i], 8);
        const h2v_digest hash = h2vi_hash128(bytes, sizeof bytes);
        sum.low += hash.low;
        sum.high += hash.high;
    }
    return sum;
}

static void edges_have_their_hashes(void **state)
{
    (void)state;
    h2vi_hashed_edges edges;
    fill(&edges);
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++) {
        const h2vi_hash_kernels *kernels = h2vi_hash_kernels_of((h2vi_isa)isa);
        for (int k = 0; kernels && k <= 2 * H2VI_HASHED_AT_ONCE; k++) {
            const int first = k % 6;
            edges.directed = k % 2;
            edges.count = k / 2;
            const h2v_digest expected = expected_sum(&edges, first);
            h2v_digest sum = {.low = 11, .high = 12};
            kernels->add_edges(&edges, first, &sum);
            assert_true(sum.low == expected.low && sum.high == expected.high);
        }
    }
}

static void kernels_are_those_of_this_machine(void **state)
{
    (void)state;
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++)
        assert_true(h2vi_isa_is_here((h2vi_isa)isa) ==
                    (h2vi_hash_kernels_of((h2vi_isa)isa) != NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_their_hashes),
        cmocka_unit_test(edges_have_their_hashes),
        cmocka_unit_test(kernels_are_those_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
