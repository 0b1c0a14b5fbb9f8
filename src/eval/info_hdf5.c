/* SPDX-License-Identifier: MIT */

/* Describe a file: see info.h. The header is told as it stands: every root attribute under
 * its own name and every dataset with its type and shape, so that the description cannot
 * fall behind the formats. The check reads all of it with the reader that the rest of the
 * program uses, and then what only a check looks at. */
#include "halo2vec/info.h"

#include "alloc.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "hdf5_file.h"
#include "pairs_hdf5.h"
#include "walks_hdf5.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_ARRAY = 16 };

static json_t *describe_unsigned(uint64_t value)
{
    char text[32];
    if (value <= INT64_MAX) return json_integer((json_int_t)value);
    (void)snprintf(text, sizeof text, "%" PRIu64, value); /* beyond JSON's integers */
    return json_string(text);
}

/* A digest is two words in the file, the low one first, and one hexadecimal number here. */
static json_t *describe_digest(const uint64_t words[2])
{
    char text[40];
    (void)snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, words[1], words[0]);
    return json_string(text);
}

static json_t *describe_integers(hid_t attribute, bool is_signed, int64_t count)
{
    uint64_t words[MAX_ARRAY] = {0};
    if (count < 1 || count > MAX_ARRAY ||
        H5Aread(attribute, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, words) < 0)
        return NULL;
    if (count == 2 && !is_signed) return describe_digest(words);
    json_t *all = json_array();
    for (int64_t i = 0; i < count; i++) {
        json_t *one = is_signed ? json_integer((json_int_t)(int64_t)words[i])
                                : describe_unsigned(words[i]);
        if (count == 1) {
            json_decref(all);
            return one;
        }
        (void)json_array_append_new(all, one);
    }
    return all;
}

static json_t *describe_number(hid_t attribute, int64_t count)
{
    double value = 0.0;
    if (count != 1 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0) return NULL;
    return json_real(value); /* NULL if not finite */
}

/* Text; where it is itself a JSON object, such as an embedding's parameters, that object.
 */
static json_t *describe_text(hid_t file, const char *name)
{
    char *text = NULL;
    if (h2vi_hdf5_get_text(file, name, &text) != H2V_OK) return NULL;
    json_t *value = text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    if (!value) value = json_string(text);
    free(text);
    return value;
}

static json_t *describe_attribute(hid_t file, const char *name)
{
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    const hid_t type = attribute < 0 ? H5I_INVALID_HID : H5Aget_type(attribute);
    const hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
    const int64_t count = space < 0 ? 0 : (int64_t)H5Sget_simple_extent_npoints(space);
    json_t *value = NULL;
    switch (type < 0 ? H5T_NO_CLASS : H5Tget_class(type)) {
    case H5T_INTEGER:
        value = describe_integers(attribute, H5Tget_sign(type) != H5T_SGN_NONE, count);
        break;
    case H5T_FLOAT:
        value = describe_number(attribute, count);
        break;
    case H5T_STRING:
        value = describe_text(file, name);
        break;
    default:
        break;
    }
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    if (attribute >= 0) (void)H5Aclose(attribute);
    return value;
}

/* What H5Aiterate2 and H5Literate hand on. */
static herr_t add_attribute(hid_t file, const char *name, const H5A_info_t *info,
                            void *object)
{
    (void)info;
    json_t *value = describe_attribute(file, name);
    return json_object_set_new(object, name, value ? value : json_null()) == 0 ? 0 : -1;
}

static const char *type_name(hid_t dataset, size_t num_bytes, char *name)
{
    const hid_t type = H5Dget_type(dataset);
    const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    const size_t num_bits = type < 0 ? 0 : 8 * H5Tget_size(type);
    if (class == H5T_INTEGER)
        (void)snprintf(name, num_bytes, "%c%zu",
                       H5Tget_sign(type) == H5T_SGN_NONE ? 'u' : 'i', num_bits);
    else if (class == H5T_FLOAT)
        (void)snprintf(name, num_bytes, "f%zu", num_bits);
    else
        (void)snprintf(name, num_bytes, "%s", class == H5T_STRING ? "string" : "other");
    if (type >= 0) (void)H5Tclose(type);
    return name;
}

static herr_t add_dataset(hid_t file, const char *name, const H5L_info_t *info,
                          void *object)
{
    (void)info;
    char type[32];
    hsize_t extents[H5S_MAX_RANK] = {0};
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0) return 0; /* a group, or what else others may have added */
    const hid_t space = H5Dget_space(dataset);
    const int rank = space < 0 ? 0 : H5Sget_simple_extent_dims(space, extents, NULL);
    json_t *shape = json_array();
    for (int i = 0; i < rank; i++)
        (void)json_array_append_new(shape, json_integer((json_int_t)extents[i]));
    json_t *entry = json_pack("{s:s, s:o}", "type", type_name(dataset, sizeof type, type),
                              "shape", shape);
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return entry && json_object_set_new(object, name, entry) == 0 ? 0 : -1;
}

/* The format's name, which tells our files from others. */
static h2v_status read_format(hid_t file, const char *path, char **format)
{
    h2v_status status = h2vi_hdf5_get_text(file, "format", format);
    if (status == H2V_ERR_NOMEM) return status;
    if (status == H2V_OK && strncmp(*format, "halo2vec-", strlen("halo2vec-")) == 0)
        return H2V_OK;
    free(*format);
    *format = NULL;
    return h2v_fail(H2V_ERR_DATA, "'%s' is an HDF5 file, but not one of halo2vec's", path);
}

/* `format` first, then the other attributes and the datasets, by name. */
static h2v_status describe_header(hid_t file, const char *path, const char *format,
                                  json_t **out)
{
    struct stat properties = {0};
    json_t *all = json_object();
    json_t *datasets = json_object();
    (void)json_object_set_new(all, "format", json_string(format));
    const bool is_read =
        H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, add_attribute, all) >= 0 &&
        H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, NULL, add_dataset, datasets) >= 0 &&
        json_object_set_new(all, "datasets", datasets) == 0;
    if (is_read && stat(path, &properties) == 0)
        (void)json_object_set_new(all, "file_bytes",
                                  json_integer((json_int_t)properties.st_size));
    if (!is_read) {
        json_decref(all);
        return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: its header cannot be read", path);
    }
    *out = all;
    return H2V_OK;
}

static h2v_status check_graph(const char *path, json_t *found)
{
    h2vi_csr csr = {0};
    h2vi_ids ids = {0};
    h2v_digest stored = {0, 0};
    h2v_status status = h2vi_graph_read(path, &csr, &ids, &stored);
    if (status == H2V_OK) status = h2vi_csr_check(&csr);
    if (status == H2V_OK) {
        const h2v_digest digest = h2vi_csr_digest(&csr, &ids);
        int64_t num_isolated = 0, largest = 0;
        for (int64_t v = 0; v < csr.num_vertices; v++) {
            const int64_t degree = csr.offsets[v + 1] - csr.offsets[v];
            num_isolated += degree == 0;
            if (degree > largest) largest = degree;
        }
        (void)json_object_set_new(found, "num_empty_rows", json_integer(num_isolated));
        (void)json_object_set_new(found, "largest_row", json_integer(largest));
        if (memcmp(&digest, &stored, sizeof digest) != 0)
            status = h2v_fail(H2V_ERR_DATA,
                              "'%s' is damaged: its digest is not that of its edges", path);
    }
    h2vi_ids_clear(&ids);
    h2vi_csr_clear(&csr);
    return status;
}

static h2v_status check_rows(const char *path, const char *name, int64_t num_rows,
                             int64_t dim, const float *rows, json_t *found)
{
    double sum = 0.0;
    for (int64_t v = 0; rows && v < num_rows; v++) {
        double squares = 0.0;
        for (int64_t d = 0; d < dim; d++)
            squares += (double)rows[v * dim + d] * (double)rows[v * dim + d];
        if (!isfinite(squares))
            return h2v_fail(H2V_ERR_DATA, "'%s': row %lld of /%s is not finite", path,
                            (long long)v, name);
        sum += sqrt(squares);
    }
    if (rows && num_rows > 0)
        (void)json_object_set_new(found, name,
                                  json_pack("{s:f}", "mean_norm", sum / (double)num_rows));
    return H2V_OK;
}

static h2v_status check_embedding(const char *path, json_t *found)
{
    h2vi_embedding embedding = {0};
    h2vi_ids ids = {0};
    h2v_status status = h2vi_embedding_read(path, &embedding);
    if (status == H2V_OK) status = h2vi_embedding_read_ids(path, &ids);
    const int64_t n = embedding.num_vertices, dim = embedding.dim;
    if (status == H2V_OK && ids.num_ids != n)
        status = h2v_fail(H2V_ERR_DATA, "'%s' has %lld ids for %lld rows", path,
                          (long long)ids.num_ids, (long long)n);
    if (status == H2V_OK)
        status = check_rows(path, "embeddings", n, dim, embedding.vectors, found);
    if (status == H2V_OK)
        status = check_rows(path, "contexts", n, dim, embedding.contexts, found);
    h2vi_ids_clear(&ids);
    h2vi_embedding_clear(&embedding);
    return status;
}

static h2v_status check_pairs(const char *path, json_t *found)
{
    h2vi_pairs pairs = {0};
    const h2v_status status = h2vi_pairs_read(path, &pairs);
    if (status == H2V_OK)
        (void)json_object_set_new(found, "num_pairs", json_integer(pairs.num_pairs));
    h2vi_pairs_clear(&pairs);
    return status;
}

static h2v_status check_score_list(hid_t file, const char *path, const char *name,
                                   int64_t num_scores, double *scores)
{
    int64_t num_rows = 0, num_columns = 0;
    h2v_status status = h2vi_hdf5_shape(file, name, &num_rows, &num_columns);
    if (status == H2V_OK && (num_rows != num_scores || num_columns != 0))
        status = h2v_fail(H2V_ERR_DATA, "'%s': /%s does not hold a score for each label",
                          path, name);
    if (status == H2V_OK)
        status = h2vi_hdf5_read(file, name, H5T_NATIVE_DOUBLE, 0, num_rows, scores);
    for (int64_t i = 0; status == H2V_OK && i < num_rows; i++)
        if (!isfinite(scores[i]))
            status = h2v_fail(H2V_ERR_DATA, "'%s': score %lld of /%s is not finite", path,
                              (long long)i, name);
    return status;
}

static h2v_status check_scores(const char *path, json_t *found)
{
    hid_t file = H5I_INVALID_HID;
    int64_t num_scores = 0, num_columns = 0, num_lists = 0;
    h2v_status status = h2vi_hdf5_open(path, NULL, 0, &file);
    if (status != H2V_OK) return status;
    status = h2vi_hdf5_shape(file, "labels", &num_scores, &num_columns);
    double *scores = h2vi_alloc_n(num_scores, sizeof *scores);
    if (status == H2V_OK && !scores) status = h2vi_fail_memory("scores");
    for (int scorer = 0; scorer < H2V_NUM_SCORERS; scorer++) {
        for (int kind = 0; status == H2V_OK && kind < H2V_NUM_NEGATIVES; kind++) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s_%s", h2v_scorer_name((h2v_scorer)scorer),
                           h2v_negatives_name((h2v_negatives)kind));
            if (H5Lexists(file, name, H5P_DEFAULT) <= 0) continue; /* a scorer left out */
            status = check_score_list(file, path, name, num_scores, scores);
            num_lists++;
        }
    }
    (void)json_object_set_new(found, "num_score_lists", json_integer(num_lists));
    free(scores);
    (void)H5Fclose(file);
    return status;
}

static h2v_status check_sizes(const char *path, int64_t num_vertices, const uint32_t *parts,
                              int64_t num_parts, json_t *found)
{
    int64_t *sizes = h2vi_alloc_n(num_parts, sizeof *sizes);
    if (!sizes) return h2vi_fail_memory("the sizes of parts");
    h2v_status status = H2V_OK;
    for (int64_t v = 0; status == H2V_OK && v < num_vertices; v++) {
        if (parts[v] < num_parts)
            sizes[parts[v]]++;
        else
            status =
                h2v_fail(H2V_ERR_DATA, "'%s': vertex %lld is in part %lu of %lld", path,
                         (long long)v, (unsigned long)parts[v], (long long)num_parts);
    }
    int64_t largest = 0, num_empty = 0;
    for (int64_t p = 0; p < num_parts; p++) {
        if (sizes[p] > largest) largest = sizes[p];
        num_empty += sizes[p] == 0;
    }
    (void)json_object_set_new(found, "largest_part", json_integer(largest));
    (void)json_object_set_new(found, "num_empty_parts", json_integer(num_empty));
    free(sizes);
    return status;
}

static h2v_status check_partition(const char *path, json_t *found)
{
    hid_t file = H5I_INVALID_HID;
    int64_t num_vertices = 0, num_parts = 0, num_rows = 0, num_columns = 0;
    uint32_t *parts = NULL;
    h2v_status status = h2vi_hdf5_open(path, NULL, 0, &file);
    if (status != H2V_OK) return status;
    status = h2vi_hdf5_get_int(file, "num_vertices", &num_vertices);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "parts", &num_parts);
    if (status == H2V_OK) status = h2vi_hdf5_shape(file, "parts", &num_rows, &num_columns);
    if (status == H2V_OK && (num_rows != num_vertices || num_columns != 0 ||
                             num_parts < 1 || num_parts > H2V_MAX_VERTICES))
        status =
            h2v_fail(H2V_ERR_DATA, "'%s' holds the parts of %lld vertices, not of %lld",
                     path, (long long)num_rows, (long long)num_vertices);
    if (status != H2V_OK) goto cleanup;

    parts = h2vi_alloc_n(num_rows, sizeof *parts);
    status = parts ? h2vi_hdf5_read(file, "parts", H5T_NATIVE_UINT32, 0, num_rows, parts)
                   : h2vi_fail_memory("a partition");
    if (status == H2V_OK) status = check_sizes(path, num_vertices, parts, num_parts, found);

cleanup:
    free(parts);
    (void)H5Fclose(file);
    return status;
}

static h2v_status check_walks(const char *path, json_t *found)
{
    h2vi_walks_found walks;
    const h2v_status status = h2vi_walks_check(path, &walks);
    (void)json_object_set_new(found, "num_walks", json_integer(walks.num_walks));
    (void)json_object_set_new(found, "shortest_walk", json_integer(walks.shortest));
    (void)json_object_set_new(found, "longest_walk", json_integer(walks.longest));
    if (walks.num_walks > 0)
        (void)json_object_set_new(
            found, "mean_length",
            json_real((double)walks.num_visits / (double)walks.num_walks));
    return status;
}

/* Read everything, and add what was found. */
static h2v_status check_file(const char *path, const char *format, json_t *all)
{
    static const struct {
        const char *format;
        h2v_status (*check)(const char *path, json_t *found);
    } checks[] = {
        {H2VI_GRAPH_FORMAT, check_graph},        {H2VI_EMBEDDING_FORMAT, check_embedding},
        {H2VI_PAIRS_FORMAT, check_pairs},        {H2VI_SCORES_FORMAT, check_scores},
        {"halo2vec-partition", check_partition}, {H2VI_WALKS_FORMAT, check_walks},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (strcmp(checks[i].format, format) != 0) continue;
        json_t *found = json_object();
        const h2v_status status = checks[i].check(path, found);
        (void)json_object_set_new(found, "passed", json_boolean(status == H2V_OK));
        (void)json_object_set_new(all, "check", found);
        return status;
    }
    return h2v_fail(H2V_ERR_DATA, "'%s' is a %.64s file, which this program cannot check",
                    path, format);
}

h2v_status h2v_info(const char *path, h2v_info_depth depth, char **json)
{
    *json = NULL;
    hid_t file = H5I_INVALID_HID;
    h2v_status status = h2vi_hdf5_open(path, NULL, 0, &file);
    if (status != H2V_OK) return status;

    char *format = NULL;
    json_t *all = NULL;
    status = read_format(file, path, &format);
    if (status == H2V_OK) status = describe_header(file, path, format, &all);
    (void)H5Fclose(file);
    if (status == H2V_OK && depth == H2V_INFO_CHECK) status = check_file(path, format, all);
    if (status == H2V_OK) {
        *json = json_dumps(all, JSON_INDENT(2));
        if (!*json) status = h2vi_fail_memory("a description");
    }
    json_decref(all);
    free(format);
    return status;
}
