/* SPDX-License-Identifier: MIT */

/* Words for parameters; h2v_embed_params_json() is public. */
#pragma once

#include "halo2vec/embed.h"

const char *h2vi_method_name(h2v_method method);
const char *h2vi_precision_name(h2v_precision precision);

/* Local. Those that walks depend on, as h2v_embed_params_json() does. */
H2V_CHECKED h2v_status h2vi_walks_json(const h2v_embed_params *params, char **json);
