/* SPDX-License-Identifier: MIT */

/* The pool of a block: rows of each class by its share, each row as likely as the others of
 * its class, hubs always; and negatives that come from pools follow the whole block's
 * distribution. */
#include "alias.h"
#include "embed_jobs.h"
#include "pool.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_VERTICES = 2000, NUM_BLOCKS = 3, MAX_ROWS = 700 };

/* The blocks of 2000 vertices with a long tail of weights, and tables to list them in. */
typedef struct pooled {
    test_job job;
    h2vi_noise_tables tables;
    uint32_t rows[MAX_ROWS];
} pooled;

static int make(void **state)
{
    pooled *p = calloc(1, sizeof *p);
    if (!p) return 1;
    job_init(MPI_COMM_SELF, 1, NUM_VERTICES, NUM_BLOCKS, &p->job);
    if (h2vi_noise_tables_init(&p->job.blocks, &p->tables) != H2V_OK) return 1;
    *state = p;
    return 0;
}

static int release(void **state)
{
    pooled *p = *state;
    h2vi_noise_tables_clear(&p->tables);
    job_clear(&p->job);
    free(p);
    return 0;
}

static int64_t draw(pooled *p, uint32_t round, int block, int64_t pool)
{
    const h2vi_pool_draw what = {9, round, 2, (uint32_t)block};
    h2vi_block_classes_list(&p->job.blocks, block, pool, &p->tables);
    return h2vi_draw_pool(&what, &p->tables, p->rows);
}

static double total_weight(const h2vi_noise_tables *tables)
{
    double total = 0;
    for (int c = 0; c < tables->num_classes; c++)
        total += (double)tables->classes[c].weight;
    return total;
}

/* The quantile of chi-square that one seed in a thousand exceeds (Wilson and Hilferty
 * 1931, doi:10.1073/pnas.17.12.684). */
static double chi_square_limit(int freedom)
{
    const double part = 2.0 / (9.0 * freedom);
    return freedom * pow(1 - part + 3.0902 * sqrt(part), 3);
}

static const int64_t pools[] = {1, 7, 64, 200, 666};
enum { NUM_POOLS = sizeof pools / sizeof *pools };

/* ---- how many rows of a class */

static void a_class_gives_its_share(void **state)
{
    pooled *p = *state;
    for (int b = 0; b < NUM_BLOCKS; b++)
        for (int i = 0; i < NUM_POOLS; i++) {
            int64_t sum = 0, num_rows = 0;
            h2vi_block_classes_list(&p->job.blocks, b, pools[i], &p->tables);
            const double total = total_weight(&p->tables);
            for (int c = 0; c < p->tables.num_classes; c++) {
                const h2vi_block_class *class = &p->tables.classes[c];
                const double share = (double)pools[i] * ((double)class->weight / total);
                assert_int_equal(class->first, num_rows);
                assert_true(class->num_pooled >= 1 && class->num_pooled <= class->count);
                if (share >= (double)class->count)
                    assert_int_equal(class->num_pooled, class->count);
                else
                    assert_true((double)class->num_pooled >= share &&
                                (double)class->num_pooled < share + 1);
                num_rows += class->count;
                sum += class->num_pooled;
            }
            assert_true(num_rows <= p->job.blocks.rows_per_block);
            assert_true(sum <= pools[i] + p->tables.num_classes);
        }
}

static void a_large_pool_has_all_rows(void **state)
{
    pooled *p = *state;
    const int64_t all = p->job.blocks.rows_per_block;
    const int64_t large[] = {all, all + 1, INT64_MAX};
    for (int b = 0; b < NUM_BLOCKS; b++)
        for (int i = 0; i < 3; i++) {
            const int64_t num_rows = draw(p, 1, b, large[i]);
            const h2vi_block_class *last = &p->tables.classes[p->tables.num_classes - 1];
            assert_int_equal(num_rows, last->first + last->count);
            assert_true(num_rows >= NUM_VERTICES / NUM_BLOCKS);
            for (int64_t row = 0; row < num_rows; row++)
                assert_int_equal(p->rows[row], row);
        }
}

static void pools_grow_with_the_draws(void **state)
{
    (void)state;
    assert_int_equal(h2vi_choose_pool(0, 1000000), 8192);
    assert_int_equal(h2vi_choose_pool(32768, 1000000), 8192);
    assert_int_equal(h2vi_choose_pool(40000, 1000000), 10000);
    assert_int_equal(h2vi_choose_pool(1e15, 1000000), 1000000);
    assert_int_equal(h2vi_choose_pool(1e15, 100), 100);
    assert_int_equal(h2vi_choose_pool(0, 100), 100);
}

/* ---- which rows of a class */

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Distinct, of the class, and spread: with one row from each of equal runs, no two
 * neighbors, the last and the first included, are two runs apart. */
static void check_class(const h2vi_block_class *class, uint32_t *rows)
{
    const int64_t run = (class->count + class->num_pooled - 1) / class->num_pooled;
    qsort(rows, (size_t) class->num_pooled, sizeof *rows, compare);
    assert_true((int64_t)rows[0] >= class->first);
    for (int64_t i = 0; i < class->num_pooled; i++) {
        const bool is_last = i + 1 == class->num_pooled;
        const int64_t next = is_last ? rows[0] + class->count : rows[i + 1];
        assert_true(next > (int64_t)rows[i] && next - (int64_t)rows[i] < 2 * run);
        if (is_last) assert_true((int64_t)rows[i] < class->first + class->count);
    }
}

static void rows_are_distinct_and_of_their_class(void **state)
{
    pooled *p = *state;
    for (uint32_t round = 0; round < 50; round++)
        for (int b = 0; b < NUM_BLOCKS; b++)
            for (int i = 0; i < NUM_POOLS; i++) {
                const int64_t num_rows = draw(p, round, b, pools[i]);
                int64_t at = 0;
                for (int c = 0; c < p->tables.num_classes; c++) {
                    check_class(&p->tables.classes[c], p->rows + at);
                    at += p->tables.classes[c].num_pooled;
                }
                assert_int_equal(at, num_rows);
            }
}

/* Classes whose share of the pool is all their rows. */
static void hubs_are_always_there(void **state)
{
    enum { POOL = 200 };
    pooled *p = *state;
    int64_t num_hubs = 0, num_others = 0;
    for (uint32_t round = 0; round < 200; round++) {
        int64_t at = 0;
        (void)draw(p, round, 1, POOL);
        const double total = total_weight(&p->tables);
        for (int c = 0; c < p->tables.num_classes; c++) {
            const h2vi_block_class *class = &p->tables.classes[c];
            if (POOL * ((double)class->weight / total) >= (double)class->count) {
                for (int64_t i = 0; i < class->count; i++)
                    assert_int_equal(p->rows[at + i], class->first + i);
                num_hubs += class->count;
            } else {
                num_others += class->num_pooled;
            }
            at += class->num_pooled;
        }
    }
    assert_true(num_hubs > 0 && num_others > 0);
}

/* Each place of the pool holds every row of its class equally often: the first of a class,
 * the one in its middle, and its last. Rounds are drawn independently, so for one place
 * this is a chi-square, summed over classes; one seed in a thousand exceeds the limit. */
static void rows_of_a_class_are_equally_likely(void **state)
{
    enum { NUM_ROUNDS = 60000, POOL = 100, BLOCK = 2 };
    pooled *p = *state;
    for (int place = 0; place < 3; place++) {
        double *drawn = calloc(MAX_ROWS, sizeof *drawn), chi_square = 0;
        int freedom = 0;
        for (uint32_t round = 0; round < NUM_ROUNDS; round++) {
            int64_t at = 0;
            (void)draw(p, round, BLOCK, POOL);
            for (int c = 0; c < p->tables.num_classes; c++) {
                const int64_t m = p->tables.classes[c].num_pooled;
                drawn[p->rows[at + (place == 2 ? m - 1 : place * m / 2)]]++;
                at += m;
            }
        }
        for (int c = 0; c < p->tables.num_classes; c++) {
            const h2vi_block_class *class = &p->tables.classes[c];
            if (class->num_pooled == class->count) continue;
            const double expected = (double)NUM_ROUNDS / (double)class->count;
            assert_true(expected > 100);
            for (int64_t i = 0; i < class->count; i++)
                chi_square += pow(drawn[class->first + i] - expected, 2) / expected;
            freedom += (int)class->count - 1;
        }
        assert_true(freedom > 300);
        assert_true(chi_square < chi_square_limit(freedom));
        free(drawn);
    }
}

/* One row does not tell the next: between the first two of a class lies any distance of
 * less than two runs. */
static void rows_of_a_class_are_drawn_apart(void **state)
{
    enum { NUM_ROUNDS = 3000, POOL = 100, BLOCK = 2, MIN_RUN = 6 };
    pooled *p = *state;
    int num_classes = 0;
    (void)draw(p, 0, BLOCK, POOL);
    for (int c = 0, at = 0; c < p->tables.num_classes; c++) {
        const h2vi_block_class class = p->tables.classes[c];
        const int run = (int)(class.count / class.num_pooled);
        char is_seen[2 * MAX_ROWS] = {0};
        int num_seen = 0;
        for (uint32_t round = 0;
             class.num_pooled > 2 && run >= MIN_RUN && round < NUM_ROUNDS; round++) {
            (void)draw(p, round, BLOCK, POOL);
            is_seen[(p->rows[at + 1] + class.count - p->rows[at]) % class.count] = 1;
        }
        for (int d = 0; d < 2 * MAX_ROWS; d++) num_seen += is_seen[d];
        if (num_seen > 0) assert_in_range(num_seen, 2 * run - 1, 2 * run + 1);
        num_classes += num_seen > 0;
        at += (int)class.num_pooled;
    }
    assert_true(num_classes > 0);
}

static int64_t count_common(const uint32_t *a, const uint32_t *b, int64_t num_rows)
{
    int64_t count = 0;
    for (int64_t i = 0; i < num_rows; i++)
        for (int64_t k = 0; k < num_rows; k++) count += a[i] == b[k];
    return count;
}

/* The same for the same, whatever was drawn before; for another seed, round, group or block
 * others: of a class, m of n rows come again with a chance of m / n. */
static void the_draw_depends_on_what_it_is_for(void **state)
{
    pooled *p = *state;
    const h2vi_pool_draw what = {9, 5, 2, 1};
    const h2vi_pool_draw others[] = {
        what, {10, 5, 2, 1}, {9, 6, 2, 1}, {9, 5, 3, 1}, {9, 5, 2, 0}};
    uint32_t rows[MAX_ROWS];
    h2vi_block_classes_list(&p->job.blocks, 1, 100, &p->tables);
    const int64_t num_rows = h2vi_draw_pool(&what, &p->tables, rows);
    double expected = 0, variance = 0;
    for (int c = 0; c < p->tables.num_classes; c++) {
        const h2vi_block_class *class = &p->tables.classes[c];
        const double m = (double)class->num_pooled, chance = m / (double)class->count;
        expected += m * chance;
        variance += m * chance * (1 - chance);
    }
    assert_true(variance > 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(h2vi_draw_pool(&others[i], &p->tables, p->rows), num_rows);
        const double common = (double)count_common(rows, p->rows, num_rows);
        if (i == 0)
            assert_memory_equal(rows, p->rows, (size_t)num_rows * sizeof *rows);
        else
            assert_true(fabs(common - expected) < 4 * sqrt(variance));
    }
}

/* ---- the noise of a pool */

static void the_tables_of_a_pool_keep_the_shares(void **state)
{
    pooled *p = *state;
    h2vi_noise_tables whole_tables;
    assert_int_equal(h2vi_noise_tables_init(&p->job.blocks, &whole_tables), H2V_OK);
    for (int b = 0; b < NUM_BLOCKS; b++)
        for (int i = 0; i < NUM_POOLS; i++) {
            h2vi_noise whole = {0}, noise = {0};
            h2vi_block_classes_list(&p->job.blocks, b, INT64_MAX, &whole_tables);
            h2vi_noise_tables_build(&whole_tables, &whole);
            const int64_t num_rows = draw(p, 0, b, pools[i]);
            h2vi_noise_tables_build(&p->tables, &noise);
            assert_int_equal(noise.num_classes, whole.num_classes);
            assert_memory_equal(noise.alias, whole.alias,
                                noise.num_classes * sizeof *noise.alias);
            int64_t next = 0;
            for (uint32_t c = 0; c < noise.num_classes; c++) {
                assert_int_equal(noise.classes[c].first, next);
                assert_int_equal(noise.classes[c].count, p->tables.classes[c].num_pooled);
                next += noise.classes[c].count;
            }
            assert_int_equal(next, num_rows);
        }
    h2vi_noise_tables_clear(&whole_tables);
}

/* One negative a round, so that draws are independent: from a small pool that changes they
 * are distributed over the rows as from the whole block. One seed in a thousand exceeds the
 * limit. */
static void negatives_of_changing_pools_follow_the_weights(void **state)
{
    enum { NUM_ROUNDS = 300000, POOL = 40, BLOCK = 0 };
    pooled *p = *state;
    h2vi_noise noise = {0};
    double *drawn = calloc(MAX_ROWS, sizeof *drawn), chi_square = 0;
    h2vi_block_classes_list(&p->job.blocks, BLOCK, POOL, &p->tables);
    h2vi_noise_tables_build(&p->tables, &noise);
    for (uint32_t round = 0; round < NUM_ROUNDS; round++) {
        const h2vi_words random = h2vi_random(13, H2VI_FOR_NEGATIVE, 0, 0, round, 0);
        const uint32_t class =
            h2vi_alias_draw(p->tables.alias, noise.num_classes, random.w[0]);
        const h2vi_pool_draw what = {9, round, 0, BLOCK};
        (void)h2vi_draw_pool(&what, &p->tables, p->rows);
        drawn[p->rows[noise.classes[class].first +
                      h2vi_below(random.w[1], noise.classes[class].count)]]++;
    }
    const double total = total_weight(&p->tables);
    int64_t num_rows = 0;
    for (int c = 0; c < p->tables.num_classes; c++) {
        const h2vi_block_class *class = &p->tables.classes[c];
        const double expected =
            NUM_ROUNDS * ((double)class->weight / (double)class->count) / total;
        assert_true(expected > 20);
        for (int64_t i = 0; i < class->count; i++)
            chi_square += pow(drawn[class->first + i] - expected, 2) / expected;
        num_rows += class->count;
    }
    assert_true(chi_square < chi_square_limit((int)num_rows - 1));
    free(drawn);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_class_gives_its_share),
        cmocka_unit_test(a_large_pool_has_all_rows),
        cmocka_unit_test(pools_grow_with_the_draws),
        cmocka_unit_test(rows_are_distinct_and_of_their_class),
        cmocka_unit_test(hubs_are_always_there),
        cmocka_unit_test(rows_of_a_class_are_equally_likely),
        cmocka_unit_test(rows_of_a_class_are_drawn_apart),
        cmocka_unit_test(the_draw_depends_on_what_it_is_for),
        cmocka_unit_test(the_tables_of_a_pool_keep_the_shares),
        cmocka_unit_test(negatives_of_changing_pools_follow_the_weights),
    };
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    const int outcome = cmocka_run_group_tests(tests, make, release);
    MPI_Finalize();
    return outcome;
}
