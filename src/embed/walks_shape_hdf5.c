/* SPDX-License-Identifier: MIT */

#include "walks_shape.h"

#include "fail.h"
#include "hdf5_file.h"

#include <stdbool.h>

static bool is_unsigned(hid_t file, const char *name)
{
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    const bool is =
        type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
    if (type >= 0) (void)H5Tclose(type);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return is;
}

static h2v_status check_list(hid_t file, const char *path, const char *name,
                             int64_t *num_rows)
{
    int64_t num_columns = 0;
    const h2v_status status = h2vi_hdf5_shape(file, name, num_rows, &num_columns);
    if (status != H2V_OK) return status;
    if (num_columns == 0 && is_unsigned(file, name)) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: /%s is no list of unsigned integers",
                    path, name);
}

h2v_status h2vi_walks_shape(int64_t file, const char *path, int64_t *num_walks,
                            int64_t *num_visits)
{
    int64_t num_offsets = 0, first = 0, last = 0;
    *num_walks = 0;
    h2v_status status = check_list(file, path, "offsets", &num_offsets);
    if (status == H2V_OK) status = check_list(file, path, "walks", num_visits);
    if (status != H2V_OK) return status;
    if (num_offsets < 1)
        return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: /offsets is empty", path);
    *num_walks = num_offsets - 1;
    status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, 0, 1, &first);
    if (status == H2V_OK)
        status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_INT64, *num_walks, 1, &last);
    if (status == H2V_OK && (first != 0 || last != *num_visits))
        status =
            h2v_fail(H2V_ERR_DATA, "'%s' is damaged: offsets do not span the visits", path);
    return status;
}
