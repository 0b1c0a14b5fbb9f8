/* SPDX-License-Identifier: MIT */

/* Keys are the words of the flags, so that a file tells how to make it again. */
#include "params_json.h"

#include "alloc.h"
#include "combiner.h"
#include "fail.h"
#include "plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

const char *h2vi_method_name(h2v_method method)
{
    static const char *const names[] = {"deepwalk", "node2vec", "fastrp"};
    return names[method];
}

static const char *init_name(h2v_init init)
{
    static const char *const names[] = {"noise", "fastrp", "file"};
    return names[init];
}

static const char *unit_rows_name(h2v_unit_rows unit_rows)
{
    static const char *const names[] = {"none", "added", "iterated"};
    return names[unit_rows];
}

static json_t *seed_json(uint64_t seed)
{
    char digits[24];
    if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
    (void)snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
}

const char *h2vi_precision_name(h2v_precision precision)
{
    static const char *const names[] = {"f32", "f16", "bf16", "int8", "auto"};
    return names[precision];
}

/* 0, or -1 without memory, as those below. */
static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static int put_digest(json_t *object, const char *key, uint64_t digest)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%016" PRIx64, digest);
    return put(object, key, json_string(digits));
}

/* How groups agree is told only where there are several. */
static int put_groups(const h2v_embed_params *params, json_t *object)
{
    if (put(object, "groups", json_integer(params->groups)) != 0 ||
        put(object, "exchange_precision",
            json_string(h2vi_precision_name(params->exchange_precision))) != 0)
        return -1;
    if (params->groups == 1) return 0;
    return put(object, "combiner", json_string(h2vi_combiner_name(params->combiner))) !=
                       0 ||
                   put(object, "pool", json_integer(params->pool)) != 0
               ? -1
               : 0;
}

static json_t *weights_json(const h2v_fastrp_params *params)
{
    json_t *weights = json_array();
    for (int i = 0; i < params->num_weights; i++)
        if (json_array_append_new(weights, json_real(params->weights[i])) != 0) {
            json_decref(weights);
            return NULL;
        }
    return weights;
}

static int put_fastrp(const h2v_embed_params *params, json_t *object)
{
    const h2v_fastrp_params *fastrp = &params->fastrp;
    json_t *keys = json_pack(
        "{s:o, s:f, s:f, s:f, s:s, s:s, s:f, s:b}", "iteration_weights",
        weights_json(fastrp), "normalization_strength", fastrp->normalization_strength,
        "node_self_influence", fastrp->node_self_influence, "sparsity", fastrp->sparsity,
        "unit_rows", unit_rows_name(fastrp->unit_rows), "precision",
        fastrp->row_type == H2V_ROWS_BF16 ? "bf16" : "f32", "property_ratio",
        fastrp->property_ratio, "standardize", fastrp->standardize);
    const int outcome = keys ? json_object_update(object, keys) : -1;
    json_decref(keys);
    if (outcome != 0 || params->read.property_columns == 0) return outcome;
    if (put(object, "property_columns", json_integer(params->read.property_columns)) != 0)
        return -1;
    return put_digest(object, "property_digest", params->read.property_digest);
}

/* Walks that were given are told by their digest, not by how others are made. */
static int put_given_walks(const h2v_embed_params *params, json_t *object)
{
    static const char *const of_walking[] = {"walks", "walk_length", "p", "q"};
    for (int i = 0; i < 4; i++) (void)json_object_del(object, of_walking[i]);
    return put_digest(object, "walks_digest", params->read.walks_digest);
}

static int put_training(const h2v_embed_params *params, json_t *object)
{
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    json_t *keys = json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:i, s:i, s:s, s:s}", "walks",
        params->walks, "walk_length", params->walk_length, "window", params->window,
        "negatives", params->negatives, "epochs", params->epochs, "learning_rate",
        params->learning_rate, "p", is_node2vec ? params->p : 1.0, "q",
        is_node2vec ? params->q : 1.0, "subsample", params->subsample, "parts",
        params->parts, "rounds", params->rounds, "partitioner",
        h2v_partitioner_name(params->partitioner), "init", init_name(params->init));
    const int outcome = keys ? json_object_update(object, keys) : -1;
    json_decref(keys);
    if (outcome != 0 || put_groups(params, object) != 0) return -1;
    if (params->read.num_walks > 0 && put_given_walks(params, object) != 0) return -1;
    if (params->init == H2V_INIT_FILE)
        return put_digest(object, "init_digest", params->read.init_digest);
    return params->init == H2V_INIT_FASTRP
               ? put(object, "init_length", json_real(params->init_length))
               : 0;
}

/* The text, or NULL without memory. Text that jansson lets grow may lack a piece then and
 * nobody is told; a buffer has room for all of it. */
static char *text_of(const json_t *object)
{
    enum { FLAGS = JSON_SORT_KEYS | JSON_COMPACT };
    const size_t length = json_dumpb(object, NULL, 0, FLAGS);
    char *text = length > 0 ? h2vi_alloc(length + 1, 1) : NULL;
    if (!text) return NULL;
    if (json_dumpb(object, text, length, FLAGS) != length) {
        free(text);
        return NULL;
    }
    return text;
}

h2v_status h2v_embed_params_json(const h2v_embed_params *params, char **json)
{
    const bool is_trained = params->method != H2V_METHOD_FASTRP;
    json_t *object =
        json_pack("{s:s, s:i, s:o}", "method", h2vi_method_name(params->method), "dim",
                  params->dim, "seed", seed_json(params->seed));
    bool is_whole = object != NULL;
    if (is_whole && is_trained) is_whole = put_training(params, object) == 0;
    if (is_whole && h2vi_needs_fastrp(params)) is_whole = put_fastrp(params, object) == 0;
    *json = is_whole ? text_of(object) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}

h2v_status h2vi_walks_json(const h2v_embed_params *params, char **json)
{
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    json_t *object =
        json_pack("{s:s, s:o, s:i, s:i, s:f, s:f}", "method",
                  h2vi_method_name(params->method), "seed", seed_json(params->seed),
                  "walks", params->walks, "walk_length", params->walk_length, "p",
                  is_node2vec ? params->p : 1.0, "q", is_node2vec ? params->q : 1.0);
    *json = object ? text_of(object) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}
