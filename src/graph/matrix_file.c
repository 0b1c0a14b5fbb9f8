/* SPDX-License-Identifier: MIT */

/* Which kind of file it is, by its first bytes; the rest is matrix_npy.h and
 * matrix_hdf5.h. */
#include "matrix_file.h"

#include "alloc.h"
#include "fail.h"
#include "matrix_hdf5.h"
#include "matrix_npy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct h2vi_matrix_inside {
    char *path;       /* of the file alone */
    const char *name; /* of the dataset, behind it in the same array; NULL if not given */
    bool is_npy;
    h2vi_npy npy;
    h2vi_hdf5_matrix hdf5;
};

/* Cut the dataset's name off, at the last ":/", unless there is a file of the whole name.
 */
static h2v_status split_path(const char *path, struct h2vi_matrix_inside *inside)
{
    const size_t num_bytes = strlen(path) + 1;
    inside->path = h2vi_alloc(num_bytes, 1);
    if (!inside->path) return h2vi_fail_memory("a matrix file");
    memcpy(inside->path, path, num_bytes);
    struct stat about;
    if (stat(path, &about) == 0) return H2V_OK;
    char *cut = NULL;
    for (char *at = strstr(inside->path, ":/"); at; at = strstr(at + 1, ":/")) cut = at;
    if (cut) {
        *cut = '\0';
        inside->name = cut + 1;
    }
    return H2V_OK;
}

static h2v_status fail_open(const char *path)
{
    return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s", path, strerror(errno));
}

/* Whether the file begins with .npy's magic. To open what is no plain file might wait for
 * ever. */
static h2v_status recognize(const char *path, bool *is_npy)
{
    struct stat about;
    if (stat(path, &about) != 0) return fail_open(path);
    if (!S_ISREG(about.st_mode))
        return h2v_fail(H2V_ERR_DATA, "'%s' is not a plain file", path);
    FILE *file = fopen(path, "rb");
    if (!file) return fail_open(path);
    char magic[H2VI_NPY_MAGIC_BYTES] = {0};
    const size_t num_read = fread(magic, 1, sizeof magic, file);
    (void)fclose(file);
    *is_npy = num_read == sizeof magic && memcmp(magic, H2VI_NPY_MAGIC, sizeof magic) == 0;
    return H2V_OK;
}

static h2v_status open_npy(h2vi_matrix_file *matrix)
{
    struct h2vi_matrix_inside *inside = matrix->inside;
    if (inside->name)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' is an .npy file, which has no datasets: leave out ':%s'",
                        inside->path, inside->name);
    const h2v_status status = h2vi_npy_open(inside->path, &inside->npy);
    inside->is_npy = status == H2V_OK;
    matrix->num_rows = inside->npy.num_rows;
    matrix->num_columns = inside->npy.num_columns;
    return status;
}

static h2v_status open_hdf5(h2vi_matrix_file *matrix)
{
    struct h2vi_matrix_inside *inside = matrix->inside;
    if (!h2vi_is_hdf5(inside->path))
        return h2v_fail(H2V_ERR_DATA, "'%s' is neither an .npy file nor an HDF5 file",
                        inside->path);
    const h2v_status status =
        h2vi_hdf5_matrix_open(inside->path, inside->name, &inside->hdf5);
    matrix->num_rows = inside->hdf5.num_rows;
    matrix->num_columns = inside->hdf5.num_columns;
    return status;
}

h2v_status h2vi_matrix_open(const char *path, h2vi_matrix_file *matrix)
{
    *matrix = (h2vi_matrix_file){0};
    matrix->inside = h2vi_alloc(1, sizeof *matrix->inside);
    if (!matrix->inside) return h2vi_fail_memory("a matrix file");
    bool is_npy = false;
    h2v_status status = split_path(path, matrix->inside);
    if (status == H2V_OK) status = recognize(matrix->inside->path, &is_npy);
    if (status == H2V_OK) status = is_npy ? open_npy(matrix) : open_hdf5(matrix);
    if (status != H2V_OK) h2vi_matrix_close(matrix);
    return status;
}

/* Training on what is not finite would end late, and with a message that misleads. */
static h2v_status check_numbers(const h2vi_matrix_file *matrix, int64_t first,
                                int64_t num_rows, const float *rows)
{
    for (int64_t i = 0; i < num_rows * matrix->num_columns; i++) {
        const int64_t row = first + i / matrix->num_columns;
        if (!isfinite(rows[i]))
            return h2v_fail(H2V_ERR_DATA,
                            "'%s' has a number that is not finite, or too large for "
                            "float32, in row %lld (counted from 0), column %lld",
                            matrix->inside->path, (long long)row,
                            (long long)(i % matrix->num_columns));
    }
    return H2V_OK;
}

h2v_status h2vi_matrix_read(const h2vi_matrix_file *matrix, int64_t first, int64_t num_rows,
                            float *rows)
{
    H2V_ASSERT(first >= 0 && num_rows >= 0 && first <= matrix->num_rows - num_rows);
    const struct h2vi_matrix_inside *inside = matrix->inside;
    const h2v_status status =
        inside->is_npy ? h2vi_npy_read(&inside->npy, inside->path, first, num_rows, rows)
                       : h2vi_hdf5_matrix_read(&inside->hdf5, first, num_rows, rows);
    return status == H2V_OK ? check_numbers(matrix, first, num_rows, rows) : status;
}

void h2vi_matrix_close(h2vi_matrix_file *matrix)
{
    struct h2vi_matrix_inside *inside = matrix->inside;
    if (inside) {
        if (inside->is_npy) h2vi_npy_close(&inside->npy);
        h2vi_hdf5_matrix_close(&inside->hdf5);
        free(inside->path);
        free(inside);
    }
    *matrix = (h2vi_matrix_file){0};
}
