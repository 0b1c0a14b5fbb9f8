/* SPDX-License-Identifier: MIT */

/* The graph file (DESIGN: root attributes format="halo2vec-graph", format_version,
 * directed, weighted, digest, num_vertices, num_arcs, num_edges, provenance; /offsets u64
 * [n+1], /targets u32 [m], /weights f32 [m] if weighted, /ids int64 [n] or UTF-8 strings
 * [n]), read whole on one rank here; h2v_graph_load() reads slices. */
#pragma once

#include "csr.h"
#include "edge_mirror.h"
#include "halo2vec/status.h"
#include "ids.h"

enum { H2VI_GRAPH_FORMAT_VERSION = 1 };
#define H2VI_GRAPH_FORMAT "halo2vec-graph"

/* Local. Write to `path`, which the caller got from h2vi_output_begin(). The file's bytes
 * are a function of the arguments (no times, no machine). `provenance` is one line of text.
 */
H2V_CHECKED h2v_status h2vi_graph_write(const char *path, const h2vi_csr *csr,
                                        const h2vi_ids *ids, const char *provenance);

/* Local. The same file of a graph whose arcs are both directions of what `mirror` has; they
 * are read from it, so that it is of no use afterwards. */
H2V_CHECKED h2v_status h2vi_graph_write_mirror(const char *path, h2vi_mirror *mirror,
                                               const h2vi_ids *ids, const char *provenance);

/* What can be told without reading the adjacency. */
typedef struct h2vi_graph_header {
    int64_t num_vertices;
    int64_t num_arcs;
    int64_t num_edges;
    bool directed;
    bool weighted;
    h2v_digest digest;
} h2vi_graph_header;

/* Local. Read and check the attributes, and that every dataset has the rows they promise.
 * Errors as h2vi_graph_read(). */
H2V_CHECKED h2v_status h2vi_graph_read_header(const char *path, h2vi_graph_header *header);

/* Local. Read all; `ids` and `digest` may be NULL. `digest` is the stored one. Errors:
 * ERR_IO if it cannot be opened, ERR_DATA if it is not a graph file, is of a newer version,
 * or is truncated. */
H2V_CHECKED h2v_status h2vi_graph_read(const char *path, h2vi_csr *csr, h2vi_ids *ids,
                                       h2v_digest *digest);

/* Local. Only the ids. */
H2V_CHECKED h2v_status h2vi_graph_read_ids(const char *path, h2vi_ids *ids);
