/* SPDX-License-Identifier: MIT */

/* The one file that knows which generator is behind random.h. */
#include "random.h"

#include <Random123/philox.h>

h2vi_words h2vi_random(uint64_t seed, h2vi_purpose purpose, uint32_t epoch, uint32_t walk,
                       uint32_t vertex, uint32_t step)
{
    const philox4x32_ctr_t counter = {
        {step, walk, vertex, (uint32_t)purpose << 24 | epoch}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t random = philox4x32(counter, key);
    return (h2vi_words){{random.v[0], random.v[1], random.v[2], random.v[3]}};
}
