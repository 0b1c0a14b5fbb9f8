/* SPDX-License-Identifier: MIT */

/* What every HDF5 file of ours shares: quiet errors, root attributes, whole datasets. All
 * objects are made without time stamps, so that equal content is equal bytes. hid_t stays
 * out of this header's users that do not speak HDF5: include it from *_hdf5.c only. */
#pragma once

#include <hdf5.h>
#include <stdint.h>

#include "halo2vec/status.h"
#include "halo2vec/types.h"
#include "halo2vec/world.h"
#include "ids.h"

/* Open an existing file for reading. Nothing is printed by HDF5, here and in all functions
 * below. Errors: ERR_IO if it does not exist or cannot be opened; ERR_DATA if it is not
 * HDF5, is truncated, or its root attribute "format" is not `format` ("is a
 * halo2vec-embedding file, not a halo2vec-graph file"), or its format_version is not
 * `version`. `format` may be NULL: any. */
H2V_CHECKED h2v_status h2vi_hdf5_open(const char *path, const char *format, int version,
                                      hid_t *file);

/* Open over an existing, possibly empty, temporary: create anew, with the format
 * attributes. (serial driver). */
H2V_CHECKED h2v_status h2vi_hdf5_create(const char *path, const char *format, int version,
                                        hid_t *file);

/* Close, and report what could not be written. */
H2V_CHECKED h2v_status h2vi_hdf5_close(hid_t file, const char *path);

/* Collective. Open a file that rank 0 has made, for all ranks to write to; from then on
 * every rank makes the same calls in the same order, as parallel HDF5 demands of all that
 * touches metadata. Errors: ERR_IO, also where a host does not see the file. */
H2V_CHECKED h2v_status h2vi_hdf5_open_for_all(const h2v_world *world, const char *path,
                                              hid_t *file);
/* Collective. Close it, unless it is invalid, and report what could not be written. */
H2V_CHECKED h2v_status h2vi_hdf5_close_for_all(const h2v_world *world, const char *path,
                                               hid_t file);

/* Root attributes. Readers: ERR_DATA if missing or of another type. */
H2V_CHECKED h2v_status h2vi_hdf5_put_text(hid_t file, const char *name, const char *text);
H2V_CHECKED h2v_status h2vi_hdf5_put_int(hid_t file, const char *name, int64_t value);
H2V_CHECKED h2v_status h2vi_hdf5_put_unsigned(hid_t file, const char *name, uint64_t value);
H2V_CHECKED h2v_status h2vi_hdf5_put_digest(hid_t file, const char *name,
                                            h2v_digest digest);
/* Give an attribute of put_digest() another value. */
H2V_CHECKED h2v_status h2vi_hdf5_replace_digest(hid_t file, const char *name,
                                                h2v_digest digest);
H2V_CHECKED h2v_status h2vi_hdf5_get_text(hid_t file, const char *name, char **text);
H2V_CHECKED h2v_status h2vi_hdf5_get_int(hid_t file, const char *name, int64_t *value);
H2V_CHECKED h2v_status h2vi_hdf5_get_digest(hid_t file, const char *name,
                                            h2v_digest *digest);

/* Datasets of rank 1 (num_columns = 0) or 2. `file_type` is how it lies in the file, such
 * as H5T_STD_U32LE; `memory_type` how it lies in memory, such as H5T_NATIVE_UINT32. */
H2V_CHECKED h2v_status h2vi_hdf5_write(hid_t file, const char *name, hid_t file_type,
                                       hid_t memory_type, int64_t num_rows,
                                       int64_t num_columns, const void *data);
/* Make the dataset and its space in the file, unwritten: for writers of parts. */
H2V_CHECKED h2v_status h2vi_hdf5_reserve(hid_t file, const char *name, hid_t file_type,
                                         int64_t num_rows, int64_t num_columns);
/* Write rows [first, first + num_rows) of a dataset of rank 1 that was reserved. */
H2V_CHECKED h2v_status h2vi_hdf5_write_rows(hid_t file, const char *name, hid_t memory_type,
                                            int64_t first, int64_t num_rows,
                                            const void *data);
/* Shape of a dataset; num_columns = 0 if it is of rank 1. */
H2V_CHECKED h2v_status h2vi_hdf5_shape(hid_t file, const char *name, int64_t *num_rows,
                                       int64_t *num_columns);
/* Read rows [first, first + num_rows). ERR_DATA if the dataset is missing or shorter. */
H2V_CHECKED h2v_status h2vi_hdf5_read(hid_t file, const char *name, hid_t memory_type,
                                      int64_t first, int64_t num_rows, void *data);

/* /ids: int64, or variable-length UTF-8 strings. */
H2V_CHECKED h2v_status h2vi_hdf5_write_ids(hid_t file, const h2vi_ids *ids);
H2V_CHECKED h2v_status h2vi_hdf5_read_ids(hid_t file, h2vi_ids *ids);
