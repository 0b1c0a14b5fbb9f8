/* SPDX-License-Identifier: MIT */

/* skip_gram.h, compiled for AVX2. */
#include "skip_gram_loops.h"

void skip_gram_train_avx2(skip_gram *model, uint32_t center, uint32_t context, float rate)
{
    train_pair(model, center, context, rate);
}
