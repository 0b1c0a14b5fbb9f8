/* SPDX-License-Identifier: MIT */

/* The files of evaluation: see pairs_hdf5.h. */
#include "pairs_hdf5.h"

#include "alloc.h"
#include "fail.h"
#include "hdf5_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of h2v_negatives. */
static const char *const NEGATIVES_NAMES[H2V_NUM_NEGATIVES] = {
    [H2V_NEGATIVES_UNIFORM] = "negatives_uniform",
    [H2V_NEGATIVES_DEGREE] = "negatives_degree"};

struct h2vi_scores_writer {
    char *path;
    hid_t file;
    int64_t num_scores;
};

void h2vi_pairs_clear(h2vi_pairs *pairs)
{
    free(pairs->positives);
    for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++) free(pairs->negatives[kind]);
    *pairs = (h2vi_pairs){0};
}

/* A root attribute that hdf5_file.h has no words for: a fraction, a seed of 64 bits. */
static h2v_status put_scalar(hid_t file, const char *name, hid_t file_type,
                             hid_t memory_type, const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(file, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool is_written = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    if (attribute >= 0) (void)H5Aclose(attribute);
    if (space >= 0) (void)H5Sclose(space);
    return is_written ? H2V_OK
                      : h2v_fail(H2V_ERR_IO, "Cannot write the attribute '%s'", name);
}

static h2v_status get_scalar(hid_t file, const char *name, hid_t memory_type, void *value)
{
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    const hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
    const bool is_read = space >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
                         H5Aread(attribute, memory_type, value) >= 0;
    if (space >= 0) (void)H5Sclose(space);
    if (attribute >= 0) (void)H5Aclose(attribute);
    return is_read
               ? H2V_OK
               : h2v_fail(H2V_ERR_DATA, "The attribute '%s' is missing or no number", name);
}

static h2v_status put_pairs_header(hid_t file, const h2vi_pairs *pairs)
{
    h2v_status status = h2vi_hdf5_put_digest(file, "train_digest", pairs->train_digest);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_digest(file, "graph_digest", pairs->graph_digest);
    if (status == H2V_OK)
        status = put_scalar(file, "fraction", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                            &pairs->fraction);
    if (status == H2V_OK)
        status = put_scalar(file, "seed", H5T_STD_U64LE, H5T_NATIVE_UINT64, &pairs->seed);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "directed", pairs->directed);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "num_vertices", pairs->num_vertices);
    return status;
}

static h2v_status put_pair_list(hid_t file, const char *name, const h2vi_pairs *pairs,
                                const uint32_t *list)
{
    return h2vi_hdf5_write(file, name, H5T_STD_U32LE, H5T_NATIVE_UINT32, pairs->num_pairs,
                           2, list);
}

h2v_status h2vi_pairs_write(const char *path, const h2vi_pairs *pairs)
{
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_create(path, H2VI_PAIRS_FORMAT, H2VI_PAIRS_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = put_pairs_header(file, pairs);
    if (status == H2V_OK)
        status = put_pair_list(file, "positives", pairs, pairs->positives);
    for (int kind = 0; status == H2V_OK && kind < H2V_NUM_NEGATIVES; kind++)
        status = put_pair_list(file, NEGATIVES_NAMES[kind], pairs, pairs->negatives[kind]);
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

static h2v_status get_pairs_header(hid_t file, h2vi_pairs *pairs)
{
    int64_t directed = 0, num_columns = 0;
    h2v_status status = h2vi_hdf5_get_digest(file, "train_digest", &pairs->train_digest);
    if (status == H2V_OK)
        status = h2vi_hdf5_get_digest(file, "graph_digest", &pairs->graph_digest);
    if (status == H2V_OK)
        status = get_scalar(file, "fraction", H5T_NATIVE_DOUBLE, &pairs->fraction);
    if (status == H2V_OK)
        status = get_scalar(file, "seed", H5T_NATIVE_UINT64, &pairs->seed);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "directed", &directed);
    if (status == H2V_OK)
        status = h2vi_hdf5_get_int(file, "num_vertices", &pairs->num_vertices);
    if (status == H2V_OK)
        status = h2vi_hdf5_shape(file, "positives", &pairs->num_pairs, &num_columns);
    pairs->directed = directed != 0;
    return status;
}

static h2v_status check_pair_list(const char *path, const char *name,
                                  const h2vi_pairs *pairs, const uint32_t *list)
{
    for (int64_t i = 0; i < pairs->num_pairs; i++) {
        const uint32_t u = list[2 * i], v = list[2 * i + 1];
        if (u < pairs->num_vertices && v < pairs->num_vertices && u != v) continue;
        return h2v_fail(
            H2V_ERR_DATA,
            "'%s': pair %lld of %s is (%lu, %lu); two of the vertices 0..%lld are "
            "wanted",
            path, (long long)i, name, (unsigned long)u, (unsigned long)v,
            (long long)pairs->num_vertices - 1);
    }
    return H2V_OK;
}

static h2v_status get_pair_list(hid_t file, const char *path, const char *name,
                                const h2vi_pairs *pairs, uint32_t **list)
{
    int64_t num_rows = 0, num_columns = 0;
    h2v_status status = h2vi_hdf5_shape(file, name, &num_rows, &num_columns);
    if (status != H2V_OK) return status;
    if (num_rows != pairs->num_pairs || num_rows < 1 || num_columns != 2)
        return h2v_fail(H2V_ERR_DATA, "'%s': %s is not a list of %lld pairs", path, name,
                        (long long)pairs->num_pairs);
    *list = h2vi_alloc_n(2 * num_rows, sizeof **list);
    if (!*list) return h2vi_fail_memory("pairs");
    status = h2vi_hdf5_read(file, name, H5T_NATIVE_UINT32, 0, num_rows, *list);
    return status != H2V_OK ? status : check_pair_list(path, name, pairs, *list);
}

h2v_status h2vi_pairs_read(const char *path, h2vi_pairs *pairs)
{
    *pairs = (h2vi_pairs){0};
    hid_t file = H5I_INVALID_HID;
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_PAIRS_FORMAT, H2VI_PAIRS_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = get_pairs_header(file, pairs);
    if (status == H2V_OK)
        status = get_pair_list(file, path, "positives", pairs, &pairs->positives);
    for (int kind = 0; status == H2V_OK && kind < H2V_NUM_NEGATIVES; kind++)
        status = get_pair_list(file, path, NEGATIVES_NAMES[kind], pairs,
                               &pairs->negatives[kind]);
    if (status != H2V_OK) h2vi_pairs_clear(pairs);
    (void)H5Fclose(file);
    return status;
}

static h2v_status write_labels(const h2vi_scores_writer *writer)
{
    uint8_t *labels = h2vi_alloc_n(writer->num_scores, sizeof *labels);
    if (!labels) return h2vi_fail_memory("labels");
    memset(labels, 1, (size_t)writer->num_scores / 2);
    const h2v_status status =
        h2vi_hdf5_write(writer->file, "labels", H5T_STD_U8LE, H5T_NATIVE_UINT8,
                        writer->num_scores, 0, labels);
    free(labels);
    return status;
}

h2v_status h2vi_scores_create(const char *path, const h2vi_pairs *pairs, bool is_leaky,
                              h2vi_scores_writer **out)
{
    *out = NULL;
    h2vi_scores_writer *writer = h2vi_alloc(1, sizeof *writer);
    if (!writer) return h2vi_fail_memory("scores");
    *writer = (h2vi_scores_writer){.path = h2vi_alloc(strlen(path) + 1, 1),
                                   .file = H5I_INVALID_HID,
                                   .num_scores = 2 * pairs->num_pairs};
    h2v_status status = H2V_OK;
    if (writer->path)
        memcpy(writer->path, path, strlen(path) + 1);
    else
        status = h2vi_fail_memory("scores");
    if (status == H2V_OK)
        status = h2vi_hdf5_create(path, H2VI_SCORES_FORMAT, H2VI_SCORES_FORMAT_VERSION,
                                  &writer->file);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_digest(writer->file, "train_digest", pairs->train_digest);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(writer->file, "leak", is_leaky);
    if (status == H2V_OK) status = write_labels(writer);
    if (status == H2V_OK) {
        *out = writer;
        return H2V_OK;
    }
    if (writer->file >= 0) (void)H5Fclose(writer->file);
    free(writer->path);
    free(writer);
    return status;
}

h2v_status h2vi_scores_write(h2vi_scores_writer *writer, h2v_scorer scorer,
                             h2v_negatives negatives, const double *scores)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s_%s", h2v_scorer_name(scorer),
                   h2v_negatives_name(negatives));
    return h2vi_hdf5_write(writer->file, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                           writer->num_scores, 0, scores);
}

h2v_status h2vi_scores_close(h2vi_scores_writer **out)
{
    h2vi_scores_writer *writer = *out;
    *out = NULL;
    if (!writer) return H2V_OK;
    const h2v_status status = h2vi_hdf5_close(writer->file, writer->path);
    free(writer->path);
    free(writer);
    return status;
}
