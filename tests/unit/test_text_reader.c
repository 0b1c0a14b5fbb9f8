/* SPDX-License-Identifier: MIT */

/* The same lines must come out of any file, plain or gzip, one member or several, and in
 * batches of any size. */
#include "text_reader.h"

#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

static const char PATH[] = "test_text.txt";
enum { MAX_BYTES = 1 << 20 };

static void write_plain(const char *text, size_t num_bytes)
{
    FILE *file = fopen(PATH, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, num_bytes, file), num_bytes);
    assert_int_equal(fclose(file), 0);
}

/* mode "wb", or "ab" for one more member. */
static void write_gzip(const char *text, const char *mode)
{
    gzFile file = gzopen(PATH, mode);
    assert_non_null(file);
    assert_int_equal(gzputs(file, text), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

/* Read all batches, end to end; returns what stopped the reader. */
static h2v_status read_all(int64_t capacity, char *text, int64_t *num_bytes)
{
    h2vi_text_reader *reader = NULL;
    h2vi_text_batch batches[2] = {{0}};
    *num_bytes = 0;
    h2v_status status = h2vi_text_open(PATH, capacity, &reader);
    for (int i = 0; status == H2V_OK && i < 2; i++)
        status = h2vi_text_batch_create(capacity, &batches[i]);
    const h2vi_text_batch *previous = NULL;
    bool is_last = false;
    for (int i = 0; status == H2V_OK && !is_last; i = 1 - i) {
        h2vi_text_fill(reader, previous, &batches[i]);
        previous = &batches[i];
        memcpy(text + *num_bytes, previous->text, (size_t)previous->num_bytes);
        *num_bytes += previous->num_bytes;
        if (previous->num_bytes > 0) assert_int_equal(text[*num_bytes - 1], '\n');
        is_last = previous->is_last;
        status = previous->status;
        if (status != H2V_OK) (void)h2v_fail(status, "%s", previous->message);
    }
    for (int i = 0; i < 2; i++) h2vi_text_batch_clear(&batches[i]);
    h2vi_text_close(&reader);
    return status;
}

static void assert_text(int64_t capacity, const char *expected)
{
    char *text = malloc(MAX_BYTES);
    assert_non_null(text);
    int64_t num_bytes = 0;
    assert_int_equal(read_all(capacity, text, &num_bytes), H2V_OK);
    assert_int_equal(num_bytes, strlen(expected));
    assert_memory_equal(text, expected, (size_t)num_bytes);
    free(text);
}

static void assert_failure(int64_t capacity, h2v_status expected, const char *fragment)
{
    char *text = malloc(MAX_BYTES);
    assert_non_null(text);
    int64_t num_bytes = 0;
    assert_int_equal(read_all(capacity, text, &num_bytes), expected);
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
    free(text);
}

static void lines_come_in_batches_of_any_size(void **state)
{
    (void)state;
    static const char text[] = "one\n\ntwo three\n4\n\n\nlast\n";
    write_plain(text, strlen(text));
    for (int64_t capacity = 11; capacity < 40; capacity++) assert_text(capacity, text);
    write_gzip(text, "wb");
    for (int64_t capacity = 11; capacity < 40; capacity++) assert_text(capacity, text);
}

static void the_last_line_is_ended(void **state)
{
    (void)state;
    write_plain("a b\nc d", 7);
    assert_text(100, "a b\nc d\n");
    assert_text(5, "a b\nc d\n");
    write_plain("", 0);
    assert_text(100, "");
    write_plain("x", 1);
    assert_text(100, "x\n");
}

static void a_byte_order_mark_is_dropped(void **state)
{
    (void)state;
    write_plain("\xef\xbb\xbf"
                "1 2\n",
                7);
    assert_text(100, "1 2\n");
    write_gzip("\xef\xbb\xbf"
               "1 2\n",
               "wb");
    assert_text(100, "1 2\n");
    write_plain("\xef\xbb\xbf", 3);
    assert_text(100, "");
}

static void members_are_one_text(void **state)
{
    (void)state;
    write_gzip("1 2\n3", "wb");
    write_gzip("", "ab");
    write_gzip(" 4\n5 6\n", "ab");
    assert_text(100, "1 2\n3 4\n5 6\n");
    assert_text(6, "1 2\n3 4\n5 6\n");
}

/* More compressed bytes than the reader's buffer holds. */
static void long_gzip_is_read(void **state)
{
    (void)state;
    char *text = malloc(MAX_BYTES);
    assert_non_null(text);
    size_t length = 0;
    uint64_t x = 1;
    while (length < MAX_BYTES - 64) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        length +=
            (size_t)snprintf(text + length, 64, "%llu\n", (unsigned long long)(x >> 8));
    }
    write_gzip(text, "wb");
    assert_text(1000, text);
    free(text);
}

static long read_file(char *bytes)
{
    FILE *file = fopen(PATH, "rb");
    assert_non_null(file);
    const size_t num_bytes = fread(bytes, 1, MAX_BYTES, file);
    (void)fclose(file);
    return (long)num_bytes;
}

static void truncated_gzip_is_an_error_wherever_it_ends(void **state)
{
    (void)state;
    char *bytes = malloc(MAX_BYTES);
    assert_non_null(bytes);
    write_gzip("1 2\n3 4\n5 6\n7 8\n9 10\n", "wb");
    const long num_bytes = read_file(bytes);
    for (long length = 2; length < num_bytes; length++) {
        write_plain(bytes, (size_t)length);
        assert_failure(100, H2V_ERR_DATA, "truncated");
    }
    free(bytes);
}

static void damaged_gzip_is_an_error(void **state)
{
    (void)state;
    char *bytes = calloc(MAX_BYTES, 1);
    assert_non_null(bytes);
    write_gzip("1 2\n3 4\n5 6\n7 8\n9 10\n", "wb");
    const size_t num_bytes = (size_t)read_file(bytes);
    bytes[num_bytes - 6] ^= 1; /* in the checksum */
    write_plain(bytes, num_bytes);
    assert_failure(100, H2V_ERR_DATA, "damaged: incorrect data check");
    bytes[num_bytes - 6] ^= 1;
    write_plain(bytes, num_bytes + 512); /* zeros: padding */
    assert_text(100, "1 2\n3 4\n5 6\n7 8\n9 10\n");
    bytes[num_bytes + 300] = 'x';
    write_plain(bytes, num_bytes + 512);
    assert_failure(100, H2V_ERR_DATA, "followed by other bytes");
    free(bytes);
}

static void lines_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const char text[] = "short\n0123456789012345678901234567890\nshort\n";
    write_plain(text, strlen(text));
    assert_text(50, text);
    assert_failure(20, H2V_ERR_DATA, "Line is longer than 20 bytes");
}

static void files_that_cannot_be_read_are_refused(void **state)
{
    (void)state;
    h2vi_text_reader *reader = NULL;
    assert_int_equal(h2vi_text_open("no/such/file", 10, &reader), H2V_ERR_IO);
    assert_non_null(strstr(h2v_error_message(), "'no/such/file': No such file"));
    assert_null(reader);
    assert_int_equal(h2vi_text_open("/", 10, &reader), H2V_ERR_IO);
    assert_non_null(strstr(h2v_error_message(), "'/': Is a directory"));
    assert_null(reader);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    write_gzip("1 2\n", "wb");
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        char text[100];
        int64_t num_bytes = 0;
        h2vi_alloc_fail_after(k);
        status = read_all(10, text, &num_bytes);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) assert_int_equal(status, H2V_ERR_NOMEM);
    }
    assert_true(num_failures >= 5);
}

static int clean_up(void **state)
{
    (void)state;
    return remove(PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_in_batches_of_any_size),
        cmocka_unit_test(the_last_line_is_ended),
        cmocka_unit_test(a_byte_order_mark_is_dropped),
        cmocka_unit_test(members_are_one_text),
        cmocka_unit_test(long_gzip_is_read),
        cmocka_unit_test(truncated_gzip_is_an_error_wherever_it_ends),
        cmocka_unit_test(damaged_gzip_is_an_error),
        cmocka_unit_test(lines_that_do_not_fit_are_refused),
        cmocka_unit_test(files_that_cannot_be_read_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
