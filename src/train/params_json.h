/* SPDX-License-Identifier: MIT */

/* The parameters that define a result, as the embedding file keeps them. */
#pragma once

#include "halo2vec/embed.h"

const char *h2vi_method_name(h2v_method method);

/* Local. One JSON object on one line, keys sorted; to be released with free(). */
H2V_CHECKED h2v_status h2vi_params_json(const h2v_embed_params *params, char **json);
