/* SPDX-License-Identifier: MIT */

/* Dealing vertices to blocks: every context slot once, blocks alike, and noise in
 * proportion to visits^0.75. */
#include "alias.h"
#include "alloc.h"
#include "blocks.h"
#include "embed_jobs.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NUM_VERTICES = 2000 };

/* Blocks of vertices 0 .. n - 1 with visits by job_visits(). */
typedef struct dealt {
    h2v_world *world;
    h2v_graph *graph;
    int64_t n;
    int64_t *visits;
    uint32_t *slots;
    int64_t *vertex_of; /* of each context slot, -1: nobody's */
    h2vi_blocks blocks;
} dealt;

static void deal(int64_t n, int num_blocks, uint64_t seed, dealt *d)
{
    *d = (dealt){.n = n};
    assert_int_equal(h2v_world_create(MPI_COMM_SELF, 1, &d->world), H2V_OK);
    d->graph = job_graph(d->world, n);
    d->visits = h2vi_alloc_n(n, sizeof *d->visits);
    d->slots = h2vi_alloc_n(n, sizeof *d->slots);
    for (int64_t v = 0; v < n; v++) d->visits[v] = job_visits(v);
    assert_int_equal(
        h2vi_blocks_create(d->graph, d->visits, num_blocks, seed, &d->blocks, d->slots),
        H2V_OK);
    const int64_t num_slots = d->blocks.rows_per_block * num_blocks;
    d->vertex_of = h2vi_alloc_n(num_slots, sizeof *d->vertex_of);
    for (int64_t s = 0; s < num_slots; s++) d->vertex_of[s] = -1;
    for (int64_t v = 0; v < n; v++) {
        assert_true(d->slots[v] < num_slots);
        assert_int_equal(d->vertex_of[d->slots[v]], -1);
        d->vertex_of[d->slots[v]] = v;
    }
}

static void clear(dealt *d)
{
    h2vi_blocks_clear(&d->blocks);
    h2v_graph_destroy(&d->graph);
    h2v_world_destroy(&d->world);
    free(d->visits);
    free(d->slots);
    free(d->vertex_of);
}

/* Rows of a block that are somebody's: all but perhaps the last. */
static int64_t num_rows(const dealt *d, int block)
{
    const int64_t rows = d->blocks.rows_per_block;
    return rows - (d->vertex_of[block * rows + rows - 1] < 0);
}

static const int block_counts[] = {1, 2, 7, 40};
enum { NUM_COUNTS = sizeof block_counts / sizeof *block_counts };

/* Dealt to others, slots are as if they had been dealt so at once. */
static void blocks_are_dealt_again(void **state)
{
    (void)state;
    for (int i = 0; i < NUM_COUNTS * NUM_COUNTS; i++) {
        const int num_blocks = block_counts[i / NUM_COUNTS];
        const int num_others = block_counts[i % NUM_COUNTS];
        dealt d, other;
        deal(NUM_VERTICES + i, num_blocks, 3, &d);
        deal(NUM_VERTICES + i, num_others, 3, &other);
        const h2vi_blocks before = d.blocks;
        assert_int_equal(h2vi_blocks_redeal(&d.blocks, num_others), H2V_OK);
        assert_int_equal(d.blocks.num_blocks, num_others);
        assert_int_equal(d.blocks.rows_per_block, other.blocks.rows_per_block);
        for (int64_t v = 0; v < d.n; v++)
            assert_int_equal(h2vi_blocks_translate(&before, &d.blocks, d.slots[v]),
                             other.slots[v]);
        clear(&d);
        clear(&other);
    }
}

static void every_block_gets_as_many(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * NUM_COUNTS; i++) {
        const int64_t n = 39 + (i / NUM_COUNTS == 2 ? NUM_VERTICES : i / NUM_COUNTS);
        int num_blocks = block_counts[i % NUM_COUNTS];
        if (num_blocks > n) num_blocks = (int)n; /* a block for each vertex */
        dealt d;
        deal(n, num_blocks, 3, &d);
        assert_int_equal(d.blocks.rows_per_block, (n + num_blocks - 1) / num_blocks);
        int64_t total = 0;
        for (int b = 0; b < num_blocks; b++) {
            assert_in_range(num_rows(&d, b), n / num_blocks, d.blocks.rows_per_block);
            for (int64_t row = 0; row < num_rows(&d, b); row++)
                assert_true(d.vertex_of[b * d.blocks.rows_per_block + row] >= 0);
            total += num_rows(&d, b);
        }
        assert_int_equal(total, n);
        clear(&d);
    }
}

static double weight_of(int64_t visits)
{
    return pow((double)visits, 0.75);
}

/* The class of a row by the noise tables of its block. */
static uint32_t class_of(const h2vi_noise *noise, int64_t row)
{
    uint32_t class = 0;
    while (class + 1 < noise->num_classes && noise->classes[class + 1].first <= row)
        class ++;
    return class;
}

/* 16 classes to the octave: what is rounded to the middle of a class is within 1/32 of the
 * count, hence 2.4 % of its power. */
static void a_blocks_rows_descend_in_classes(void **state)
{
    (void)state;
    for (int i = 0; i < NUM_COUNTS; i++) {
        dealt d;
        deal(NUM_VERTICES, block_counts[i], 3, &d);
        h2vi_noise_tables tables;
        assert_int_equal(h2vi_noise_tables_init(&d.blocks, &tables), H2V_OK);
        for (int b = 0; b < block_counts[i]; b++) {
            h2vi_noise noise = {0};
            h2vi_block_classes_list(&d.blocks, b, INT64_MAX, &tables);
            h2vi_noise_tables_build(&tables, &noise);
            double share_before = 1e300;
            uint32_t next = 0;
            for (uint32_t c = 0; c < noise.num_classes; c++) {
                assert_int_equal(noise.classes[c].first, next);
                assert_true(noise.classes[c].count > 0);
                next += noise.classes[c].count;
                const double share = (double)tables.weights[c] / noise.classes[c].count;
                assert_true(share < share_before);
                share_before = share;
            }
            assert_int_equal(next, num_rows(&d, b));
            for (int64_t row = 0; row < num_rows(&d, b); row++) {
                const uint32_t c = class_of(&noise, row);
                const int64_t v = d.vertex_of[b * d.blocks.rows_per_block + row];
                const double rounded = (double)tables.weights[c] / noise.classes[c].count;
                assert_true(fabs(rounded / weight_of(d.visits[v]) - 1) < 0.024);
            }
        }
        h2vi_noise_tables_clear(&tables);
        clear(&d);
    }
}

/* Each run of num_blocks vertices in descending order gives every block one row: so the
 * sums of two blocks differ by at most the largest weight, and by the last run. */
static void every_block_has_the_same_share_of_noise(void **state)
{
    (void)state;
    dealt d;
    deal(NUM_VERTICES, 7, 3, &d);
    double sums[7] = {0}, heaviest = 0, least = 1e300, most = 0;
    for (int64_t v = 0; v < d.n; v++) {
        const double weight = weight_of(d.visits[v]);
        sums[d.slots[v] / d.blocks.rows_per_block] += weight;
        if (weight > heaviest) heaviest = weight;
    }
    for (int b = 0; b < 7; b++) {
        if (sums[b] < least) least = sums[b];
        if (sums[b] > most) most = sums[b];
    }
    assert_true(most - least <= heaviest * 1.05);
    clear(&d);
}

/* The quantile of chi-square that one seed in a thousand exceeds (Wilson and Hilferty
 * 1931, doi:10.1073/pnas.17.12.684). */
static double chi_square_limit(int freedom)
{
    const double part = 2.0 / (9.0 * freedom);
    return freedom * pow(1 - part + 3.0902 * sqrt(part), 3);
}

static void draws_follow_visits_to_three_quarters(void **state)
{
    (void)state;
    enum { BLOCK = 4, NUM_DRAWS = 400000 };
    dealt d;
    deal(NUM_VERTICES, 7, 3, &d);
    h2vi_noise_tables tables;
    h2vi_noise noise = {0};
    assert_int_equal(h2vi_noise_tables_init(&d.blocks, &tables), H2V_OK);
    h2vi_block_classes_list(&d.blocks, BLOCK, INT64_MAX, &tables);
    h2vi_noise_tables_build(&tables, &noise);
    int64_t drawn[NUM_VERTICES] = {0};
    for (uint32_t i = 0; i < NUM_DRAWS; i++) {
        const h2vi_words random = h2vi_random(11, H2VI_FOR_NEGATIVE, 0, 0, 0, i);
        const uint32_t class =
            h2vi_alias_draw(tables.alias, noise.num_classes, random.w[0]);
        drawn[noise.classes[class].first +
              h2vi_below(random.w[1], noise.classes[class].count)]++;
    }
    double total = 0, chi_square = 0;
    for (uint32_t c = 0; c < noise.num_classes; c++) total += tables.weights[c];
    const int64_t rows = num_rows(&d, BLOCK);
    for (int64_t row = 0; row < rows; row++) {
        const uint32_t c = class_of(&noise, row);
        const double expected =
            NUM_DRAWS * (double)tables.weights[c] / noise.classes[c].count / total;
        assert_true(expected > 5);
        chi_square += pow((double)drawn[row] - expected, 2) / expected;
    }
    assert_true(chi_square < chi_square_limit((int)rows - 1));
    h2vi_noise_tables_clear(&tables);
    clear(&d);
}

static void the_seed_deals(void **state)
{
    (void)state;
    dealt a, b, c;
    deal(NUM_VERTICES, 7, 3, &a);
    deal(NUM_VERTICES, 7, 3, &b);
    deal(NUM_VERTICES, 7, 4, &c);
    assert_memory_equal(a.slots, b.slots, NUM_VERTICES * sizeof *a.slots);
    int64_t num_same = 0;
    for (int64_t v = 0; v < NUM_VERTICES; v++) num_same += a.slots[v] == c.slots[v];
    assert_in_range(num_same, NUM_VERTICES / 14, NUM_VERTICES * 2 / 7);
    clear(&a);
    clear(&b);
    clear(&c);
}

static void memory_may_be_out(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    dealt d;
    deal(NUM_VERTICES, 7, 3, &d);
    for (int count = 0; count < 4; count++) {
        h2vi_blocks blocks;
        h2vi_noise_tables tables;
        h2vi_alloc_fail_after(count);
        assert_int_equal(h2vi_blocks_create(d.graph, d.visits, 7, 3, &blocks, d.slots),
                         H2V_ERR_NOMEM);
        h2vi_alloc_fail_after(count);
        assert_int_equal(h2vi_noise_tables_init(&d.blocks, &tables), H2V_ERR_NOMEM);
        h2vi_alloc_fail_after(-1);
    }
    clear(&d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_dealt_again),
        cmocka_unit_test(every_block_gets_as_many),
        cmocka_unit_test(a_blocks_rows_descend_in_classes),
        cmocka_unit_test(every_block_has_the_same_share_of_noise),
        cmocka_unit_test(draws_follow_visits_to_three_quarters),
        cmocka_unit_test(the_seed_deals),
        cmocka_unit_test(memory_may_be_out),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, NULL, NULL);
    MPI_Finalize();
    return outcome;
}
