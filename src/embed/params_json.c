/* SPDX-License-Identifier: MIT */

/* Keys are the words of the flags, so that a file tells how to make it again. */
#include "params_json.h"

#include "alloc.h"
#include "combiner.h"
#include "fail.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

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

/* How groups agree is told only where there are several. 0, or -1 without memory. */
static int put_groups(const h2v_embed_params *params, json_t *object)
{
    if (json_object_set_new(object, "groups", json_integer(params->groups)) != 0 ||
        json_object_set_new(object, "exchange_precision",
                            json_string(h2vi_precision_name(params->exchange_precision))))
        return -1;
    if (params->groups == 1) return 0;
    return json_object_set_new(object, "combiner",
                               json_string(h2vi_combiner_name(params->combiner))) != 0 ||
                   json_object_set_new(object, "pool", json_integer(params->pool)) != 0
               ? -1
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
    const bool is_whole = put_groups(params, object) == 0;
    *json = is_whole ? text_of(object) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}
