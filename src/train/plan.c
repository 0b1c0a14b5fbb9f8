/* SPDX-License-Identifier: MIT */

/* See plan.h. Measured on BlogCatalog and cnr-2000: speed follows the pairs per center and
 * cell, quality the number of rotations; both bound the parts from above. Beyond 16
 * rotations quality still gains a little (80 walks, 11 parts, micro/macro-F1 at half the
 * labels, mean of 3 seeds: 16 rounds 40.4/26.5, 64 rounds 40.9/27.2, 128 rounds 40.9/27.3).
 */
#include "plan.h"

#include "block_wire.h"
#include "collect.h"
#include "fail.h"
#include "pool.h"
#include "sgns.h"

#include <limits.h>
#include <math.h>

h2v_embed_params h2v_embed_params_default(void)
{
    return (h2v_embed_params){.method = H2V_METHOD_DEEPWALK,
                              .dim = 128,
                              .walks = 10,
                              .walk_length = 80,
                              .window = 10,
                              .negatives = 5,
                              .epochs = 1,
                              .learning_rate = 0.025,
                              .p = 1,
                              .q = 1,
                              .subsample = 0,
                              .seed = 1,
                              .partitioner = H2V_PARTITIONER_AUTO,
                              .groups = 1,
                              .exchange_precision = H2V_PRECISION_AUTO,
                              .init = H2V_INIT_NOISE,
                              .init_length = 0.3,
                              .fastrp = h2v_fastrp_params_default()};
}

static h2v_status check_count(const char *flag, int value, int min, int max)
{
    if (value >= min && value <= max) return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT, "%s %d is not in %d..%d", flag, value, min, max);
}

static h2v_status check_number(const char *flag, double value, double min, double max)
{
    if (value >= min && value <= max) return H2V_OK;
    return h2v_fail(H2V_ERR_ARGUMENT, "%s %g is not in %g..%g", flag, value, min, max);
}

/* Numbers that stand for names; H2V_PARTITIONER_FILE is what an embedding records. */
static h2v_status check_names(const h2v_embed_params *params)
{
    h2v_status status = check_count("--method", (int)params->method, 0, H2V_METHOD_FASTRP);
    if (status == H2V_OK)
        status =
            check_count("--partitioner", (int)params->partitioner, 0, H2V_PARTITIONER_FILE);
    if (status == H2V_OK && params->method != H2V_METHOD_FASTRP) {
        status = check_count("--combiner", (int)params->combiner, 0, H2V_COMBINER_AVERAGE);
        if (status == H2V_OK)
            status = check_count("--exchange-precision", (int)params->exchange_precision, 0,
                                 H2V_PRECISION_AUTO);
        if (status == H2V_OK)
            status = check_count("--init", (int)params->init, 0, H2V_INIT_FILE);
    }
    if (status == H2V_OK && h2vi_needs_fastrp(params)) {
        const h2v_fastrp_params *fastrp = &params->fastrp;
        status =
            check_count("--unit-rows", (int)fastrp->unit_rows, 0, H2V_UNIT_ROWS_ITERATED);
        if (status == H2V_OK)
            status = check_count("--precision", (int)fastrp->row_type, 0, H2V_ROWS_BF16);
    }
    return status;
}

static h2v_status check_fastrp(const h2v_fastrp_params *params, int dim)
{
    const double most = 1e6; /* of weights: far from what overflows */
    if (params->num_weights < 1 || params->num_weights > H2V_MAX_POWERS)
        return h2v_fail(H2V_ERR_ARGUMENT, "--iteration-weights are %d numbers, not 1..%d",
                        params->num_weights, H2V_MAX_POWERS);
    h2v_status status = H2V_OK;
    for (int i = 0; status == H2V_OK && i < params->num_weights; i++)
        status = check_number("--iteration-weights", params->weights[i], -most, most);
    if (status == H2V_OK)
        status = check_number("--normalization-strength", params->normalization_strength,
                              -10, 10);
    if (status == H2V_OK)
        status =
            check_number("--node-self-influence", params->node_self_influence, -most, most);
    if (status == H2V_OK && params->sparsity != 0)
        status = check_number("--sparsity", params->sparsity, 1, 1e9);
    if (status == H2V_OK)
        status = check_number("--property-ratio", params->property_ratio, 0, 1);
    bool has_weight = params->node_self_influence != 0;
    for (int i = 0; i < params->num_weights; i++)
        has_weight = has_weight || params->weights[i] != 0;
    if (status == H2V_OK && !has_weight)
        status = h2v_fail(H2V_ERR_ARGUMENT, "--iteration-weights and --node-self-influence "
                                            "are all 0, and so would be all rows");
    if (status == H2V_OK && params->property_ratio > 0 && params->property_ratio * dim < 1)
        status = h2v_fail(H2V_ERR_ARGUMENT,
                          "--property-ratio %g leaves properties none of the %d dimensions",
                          params->property_ratio, dim);
    return status;
}

static h2v_status check_training(const h2v_embed_params *params)
{
    h2v_status status = check_count("--walks", params->walks, 1, 1000000);
    if (status == H2V_OK)
        status = check_count("--walk-length", params->walk_length, 2, H2V_MAX_WALK_LENGTH);
    if (status == H2V_OK)
        status = check_count("--window", params->window, 1, H2V_MAX_WINDOW);
    if (status == H2V_OK) status = check_count("--negatives", params->negatives, 1, 1000);
    if (status == H2V_OK) status = check_count("--epochs", params->epochs, 1, 10000);
    if (status == H2V_OK)
        status = check_number("--learning-rate", params->learning_rate, 1e-6, 1);
    if (status == H2V_OK) status = check_number("--p", params->p, 0.01, 100);
    if (status == H2V_OK) status = check_number("--q", params->q, 0.01, 100);
    if (status == H2V_OK) status = check_number("--subsample", params->subsample, 0, 1);
    if (status == H2V_OK)
        status = check_count("--rounds", params->rounds, 0, H2V_MAX_ROUNDS);
    if (status == H2V_OK)
        status = check_count("--groups", params->groups, 0, H2V_MAX_PARTS);
    if (status == H2V_OK) status = check_count("--pool", params->pool, 0, INT_MAX);
    if (status == H2V_OK && params->groups > 0 && params->parts % params->groups != 0)
        status = h2v_fail(H2V_ERR_ARGUMENT, "--groups %d does not divide --parts %d",
                          params->groups, params->parts);
    if (status == H2V_OK && params->init == H2V_INIT_FASTRP)
        status = check_number("--init-length", params->init_length, 1e-6, 1e6);
    if (status == H2V_OK && params->init == H2V_INIT_FASTRP && params->fastrp.standardize)
        status =
            h2v_fail(H2V_ERR_ARGUMENT, "--standardize belongs to --method fastrp; rows "
                                       "to start from are centered and scaled");
    return status;
}

h2v_status h2vi_check_params(const h2v_embed_params *params)
{
    h2v_status status = check_names(params);
    if (status == H2V_OK) status = check_count("--dim", params->dim, 1, H2V_MAX_DIM);
    if (status == H2V_OK) status = check_count("--parts", params->parts, 0, H2V_MAX_PARTS);
    if (status == H2V_OK && params->method != H2V_METHOD_FASTRP)
        status = check_training(params);
    if (status == H2V_OK && h2vi_needs_fastrp(params))
        status = check_fastrp(&params->fastrp, params->dim);
    return status;
}

double h2vi_pairs_per_walk(double walk_length, int window)
{
    double sum = 0; /* over half-widths: 2 sum_{d <= reach} (length - d), for d < length */
    for (int width = 1; width <= window; width++) {
        const double reach = width < walk_length - 1 ? width : walk_length - 1;
        sum += 2 * reach * walk_length - reach * (reach + 1);
    }
    return sum / window;
}

int h2vi_rounds_for_groups(int num_groups)
{
    enum { ROUNDS_OF_A_GROUP = 2 };
    if (num_groups == 1) return H2VI_MIN_ROUNDS;
    if (num_groups >= H2VI_ENOUGH_ROUNDS / ROUNDS_OF_A_GROUP) return H2VI_ENOUGH_ROUNDS;
    const int rounds = ROUNDS_OF_A_GROUP * num_groups;
    return rounds > H2VI_MIN_GROUP_ROUNDS ? rounds : H2VI_MIN_GROUP_ROUNDS;
}

static double total_visits(const h2v_graph *graph, const int64_t *visits)
{
    int64_t total = 0;
    for (int64_t v = 0; v < graph->num_owned; v++) total += visits[v];
    h2vi_sum(graph->world, 1, &total);
    return (double)total;
}

static int clamp(double value, int min, int max)
{
    if (!(value > min)) return min;
    return value < max ? (int)value : max;
}

/* Equal shares for 2 and 4 workers, and nearly so for more. */
static int to_even_shares(int parts)
{
    return parts < 3 ? parts : (parts + 2) / 4 * 4;
}

/* Of one group nothing but blocks travels. */
static h2v_precision choose_precision(const h2v_embed_params *params)
{
    const h2v_precision precision = params->exchange_precision;
    if (params->groups == 1)
        return precision == H2V_PRECISION_AUTO ? H2V_PRECISION_F32
                                               : h2vi_block_precision(precision);
    return precision == H2V_PRECISION_AUTO ? H2V_PRECISION_INT8 : precision;
}

void h2vi_choose(const h2v_graph *graph, const int64_t *visits, h2v_embed_params *params)
{
    params->exchange_precision = choose_precision(params);
    const double n = (double)graph->num_vertices;
    const double length = total_visits(graph, visits) / (n * H2VI_TRIAL_WALKS);
    const double walks = params->read.num_walks > 0 ? (double)params->read.num_walks / n
                                                    : (double)params->walks;
    const double pairs_per_vertex =
        h2vi_pairs_per_walk(length, params->window) * walks * (double)params->epochs;
    const double fewest = fmax(h2vi_rounds_for_groups(params->groups),
                               ceil(pairs_per_vertex / H2VI_PAIRS_PER_VERTEX));
    if (params->parts == 0) {
        const double most = floor(pairs_per_vertex / (fewest * H2VI_PAIRS_PER_CENTER));
        const double wanted = ceil(n / H2VI_ROWS_PER_PART / params->groups);
        const int most_parts = H2V_MAX_PARTS / params->groups;
        const int parts = to_even_shares(clamp(fmin(wanted, most), 1, most_parts));
        params->parts = params->groups * (parts < most_parts ? parts : most_parts);
    }
    if (params->rounds == 0) {
        /* Rounds of several groups cost traffic: not more than they need. */
        const double wanted =
            params->groups > 1
                ? 0
                : floor(pairs_per_vertex / ((double)params->parts * H2VI_PAIRS_WANTED));
        params->rounds =
            clamp(fmax(fewest, fmin(wanted, H2VI_ENOUGH_ROUNDS)), 1, H2V_MAX_ROUNDS);
    }
    /* Every epoch has the same number of rounds. */
    const int per_epoch = (params->rounds + params->epochs - 1) / params->epochs;
    params->rounds = per_epoch * params->epochs;
    if (params->pool == 0 && params->groups > 1) {
        const double pairs = pairs_per_vertex * n / params->rounds / params->groups;
        const int64_t pool = h2vi_choose_pool(
            pairs * H2VI_TILE_NEGATIVES / (2.0 * H2VI_TILE_POSITIVES), graph->num_vertices);
        params->pool = pool < INT_MAX ? (int)pool : INT_MAX;
    }
}
