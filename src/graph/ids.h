/* SPDX-License-Identifier: MIT */

/* The users' names of the vertices: all 64-bit integers, or all UTF-8 strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halo2vec/status.h"

typedef struct h2vi_ids {
    int64_t num_ids;
    int64_t *numbers; /* shape [num_ids]; NULL if strings */
    char *text;       /* the strings, each ended by a NUL; NULL if numbers */
    int64_t *starts;  /* where string i starts in text, shape [num_ids + 1] */
} h2vi_ids;

static inline bool h2vi_ids_are_numbers(const h2vi_ids *ids)
{
    return ids->text == NULL;
}

/* Release the arrays and zero the struct. */
void h2vi_ids_clear(h2vi_ids *ids);
