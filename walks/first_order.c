/* SPDX-License-Identifier: MIT */

/* The turn in plain C: groups of one lane; and the choice among the files. */
#include "first_order.h"

#include <string.h>

enum { GROUP = 1 };
typedef uint64_t vec;

static inline vec load(const void *from)
{
    vec x;
    memcpy(&x, from, sizeof x);
    return x;
}
static inline void store(void *to, vec x)
{
    memcpy(to, &x, sizeof x);
}
static inline vec widen(const uint32_t *from)
{
    return *from;
}
static inline void narrow(uint32_t *to, vec x)
{
    *to = (uint32_t)x;
}
static inline vec broadcast(uint32_t x)
{
    return x;
}
static inline vec add(vec x, vec y)
{
    return x + y;
}
static inline vec high_halves(vec x)
{
    return x >> 32;
}
static inline vec multiply(vec x, vec y)
{
    return (x & UINT32_MAX) * (y & UINT32_MAX);
}
static inline vec join(vec low, vec high)
{
    return (low & UINT32_MAX) | (high >> 32 << 32);
}
static inline vec keep_where_low(vec x, vec y)
{
    return (uint32_t)y != 0 ? x : 0;
}
static inline void load_rows(const h2vi_walk_row *rows, const uint32_t *at, vec *offsets,
                             vec *rest)
{
    const h2vi_walk_row *row = &rows[*at];
    *offsets = (vec)row->offset;
    *rest = (vec)row->context_slot << 32 | row->degree;
}
static inline vec pick(const uint32_t *items, const int64_t *places)
{
    return items[*places];
}
static inline vec pick_pairs(const h2vi_alias *items, const int64_t *places)
{
    return load(&items[*places]);
}
static inline vec toss(vec pairs, vec coins, vec slots)
{
    return (uint32_t)coins <= (uint32_t)pairs ? slots : pairs >> 32;
}
static inline void turn_group(const h2vi_walk_batch *batch, int i,
                              h2vi_token *const to[GROUP])
{
    for (int phase = 0; phase < H2VI_QUAD; phase++) to[0][phase] = batch->path[phase][i];
}

#include "first_order_turn.h"

void h2vi_turn_first_order_scalar(h2vi_walk_worker *worker)
{
    take_turn_of_its_kind(worker);
}

h2vi_walk_turn *h2vi_turn_first_order_of(h2vi_isa isa)
{
    static h2vi_walk_turn *const turns[H2VI_NUM_ISAS] = {
        [H2VI_SCALAR] = h2vi_turn_first_order_scalar,
#ifdef H2V_HAS_X86_KERNELS
        [H2VI_AVX2] = h2vi_turn_first_order_avx2,
        [H2VI_AVX512] = h2vi_turn_first_order_avx512,
#endif
    };
    return h2vi_isa_is_here(isa) ? turns[isa] : NULL;
}
