/* SPDX-License-Identifier: MIT */

/* The rows of a model: `in` rows (the embedding) with the owners of their vertices; `out`
 * (context) rows, if there is one group, in blocks that pass from rank to rank, else with
 * the owners too, and the blocks hold the groups' copies of those that a round needs. A row
 * is `stride` floats: dim of them, then zeros to a multiple of the kernel's lanes. */
#pragma once

#include <stdint.h>

#include "block_set.h"
#include "blocks.h"
#include "migrate.h"
#include "sgns.h"

/* Floats of a row of `dim` numbers. */
static inline int h2vi_stride_of(int dim)
{
    return (dim + H2VI_LANES - 1) / H2VI_LANES * H2VI_LANES;
}

typedef struct h2vi_model {
    int dim, stride;
    float *in;  /* of the owned vertices in slot order, shape [num_owned, stride] */
    float *out; /* likewise; NULL if there is one group */
    h2vi_block_set blocks;
} h2vi_model;

/* The noise that a row of `in` starts from: uniform in (-1/2, 1/2) / dim, a function of
 * (seed, gid). */
void h2vi_draw_noise(uint64_t seed, uint32_t gid, int dim, float *row);

/* Local. `in` is noise; `out` is zero.
 * There are num_parts / num_blocks groups. With one group the blocks hold all context rows;
 * with several they have updates, and no rows yet: the caller makes room each round. */
H2V_CHECKED h2v_status h2vi_model_init(const h2vi_moved *moved, const h2vi_blocks *blocks,
                                       int dim, uint64_t seed, h2vi_model *model);
void h2vi_model_clear(h2vi_model *model);

/* Local. ERR_ARGUMENT if a value is not finite: the training diverged. */
H2V_CHECKED h2v_status h2vi_model_check(const h2vi_model *model, const h2vi_moved *moved);

/* Bytes that the model holds. */
int64_t h2vi_model_bytes(const h2vi_model *model, const h2vi_moved *moved);
