/* SPDX-License-Identifier: MIT */

/* Keys are the words of the flags, so that a file tells how to make it again. */
#include "params_json.h"

#include "fail.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

const char *h2vi_method_name(h2v_method method)
{
    return method == H2V_METHOD_NODE2VEC ? "node2vec" : "deepwalk";
}

static json_t *seed_json(uint64_t seed)
{
    char digits[24];
    if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
    (void)snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
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
        "partitioner", params->partitioner == H2V_PARTITIONER_METIS ? "metis" : "hash");
    *json = object ? json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}
