/* SPDX-License-Identifier: MIT */

/* Plain HDF5, serial driver. */
#include "patch_hdf5.h"

#include "fail.h"

#include <hdf5.h>
#include <stdlib.h>

static h2v_status patch(const char *path, const char *name, int64_t index, hid_t type,
                        const void *value)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset), one = H5Screate(H5S_SCALAR);
    const hsize_t place = (hsize_t)index;
    const int is_done = H5Sselect_elements(space, H5S_SELECT_SET, 1, &place) >= 0 &&
                        H5Dwrite(dataset, type, one, space, H5P_DEFAULT, value) >= 0;
    (void)H5Sclose(one);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    (void)H5Fclose(file);
    return is_done ? H2V_OK : h2v_fail(H2V_ERR_IO, "Cannot patch /%s of '%s'", name, path);
}

h2v_status patch_integer(const char *path, const char *dataset, int64_t index,
                         int64_t value)
{
    return patch(path, dataset, index, H5T_NATIVE_INT64, &value);
}

h2v_status patch_float(const char *path, const char *dataset, int64_t index, float value)
{
    return patch(path, dataset, index, H5T_NATIVE_FLOAT, &value);
}

h2v_status patch_list(const char *path, const char *dataset, char kind, int num_zeros)
{
    const hid_t type = kind == 'u'   ? H5T_STD_U32LE
                       : kind == 'i' ? H5T_STD_I64LE
                                     : H5T_IEEE_F32LE;
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t before = H5Dopen2(file, dataset, H5P_DEFAULT);
    const hid_t space = H5Dget_space(before);
    hsize_t length = (hsize_t)H5Sget_simple_extent_npoints(space);
    int64_t *values = calloc((size_t)length + (size_t)num_zeros, sizeof *values);
    int is_done = values && H5Dread(before, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                    values) >= 0;
    length += (hsize_t)num_zeros;
    (void)H5Sclose(space);
    (void)H5Dclose(before);
    is_done = is_done && H5Ldelete(file, dataset, H5P_DEFAULT) >= 0;
    const hid_t longer = H5Screate_simple(1, &length, NULL);
    const hid_t after =
        H5Dcreate2(file, dataset, type, longer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    is_done = is_done &&
              H5Dwrite(after, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    (void)H5Dclose(after);
    (void)H5Sclose(longer);
    (void)H5Fclose(file);
    free(values);
    return is_done ? H2V_OK
                   : h2v_fail(H2V_ERR_IO, "Cannot rewrite /%s of '%s'", dataset, path);
}

h2v_status patch_remove(const char *path, const char *dataset)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const int is_done = H5Ldelete(file, dataset, H5P_DEFAULT) >= 0;
    (void)H5Fclose(file);
    return is_done ? H2V_OK
                   : h2v_fail(H2V_ERR_IO, "Cannot remove /%s of '%s'", dataset, path);
}
