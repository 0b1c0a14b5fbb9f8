/* SPDX-License-Identifier: MIT */

/* x^y by +, -, x and / alone, so that every machine returns the same bits; within 1e-14 of
 * the true value, relatively, for results from 1e-300 to 1e300 (beyond: 0 or infinity). */
#pragma once

/* x > 0 and finite, y finite. */
double h2vi_power(double x, double y);
