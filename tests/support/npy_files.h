/* SPDX-License-Identifier: MIT */

/* Files in NumPy's format, right ones and wrong ones. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Magic, version (1 to 3), length, and the header's text padded as NumPy does it. Returns
 * how many bytes they are, less than 128 more than the text. */
static inline size_t npy_put_header(int major, const char *header, char *to)
{
    const size_t lead = major == 1 ? 10 : 12, length = strlen(header);
    const size_t padded = (lead + length + 1 + 63) / 64 * 64 - lead;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (char)major;
    to[7] = 0;
    for (size_t i = 8; i < lead; i++) to[i] = (char)(padded >> 8 * (i - 8));
    memset(to + lead, ' ', padded);
    memcpy(to + lead, header, length);
    to[lead + padded - 1] = '\n';
    return lead + padded;
}

/* A whole file; the header is shorter than 384 bytes. 0, or -1 if it cannot be written. */
static inline int npy_write(const char *path, int major, const char *header,
                            size_t num_bytes, const void *numbers)
{
    char lead[512];
    const size_t start = npy_put_header(major, header, lead);
    FILE *file = fopen(path, "wb");
    if (!file) return -1;
    const size_t written = fwrite(lead, 1, start, file) +
                           (num_bytes > 0 ? fwrite(numbers, 1, num_bytes, file) : 0);
    return fclose(file) == 0 && written == start + num_bytes ? 0 : -1;
}

/* A matrix of f32. */
static inline int npy_write_floats(const char *path, long long num_rows,
                                   long long num_columns, const float *numbers)
{
    char header[128];
    (void)snprintf(header, sizeof header,
                   "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }",
                   num_rows, num_columns);
    return npy_write(path, 1, header,
                     (size_t)num_rows * (size_t)num_columns * sizeof *numbers, numbers);
}
