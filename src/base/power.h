/* SPDX-License-Identifier: MIT */

/* x^y by +, -, x, / and fma alone, so that every machine returns the same bits: within
 * 1e-14 of the true value, relatively, for results from 1e-307 to 1e307 (0 or infinity far
 * beyond). Exact where x is 1 or y is 0. */
#pragma once

/* x > 0 and finite, y finite. */
double h2vi_power(double x, double y);
