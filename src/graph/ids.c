/* SPDX-License-Identifier: MIT */

/* Ids are plain arrays; all there is to do is to let go of them. */
#include "ids.h"

#include <stdlib.h>

void h2vi_ids_clear(h2vi_ids *ids)
{
    free(ids->numbers);
    free(ids->text);
    free(ids->starts);
    *ids = (h2vi_ids){0};
}
