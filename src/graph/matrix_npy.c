/* SPDX-License-Identifier: MIT */

/* The header comes from others: every step of parsing it is bounded by its length, numbers
 * are checked before they can overflow, and nothing is allocated by what it claims; its
 * shape is believed once the file has just as many bytes. */
#include "matrix_npy.h"

#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 10000, /* at most, as NumPy itself has it */
    PIECE_BYTES = 1 << 16,
    DESCR_BYTES = 16
};

static const char ADVICE[] = "save np.ascontiguousarray(x, dtype='<f4')";

/* ---- numbers */

static uint32_t word_at(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static uint64_t long_at(const unsigned char *bytes)
{
    return word_at(bytes) | (uint64_t)word_at(bytes + 4) << 32;
}

/* What stands in the file as f32, `count` numbers. */
typedef void numbers_of(int64_t count, const unsigned char *bytes, float *numbers);

static void numbers_of_f4(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) {
        const uint32_t word = word_at(bytes + 4 * i);
        memcpy(numbers + i, &word, sizeof word);
    }
}

static void numbers_of_f8(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) {
        const uint64_t word = long_at(bytes + 8 * i);
        double number;
        memcpy(&number, &word, sizeof number);
        numbers[i] = (float)number;
    }
}

static void numbers_of_i4(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (float)(int32_t)word_at(bytes + 4 * i);
}

static void numbers_of_i8(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (float)(int64_t)long_at(bytes + 8 * i);
}

static void numbers_of_u1(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (float)bytes[i];
}

static void numbers_of_b1(int64_t count, const unsigned char *bytes, float *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = bytes[i] != 0 ? 1 : 0;
}

struct npy_type {
    const char *descr;
    int num_bytes;
    numbers_of *convert;
};

static const struct npy_type types[] = {
    {"<f4", 4, numbers_of_f4}, {"<f8", 8, numbers_of_f8}, {"<i4", 4, numbers_of_i4},
    {"<i8", 8, numbers_of_i8}, {"|u1", 1, numbers_of_u1}, {"|b1", 1, numbers_of_b1}};
enum { NUM_TYPES = sizeof types / sizeof *types };

/* ---- the header's text */

typedef struct npy_header {
    char descr[DESCR_BYTES];
    bool has_descr, has_order, has_shape;
    bool is_fortran;
    int num_dims;
    int64_t shape[2]; /* of the first two */
} npy_header;

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) text->at++;
}

/* Whether `token` comes next, after blanks; then it is passed. */
static bool take(cursor *text, const char *token)
{
    const size_t length = strlen(token);
    skip_blanks(text);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, token, length) != 0)
        return false;
    text->at += length;
    return true;
}

/* A string in quotes, of plain characters. */
static bool take_string(cursor *text, size_t capacity, char *string)
{
    skip_blanks(text);
    if (text->at == text->end || (*text->at != '\'' && *text->at != '"')) return false;
    const char quote = *text->at++;
    const char *start = text->at;
    while (text->at < text->end && *text->at != quote && *text->at != '\\' &&
           *text->at >= ' ' && *text->at <= '~')
        text->at++;
    const size_t length = (size_t)(text->at - start);
    if (text->at == text->end || *text->at != quote || length >= capacity) return false;
    memcpy(string, start, length);
    string[length] = '\0';
    text->at++;
    return true;
}

static bool take_number(cursor *text, int64_t *number)
{
    skip_blanks(text);
    const char *start = text->at;
    *number = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
        const int digit = *text->at - '0';
        if (*number > (INT64_MAX - digit) / 10) return false;
        *number = *number * 10 + digit;
    }
    return text->at > start;
}

/* (), (5,), (5, 3), (5, 3, 2) ... */
static bool take_shape(cursor *text, npy_header *header)
{
    if (!take(text, "(")) return false;
    bool is_closed = take(text, ")");
    while (!is_closed) {
        int64_t number = 0;
        if (!take_number(text, &number)) return false;
        if (header->num_dims < 2) header->shape[header->num_dims] = number;
        header->num_dims++;
        const bool goes_on = take(text, ",");
        is_closed = take(text, ")");
        if (!is_closed && !goes_on) return false;
        if (header->num_dims == 1 && !goes_on) return false; /* (5) is a number */
    }
    return true;
}

static bool take_order(cursor *text, npy_header *header)
{
    header->is_fortran = take(text, "True");
    return header->is_fortran || take(text, "False");
}

/* The value of one key, which comes once. */
static bool take_value(cursor *text, const char *key, npy_header *header)
{
    bool *has = NULL, is_taken = false;
    if (strcmp(key, "descr") == 0) {
        has = &header->has_descr;
        is_taken = take_string(text, sizeof header->descr, header->descr);
    } else if (strcmp(key, "fortran_order") == 0) {
        has = &header->has_order;
        is_taken = take_order(text, header);
    } else if (strcmp(key, "shape") == 0) {
        has = &header->has_shape;
        is_taken = take_shape(text, header);
    }
    if (!has || *has) return false;
    *has = is_taken;
    return is_taken;
}

static bool parse(cursor text, npy_header *header)
{
    *header = (npy_header){0};
    bool is_closed = false;
    if (!take(&text, "{")) return false;
    while (!is_closed) {
        char key[DESCR_BYTES];
        if (!take_string(&text, sizeof key, key) || !take(&text, ":") ||
            !take_value(&text, key, header))
            return false;
        const bool goes_on = take(&text, ",");
        is_closed = take(&text, "}");
        if (!is_closed && !goes_on) return false;
    }
    skip_blanks(&text);
    return text.at == text.end && header->has_descr && header->has_order &&
           header->has_shape;
}

/* ---- the file */

/* Bytes at `start`, as many as there are; less than 0 on an error. */
static int64_t read_at(int file, int64_t start, int64_t num_bytes, void *bytes)
{
    int64_t at = 0;
    while (at < num_bytes) {
        const ssize_t count =
            pread(file, (char *)bytes + at, (size_t)(num_bytes - at), start + at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        if (count == 0) break;
        at += count;
    }
    return at;
}

static h2v_status fail_read(const char *path)
{
    return h2v_fail(H2V_ERR_IO, "Cannot read '%s': %s", path, strerror(errno));
}

static h2v_status fail_header(const char *path)
{
    return h2v_fail(H2V_ERR_DATA,
                    "'%s' begins like .npy, but its header is damaged or not that of a "
                    "matrix; %s",
                    path, ADVICE);
}

/* Magic, version and length; where the text begins and ends. */
static h2v_status read_lead(int file, const char *path, int64_t *begin, int64_t *length)
{
    unsigned char lead[12] = {0};
    const int64_t num_read = read_at(file, 0, sizeof lead, lead);
    if (num_read < 0) return fail_read(path);
    const int major = lead[H2VI_NPY_MAGIC_BYTES], minor = lead[H2VI_NPY_MAGIC_BYTES + 1];
    if (num_read < (int64_t)sizeof lead ||
        memcmp(lead, H2VI_NPY_MAGIC, H2VI_NPY_MAGIC_BYTES) != 0)
        return fail_header(path);
    if (major < 1 || major > 3 || minor != 0)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' is of .npy version %d.%d; versions 1.0 to 3.0 can be read",
                        path, major, minor);
    *begin = major == 1 ? 10 : 12;
    *length = major == 1 ? lead[8] | lead[9] << 8 : (int64_t)word_at(lead + 8);
    if (*length <= HEADER_BYTES) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA,
                    "'%s' has a .npy header of %lld bytes, where a matrix needs a hundred",
                    path, (long long)*length);
}

static h2v_status read_header(int file, const char *path, int64_t *start,
                              npy_header *header)
{
    char text[HEADER_BYTES];
    int64_t begin = 0, length = 0;
    const h2v_status status = read_lead(file, path, &begin, &length);
    if (status != H2V_OK) return status;
    const int64_t num_read = read_at(file, begin, length, text);
    if (num_read < 0) return fail_read(path);
    *start = begin + length;
    if (num_read == length && parse((cursor){text, text + length}, header)) return H2V_OK;
    return fail_header(path);
}

static const struct npy_type *find_type(const char *descr)
{
    for (int i = 0; i < NUM_TYPES; i++)
        if (strcmp(types[i].descr, descr) == 0) return &types[i];
    return NULL;
}

/* Whether it is a matrix of ours; then its shape. */
static h2v_status accept(const char *path, const npy_header *header, h2vi_npy *npy)
{
    npy->type = find_type(header->descr);
    if (!npy->type)
        return h2v_fail(H2V_ERR_DATA, "'%s' holds numbers of type '%s'; %s", path,
                        header->descr, ADVICE);
    if (header->is_fortran)
        return h2v_fail(H2V_ERR_DATA, "'%s' is in Fortran order; %s", path, ADVICE);
    if (header->num_dims < 1 || header->num_dims > 2)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' has %d dimensions; two are right: save x.reshape(len(x), -1)",
                        path, header->num_dims);
    npy->num_rows = header->shape[0];
    npy->num_columns = header->num_dims == 2 ? header->shape[1] : 1;
    if (npy->num_columns > 0) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "'%s' has no columns", path);
}

/* Bytes behind the header that the shape needs; false beyond any file's size. */
static bool count_bytes(const h2vi_npy *npy, int64_t *num_bytes)
{
    const int64_t most = INT64_MAX / npy->type->num_bytes;
    if (npy->num_rows > most / npy->num_columns) return false;
    *num_bytes = npy->num_rows * npy->num_columns * npy->type->num_bytes;
    return true;
}

static h2v_status check_length(const char *path, const h2vi_npy *npy)
{
    struct stat about;
    if (fstat(npy->file, &about) != 0) return fail_read(path);
    const int64_t has = (int64_t)about.st_size - npy->start;
    int64_t needs = INT64_MAX;
    if (count_bytes(npy, &needs) && needs == has) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA,
                    "'%s' is %s: %lld x %lld numbers of type '%s' do not take the %lld "
                    "bytes behind its header",
                    path, needs > has ? "truncated" : "longer than its shape",
                    (long long)npy->num_rows, (long long)npy->num_columns, npy->type->descr,
                    (long long)has);
}

h2v_status h2vi_npy_open(const char *path, h2vi_npy *npy)
{
    *npy = (h2vi_npy){.file = open(path, O_RDONLY | O_CLOEXEC)};
    if (npy->file < 0)
        return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s", path, strerror(errno));
    npy_header header = {0};
    h2v_status status = read_header(npy->file, path, &npy->start, &header);
    if (status == H2V_OK) status = accept(path, &header, npy);
    if (status == H2V_OK) status = check_length(path, npy);
    if (status != H2V_OK) h2vi_npy_close(npy);
    return status;
}

h2v_status h2vi_npy_read(const h2vi_npy *npy, const char *path, int64_t first,
                         int64_t num_rows, float *rows)
{
    unsigned char piece[PIECE_BYTES];
    const int num_bytes = npy->type->num_bytes;
    const int64_t per_piece = PIECE_BYTES / num_bytes;
    const int64_t begin = first * npy->num_columns, count = num_rows * npy->num_columns;
    for (int64_t at = 0; at < count; at += per_piece) {
        const int64_t here = count - at < per_piece ? count - at : per_piece;
        const int64_t start = npy->start + (begin + at) * num_bytes;
        const int64_t num_read = read_at(npy->file, start, here * num_bytes, piece);
        if (num_read < 0) return fail_read(path);
        if (num_read < here * num_bytes)
            return h2v_fail(H2V_ERR_IO, "'%s' became shorter while it was read", path);
        npy->type->convert(here, piece, rows + at);
    }
    return H2V_OK;
}

void h2vi_npy_close(h2vi_npy *npy)
{
    (void)close(npy->file);
    *npy = (h2vi_npy){.file = -1};
}
