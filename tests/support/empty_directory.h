/* SPDX-License-Identifier: MIT */

/* cmocka's setup and teardown for tests that write files: each works in an empty directory
 * of its own, and fails if it leaves anything there. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int enter_directory(void **state)
{
    enum { NAME_BYTES = 64 };
    char *name = malloc(NAME_BYTES);
    if (!name) return -1;
    (void)snprintf(name, NAME_BYTES, "/tmp/halo2vec-test-%ld", (long)getpid());
    *state = name;
    return mkdir(name, 0700) == 0 && chdir(name) == 0 ? 0 : -1;
}

static inline int leave_directory(void **state)
{
    char *name = *state;
    const int outcome = chdir("/") == 0 && rmdir(name) == 0 ? 0 : -1;
    free(name);
    return outcome; /* rmdir fails if a test left anything */
}
