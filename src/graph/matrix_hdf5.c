/* SPDX-License-Identifier: MIT */

/* HDF5 converts the numbers to f32 while it reads them. Only datasets that the file itself
 * holds are looked at: a link into another file is not followed to find one. */
#include "matrix_hdf5.h"

#include "alloc.h"
#include "fail.h"
#include "hdf5_file.h"

#include <stdlib.h>
#include <string.h>

struct h2vi_hdf5_dataset {
    hid_t file;
    char *name;
};

bool h2vi_is_hdf5(const char *path)
{
    htri_t is_hdf5 = 0;
    H5E_BEGIN_TRY
    {
        is_hdf5 = H5Fis_hdf5(path);
    }
    H5E_END_TRY
    return is_hdf5 > 0;
}

/* What a dataset holds. */
typedef struct content {
    bool are_numbers;
    int num_dims;
    hsize_t shape[2];
} content;

/* False if there is no such dataset. */
static bool inspect(hid_t file, const char *name, content *found)
{
    *found = (content){0};
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0) return false;
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    found->are_numbers = class == H5T_INTEGER || class == H5T_FLOAT;
    found->num_dims = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    if (found->num_dims == 1 || found->num_dims == 2)
        (void)H5Sget_simple_extent_dims(space, found->shape, NULL);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    (void)H5Dclose(dataset);
    return true;
}

static h2v_status copy_name(const char *name, char **copy)
{
    *copy = h2vi_alloc(strlen(name) + 1, 1);
    if (!*copy) return h2vi_fail_memory("the name of a dataset");
    memcpy(*copy, name, strlen(name) + 1);
    return H2V_OK;
}

/* Looking for the only matrix. */
typedef struct matrix_search {
    const char *path;
    char *name; /* of the first that was found */
    h2v_status status;
} matrix_search;

/* For H5Lvisit: a status other than H2V_OK ends it. */
static herr_t look_at(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    matrix_search *search = data;
    content found;
    if (info->type != H5L_TYPE_HARD || !inspect(group, name, &found) ||
        !found.are_numbers || found.num_dims != 2)
        return 0;
    if (search->name)
        search->status =
            h2v_fail(H2V_ERR_DATA,
                     "'%s' has several matrices; choose one: '%s:/%.64s' or "
                     "'%s:/%.64s'",
                     search->path, search->path, search->name, search->path, name);
    else
        search->status = copy_name(name, &search->name);
    return search->status == H2V_OK ? 0 : 1;
}

static h2v_status find_only(hid_t file, const char *path, char **name)
{
    matrix_search search = {.path = path};
    const herr_t outcome = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, look_at, &search);
    if (search.status == H2V_OK && outcome < 0)
        search.status = h2v_fail(H2V_ERR_DATA,
                                 "'%s' is damaged: its list of datasets "
                                 "cannot be read",
                                 path);
    if (search.status == H2V_OK && !search.name)
        search.status = h2v_fail(H2V_ERR_DATA,
                                 "'%s' has no dataset of numbers of two dimensions; one of "
                                 "one dimension must be named: '%s:/NAME'",
                                 path, path);
    *name = search.name;
    return search.status;
}

static h2v_status accept(hid_t file, const char *path, const char *name,
                         h2vi_hdf5_matrix *matrix)
{
    content found;
    if (!inspect(file, name, &found))
        return h2v_fail(H2V_ERR_DATA, "'%s' has no dataset /%s", path, name);
    if (!found.are_numbers)
        return h2v_fail(H2V_ERR_DATA,
                        "/%s of '%s' holds neither integers nor floats; store float32",
                        name, path);
    if (found.num_dims < 1 || found.num_dims > 2)
        return h2v_fail(H2V_ERR_DATA, "/%s of '%s' has %d dimensions; two are right", name,
                        path, found.num_dims);
    const hsize_t num_columns = found.num_dims == 2 ? found.shape[1] : 1;
    if (num_columns == 0)
        return h2v_fail(H2V_ERR_DATA, "/%s of '%s' has no columns", name, path);
    if (found.shape[0] > INT64_MAX || num_columns > INT64_MAX)
        return h2v_fail(H2V_ERR_DATA, "/%s of '%s' is too large", name, path);
    matrix->num_rows = (int64_t)found.shape[0];
    matrix->num_columns = (int64_t)num_columns;
    return H2V_OK;
}

h2v_status h2vi_hdf5_matrix_open(const char *path, const char *name,
                                 h2vi_hdf5_matrix *matrix)
{
    *matrix = (h2vi_hdf5_matrix){0};
    hid_t file = H5I_INVALID_HID;
    h2v_status status = h2vi_hdf5_open(path, NULL, 0, &file);
    if (status != H2V_OK) return status;
    struct h2vi_hdf5_dataset *dataset = h2vi_alloc(1, sizeof *dataset);
    if (!dataset) {
        (void)H5Fclose(file);
        return h2vi_fail_memory("a matrix file");
    }
    dataset->file = file;
    matrix->dataset = dataset;
    if (name && *name == '/') name++;
    status = name && *name ? copy_name(name, &dataset->name)
                           : find_only(file, path, &dataset->name);
    if (status == H2V_OK) status = accept(file, path, dataset->name, matrix);
    if (status != H2V_OK) h2vi_hdf5_matrix_close(matrix);
    return status;
}

h2v_status h2vi_hdf5_matrix_read(const h2vi_hdf5_matrix *matrix, int64_t first,
                                 int64_t num_rows, float *rows)
{
    return h2vi_hdf5_read(matrix->dataset->file, matrix->dataset->name, H5T_NATIVE_FLOAT,
                          first, num_rows, rows);
}

void h2vi_hdf5_matrix_close(h2vi_hdf5_matrix *matrix)
{
    if (matrix->dataset) {
        (void)H5Fclose(matrix->dataset->file);
        free(matrix->dataset->name);
        free(matrix->dataset);
    }
    *matrix = (h2vi_hdf5_matrix){0};
}
