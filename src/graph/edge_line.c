/* SPDX-License-Identifier: MIT */

/* Every line ends in '\n', so scanning needs no other bound. Without a delimiter, columns
 * are what stands between blanks and commas: "1 2", "1,2", "1 , 2"; two commas enclose an
 * empty column. With one, columns are what stands between delimiters, less blanks around
 * it, so that ids may hold spaces. */
#include "edge_line.h"

#include "fail.h"
#include "halo2vec/types.h"
#include "number_text.h"
#include "text_reader.h"

#include <string.h>

enum { QUOTE_BYTES = 48 };

/* A token for a message: shortened, and without bytes that a terminal would act upon. */
typedef struct quote {
    char text[QUOTE_BYTES + 4];
} quote;

static quote quote_of(const h2vi_token *token)
{
    quote copy = {0};
    const uint32_t shown = token->length < QUOTE_BYTES ? token->length : QUOTE_BYTES;
    for (uint32_t i = 0; i < shown; i++) {
        const char c = token->text[i];
        copy.text[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    if (shown < token->length) memcpy(copy.text + shown, "...", 3);
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_end(const char *p)
{
    return *p == '\n' || (*p == '\r' && p[1] == '\n');
}

static const char *skip_blanks(const char *p)
{
    while (is_blank(*p)) p++;
    return p;
}

/* The next column, without a delimiter; *p ends at the next column, or at the line's end.
 */
static void take_free_column(const char **p, h2vi_token *token)
{
    static const bool stops[256] = {
        [' '] = true, ['\t'] = true, [','] = true, ['\r'] = true, ['\n'] = true};
    const char *q = *p;
    while (!stops[(unsigned char)*q]) q++;
    token->text = *p;
    token->length = (uint32_t)(q - *p);
    q = skip_blanks(q);
    if (*q == ',') q = skip_blanks(q + 1);
    *p = q;
}

/* The same with a delimiter. */
static void take_delimited_column(char delimiter, const char **p, h2vi_token *token)
{
    const char *q = *p;
    while (*q != delimiter && *q != '\n' && *q != '\r') q++;
    const char *start = *p, *end = q;
    while (start < end && is_blank(*start)) start++;
    while (end > start && is_blank(end[-1])) end--;
    token->text = start;
    token->length = (uint32_t)(end - start);
    *p = *q == delimiter ? q + 1 : q;
}

static h2vi_line_outcome fail_carriage_return(void)
{
    (void)h2v_fail(H2V_ERR_DATA,
                   "Carriage return within the line; lines end in LF or CR LF");
    return H2VI_LINE_WRONG;
}

static h2vi_line_outcome fail_missing(const h2vi_line_format *format, int column)
{
    if (column < format->num_ids)
        (void)h2v_fail(H2V_ERR_DATA, "One column; an edge needs a source and a target");
    else
        (void)h2v_fail(H2V_ERR_DATA,
                       "No third column; a weighted edge needs its weight there");
    return H2VI_LINE_WRONG;
}

/* Take column number `column` (from 0). */
static h2vi_line_outcome take_column(const h2vi_line_format *format, int column,
                                     const char **p, h2vi_token *token)
{
    if (is_end(*p)) return fail_missing(format, column);
    if (format->delimiter)
        take_delimited_column(format->delimiter, p, token);
    else
        take_free_column(p, token);
    if (**p == '\r' && !is_end(*p)) return fail_carriage_return();
    if (token->length > 0) return H2VI_LINE_FULL;
    (void)h2v_fail(H2V_ERR_DATA, "Column %d is empty", column + 1);
    return H2VI_LINE_WRONG;
}

/* The number of bytes of the UTF-8 sequence at p, or 0 if it is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF (RFC 3629). */
static uint32_t utf8_length(const unsigned char *p, uint32_t available)
{
    const uint32_t length = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (length == 1) return p[0] != 0;
    if (p[0] < 0xc2 || p[0] > 0xf4 || length > available) return 0;
    for (uint32_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    const bool is_overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const bool is_outside =
        (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return is_overlong || is_outside ? 0 : length;
}

static bool is_utf8(const char *text, uint32_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    for (uint32_t i = 0; i < length;) {
        const uint32_t step = utf8_length(p + i, length - i);
        if (step == 0) return false;
        i += step;
    }
    return true;
}

/* Take an id as what ids are in this graph. */
static h2vi_line_outcome take_id(const h2vi_line_format *format, int column, const char **p,
                                 h2vi_token *token)
{
    const h2vi_line_outcome outcome = take_column(format, column, p, token);
    if (outcome != H2VI_LINE_FULL) return outcome;
    if (format->kind == H2VI_IDS_NUMBERS)
        return h2vi_number_from_text(token->text, token->length, &token->number)
                   ? H2VI_LINE_FULL
                   : H2VI_LINE_STRING;
    if (token->length > H2V_MAX_ID_BYTES) {
        (void)h2v_fail(H2V_ERR_DATA, "Id '%s' has %u bytes; at most %d are possible",
                       quote_of(token).text, token->length, H2V_MAX_ID_BYTES);
        return H2VI_LINE_WRONG;
    }
    if (!is_utf8(token->text, token->length)) {
        (void)h2v_fail(H2V_ERR_DATA, "Id '%s' is not valid UTF-8", quote_of(token).text);
        return H2VI_LINE_WRONG;
    }
    return H2VI_LINE_FULL;
}

static h2vi_line_outcome take_weight(const h2vi_line_format *format, const char **p,
                                     float *weight)
{
    h2vi_token token;
    const h2vi_line_outcome outcome = take_column(format, format->num_ids, p, &token);
    if (outcome != H2VI_LINE_FULL) return outcome;
    static const char *const complaints[] = {
        [H2VI_WEIGHT_NOT_NUMBER] = "is not a number",
        [H2VI_WEIGHT_NOT_FINITE] = "is not finite",
        [H2VI_WEIGHT_NOT_POSITIVE] = "is not above zero",
    };
    const h2vi_weight_outcome parsed =
        h2vi_weight_from_text(token.text, token.length, weight);
    if (parsed == H2VI_WEIGHT_OK) return H2VI_LINE_FULL;
    (void)h2v_fail(H2V_ERR_DATA, "Weight '%s' %s; a weight is a finite number > 0",
                   quote_of(&token).text, complaints[parsed]);
    return H2VI_LINE_WRONG;
}

/* Go to the next line, past columns that nobody reads. */
static h2vi_line_outcome skip_rest(const char *rest, const char *end, const char **text,
                                   h2vi_line_outcome outcome)
{
    const char *line_end = memchr(rest, '\n', (size_t)(end - rest));
    const char *stray = memchr(rest, '\r', (size_t)(line_end - rest));
    if (outcome == H2VI_LINE_FULL && stray && stray + 1 != line_end)
        return fail_carriage_return();
    if (line_end - *text > H2VI_MAX_LINE_BYTES) {
        (void)h2v_fail(H2V_ERR_DATA, "Line is longer than %d bytes", H2VI_MAX_LINE_BYTES);
        return H2VI_LINE_WRONG;
    }
    *text = line_end + 1;
    return outcome;
}

h2vi_line_outcome h2vi_edge_line_read(const h2vi_line_format *format, const char **text,
                                      const char *end, h2vi_edge_line *line)
{
    const char *p = *text;
    while (is_blank(*p) && *p != format->delimiter) p++;
    if (is_end(p) || *p == '#' || *p == '%')
        return skip_rest(p, end, text, H2VI_LINE_EMPTY);

    h2vi_line_outcome outcome = H2VI_LINE_FULL;
    for (int i = 0; outcome == H2VI_LINE_FULL && i < format->num_ids; i++)
        outcome = take_id(format, i, &p, &line->ids[i]);
    if (outcome == H2VI_LINE_FULL && format->weighted)
        outcome = take_weight(format, &p, &line->weight);
    return outcome == H2VI_LINE_FULL ? skip_rest(p, end, text, outcome) : outcome;
}
