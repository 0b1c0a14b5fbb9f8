/* SPDX-License-Identifier: MIT */

/* Steps of the first order. A turn is what one draw is good for: up to four steps of every
 * lane, from a position divisible by four to the next one. One text for all instruction
 * sets (first_order_turn.h), one file for each of them. */
#pragma once

#include "isa.h"
#include "walk_worker.h"

h2vi_walk_turn h2vi_turn_first_order_scalar;
h2vi_walk_turn h2vi_turn_first_order_avx2;
h2vi_walk_turn h2vi_turn_first_order_avx512;

h2vi_walk_turn *h2vi_turn_first_order_of(h2vi_isa isa); /* NULL if it is not here */
