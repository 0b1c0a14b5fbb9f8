/* SPDX-License-Identifier: MIT */

/* A change on its way to the owner of its row: this, then the packed change. */
#pragma once

#include <stdint.h>

#include "halo2vec/types.h"

typedef struct h2vi_change_head {
    h2v_slot slot;
    uint32_t group;
    float updates;
} h2vi_change_head;
