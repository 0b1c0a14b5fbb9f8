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

#include <stdlib.h>

/* An undirected graph is written in so many stripes, of so many arcs at least. */
enum { MAX_STRIPES = 32, STRIPE_ARCS = 1 << 20, HASH_SLICES = 1024 };

/* Arcs on their way to the file. */
typedef struct stripe {
    uint32_t *targets;
    float *weights; /* NULL if unweighted */
} stripe;

/* A file that is being written, its digest computed meanwhile. */
typedef struct graph_writer {
    hid_t file;
    const h2vi_csr *csr; /* each edge of an undirected graph once, at least */
    const h2vi_ids *ids;
    const int64_t *offsets; /* as they are written */
    h2vi_mirror *mirror;    /* NULL: csr is written as it is */
    int64_t num_stripes;
    int64_t vertices[MAX_STRIPES + 1], arcs[MAX_STRIPES + 1]; /* where stripes begin */
    stripe stripes[2];
    uint64_t low, high; /* of the digest, so far */
    h2v_status status;
} graph_writer;

static h2v_status write_attributes(hid_t file, const h2vi_csr *csr, int64_t num_arcs,
                                   int64_t num_edges, const char *provenance)
{
    h2v_status status = h2vi_hdf5_put_int(file, "directed", csr->directed);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "weighted", csr->weights != NULL);
    if (status == H2V_OK)
        status = h2vi_hdf5_put_int(file, "num_vertices", csr->num_vertices);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "num_arcs", num_arcs);
    if (status == H2V_OK) status = h2vi_hdf5_put_int(file, "num_edges", num_edges);
    if (status == H2V_OK) status = h2vi_hdf5_put_digest(file, "digest", (h2v_digest){0});
    if (status == H2V_OK) status = h2vi_hdf5_put_text(file, "provenance", provenance);
    return status;
}

/* Write the offsets, and make room for the rest. */
static h2v_status prepare_datasets(const graph_writer *w)
{
    const int64_t n = w->csr->num_vertices;
    h2v_status status = h2vi_hdf5_write(w->file, "offsets", H5T_STD_U64LE,
                                        H5T_NATIVE_UINT64, n + 1, 0, w->offsets);
    if (status == H2V_OK)
        status = h2vi_hdf5_reserve(w->file, "targets", H5T_STD_U32LE, w->offsets[n], 0);
    if (status == H2V_OK && w->csr->weights)
        status = h2vi_hdf5_reserve(w->file, "weights", H5T_IEEE_F32LE, w->offsets[n], 0);
    return status;
}

static h2v_status write_arcs(const graph_writer *w, int64_t begin, int64_t end,
                             const uint32_t *targets, const float *weights)
{
    h2v_status status = h2vi_hdf5_write_rows(w->file, "targets", H5T_NATIVE_UINT32, begin,
                                             end - begin, targets);
    if (status == H2V_OK && weights)
        status = h2vi_hdf5_write_rows(w->file, "weights", H5T_NATIVE_FLOAT, begin,
                                      end - begin, weights);
    return status;
}

/* Write stripe k, or all if there is none. */
static h2v_status write_stripe(const graph_writer *w, int64_t k)
{
    if (!w->mirror)
        return write_arcs(w, 0, w->csr->num_arcs, w->csr->targets, w->csr->weights);
    const stripe *s = &w->stripes[k % 2];
    return write_arcs(w, w->arcs[k], w->arcs[k + 1], s->targets, s->weights);
}

/* The first vertex whose row begins at arc `arc` or behind it. */
static int64_t find_row(const int64_t *offsets, int64_t num_vertices, int64_t arc)
{
    int64_t low = 0, high = num_vertices;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (offsets[middle] < arc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where slice i begins of the rows to hash. Slices have about as many arcs, so that each
 * step has its share of the work. */
static int64_t find_slice(const h2vi_csr *csr, int64_t i)
{
    if (i == HASH_SLICES) return csr->num_vertices;
    return find_row(csr->offsets, csr->num_vertices, csr->num_arcs / HASH_SLICES * i);
}

/* Step k: the calling thread writes stripe k - 1 (and the ids at last), another makes
 * stripe k, and whoever is free hashes a share of the rows. */
static void take_step(graph_writer *w, int64_t k)
{
    const int64_t num_steps = w->num_stripes + 1;
    const int64_t first = HASH_SLICES * k / num_steps;
    const int64_t last = HASH_SLICES * (k + 1) / num_steps;
    uint64_t low = 0, high = 0;
#pragma omp parallel reduction(+ : low, high)
    {
#pragma omp master
        {
            if (k > 0 && w->status == H2V_OK) w->status = write_stripe(w, k - 1);
            if (k == w->num_stripes && w->status == H2V_OK)
                w->status = h2vi_hdf5_write_ids(w->file, w->ids);
        }
#pragma omp for schedule(dynamic, 1) nowait
        for (int64_t i = first - 1; i < last; i++) {
            if (i >= first) {
                const h2v_digest sum = h2vi_csr_hash_rows(
                    w->csr, w->ids, find_slice(w->csr, i), find_slice(w->csr, i + 1));
                low += sum.low;
                high += sum.high;
            } else if (w->mirror && k < w->num_stripes) {
                const stripe *s = &w->stripes[k % 2];
                h2vi_mirror_read(w->mirror, w->vertices[k], w->vertices[k + 1], s->targets,
                                 s->weights);
            }
        }
    }
    w->low += low;
    w->high += high;
}

static h2v_status write_file(graph_writer *w, const char *path, int64_t num_edges,
                             const char *provenance)
{
    const int64_t num_arcs = w->offsets[w->csr->num_vertices];
    h2v_status status =
        h2vi_hdf5_create(path, H2VI_GRAPH_FORMAT, H2VI_GRAPH_FORMAT_VERSION, &w->file);
    if (status != H2V_OK) return status;
    status = write_attributes(w->file, w->csr, num_arcs, num_edges, provenance);
    if (status == H2V_OK) status = prepare_datasets(w);
    if (status == H2V_OK) {
        const h2v_digest header = h2vi_csr_hash_header(w->csr, w->ids, num_arcs);
        for (int64_t k = 0; k <= w->num_stripes; k++) take_step(w, k);
        status = w->status;
        if (status == H2V_OK)
            status = h2vi_hdf5_replace_digest(
                w->file, "digest",
                (h2v_digest){.low = header.low + w->low, .high = header.high + w->high});
    }
    const h2v_status closed = h2vi_hdf5_close(w->file, path);
    return status != H2V_OK ? status : closed;
}

h2v_status h2vi_graph_write(const char *path, const h2vi_csr *csr, const h2vi_ids *ids,
                            const char *provenance)
{
    graph_writer w = {.csr = csr, .ids = ids, .offsets = csr->offsets, .num_stripes = 1};
    return write_file(&w, path, h2vi_csr_num_edges(csr), provenance);
}

/* Divide the vertices into stripes of about as many arcs, and make room for two. */
static h2v_status plan_stripes(graph_writer *w)
{
    const int64_t n = w->csr->num_vertices, num_arcs = w->offsets[n];
    const int64_t wanted = num_arcs / STRIPE_ARCS;
    int64_t longest = 0;
    w->num_stripes = wanted < 1 ? 1 : wanted > MAX_STRIPES ? MAX_STRIPES : wanted;
    for (int64_t k = 0; k <= w->num_stripes; k++) {
        w->vertices[k] = k == w->num_stripes
                             ? n
                             : find_row(w->offsets, n, num_arcs / w->num_stripes * k);
        w->arcs[k] = w->offsets[w->vertices[k]];
        if (k > 0 && w->arcs[k] - w->arcs[k - 1] > longest)
            longest = w->arcs[k] - w->arcs[k - 1];
    }
    w->vertices[0] = w->arcs[0] = 0;
    for (int i = 0; i < 2 && i < w->num_stripes; i++) {
        stripe *s = &w->stripes[i];
        s->targets = h2vi_alloc_raw_n(longest, sizeof *s->targets);
        if (w->csr->weights) s->weights = h2vi_alloc_raw_n(longest, sizeof *s->weights);
        if (!s->targets || (w->csr->weights && !s->weights))
            return h2vi_fail_memory("the adjacency");
    }
    return H2V_OK;
}

h2v_status h2vi_graph_write_mirror(const char *path, h2vi_mirror *mirror,
                                   const h2vi_ids *ids, const char *provenance)
{
    graph_writer w = {
        .csr = &mirror->rows, .ids = ids, .offsets = mirror->offsets, .mirror = mirror};
    h2v_status status = plan_stripes(&w);
    if (status == H2V_OK) status = write_file(&w, path, mirror->rows.num_arcs, provenance);
    for (int i = 0; i < 2; i++) {
        free(w.stripes[i].targets);
        free(w.stripes[i].weights);
    }
    return status;
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
