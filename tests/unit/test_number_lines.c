/* SPDX-License-Identifier: MIT */

/* What is read fast means what the reader of any line says it means, and what is not plain
 * is left to it; plain lines are read fast. */
#include "number_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES = 256, PADDING_BYTES = 80 };

static const h2vi_line_format plain = {.num_ids = 2};
static const h2vi_line_format weighted = {.num_ids = 2, .weighted = true};

/* Read one line that is followed by others; how many were read fast. What was read must be
 * what h2vi_edge_line_read() reads. */
static int64_t read_line(const h2vi_line_format *format, const char *line)
{
    char text[TEXT_BYTES];
    memset(text, '\n', sizeof text);
    memcpy(text, line, strlen(line));
    const char *const end = text + strlen(line) + PADDING_BYTES;
    const char *fast = text, *any = text;
    int64_t ids[2];
    float weight = 1;
    h2vi_edge_line expected = {.weight = 1};
    const int64_t count = h2vi_number_lines_read(format, &fast, end, 1, ids, &weight);
    if (count == 0) {
        assert_ptr_equal(fast, text);
        return 0;
    }
    assert_int_equal(h2vi_edge_line_read(format, &any, end, &expected), H2VI_LINE_FULL);
    assert_ptr_equal(fast, any);
    assert_int_equal(ids[0], expected.ids[0].number);
    assert_int_equal(ids[1], expected.ids[1].number);
    if (format->weighted) assert_memory_equal(&weight, &expected.weight, sizeof weight);
    return count;
}

static void numbers_of_every_length_are_read(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n"};
    static const char digits[] = "987654321012345";
    for (int a = 1; a <= 15; a++)
        for (int b = 1; b <= 15; b++)
            for (int c = 0; c < 6; c++) {
                char line[TEXT_BYTES];
                (void)snprintf(line, sizeof line, "%.*s%c%.*s%s", a, digits, " \t,"[c % 3],
                               b, digits, ends[c / 3]);
                assert_int_equal(read_line(&plain, line), 1);
            }
    assert_int_equal(read_line(&plain, "0 0\n"), 1);
    const h2vi_line_format semicolons = {.num_ids = 2, .delimiter = ';'};
    assert_int_equal(read_line(&semicolons, "10;20\n"), 1);
    assert_int_equal(read_line(&semicolons, "10 20\n"), 0);
}

static void weights_of_every_length_are_read(void **state)
{
    (void)state;
    for (int a = 1; a <= 7; a++)
        for (int b = 0; b <= 7; b++) {
            char line[TEXT_BYTES];
            (void)snprintf(line, sizeof line, "12 345 %.*s%s%.*s\n", a, "3070901",
                           b ? "." : "", b, "0123457");
            assert_int_equal(read_line(&weighted, line), 1);
        }
    assert_int_equal(read_line(&weighted, "1 2 0.1\r\n"), 1);
    /* Between two floats, and beyond what one operation of doubles gives: left. */
    static const char *const left[] = {"1 2 16777217\n", "1 2 0\n",    "1 2 1.\n",
                                       "1 2 .5\n",       "1 2 1e3\n",  "1 2 -1\n",
                                       "1 2 1.5 9\n",    "1 2  1.5\n", "1 2\n"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        assert_int_equal(read_line(&weighted, left[i]), 0);
}

static void all_else_is_left(void **state)
{
    (void)state;
    static const char *const left[] = {"1\n",
                                       " 1 2\n",
                                       "1  2\n",
                                       "1 2 \n",
                                       "1 2 3\n",
                                       "01 2\n",
                                       "1 02\n",
                                       "00 2\n",
                                       "-1 2\n",
                                       "1 -2\n",
                                       "1234567890123456 1\n",
                                       "1 1234567890123456\n",
                                       "# 1 2\n",
                                       "% 1 2\n",
                                       "\n",
                                       "\r\n",
                                       "1 2\r3\n",
                                       "1,,2\n",
                                       "a b\n",
                                       "1 b\n",
                                       "1;2\n",
                                       "+1 2\n",
                                       "1.0 2\n",
                                       "\xc3\xa9 1\n",
                                       "1\xb2 3\n",
                                       "1 2\xff\n",
                                       "1 2\xba\n"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        assert_int_equal(read_line(&plain, left[i]), 0);
    const h2vi_line_format strings = {.num_ids = 2, .kind = H2VI_IDS_STRINGS};
    const h2vi_line_format vertices = {.num_ids = 1};
    const h2vi_line_format ones = {.num_ids = 2, .delimiter = '1'};
    const h2vi_line_format points = {.num_ids = 2, .weighted = true, .delimiter = '.'};
    assert_int_equal(read_line(&points, "1.2.3.5\n"), 0);
    assert_int_equal(read_line(&strings, "1 2\n"), 0);
    assert_int_equal(read_line(&vertices, "1 2\n"), 0);
    assert_int_equal(read_line(&ones, "213\n"), 0);
}

/* Sources that begin as the one before, or are it. */
static void sources_are_told_apart(void **state)
{
    (void)state;
    enum { MAX_LINES = 16 };
    static const char lines[] =
        "1 5\n1 6\n12 7\n12 8\n1 9\n123456 1\n123456 2\n1234567 3\n1234567 4\n"
        "12345678 5\n12345678 6\n123456789 7\n1,8\n1 9\n1\t10\n0 1\n"
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    int64_t ids[2 * MAX_LINES];
    float weights[MAX_LINES];
    const char *fast = lines, *any = lines, *const end = lines + sizeof lines - 1;
    assert_int_equal(h2vi_number_lines_read(&plain, &fast, end, MAX_LINES, ids, weights),
                     MAX_LINES);
    for (int i = 0; i < MAX_LINES; i++) {
        h2vi_edge_line expected;
        assert_int_equal(h2vi_edge_line_read(&plain, &any, end, &expected), H2VI_LINE_FULL);
        assert_int_equal(ids[2 * i], expected.ids[0].number);
        assert_int_equal(ids[2 * i + 1], expected.ids[1].number);
    }
    assert_ptr_equal(fast, any);
    /* What is no number is not taken for the one before. */
    static const char stray[16 + PADDING_BYTES] = "12345678 1\n\0\0\0\0";
    fast = stray;
    assert_int_equal(h2vi_number_lines_read(&plain, &fast, stray + sizeof stray, MAX_LINES,
                                            ids, weights),
                     1);
}

/* Any byte in the place of any other. */
static void changed_lines_mean_the_same(void **state)
{
    (void)state;
    static const char line[] = "12 3456789012 7.25\n", pair[] = "123456789 87654321\r\n";
    for (size_t i = 0; i < sizeof line - 1; i++)
        for (int c = 1; c < 256; c++) {
            char changed[sizeof line];
            memcpy(changed, line, sizeof line);
            changed[i] = (char)c;
            (void)read_line(&weighted, changed);
        }
    for (size_t i = 0; i < sizeof pair - 1; i++)
        for (int c = 1; c < 256; c++) {
            char changed[sizeof pair];
            memcpy(changed, pair, sizeof pair);
            changed[i] = (char)c;
            (void)read_line(&plain, changed);
        }
}

/* Many lines at once, up to the number asked for and to where the end is near. */
static void many_lines_are_read(void **state)
{
    (void)state;
    enum { LINES = 40, LINE_BYTES = 8 };
    char text[LINES * LINE_BYTES];
    for (int i = 0; i < LINES; i++) {
        char *line = text + i * LINE_BYTES;
        memcpy(line, "100 200\n", LINE_BYTES);
        line[1] = line[5] = (char)('0' + i / 10);
        line[2] = line[6] = (char)('0' + i % 10);
    }
    const char *p = text, *end = text + LINES * LINE_BYTES;
    int64_t ids[2 * LINES];
    float weights[LINES];
    assert_int_equal(h2vi_number_lines_read(&plain, &p, end, 5, ids, weights), 5);
    assert_ptr_equal(p, text + 5 * LINE_BYTES);
    assert_int_equal(ids[9], 204);
    const int64_t rest = h2vi_number_lines_read(&plain, &p, end, LINES, ids, weights);
    assert_true(rest > LINES / 2 && rest < LINES - 5);
    assert_ptr_equal(p, text + (5 + rest) * LINE_BYTES);
    for (int i = 0; i < rest; i++) assert_int_equal(ids[2 * i], 105 + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_length_are_read),
        cmocka_unit_test(weights_of_every_length_are_read),
        cmocka_unit_test(all_else_is_left),
        cmocka_unit_test(sources_are_told_apart),
        cmocka_unit_test(changed_lines_mean_the_same),
        cmocka_unit_test(many_lines_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
