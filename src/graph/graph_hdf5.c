/* SPDX-License-Identifier: MIT */

/* The graph file, written and read whole by one rank. Offsets lie in the file as unsigned
 * numbers and in memory as int64_t: the bytes are the same, so HDF5 copies and converts
 * nothing. Reading checks what can be checked in one pass over the offsets; that targets
 * are in range is checked too, since whoever walks the graph trusts them. The digest takes
 * its place when all else is written: one thread waits for the disk while others hash. */
#include "graph_hdf5.h"

#include "alloc.h"
#include "fail.h"
#include "hdf5_file.h"

/* A file that is being written, its digest computed meanwhile. */
typedef struct graph_writer {
    hid_t file;
    const h2vi_csr *csr;
    const h2vi_ids *ids;
    h2v_status status;
} graph_writer;

static h2v_status write_attributes(hid_t file, const h2vi_csr *csr, const char *provenance)
{
    h2v_status status = h2vi_hdf5_put_int(file, "directed", csr->directed);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "weighted", csr->weights != NULL);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "num_vertices", csr->num_vertices);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "num_arcs", csr->num_arcs);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "num_edges", h2vi_csr_num_edges(csr));
    if (status == H2V_OK) status = h2vi_hdf5_put_digest(file, "digest", (h2v_digest){0});
    if (status == H2V_OK) status = h2vi_hdf5_put_text(file, "provenance", provenance);
    return status;
}

static h2v_status write_adjacency(hid_t file, const h2vi_csr *csr)
{
    h2v_status status = h2vi_hdf5_write(file, "offsets", H5T_STD_U64LE, H5T_NATIVE_UINT64,
                                        csr->num_vertices + 1, 0, csr->offsets);
    if (status == H2V_OK)
        status = h2vi_hdf5_write(file, "targets", H5T_STD_U32LE, H5T_NATIVE_UINT32,
                                 csr->num_arcs, 0, csr->targets);
    if (status == H2V_OK && csr->weights)
        status = h2vi_hdf5_write(file, "weights", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT,
                                 csr->num_arcs, 0, csr->weights);
    return status;
}

static void write_datasets(void *argument)
{
    graph_writer *writer = argument;
    writer->status = write_adjacency(writer->file, writer->csr);
    if (writer->status == H2V_OK)
        writer->status = h2vi_hdf5_write_ids(writer->file, writer->ids);
}

h2v_status h2vi_graph_write(const char *path, const h2vi_csr *csr, const h2vi_ids *ids,
                            const char *provenance)
{
    hid_t file;
    h2v_status status =
        h2vi_hdf5_create(path, H2VI_GRAPH_FORMAT, H2VI_GRAPH_FORMAT_VERSION, &file);
    if (status != H2V_OK) return status;
    status = write_attributes(file, csr, provenance);
    if (status == H2V_OK) {
        graph_writer writer = {.file = file, .csr = csr, .ids = ids};
        const h2v_digest digest = h2vi_csr_digest_beside(csr, ids, write_datasets, &writer);
        status = writer.status;
        if (status == H2V_OK) status = h2vi_hdf5_replace_digest(file, "digest", digest);
    }
    const h2v_status closed = h2vi_hdf5_close(file, path);
    return status != H2V_OK ? status : closed;
}

/* A dataset must have the rows that the attributes promise. */
static h2v_status check_rows(hid_t file, const char *path, const char *name,
                             int64_t expected)
{
    int64_t num_rows = 0, num_columns = 0;
    const h2v_status status = h2vi_hdf5_shape(file, name, &num_rows, &num_columns);
    if (status != H2V_OK) return status;
    if (num_rows == expected && num_columns == 0) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "/%s of '%s' has %lld rows, not %lld: it is damaged",
                    name, path, (long long)num_rows, (long long)expected);
}

static h2v_status check_header(hid_t file, const char *path,
                               const h2vi_graph_header *header)
{
    if (header->num_vertices < 1 || header->num_vertices > H2V_MAX_VERTICES ||
        header->num_arcs < 0)
        return h2v_fail(H2V_ERR_DATA,
                        "'%s' claims %lld vertices and %lld arcs: it is damaged", path,
                        (long long)header->num_vertices, (long long)header->num_arcs);
    h2v_status status = check_rows(file, path, "offsets", header->num_vertices + 1);
    if (status == H2V_OK) status = check_rows(file, path, "targets", header->num_arcs);
    if (status == H2V_OK && header->weighted)
        status = check_rows(file, path, "weights", header->num_arcs);
    if (status == H2V_OK) status = check_rows(file, path, "ids", header->num_vertices);
    return status;
}

static h2v_status read_header(hid_t file, const char *path, h2vi_graph_header *header)
{
    int64_t directed = 0, weighted = 0;
    *header = (h2vi_graph_header){0};
    h2v_status status = h2vi_hdf5_get_int(file, "directed", &directed);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "weighted", &weighted);
    if (status == H2V_OK)
        status = h2vi_hdf5_get_int(file, "num_vertices", &header->num_vertices);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "num_arcs", &header->num_arcs);
    if (status == H2V_OK) status = h2vi_hdf5_get_int(file, "num_edges", &header->num_edges);
    if (status == H2V_OK) status = h2vi_hdf5_get_digest(file, "digest", &header->digest);
    header->directed = directed != 0;
    header->weighted = weighted != 0;
    return status == H2V_OK ? check_header(file, path, header) : status;
}

static h2v_status open_graph(const char *path, hid_t *file, h2vi_graph_header *header)
{
    h2v_status status =
        h2vi_hdf5_open(path, H2VI_GRAPH_FORMAT, H2VI_GRAPH_FORMAT_VERSION, file);
    if (status != H2V_OK) return status;
    status = read_header(*file, path, header);
    if (status != H2V_OK) (void)H5Fclose(*file);
    return status;
}

h2v_status h2vi_graph_read_header(const char *path, h2vi_graph_header *header)
{
    hid_t file;
    const h2v_status status = open_graph(path, &file, header);
    if (status == H2V_OK) (void)H5Fclose(file);
    return status;
}

static h2v_status read_adjacency(hid_t file, const h2vi_graph_header *header, h2vi_csr *csr)
{
    *csr = (h2vi_csr){.num_vertices = header->num_vertices,
                      .num_arcs = header->num_arcs,
                      .directed = header->directed};
    csr->offsets = h2vi_alloc_n(csr->num_vertices + 1, sizeof *csr->offsets);
    csr->targets = h2vi_alloc_n(csr->num_arcs, sizeof *csr->targets);
    if (header->weighted) csr->weights = h2vi_alloc_n(csr->num_arcs, sizeof *csr->weights);
    if (!csr->offsets || !csr->targets || (header->weighted && !csr->weights))
        return h2vi_fail_memory("a graph");

    h2v_status status = h2vi_hdf5_read(file, "offsets", H5T_NATIVE_UINT64, 0,
                                       csr->num_vertices + 1, csr->offsets);
    if (status == H2V_OK)
        status = h2vi_hdf5_read(file, "targets", H5T_NATIVE_UINT32, 0, csr->num_arcs,
                                csr->targets);
    if (status == H2V_OK && header->weighted)
        status = h2vi_hdf5_read(file, "weights", H5T_NATIVE_FLOAT, 0, csr->num_arcs,
                                csr->weights);
    return status;
}

/* What every reader relies on; h2vi_csr_check() checks the rest. */
static h2v_status check_bounds(const char *path, const h2vi_csr *csr)
{
    bool is_sound =
        csr->offsets[0] == 0 && csr->offsets[csr->num_vertices] == csr->num_arcs;
    for (int64_t v = 0; v < csr->num_vertices; v++)
        is_sound &= csr->offsets[v] <= csr->offsets[v + 1];
    uint32_t largest = 0;
    for (int64_t e = 0; e < csr->num_arcs; e++)
        largest = csr->targets[e] > largest ? csr->targets[e] : largest;
    if (is_sound && largest < csr->num_vertices) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "'%s' is damaged: %s", path,
                    is_sound ? "a target is not a vertex"
                             : "its offsets are not ascending");
}

h2v_status h2vi_graph_read(const char *path, h2vi_csr *csr, h2vi_ids *ids,
                           h2v_digest *digest)
{
    hid_t file;
    h2vi_graph_header header;
    *csr = (h2vi_csr){0};
    if (ids) *ids = (h2vi_ids){0};
    h2v_status status = open_graph(path, &file, &header);
    if (status != H2V_OK) return status;
    status = read_adjacency(file, &header, csr);
    if (status == H2V_OK) status = check_bounds(path, csr);
    if (status == H2V_OK && ids) status = h2vi_hdf5_read_ids(file, ids);
    if (status != H2V_OK) h2vi_csr_clear(csr);
    if (digest) *digest = header.digest;
    (void)H5Fclose(file);
    return status;
}

h2v_status h2vi_graph_read_ids(const char *path, h2vi_ids *ids)
{
    hid_t file;
    h2vi_graph_header header;
    *ids = (h2vi_ids){0};
    h2v_status status = open_graph(path, &file, &header);
    if (status != H2V_OK) return status;
    status = h2vi_hdf5_read_ids(file, ids);
    (void)H5Fclose(file);
    return status;
}
