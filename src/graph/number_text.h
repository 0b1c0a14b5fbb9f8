/* SPDX-License-Identifier: MIT */

/* Numbers as text: ids, which must be canonical so that text and number are one, and
 * weights, correctly rounded to float. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The value of a canonical decimal 64-bit integer: no leading zeros, no '+', no "-0". */
bool h2vi_number_from_text(const char *text, int64_t length, int64_t *number);

typedef enum h2vi_weight_outcome {
    H2VI_WEIGHT_OK,
    H2VI_WEIGHT_NOT_NUMBER,
    H2VI_WEIGHT_NOT_FINITE,   /* "nan", "inf", or beyond a float */
    H2VI_WEIGHT_NOT_POSITIVE, /* negative, zero, or so small that a float is zero */
} h2vi_weight_outcome;

/* The float nearest to mantissa / 10^num_decimals, if it is a weight and one operation of
 * doubles gives it for sure. */
bool h2vi_weight_from_decimal(uint64_t mantissa, int num_decimals, float *weight);

/* The float nearest to a decimal number such as 3, .5, -1e-3. */
h2vi_weight_outcome h2vi_weight_from_text(const char *text, int64_t length, float *weight);
