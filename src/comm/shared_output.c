/* SPDX-License-Identifier: MIT */

/* The length of the name, then the name. */
#include "shared_output.h"

#include "alloc.h"
#include "collect.h"
#include "fail.h"

#include <string.h>

h2v_status h2vi_share_output(const h2v_world *world, h2vi_output *output)
{
    int64_t num_bytes = output->temporary ? (int64_t)strlen(output->temporary) + 1 : 0;
    h2vi_share(world, sizeof num_bytes, &num_bytes);
    if (num_bytes == 0) return H2V_OK;
    h2v_status status = H2V_OK;
    if (world->rank != 0) {
        output->temporary = h2vi_alloc_n(num_bytes, 1);
        if (!output->temporary) status = h2vi_fail_memory("a path");
    }
    status = h2v_agree(world, status);
    if (status != H2V_OK) return status;
    h2vi_share(world, (size_t)num_bytes, output->temporary);
    if (world->rank != 0) h2vi_output_guard(output->temporary);
    return H2V_OK;
}
