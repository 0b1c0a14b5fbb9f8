/* SPDX-License-Identifier: MIT */

/* Words for parameters; h2v_embed_params_json() is public. */
#pragma once

#include "halo2vec/embed.h"

const char *h2vi_method_name(h2v_method method);
const char *h2vi_precision_name(h2v_precision precision);
