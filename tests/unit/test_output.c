/* SPDX-License-Identifier: MIT */

/* Outputs appear whole or not at all, and nothing else stays behind. */
#include "empty_directory.h"
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_text(const char *path, const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    assert_int_equal(fclose(file), 0);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    assert_non_null(directory);
    int count = 0;
    while (readdir(directory)) count++;
    (void)closedir(directory);
    return count - 2; /* . and .. */
}

static void a_file_appears_at_the_commit(void **state)
{
    (void)state;
    h2vi_output output;
    assert_int_equal(h2vi_output_begin("a", H2VI_REFUSE_EXISTING, &output), H2V_OK);
    write_text(output.temporary, "new");
    assert_int_not_equal(access("a", F_OK), 0);
    assert_int_equal(h2vi_output_commit(&output), H2V_OK);
    assert_text("a", "new");
    assert_int_equal(count_entries("."), 1);
    h2vi_output_discard(&output); /* does nothing */
    assert_int_equal(unlink("a"), 0);
}

static void a_discarded_file_leaves_the_old_one(void **state)
{
    (void)state;
    write_text("a", "old");
    h2vi_output output;
    assert_int_equal(h2vi_output_begin("a", H2VI_OVERWRITE, &output), H2V_OK);
    write_text(output.temporary, "new");
    h2vi_output_discard(&output);
    assert_text("a", "old");
    assert_int_equal(count_entries("."), 1);
    assert_int_equal(unlink("a"), 0);
}

static void an_existing_file_is_refused_or_replaced(void **state)
{
    (void)state;
    write_text("a", "old");
    h2vi_output output;
    assert_int_equal(h2vi_output_begin("a", H2VI_REFUSE_EXISTING, &output), H2V_ERR_EXISTS);
    assert_non_null(strstr(h2v_error_message(), "--overwrite"));
    assert_int_equal(count_entries("."), 1);

    assert_int_equal(h2vi_output_begin("a", H2VI_OVERWRITE, &output), H2V_OK);
    write_text(output.temporary, "new");
    assert_int_equal(h2vi_output_commit(&output), H2V_OK);
    assert_text("a", "new");
    assert_int_equal(unlink("a"), 0);
}

static void a_path_that_cannot_be_written_fails_at_once(void **state)
{
    (void)state;
    h2vi_output output;
    assert_int_equal(h2vi_output_begin("no/such/a", H2VI_OVERWRITE, &output), H2V_ERR_IO);
    assert_non_null(strstr(h2v_error_message(), "no/such/a"));
    assert_int_equal(h2vi_output_begin_directory("no/such/d", H2VI_OVERWRITE, &output),
                     H2V_ERR_IO);
    assert_int_equal(h2vi_output_begin("/tmp", H2VI_OVERWRITE, &output), H2V_ERR_IO);
    assert_non_null(strstr(h2v_error_message(), "is a directory"));
    h2vi_output_discard(&output);
}

static void a_lost_temporary_is_an_error(void **state)
{
    (void)state;
    h2vi_output output;
    assert_int_equal(h2vi_output_begin("a", H2VI_REFUSE_EXISTING, &output), H2V_OK);
    assert_int_equal(unlink(output.temporary), 0);
    assert_int_equal(h2vi_output_commit(&output), H2V_ERR_IO);
    assert_int_equal(count_entries("."), 0);
}

static void begin_directory_with_file(const char *path, h2vi_output *output)
{
    assert_int_equal(h2vi_output_begin_directory(path, H2VI_OVERWRITE, output), H2V_OK);
    char name[256];
    (void)snprintf(name, sizeof name, "%s/f", output->temporary);
    write_text(name, "new");
}

static void a_directory_is_replaced_as_a_whole(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0777), 0);
    write_text("d/old", "old");
    h2vi_output output;
    begin_directory_with_file("d/", &output); /* a trailing slash is no part of the name */
    assert_int_equal(h2vi_output_commit(&output), H2V_OK);
    assert_text("d/f", "new");
    assert_int_equal(count_entries("d"), 1);
    assert_int_equal(count_entries("."), 1);

    begin_directory_with_file("d", &output);
    h2vi_output_discard(&output);
    assert_int_equal(count_entries("."), 1);
    assert_int_equal(unlink("d/f"), 0);
    assert_int_equal(rmdir("d"), 0);
}

/* ---- what may happen just before a rename */

static enum { RENAMES, IS_TOLD_TO_END, FAILS } at_rename;

int rename(const char *from, const char *to)
{
    if (at_rename == IS_TOLD_TO_END) h2vi_output_remove_guarded();
    if (at_rename == FAILS) errno = EIO;
    return at_rename == FAILS ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* The old directory is gone: the new one must stay. */
static void a_signal_does_not_take_the_only_directory(void **state)
{
    (void)state;
    h2vi_output output;
    assert_int_equal(mkdir("d", 0777), 0);
    begin_directory_with_file("d", &output);
    at_rename = IS_TOLD_TO_END;
    const h2v_status status = h2vi_output_commit(&output);
    at_rename = RENAMES;
    assert_int_equal(status, H2V_OK);
    assert_text("d/f", "new");
    assert_int_equal(unlink("d/f"), 0);
    assert_int_equal(rmdir("d"), 0);
}

static void a_failure_does_not_take_the_only_directory(void **state)
{
    (void)state;
    h2vi_output output;
    assert_int_equal(mkdir("d", 0777), 0);
    begin_directory_with_file("d", &output);
    char name[256];
    (void)snprintf(name, sizeof name, "%s", output.temporary);
    at_rename = FAILS;
    const h2v_status status = h2vi_output_commit(&output);
    at_rename = RENAMES;
    assert_int_equal(status, H2V_ERR_IO);
    assert_non_null(strstr(h2v_error_message(), name));
    assert_int_equal(renameat(AT_FDCWD, name, AT_FDCWD, "d"), 0);
    assert_text("d/f", "new");
    assert_int_equal(unlink("d/f"), 0);
    assert_int_equal(rmdir("d"), 0);
}

#define IN_DIRECTORY(test)                                                                 \
    cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_file_appears_at_the_commit),
        IN_DIRECTORY(a_discarded_file_leaves_the_old_one),
        IN_DIRECTORY(an_existing_file_is_refused_or_replaced),
        IN_DIRECTORY(a_path_that_cannot_be_written_fails_at_once),
        IN_DIRECTORY(a_lost_temporary_is_an_error),
        IN_DIRECTORY(a_directory_is_replaced_as_a_whole),
        IN_DIRECTORY(a_signal_does_not_take_the_only_directory),
        IN_DIRECTORY(a_failure_does_not_take_the_only_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
