/* SPDX-License-Identifier: MIT */

/* Weights take a fast path where it is provably exact: mantissa and power of ten are both
 * exact doubles, so one multiplication or division is correctly rounded (Clinger 1990,
 * doi:10.1145/93542.93557); rounding that double to float is right too, unless it lies
 * exactly between two floats. All else goes to strtof(), in the C locale. */
#include "number_text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

bool h2vi_number_from_text(const char *text, int64_t length, int64_t *number)
{
    enum { MAX_DIGITS = 19 }; /* of 2^63; so many nines are still below 2^64 */
    const bool is_negative = length > 0 && text[0] == '-';
    const int64_t first = is_negative;
    const int64_t num_digits = length - first;
    if (num_digits < 1 || num_digits > MAX_DIGITS) return false;
    if (text[first] == '0' && length > 1) return false;
    uint64_t value = 0;
    for (int64_t i = first; i < length; i++) {
        if (!is_digit(text[i])) return false;
        value = 10 * value + (uint64_t)(text[i] - '0');
    }
    if (value > (uint64_t)INT64_MAX + (uint64_t)is_negative) return false;
    *number = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* A decimal number taken apart: sign, digits and power of ten. */
typedef struct decimal {
    bool is_negative;
    bool is_exact; /* mantissa holds all digits */
    uint64_t mantissa;
    int64_t exponent;
} decimal;

/* Read digits into the mantissa; returns where they end. */
static const char *take_digits(const char *p, const char *end, decimal *number)
{
    const uint64_t almost_full = (UINT64_MAX - 9) / 10;
    for (; p < end && is_digit(*p); p++) {
        if (number->mantissa > almost_full) number->is_exact = false;
        if (number->is_exact)
            number->mantissa = 10 * number->mantissa + (uint64_t)(*p - '0');
    }
    return p;
}

/* Read "e-12"; NULL if it is none. Exponents beyond any double saturate. */
static const char *take_exponent(const char *p, const char *end, decimal *number)
{
    const int64_t limit = 1000000;
    p++;
    const bool is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return NULL;
    int64_t exponent = 0;
    for (; p < end && is_digit(*p); p++)
        if (exponent < limit) exponent = 10 * exponent + (*p - '0');
    number->exponent += is_negative ? -exponent : exponent;
    return p;
}

static bool parse_decimal(const char *text, const char *end, decimal *number)
{
    *number = (decimal){.is_exact = true};
    const char *p = text;
    number->is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    const char *digits = p;
    p = take_digits(p, end, number);
    int64_t num_digits = p - digits;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = take_digits(p, end, number);
        number->exponent = -(p - fraction);
        num_digits += p - fraction;
    }
    if (num_digits == 0) return false;
    if (p < end && (*p == 'e' || *p == 'E')) p = take_exponent(p, end, number);
    return p == end;
}

static bool is_nan_or_infinity(const char *text, int64_t length)
{
    static const char *const names[] = {"nan", "inf", "infinity"};
    if (length > 0 && (*text == '-' || *text == '+')) text++, length--;
    for (int i = 0; i < 3; i++)
        if (length == (int64_t)strlen(names[i]) &&
            strncasecmp(text, names[i], (size_t)length) == 0)
            return true;
    return false;
}

/* The nearest float by one exact operation, if that can be. */
static bool round_fast(const decimal *number, float *weight)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint64_t largest_exact = (uint64_t)1 << DBL_MANT_DIG;
    if (!number->is_exact || number->mantissa > largest_exact || number->exponent < -22 ||
        number->exponent > 22)
        return false;
    const double mantissa = (double)number->mantissa;
    const double value = number->exponent < 0 ? mantissa / powers[-number->exponent]
                                              : mantissa * powers[number->exponent];
    if (!(value >= (double)FLT_MIN && value <= (double)FLT_MAX)) return false;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint64_t lost = bits & (((uint64_t)1 << (DBL_MANT_DIG - FLT_MANT_DIG)) - 1);
    if (lost == (uint64_t)1 << (DBL_MANT_DIG - FLT_MANT_DIG - 1)) return false;
    *weight = (float)value;
    return true;
}

bool h2vi_weight_from_decimal(uint64_t mantissa, int num_decimals, float *weight)
{
    const decimal number = {
        .is_exact = true, .mantissa = mantissa, .exponent = -num_decimals};
    return round_fast(&number, weight);
}

h2vi_weight_outcome h2vi_weight_from_text(const char *text, int64_t length, float *weight)
{
    enum { COPY_BYTES = 1024 };
    decimal number;
    *weight = 0;
    if (!parse_decimal(text, text + length, &number))
        return is_nan_or_infinity(text, length) ? H2VI_WEIGHT_NOT_FINITE
                                                : H2VI_WEIGHT_NOT_NUMBER;
    if (number.is_negative || (number.is_exact && number.mantissa == 0))
        return H2VI_WEIGHT_NOT_POSITIVE;
    if (round_fast(&number, weight)) return H2VI_WEIGHT_OK;

    char copy[COPY_BYTES];
    if (length >= COPY_BYTES) return H2VI_WEIGHT_NOT_NUMBER;
    memcpy(copy, text, (size_t)length);
    copy[length] = '\0';
    *weight = strtof(copy, NULL);
    if (isinf(*weight)) return H2VI_WEIGHT_NOT_FINITE;
    return *weight > 0 ? H2VI_WEIGHT_OK : H2VI_WEIGHT_NOT_POSITIVE;
}
