/* SPDX-License-Identifier: MIT */

/* Keys are the words of the flags, so that a file tells how to make it again. */
#include "params_json.h"

#include "combiner.h"
#include "fail.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

const char *h2vi_method_name(h2v_method method)
{
    return method == H2V_METHOD_NODE2VEC ? "node2vec" : "deepwalk";
}

static const char *partitioner_name(h2v_partitioner partitioner)
{
    static const char *const names[] = {"metis", "hash", "file"};
    return names[partitioner];
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

/* How groups agree is told only where there are several. */
static void put_groups(const h2v_embed_params *params, json_t *object)
{
    (void)json_object_set_new(object, "groups", json_integer(params->groups));
    (void)json_object_set_new(object, "exchange_precision",
                              json_string(h2vi_precision_name(params->exchange_precision)));
    if (params->groups == 1) return;
    (void)json_object_set_new(object, "combiner",
                              json_string(h2vi_combiner_name(params->combiner)));
    (void)json_object_set_new(object, "pool", json_integer(params->pool));
}

h2v_status h2v_embed_params_json(const h2v_embed_params *params, char **json)
{
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    json_t *object = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:o, s:i, s:i, s:s}",
        "method", h2vi_method_name(params->method), "dim", params->dim, "walks",
        params->walks, "walk_length", params->walk_length, "window", params->window,
        "negatives", params->negatives, "epochs", params->epochs, "learning_rate",
        params->learning_rate, "p", is_node2vec ? params->p : 1.0, "q",
        is_node2vec ? params->q : 1.0, "subsample", params->subsample, "seed",
        seed_json(params->seed), "parts", params->parts, "rounds", params->rounds,
        "partitioner", partitioner_name(params->partitioner));
    put_groups(params, object);
    *json = object ? json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}
