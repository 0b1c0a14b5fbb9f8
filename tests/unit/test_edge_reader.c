/* SPDX-License-Identifier: MIT */

/* Whatever the size of segments and batches and the number of threads, gids are those of a
 * reader line by line, and an error has the number of its line. */
#include "edge_reader.h"

#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char PATH[] = "test_edges.txt";
enum { TEXT_BYTES = 1 << 16, SHOWN_BYTES = 1 << 16 };

static void write_text(const char *text)
{
    FILE *file = fopen(PATH, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What was read, as text: ids in order, then edges by the source's gid, and in the order of
 * the text. */
typedef struct outcome {
    h2v_status status;
    h2vi_reading_counts counts;
    char shown[SHOWN_BYTES];
} outcome;

/* A block's edges from v. */
static size_t show_row(const h2vi_edge_block *block, uint32_t v, bool weighted, char *shown,
                       size_t num_bytes)
{
    size_t used = 0;
    const int64_t piece = v >> block->layout.row_bits;
    if (piece >= block->num_pieces) return 0;
    for (int64_t i = block->starts[piece]; i < block->starts[piece + 1]; i++) {
        const h2vi_edge edge = h2vi_edge_block_get(block, piece, i);
        if (edge.source != v) continue;
        used += (size_t)snprintf(shown + used, num_bytes - used, " %u-%u", edge.source,
                                 edge.target);
        if (weighted)
            used += (size_t)snprintf(shown + used, num_bytes - used, ":%g",
                                     (double)block->weights[i]);
    }
    return used;
}

static void show(const h2vi_ids *ids, const h2vi_edge_list *edges, bool weighted,
                 char *shown)
{
    size_t used = 0;
    for (int64_t v = 0; v < ids->num_ids; v++)
        used += (size_t)(h2vi_ids_are_numbers(ids)
                             ? snprintf(shown + used, SHOWN_BYTES - used, "%lld ",
                                        (long long)ids->numbers[v])
                             : snprintf(shown + used, SHOWN_BYTES - used, "'%s' ",
                                        ids->text + ids->starts[v]));
    used += (size_t)snprintf(shown + used, SHOWN_BYTES - used, "|");
    for (uint32_t v = 0; v < ids->num_ids; v++)
        for (const h2vi_edge_block *block = edges->first; block; block = block->next)
            used += show_row(block, v, weighted, shown + used, SHOWN_BYTES - used);
}

typedef struct options {
    char delimiter;
    h2vi_loops loops;
    bool weighted;
    bool vertices; /* read the file as a list of vertices */
    int num_threads;
    int64_t segment_bytes;
} options;

static outcome *read_with(options o)
{
    outcome *out = calloc(1, sizeof *out);
    assert_non_null(out);
    h2vi_edge_list edges = {0};
    h2vi_id_table *table = NULL;
    h2vi_edge_reader *reader = NULL;
    h2vi_ids ids = {0};
    out->status = h2vi_id_table_create(&table);
    const h2vi_reading reading = {.delimiter = o.delimiter,
                                  .loops = o.loops,
                                  .directed = true,
                                  .weighted = o.weighted,
                                  .num_threads = o.num_threads ? o.num_threads : 1,
                                  .segment_bytes = o.segment_bytes ? o.segment_bytes : 4096,
                                  .table = table};
    if (out->status == H2V_OK) out->status = h2vi_edge_reader_create(&reading, &reader);
    if (out->status == H2V_OK)
        out->status = o.vertices ? h2vi_edge_reader_read_vertices(reader, PATH)
                                 : h2vi_edge_reader_read(reader, PATH, &edges);
    if (out->status == H2V_OK) {
        out->counts = h2vi_edge_reader_counts(reader);
        out->status = h2vi_id_table_take(table, &ids);
    }
    if (out->status == H2V_OK) show(&ids, &edges, o.weighted, out->shown);
    h2vi_edge_reader_destroy(&reader);
    h2vi_edge_list_clear(&edges);
    h2vi_id_table_destroy(&table);
    h2vi_ids_clear(&ids);
    return out;
}

static void assert_read(const char *text, options o, const char *expected)
{
    write_text(text);
    outcome *out = read_with(o);
    if (out->status != H2V_OK) fail_msg("%s", h2v_error_message());
    assert_string_equal(out->shown, expected);
    free(out);
}

static void assert_wrong(const char *text, options o, const char *message)
{
    write_text(text);
    outcome *out = read_with(o);
    assert_int_equal(out->status, H2V_ERR_DATA);
    assert_string_equal(h2v_error_message(), message);
    free(out);
}

static void columns_are_found(void **state)
{
    (void)state;
    const options plain = {0}, weighted = {.weighted = true};
    assert_read("5 7\n7 9\n", plain, "5 7 9 | 0-1 1-2");
    assert_read("  5\t 7  x y\r\n7,9\n7 , 5\n9,\t5,1\n", plain, "5 7 9 | 0-1 1-2 1-0 2-0");
    assert_read("a b\n\n#c\n %d\n\r\nb a\n", plain, "'a' 'b' | 0-1 1-0");
    assert_read("1 2 .5\n2 3 4 99\n3,1,1e2\n", weighted, "1 2 3 | 0-1:0.5 1-2:4 2-0:100");
    assert_read("", plain, "|");
}

static void a_delimiter_takes_the_place_of_blanks(void **state)
{
    (void)state;
    const options semicolon = {.delimiter = ';'}, tab = {.delimiter = '\t'},
                  blank = {.delimiter = ' ', .weighted = true};
    assert_read("a b;c,d\n c,d ;a b;x\n", semicolon, "'a b' 'c,d' | 0-1 1-0");
    assert_read("a b\tc\nc\t a b \r\n", tab, "'a b' 'c' | 0-1 1-0");
    assert_read("1 2 3\n", blank, "1 2 | 0-1:3");
    assert_wrong("1;;2\n", semicolon, "test_edges.txt:1: Column 2 is empty");
    assert_wrong("\t1\n", tab, "test_edges.txt:1: Column 1 is empty");
    assert_wrong("1 2\n", semicolon,
                 "test_edges.txt:1: One column; an edge needs a source and a target");
}

static void loops_name_their_vertex(void **state)
{
    (void)state;
    assert_read("1 1\n1 2\n3 3\n", (options){.loops = H2VI_DROP_LOOPS}, "1 2 3 | 0-1");
    assert_read("1 1\n1 2\n3 3\n", (options){.loops = H2VI_KEEP_LOOPS},
                "1 2 3 | 0-0 0-1 2-2");
    assert_read("a a\nab a\n", (options){.loops = H2VI_DROP_LOOPS}, "'a' 'ab' | 1-0");
}

static void vertices_are_read_by_the_line(void **state)
{
    (void)state;
    assert_read("5\n7 label\n# 8\n5\n", (options){.vertices = true}, "5 7 |");
    assert_read("x\n5\n", (options){.vertices = true, .weighted = true}, "'x' '5' |");
}

/* A string in the last line: all numbers before keep their text. */
static void ids_turn_to_strings_at_any_line(void **state)
{
    (void)state;
    for (int64_t segment_bytes = 4; segment_bytes < 40; segment_bytes += 3)
        for (int num_threads = 1; num_threads < 4; num_threads++)
            assert_read(
                "10 -20\n-20 30\n30 40\n40 10\n40 x\n10 40\n",
                (options){.segment_bytes = segment_bytes, .num_threads = num_threads},
                "'10' '-20' '30' '40' 'x' | 0-1 0-3 1-2 2-3 3-0 3-4");
}

static void gids_do_not_depend_on_segments_or_threads(void **state)
{
    (void)state;
    char *text = calloc(TEXT_BYTES, 1);
    assert_non_null(text);
    size_t used = 0;
    for (unsigned i = 0; i < 1500; i++)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%u %u\n",
                                 i % 100 == 7 ? "# " : "", i * i % 211, i * 7919 % 499);
    write_text(text);
    outcome *first = read_with((options){0});
    assert_int_equal(first->status, H2V_OK);
    assert_int_equal(first->counts.num_lines, 1500);
    assert_int_equal(first->counts.num_text_bytes, used);
    for (int64_t segment_bytes = 2; segment_bytes < 3000; segment_bytes *= 3)
        for (int num_threads = 1; num_threads <= 4; num_threads++) {
            outcome *out = read_with(
                (options){.segment_bytes = segment_bytes, .num_threads = num_threads});
            assert_int_equal(out->status, H2V_OK);
            assert_string_equal(out->shown, first->shown);
            assert_memory_equal(&out->counts, &first->counts, sizeof out->counts);
            free(out);
        }
    free(first);
    free(text);
}

/* Of two errors the first in the text is told, however far apart they are read. */
static void the_first_error_is_told(void **state)
{
    (void)state;
    char *text = calloc(TEXT_BYTES, 1);
    assert_non_null(text);
    size_t used = 0;
    for (int i = 1; i <= 1000; i++)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used,
                                 i == 618 || i == 700 ? "7 8 w%d\n" : "%d 8 1\n", i);
    for (int64_t segment_bytes = 2; segment_bytes < 3000; segment_bytes *= 3)
        for (int num_threads = 1; num_threads <= 4; num_threads++)
            assert_wrong(text,
                         (options){.weighted = true,
                                   .segment_bytes = segment_bytes,
                                   .num_threads = num_threads},
                         "test_edges.txt:618: Weight 'w618' is not a number; a weight is a "
                         "finite number > 0");
    free(text);
}

static void errors_say_what_is_wrong(void **state)
{
    (void)state;
    const options plain = {0}, weighted = {.weighted = true};
    assert_wrong("1 2\n\n# c\n5\n", plain,
                 "test_edges.txt:4: One column; an edge needs a source and a target");
    assert_wrong("a,,b\n", plain, "test_edges.txt:1: Column 2 is empty");
    assert_wrong(",1\n", plain, "test_edges.txt:1: Column 1 is empty");
    assert_wrong(
        "1 2\r3 4\n", plain,
        "test_edges.txt:1: Carriage return within the line; lines end in LF or CR LF");
    assert_wrong(
        "1 2 x\ry 3 4\n", plain,
        "test_edges.txt:1: Carriage return within the line; lines end in LF or CR LF");
    assert_wrong("a \xff\n", plain, "test_edges.txt:1: Id '?' is not valid UTF-8");
    assert_wrong("a \xc0\xaf\n", plain, "test_edges.txt:1: Id '\?\?' is not valid UTF-8");
    assert_wrong("a \xf4\x90\x80\x80\n", plain,
                 "test_edges.txt:1: Id '\?\?\?\?' is not valid UTF-8");
    assert_wrong("a b\xe2\x82\n", plain, "test_edges.txt:1: Id 'b\?\?' is not valid UTF-8");
    assert_wrong(
        "1 2 3\n1 2\n", weighted,
        "test_edges.txt:2: No third column; a weighted edge needs its weight there");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    write_text("1 2\n2 3\n3 x\nx y\n");
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        h2vi_alloc_fail_after(k);
        outcome *out = read_with((options){.segment_bytes = 4});
        h2vi_alloc_fail_after(-1);
        status = out->status;
        if (status != H2V_OK) assert_int_equal(status, H2V_ERR_NOMEM);
        free(out);
    }
    assert_true(num_failures > 20);
}

static int clean_up(void **state)
{
    (void)state;
    return remove(PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found),
        cmocka_unit_test(a_delimiter_takes_the_place_of_blanks),
        cmocka_unit_test(loops_name_their_vertex),
        cmocka_unit_test(vertices_are_read_by_the_line),
        cmocka_unit_test(ids_turn_to_strings_at_any_line),
        cmocka_unit_test(gids_do_not_depend_on_segments_or_threads),
        cmocka_unit_test(the_first_error_is_told),
        cmocka_unit_test(errors_say_what_is_wrong),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
