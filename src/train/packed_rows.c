/* SPDX-License-Identifier: MIT */

/* Rows as they travel (see packed_rows.h). Whatever the precision, a magnitude is first
 * made a float whose lowest bits (13 for f16, else 16) are what will be cut off; the
 * complement of the threshold is added to the bits, and carries if they stand above the
 * threshold. A carry out of the mantissa is the next octave.
 *
 * Loops have neither branches nor calls: compilers make vectors of them for any instruction
 * set. Products with powers of two are exact, and sums and quotients correctly rounded, so
 * the bytes are the same everywhere. */
#include "packed_rows.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define SIGN 0x80000000U
#define THRESHOLD_STEP 0x9E3779B9U

/* The bits of some floats. Those at or above a limit are not rounded up: the largest bf16,
 * the largest half below 2^14, and 128 + 127. */
enum {
    NOT_FINITE = 0x7F800000,
    QUIET_NAN = 0x7FC00000,
    LARGEST_F16 = 0x7F7FE000,
    BF16_LIMIT = 0x7F7F0000,
    HALF_LIMIT = 0x467FE000,
    INT8_LIMIT = 0x437F0000,
    SMALLEST_NORMAL_HALF = 0x38800000
};

/* Halves of 2^13 are the largest of a row; floats have nothing finer than the subnormal
 * halves of the lowest e. */
enum { TOP_OCTAVE = 13, LOWEST_E = -125, GREATEST_E = 114, NOT_FINITE_E };

static inline uint32_t bits_of(float x)
{
    uint32_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* `value` if the magnitude stands below the limit, else 0; a mask, lest compilers branch.
 */
static inline uint32_t if_below(int32_t limit, uint32_t magnitude, uint32_t value)
{
    return -(uint32_t)((int32_t)magnitude < limit) & value;
}

/* The bits of a float, of which the lower half will be cut off. */
static inline uint32_t round_to_bf16(float x, uint32_t complement)
{
    const uint32_t bits = bits_of(x);
    return bits + if_below(BF16_LIMIT, bits & ~SIGN, complement >> 16);
}

static void pack_bf16(int dim, const float *restrict row, uint32_t word,
                      uint16_t *restrict packed)
{
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        packed[d] = (uint16_t)(round_to_bf16(row[d], complement) >> 16);
        complement -= THRESHOLD_STEP;
    }
}

static void unpack_bf16(int dim, const uint16_t *restrict packed, float *restrict row)
{
    for (int d = 0; d < dim; d++) row[d] = float_of((uint32_t)packed[d] << 16);
}

static void round_bf16(int dim, float *row, uint32_t word)
{
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        row[d] = float_of(round_to_bf16(row[d], complement) & 0xFFFF0000U);
        complement -= THRESHOLD_STEP;
    }
}

static bool is_finite(int dim, const float *row)
{
    int num_others = 0;
    for (int d = 0; d < dim; d++) num_others += (bits_of(row[d]) & ~SIGN) >= NOT_FINITE;
    return num_others == 0;
}

/* e by the largest magnitude after rounding, since that may lift it to the next octave: the
 * rounded row must find the same e. */
static int32_t find_e(int dim, const float *row, uint32_t word)
{
    int32_t largest = 0;
    uint32_t threshold = word;
    for (int d = 0; d < dim; d++) {
        const int32_t magnitude = (int32_t)(bits_of(row[d]) & ~SIGN);
        const int32_t above = magnitude - (int32_t)(threshold >> 19);
        largest = above > largest ? above : largest;
        threshold += THRESHOLD_STEP;
    }
    const int32_t rounded_octave = (int32_t)(((uint32_t)largest + 0x1FFF) >> 23) - 127;
    const int32_t e = rounded_octave - TOP_OCTAVE;
    if (e > GREATEST_E) return is_finite(dim, row) ? GREATEST_E : NOT_FINITE_E;
    return e < LOWEST_E ? LOWEST_E : e;
}

/* 2^exponent, for -126..127. */
static float power_of_two(int32_t exponent)
{
    return float_of((uint32_t)(exponent + 127) << 23);
}

/* A half's magnitude: a float with 13 zero bits at its end, from which `lift` (bits of a
 * float, too) is to be taken. Halves below the smallest normal one are subnormal: all have
 * the same unit, which is that of a float once the smallest normal half is added. */
typedef struct half {
    uint32_t lifted, lift;
} half;

static inline half round_to_half(float magnitude, uint32_t complement)
{
    const uint32_t bits = bits_of(magnitude);
    const uint32_t lift = if_below(SMALLEST_NORMAL_HALF, bits, SMALLEST_NORMAL_HALF);
    const uint32_t lifted =
        bits_of(magnitude + float_of(lift)) + if_below(HALF_LIMIT, bits, complement >> 19);
    return (half){lifted & 0xFFFFE000U, lift};
}

/* Exponents of floats and halves are 112 apart; the lift is one octave. */
static inline uint32_t bits_of_half(half h)
{
    return (h.lifted >> 13) - (112 << 10) - (h.lift ? 1 << 10 : 0);
}

static inline half half_of_bits(uint32_t bits)
{
    const bool is_subnormal = (int32_t)bits < 1 << 10;
    return (half){(bits + (112 << 10) + (is_subnormal ? 1 << 10 : 0)) << 13,
                  is_subnormal ? SMALLEST_NORMAL_HALF : 0};
}

static inline float value_of_half(half h, float scale, uint32_t sign)
{
    const float magnitude = (float_of(h.lifted) - float_of(h.lift)) * scale;
    return float_of(bits_of(magnitude) | (sign & SIGN));
}

/* Returns e. */
static int32_t pack_f16(int dim, const float *restrict row, uint32_t word,
                        uint16_t *restrict packed)
{
    const int32_t e = find_e(dim, row, word);
    if (e == NOT_FINITE_E) {
        memset(packed, 0, (size_t)dim * sizeof *packed);
        return e;
    }
    const float scale = power_of_two(-e);
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        const half h = round_to_half(fabsf(row[d]) * scale, complement);
        packed[d] = (uint16_t)(bits_of_half(h) | (bits_of(row[d]) & SIGN) >> 16);
        complement -= THRESHOLD_STEP;
    }
    return e;
}

static void unpack_f16(int dim, const uint16_t *restrict packed, int32_t e,
                       float *restrict row)
{
    const float scale = e == NOT_FINITE_E ? float_of(QUIET_NAN) : power_of_two(e);
    for (int d = 0; d < dim; d++) {
        const uint32_t bits = packed[d];
        row[d] = value_of_half(half_of_bits(bits & 0x7FFF), scale, bits << 16);
    }
}

static void round_f16(int dim, float *row, uint32_t word)
{
    const int32_t e = find_e(dim, row, word);
    if (e == NOT_FINITE_E) {
        for (int d = 0; d < dim; d++) row[d] = float_of(QUIET_NAN);
        return;
    }
    const float down = power_of_two(-e), up = power_of_two(e);
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        const half h = round_to_half(fabsf(row[d]) * down, complement);
        row[d] = value_of_half(h, up, bits_of(row[d]));
        complement -= THRESHOLD_STEP;
    }
}

/* The unit of int8; NaN if a number is not finite. Where units are whole multiples of
 * 2^-149, the next one, or 127 of the nearest might not reach the largest number. */
static float find_unit(int dim, const float *row)
{
    int32_t largest = 0;
    for (int d = 0; d < dim; d++) {
        const int32_t magnitude = (int32_t)(bits_of(row[d]) & ~SIGN);
        largest = magnitude > largest ? magnitude : largest;
    }
    if (largest >= NOT_FINITE) return float_of(QUIET_NAN);
    largest = largest < LARGEST_F16 ? largest : LARGEST_F16; /* 127 units are finite, too */
    const float unit = float_of((uint32_t)largest) / 127.0F;
    return unit < FLT_MIN ? float_of(bits_of(unit) + 1) : unit;
}

/* Floats from 128 to 256 have 7 bits before the point and 16 behind it. A quotient may be
 * above 127 in its last place, or if the unit had to stay finite. */
static inline int32_t round_to_int8(float x, float unit, uint32_t complement)
{
    const uint32_t bits = bits_of(fabsf(x) / unit + 128.0F);
    const uint32_t rounded = bits + if_below(INT8_LIMIT, bits, complement >> 16);
    const int32_t magnitude = (int32_t)(rounded >> 16 & 0x7F);
    const int32_t sign = (int32_t)bits_of(x) < 0 ? -1 : 0;
    return (magnitude ^ sign) - sign;
}

/* Returns the unit. */
static float pack_int8(int dim, const float *restrict row, uint32_t word,
                       int8_t *restrict packed)
{
    const float unit = find_unit(dim, row);
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        packed[d] = (int8_t)round_to_int8(row[d], unit, complement);
        complement -= THRESHOLD_STEP;
    }
    return unit;
}

static void unpack_int8(int dim, const int8_t *restrict packed, float unit,
                        float *restrict row)
{
    for (int d = 0; d < dim; d++) row[d] = (float)packed[d] * unit;
}

static void round_int8(int dim, float *row, uint32_t word)
{
    const float unit = find_unit(dim, row);
    uint32_t complement = ~word;
    for (int d = 0; d < dim; d++) {
        row[d] = (float)round_to_int8(row[d], unit, complement) * unit;
        complement -= THRESHOLD_STEP;
    }
}

/* Of the numbers, padded to a multiple of 4: e or the unit stands behind them. */
static size_t number_bytes(h2v_precision precision, int dim)
{
    static const size_t bytes[] = {[H2V_PRECISION_F32] = 4,
                                   [H2V_PRECISION_F16] = 2,
                                   [H2V_PRECISION_BF16] = 2,
                                   [H2V_PRECISION_INT8] = 1};
    return ((size_t)dim * bytes[precision] + 3) / 4 * 4;
}

size_t h2vi_packed_bytes(h2v_precision precision, int dim)
{
    const bool has_scale =
        precision == H2V_PRECISION_F16 || precision == H2V_PRECISION_INT8;
    return number_bytes(precision, dim) + (has_scale ? 4 : 0);
}

void h2vi_pack_row(h2v_precision precision, int dim, const float *row, uint32_t word,
                   void *packed)
{
    const size_t num_bytes = number_bytes(precision, dim);
    char *end = (char *)packed + num_bytes;
    memset(end - 4, 0, 4); /* the padding; there is at least one number */
    if (precision == H2V_PRECISION_F32) {
        memcpy(packed, row, num_bytes);
    } else if (precision == H2V_PRECISION_BF16) {
        pack_bf16(dim, row, word, packed);
    } else if (precision == H2V_PRECISION_F16) {
        const int32_t e = pack_f16(dim, row, word, packed);
        memcpy(end, &e, sizeof e);
    } else {
        const float unit = pack_int8(dim, row, word, packed);
        memcpy(end, &unit, sizeof unit);
    }
}

void h2vi_unpack_row(h2v_precision precision, int dim, const void *packed, float *row)
{
    const size_t num_bytes = number_bytes(precision, dim);
    const char *end = (const char *)packed + num_bytes;
    if (precision == H2V_PRECISION_F32) {
        memcpy(row, packed, num_bytes);
    } else if (precision == H2V_PRECISION_BF16) {
        unpack_bf16(dim, packed, row);
    } else if (precision == H2V_PRECISION_F16) {
        int32_t e = 0;
        memcpy(&e, end, sizeof e);
        unpack_f16(dim, packed, e, row);
    } else {
        float unit = 0;
        memcpy(&unit, end, sizeof unit);
        unpack_int8(dim, packed, unit, row);
    }
}

void h2vi_round_row(h2v_precision precision, int dim, float *row, uint32_t word)
{
    if (precision == H2V_PRECISION_F16) round_f16(dim, row, word);
    if (precision == H2V_PRECISION_BF16) round_bf16(dim, row, word);
    if (precision == H2V_PRECISION_INT8) round_int8(dim, row, word);
}
