/* SPDX-License-Identifier: MIT */

/* Eight bytes are looked at a time: which of them are no digits, and what the others are
 * worth, takes a few operations on one word. */
#include "number_lines.h"

#include "number_text.h"

#include <string.h>

/* No line read here is longer; up to there, words may be loaded. */
enum { WORD_BYTES = 8, REACH_BYTES = 64 };

static const uint64_t powers[WORD_BYTES + 1] = {1,      10,      100,      1000,     10000,
                                                100000, 1000000, 10000000, 100000000};

/* Eight characters, the first in the lowest byte. */
static uint64_t load_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* How many of the first characters are digits. Additions and subtractions carry only into
 * characters behind one that is no digit. */
static int count_digits(uint64_t word)
{
    const uint64_t others =
        ((word + 0x4646464646464646U) | (word - 0x3030303030303030U)) & 0x8080808080808080U;
    return others == 0 ? WORD_BYTES : __builtin_ctzll(others) / 8;
}

/* The value of the first `count` (1 to 8) characters, which are digits: pairs of neighbors
 * are joined, three times. */
static uint64_t value_of(uint64_t word, int count)
{
    word = (word & 0x0f0f0f0f0f0f0f0fU) << (8 * (WORD_BYTES - count));
    word = word * 10 + (word >> 8);
    return ((word & 0x000000ff000000ffU) * 0x000f424000000064U +
            (word >> 16 & 0x000000ff000000ffU) * 0x0000271000000001U) >>
           32;
}

/* Read a canonical number of at most 15 digits, which begins with `word`; where it ends, or
 * NULL. */
static inline const char *take_number(const char *p, uint64_t word, int64_t *number)
{
    int count = count_digits(word);
    if (count == 0 || (*p == '0' && count > 1)) return NULL;
    uint64_t value = value_of(word, count);
    if (count == WORD_BYTES) {
        const uint64_t rest = load_word(p + WORD_BYTES);
        count = count_digits(rest);
        if (count == WORD_BYTES) return NULL;
        if (count > 0) value = value * powers[count] + value_of(rest, count);
        count += WORD_BYTES;
    }
    *number = (int64_t)value;
    return p + count;
}

/* Read a weight such as 3 or 0.25, up to seven digits before the point and behind it. */
static inline const char *take_weight(const char *p, float *weight)
{
    uint64_t word = load_word(p);
    int count = count_digits(word);
    if (count == 0 || count == WORD_BYTES) return NULL;
    uint64_t mantissa = value_of(word, count);
    p += count;
    count = 0;
    if (*p == '.') {
        p++;
        word = load_word(p);
        count = count_digits(word);
        if (count == 0 || count == WORD_BYTES) return NULL;
        mantissa = mantissa * powers[count] + value_of(word, count);
        p += count;
    }
    return h2vi_weight_from_decimal(mantissa, count, weight) ? p : NULL;
}

/* What may stand between two columns. */
typedef struct separators {
    char one, two, three;
} separators;

static separators separators_of(const h2vi_line_format *format)
{
    const char c = format->delimiter;
    return c ? (separators){c, c, c} : (separators){' ', '\t', ','};
}

static inline bool is_separator(const separators *s, char c)
{
    return c == s->one || c == s->two || c == s->three;
}

/* The source of the line before, of at most seven digits, and its separator. */
typedef struct last_source {
    uint64_t word, mask; /* these characters, and which of a word they are */
    int64_t number;
    int length;
} last_source;

/* No word is this one's. */
static const last_source no_source = {.word = 1, .mask = 0};

/* Read a source and its separator. Many lists are sorted by it. */
static inline const char *take_source(const separators *s, const char *p, int64_t *number,
                                      last_source *last)
{
    const uint64_t word = load_word(p);
    if ((word & last->mask) == last->word) {
        *number = last->number;
        return p + last->length;
    }
    const char *end = take_number(p, word, number);
    if (!end || !is_separator(s, *end)) return NULL;
    const int length = (int)(end - p) + 1;
    const uint64_t mask = UINT64_MAX >> (8 * (WORD_BYTES - length) & 63);
    *last = length <= WORD_BYTES ? (last_source){word & mask, mask, *number, length}
                                 : no_source;
    return end + 1;
}

static inline const char *take_line(const separators *s, bool weighted, const char *p,
                                    int64_t *ids, float *weight, last_source *last)
{
    p = take_source(s, p, &ids[0], last);
    if (!p) return NULL;
    p = take_number(p, load_word(p), &ids[1]);
    if (p && weighted) p = is_separator(s, *p) ? take_weight(p + 1, weight) : NULL;
    if (!p) return NULL;
    if (*p == '\r') p++;
    return *p == '\n' ? p + 1 : NULL;
}

int64_t h2vi_number_lines_read(const h2vi_line_format *format, const char **text,
                               const char *end, int64_t max_lines, int64_t *ids,
                               float *weights)
{
    const separators s = separators_of(format);
    const char *p = *text;
    last_source last = no_source;
    int64_t count = 0;
    if (format->num_ids != 2 || format->kind != H2VI_IDS_NUMBERS) return 0;
    if ((s.one >= '0' && s.one <= '9') || s.one == '.') return 0; /* may be in numbers */
    for (; count < max_lines && end - p >= REACH_BYTES; count++) {
        const char *next =
            take_line(&s, format->weighted, p, ids + 2 * count, weights + count, &last);
        if (!next) break;
        p = next;
    }
    *text = p;
    return count;
}
