/* SPDX-License-Identifier: MIT */

/* x^y = 2^(y log2 x). Near the ends of the range y log2 x is about 1000, and 1e-14 of the
 * result is 1e-17 of that: more than a double holds. So the logarithm, and its product with
 * y, are sums of two doubles; products of doubles are split by fma(), which is exact on
 * every machine. */
#include "power.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* high + low, |low| far below |high|. */
typedef struct two_doubles {
    double high, low;
} two_doubles;

/* 2 / ln 2, and the natural logarithm of 2. */
static const two_doubles two_over_ln2 = {0x1.71547652b82fep+1, 0x1.777d0ffda0d24p-55};
#define LN2 0x1.62e42fefa39efp-1

/* 1 / (2k + 1), k = 1 .. 11, of the series of artanh. */
static const double odd_reciprocals[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,
                                         1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
                                         1.0 / 19, 1.0 / 21, 1.0 / 23};
/* 1 / k!, k = 1 .. 13, of the series of the exponential. */
static const double factorial_reciprocals[] = {1.0,
                                               1.0 / 2,
                                               1.0 / 6,
                                               1.0 / 24,
                                               1.0 / 120,
                                               1.0 / 720,
                                               1.0 / 5040,
                                               1.0 / 40320,
                                               1.0 / 362880,
                                               1.0 / 3628800,
                                               1.0 / 39916800,
                                               1.0 / 479001600,
                                               1.0 / 6227020800};

enum {
    NUM_ODD = sizeof odd_reciprocals / sizeof *odd_reciprocals,
    NUM_FACTORIALS = sizeof factorial_reciprocals / sizeof *factorial_reciprocals,
    FRACTION_BITS = 52,
    BIAS = 1023
};

/* a + b, |a| >= |b| or a = 0. */
static two_doubles add_exactly(double a, double b)
{
    const double sum = a + b;
    return (two_doubles){sum, b - (sum - a)};
}

/* 2^n, a normal number. */
static double power_of_two(int n)
{
    const uint64_t bits = (uint64_t)(n + BIAS) << FRACTION_BITS;
    double power = 0;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* x = mantissa * 2^exponent with a mantissa from sqrt(1/2) to sqrt(2). */
static double split(double x, int *exponent)
{
    *exponent = 0;
    if (x < 0x1p-1022) { /* subnormal */
        x *= 0x1p54;
        *exponent = -54;
    }
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    *exponent += (int)(bits >> FRACTION_BITS) - BIAS;
    bits = (bits & ((UINT64_C(1) << FRACTION_BITS) - 1)) | (uint64_t)BIAS << FRACTION_BITS;
    double mantissa = 0;
    memcpy(&mantissa, &bits, sizeof mantissa);
    if (mantissa < 0x1.6a09e667f3bcdp0) return mantissa;
    *exponent += 1;
    return 0.5 * mantissa;
}

/* log2 m = 2 / ln 2 artanh q, q = (m - 1) / (m + 1), at most 0.172; the series after its
 * first term is below 1/100 of it, so that a double holds enough of that. */
static two_doubles log2_of(double x)
{
    int exponent = 0;
    const double m = split(x, &exponent);
    const double above = m - 1; /* exact */
    const two_doubles below = m > 1 ? add_exactly(m, 1) : add_exactly(1, m);
    const double q = above / below.high;
    const double q_low = (fma(-q, below.high, above) - q * below.low) / below.high;
    const double square = q * q;
    double series = 0;
    for (int k = NUM_ODD - 1; k >= 0; k--) series = (series + odd_reciprocals[k]) * square;
    const two_doubles artanh = add_exactly(q, q * series + q_low);
    const double product = artanh.high * two_over_ln2.high;
    const double product_low =
        fma(artanh.high, two_over_ln2.high, -product) +
        (artanh.high * two_over_ln2.low + artanh.low * two_over_ln2.high);
    const two_doubles sum = add_exactly(exponent, product);
    return (two_doubles){sum.high, sum.low + product_low};
}

double h2vi_power(double x, double y)
{
    const two_doubles log2_x = log2_of(x);
    const double exponent = y * log2_x.high;
    if (exponent >= 1024) return (double)INFINITY;
    if (exponent < -1022) return 0;
    const int whole = (int)(exponent + (exponent < 0 ? -0.5 : 0.5));
    const double rest = fma(y, log2_x.high, -exponent) + y * log2_x.low;
    const double r = ((exponent - whole) + rest) * LN2;
    double power = 0;
    for (int k = NUM_FACTORIALS - 1; k >= 0; k--)
        power = (power + factorial_reciprocals[k]) * r;
    /* In two steps: 2^1024 is no double. */
    const int half = whole / 2;
    return (1 + power) * power_of_two(half) * power_of_two(whole - half);
}
