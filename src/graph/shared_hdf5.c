/* SPDX-License-Identifier: MIT */

/* A file that rank 0 has made, open on all ranks. What would fail is found out alone first:
 * an open of all ranks at once may hang if one of them does not see the file. */
#include "hdf5_file.h"

#include "fail.h"
#include "output.h"
#include "wait.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Local. */
static h2v_status find_file(const h2v_world *world, const char *path)
{
    if (access(path, R_OK | W_OK) == 0)
        return world->rank == 0 ? h2vi_output_make_room(path, 0) : H2V_OK;
    return h2v_fail(H2V_ERR_IO, "Cannot open '%s': %s; all hosts must see its directory",
                    path, strerror(errno));
}

h2v_status h2vi_hdf5_open_for_all(const h2v_world *world, const char *path, hid_t *file)
{
    *file = H5I_INVALID_HID;
    h2v_status status = h2v_agree(world, find_file(world, path));
    if (status != H2V_OK) return status;
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    const bool is_set = access_list >= 0 &&
                        H5Pset_fapl_mpio(access_list, world->comm, MPI_INFO_NULL) >= 0 &&
                        H5Pset_all_coll_metadata_ops(access_list, true) >= 0 &&
                        H5Pset_coll_metadata_write(access_list, true) >= 0;
    h2vi_wait_begin("all ranks to open the output");
    if (is_set) *file = H5Fopen(path, H5F_ACC_RDWR, access_list);
    h2vi_wait_end();
    if (access_list >= 0) (void)H5Pclose(access_list);
    if (*file < 0) status = h2v_fail(H2V_ERR_IO, "Cannot open '%s' on all ranks", path);
    status = h2v_agree(world, status);
    if (status != H2V_OK && *file >= 0) {
        (void)H5Fclose(*file);
        *file = H5I_INVALID_HID;
    }
    return status;
}

h2v_status h2vi_hdf5_close_for_all(const h2v_world *world, const char *path, hid_t file)
{
    if (file < 0) return H2V_OK;
    h2vi_wait_begin("all ranks to close the output");
    const herr_t outcome = H5Fclose(file);
    h2vi_wait_end();
    h2v_status status = H2V_OK;
    if (outcome < 0)
        status = h2v_fail(H2V_ERR_IO, "Cannot write '%s'; is the disk full?", path);
    return h2v_agree(world, status);
}
