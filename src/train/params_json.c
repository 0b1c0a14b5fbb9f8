/* SPDX-License-Identifier: MIT */

/* Keys are the words of the flags, so that a file tells how to make it again. */
#include "params_json.h"

#include "fail.h"

#include <jansson.h>

const char *h2vi_method_name(h2v_method method)
{
    return method == H2V_METHOD_NODE2VEC ? "node2vec" : "deepwalk";
}

h2v_status h2vi_params_json(const h2v_embed_params *params, char **json)
{
    const bool is_node2vec = params->method == H2V_METHOD_NODE2VEC;
    json_t *object = json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:I, s:i, s:i, s:s}",
        "method", h2vi_method_name(params->method), "dim", params->dim, "walks",
        params->walks, "walk_length", params->walk_length, "window", params->window,
        "negatives", params->negatives, "epochs", params->epochs, "learning_rate",
        params->learning_rate, "p", is_node2vec ? params->p : 1.0, "q",
        is_node2vec ? params->q : 1.0, "subsample", params->subsample, "seed",
        (json_int_t)params->seed, "parts", params->parts, "rounds", params->rounds,
        "partitioner", params->partitioner == H2V_PARTITIONER_METIS ? "metis" : "hash");
    *json = object ? json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(object);
    return *json ? H2V_OK : h2vi_fail_memory("the parameters' JSON");
}
