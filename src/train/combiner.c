/* SPDX-License-Identifier: MIT */

/* The rules of combiner.h: each fills `total`, the combined change, in double. Behind it
 * the scratch holds what the rule needs besides: the integers of a sum, or one vector for
 * each level of adasum's tree. */
#include "combiner.h"

#include "fail.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define UNIT 0x1p-36
#define UNITS_PER_ONE 0x1p36
#define LIMIT 0x1p14f

static_assert(H2V_MAX_PARTS <= 1 << 12, "a sum of 2^12 changes of 2^14 fits 63 bits");

/* Below this a c, the quotient of the saturating rule is 1 to the last bit of a double, or
 * would be 0/0. */
#define SATURATION_FLOOR 0x1p-54

typedef struct combining_rule {
    const char *name;
    int num_vectors;           /* of scratch, dim numbers of 8 bytes each */
    int num_vectors_per_level; /* and of these, for each level of the tree of groups */
    void (*combine)(const h2vi_combiner *combiner, int num_changes,
                    const h2vi_change *changes, double *total);
} combining_rule;

double h2vi_one_minus_exp(double x)
{
    /* 1/k!, k = 1 to 10: up to x = 1/8 the next term is below 3e-17 of the result. */
    static const double inverse_factorial[] = {
        1,         1.0 / 2,    1.0 / 6,     1.0 / 24,     1.0 / 120,
        1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800};
    if (x >= 40) return 1; /* e^-40 is below a quarter of the last bit of 1 */
    int halvings = 0;
    for (; x > 0.125; halvings++) x *= 0.5;
    double series = inverse_factorial[9];
    for (int k = 8; k >= 0; k--) series = inverse_factorial[k] - x * series;
    double y = x * series;
    for (int i = 0; i < halvings; i++) y *= 2 - y; /* 1 - e^(-2x) = y (2 - y) */
    return y;
}

/* value / 2^-36, to the nearest integer. Numbers of [2^52, 2^53) are whole in double, so
 * the addition rounds and leaves the integer in the low bits; unlike a conversion, this is
 * done in vectors by every instruction set. */
static int64_t to_units(float value)
{
    const double shifted = (double)value * UNITS_PER_ONE + 0x1.8p52;
    int64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - INT64_C(0x4338000000000000); /* the bits of 0x1.8p52 */
}

/* factor * (the sum of the changes). */
static void add_up(const h2vi_combiner *combiner, int num_changes,
                   const h2vi_change *changes, double factor, double *restrict total)
{
    const int dim = combiner->dim;
    int64_t *restrict units = (int64_t *)(void *)(total + dim);
    memset(units, 0, (size_t)dim * sizeof *units);
    for (int i = 0; i < num_changes; i++) {
        const float *restrict change = changes[i].change;
        for (int d = 0; d < dim; d++) units[d] += to_units(change[d]);
    }
    for (int d = 0; d < dim; d++) total[d] = (double)units[d] * (factor * UNIT);
}

static void combine_sum(const h2vi_combiner *combiner, int num_changes,
                        const h2vi_change *changes, double *total)
{
    add_up(combiner, num_changes, changes, 1, total);
}

static void combine_average(const h2vi_combiner *combiner, int num_changes,
                            const h2vi_change *changes, double *total)
{
    add_up(combiner, num_changes, changes, 1.0 / num_changes, total);
}

static void combine_saturating(const h2vi_combiner *combiner, int num_changes,
                               const h2vi_change *changes, double *total)
{
    double updates = 0, alone = 0;
    for (int i = 0; i < num_changes; i++) {
        updates += (double)changes[i].updates;
        alone += h2vi_one_minus_exp(combiner->curvature * (double)changes[i].updates);
    }
    const double x = combiner->curvature * updates;
    const double factor = x < SATURATION_FLOOR ? 1 : h2vi_one_minus_exp(x) / alone;
    add_up(combiner, num_changes, changes, factor, total);
}

static void copy_change(int dim, const float *restrict change, double *restrict total)
{
    for (int d = 0; d < dim; d++) total[d] = (double)change[d];
}

/* total <- total + g - (total.g / |g|^2) g */
static void project(int dim, const float *restrict change, double *restrict total)
{
    double dot = 0, norm2 = 0;
    for (int d = 0; d < dim; d++) {
        const double g = (double)change[d];
        dot += total[d] * g;
        norm2 += g * g;
    }
    if (norm2 == 0) return;
    const double overlap = dot / norm2;
    for (int d = 0; d < dim; d++) {
        const double g = (double)change[d];
        total[d] = total[d] - overlap * g + g;
    }
}

static void combine_projection(const h2vi_combiner *combiner, int num_changes,
                               const h2vi_change *changes, double *total)
{
    copy_change(combiner->dim, changes[0].change, total);
    for (int i = 1; i < num_changes; i++) project(combiner->dim, changes[i].change, total);
}

static double adasum_factor(double dot, double norm2)
{
    return norm2 > 0 ? 1 - dot / (2 * norm2) : 1;
}

/* a <- adasum(a, b) */
static void fold(int dim, double *restrict a, const double *restrict b)
{
    double dot = 0, norm2_a = 0, norm2_b = 0;
    for (int d = 0; d < dim; d++) {
        dot += a[d] * b[d];
        norm2_a += a[d] * a[d];
        norm2_b += b[d] * b[d];
    }
    const double factor_a = adasum_factor(dot, norm2_a);
    const double factor_b = adasum_factor(dot, norm2_b);
    for (int d = 0; d < dim; d++) a[d] = factor_a * a[d] + factor_b * b[d];
}

/* Combine the changes, all of groups [first, first + size). A half without changes is zero
 * and leaves the other as it is, so only branchings of the tree cost anything. `total` has
 * room for log2(size) + 1 vectors. */
static void fold_range(int dim, int first, int size, int num_changes,
                       const h2vi_change *changes, double *total)
{
    if (num_changes == 1) {
        copy_change(dim, changes[0].change, total);
        return;
    }
    const int half = size / 2;
    int num_low = 0;
    while (num_low < num_changes && changes[num_low].group < first + half) num_low++;
    const int num_high = num_changes - num_low;
    const bool branches = num_low > 0 && num_high > 0;
    double *high = branches ? total + dim : total;
    if (num_low > 0) fold_range(dim, first, half, num_low, changes, total);
    if (num_high > 0)
        fold_range(dim, first + half, half, num_high, changes + num_low, high);
    if (branches) fold(dim, total, high);
}

static int num_levels(int num_groups)
{
    int levels = 0;
    while (1 << levels < num_groups) levels++;
    return levels;
}

static void combine_adasum(const h2vi_combiner *combiner, int num_changes,
                           const h2vi_change *changes, double *total)
{
    fold_range(combiner->dim, 0, 1 << num_levels(combiner->num_groups), num_changes,
               changes, total);
}

static const combining_rule rules[] = {
    [H2V_COMBINER_SATURATING] = {"saturating", 2, 0, combine_saturating},
    [H2V_COMBINER_PROJECTION] = {"projection", 1, 0, combine_projection},
    [H2V_COMBINER_ADASUM] = {"adasum", 1, 1, combine_adasum},
    [H2V_COMBINER_SUM] = {"sum", 2, 0, combine_sum},
    [H2V_COMBINER_AVERAGE] = {"average", 2, 0, combine_average},
};

static const combining_rule *find_rule(h2v_combiner which)
{
    H2V_ASSERT((size_t)which < sizeof rules / sizeof *rules);
    return &rules[which];
}

const char *h2vi_combiner_name(h2v_combiner which)
{
    return find_rule(which)->name;
}

int64_t h2vi_combiner_scratch_bytes(h2v_combiner which, int dim, int num_groups)
{
    const combining_rule *rule = find_rule(which);
    const int num_vectors =
        rule->num_vectors + rule->num_vectors_per_level * num_levels(num_groups);
    return (int64_t)dim * num_vectors * (int64_t)sizeof(double);
}

/* Also false of what is not a number. */
static bool is_in_range(int dim, const h2vi_change *change)
{
    unsigned num_out = 0;
    for (int d = 0; d < dim; d++) num_out += !(fabsf(change->change[d]) < LIMIT);
    return num_out == 0 && change->updates >= 0 && change->updates <= FLT_MAX;
}

bool h2vi_combine(const h2vi_combiner *combiner, int num_changes,
                  const h2vi_change *changes, float *row)
{
    const int dim = combiner->dim;
    H2V_ASSERT(num_changes > 0 && changes[num_changes - 1].group < combiner->num_groups);
    if (!(combiner->curvature >= 0 && combiner->curvature <= DBL_MAX)) return false;
    for (int i = 0; i < num_changes; i++) {
        H2V_ASSERT(changes[i].group > (i > 0 ? changes[i - 1].group : -1));
        if (!is_in_range(dim, &changes[i])) return false;
    }

    double *total = combiner->scratch;
    if (num_changes == 1)
        copy_change(dim, changes[0].change, total);
    else
        find_rule(combiner->rule)->combine(combiner, num_changes, changes, total);
    for (int d = 0; d < dim; d++) row[d] = (float)((double)row[d] + total[d]);
    return true;
}
