/* SPDX-License-Identifier: MIT */

#include "second_order_avx2.h"

#include "second_order_turn.h"

void h2vi_turn_second_order_avx512(h2vi_walk_worker *worker)
{
    take_turn_of_its_kind(worker);
}
