/* SPDX-License-Identifier: MIT */

/* From text to a graph file, in three acts: read edges and number ids; sort edges into
 * rows; write. Each act releases what the next does not need, which is what keeps the peak
 * low. */
#define _GNU_SOURCE
#include "halo2vec/convert.h"

#include "alloc.h"
#include "clock.h"
#include "csr.h"
#include "edge_mirror.h"
#include "edge_reader.h"
#include "edge_rows.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "id_order.h"
#include "output.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_BYTES = 1 << 19, PROVENANCE_BYTES = 512 };

/* The graph as it takes shape. */
typedef struct conversion {
    const h2v_convert_params *params;
    int num_threads;
    h2vi_id_table *table;
    h2vi_edge_list edges;
    h2vi_ids ids;
    h2vi_csr csr;       /* of a directed graph */
    h2vi_mirror mirror; /* of an undirected one */
    h2v_convert_summary summary;
} conversion;

h2v_convert_params h2v_convert_params_default(void)
{
    return (h2v_convert_params){.num_threads = 1};
}

static int count_allowed_cores(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

static h2v_status check_params(const h2v_convert_params *params)
{
    if (params->num_inputs < 1 || !params->inputs)
        return h2v_fail(H2V_ERR_ARGUMENT, "No input was named; '-' is standard input");
    if (!params->output) return h2v_fail(H2V_ERR_ARGUMENT, "No output was named");
    if (params->delimiter == '\n' || params->delimiter == '\r')
        return h2v_fail(H2V_ERR_ARGUMENT, "The end of a line cannot be the delimiter");
    if (params->num_threads < 0)
        return h2v_fail(H2V_ERR_ARGUMENT, "%d threads cannot be", params->num_threads);
    int num_standard = params->vertices && strcmp(params->vertices, "-") == 0;
    for (int i = 0; i < params->num_inputs; i++)
        num_standard += strcmp(params->inputs[i], "-") == 0;
    if (num_standard > 1)
        return h2v_fail(H2V_ERR_ARGUMENT, "Standard input can be read once, not %d times",
                        num_standard);
    return H2V_OK;
}

/* Act one. */
static h2v_status read_inputs(conversion *c)
{
    const h2v_convert_params *params = c->params;
    h2vi_edge_reader *reader = NULL;
    h2v_status status = h2vi_id_table_create(&c->table);
    if (status != H2V_OK) return status;
    const h2vi_reading reading = {.delimiter = params->delimiter,
                                  .loops = params->keep_self_loops ? H2VI_KEEP_LOOPS
                                                                   : H2VI_DROP_LOOPS,
                                  .directed = params->directed,
                                  .weighted = params->weighted,
                                  .num_threads = c->num_threads,
                                  .segment_bytes = SEGMENT_BYTES,
                                  .table = c->table};
    status = h2vi_edge_reader_create(&reading, &reader);
    for (int i = 0; status == H2V_OK && i < params->num_inputs; i++)
        status = h2vi_edge_reader_read(reader, params->inputs[i], &c->edges);
    if (status == H2V_OK && params->vertices)
        status = h2vi_edge_reader_read_vertices(reader, params->vertices);
    if (status == H2V_OK) {
        const h2vi_reading_counts counts = h2vi_edge_reader_counts(reader);
        c->summary.num_lines = counts.num_lines;
        c->summary.num_text_bytes = counts.num_text_bytes;
        c->summary.num_self_loops = counts.num_self_loops;
    }
    h2vi_edge_reader_destroy(&reader);
    return status;
}

/* The ids in their final order; *new_gids is NULL where that is the order of appearance. */
static h2v_status settle_ids(conversion *c, uint32_t **new_gids)
{
    *new_gids = NULL;
    h2v_status status = h2vi_id_table_take(c->table, &c->ids);
    h2vi_id_table_destroy(&c->table);
    if (status == H2V_OK && c->ids.num_ids == 0)
        return h2v_fail(H2V_ERR_DATA, "%s%s holds no edge and no vertex",
                        strcmp(c->params->inputs[0], "-") == 0 ? "standard input"
                                                               : c->params->inputs[0],
                        c->params->num_inputs > 1 ? " and what follows" : "");
    if (status == H2V_OK && c->params->sort_ids) status = h2vi_ids_sort(&c->ids, new_gids);
    return status;
}

/* Act two. */
static h2v_status build_rows(conversion *c)
{
    uint32_t *new_gids = NULL;
    h2vi_csr rows = {0};
    h2v_status status = settle_ids(c, &new_gids);
    if (status != H2V_OK) goto cleanup;
    const h2vi_rows_plan plan = {.num_vertices = c->ids.num_ids,
                                 .directed = c->params->directed,
                                 .weighted = c->params->weighted,
                                 .new_gids = new_gids,
                                 .ids = &c->ids,
                                 .num_threads = c->num_threads};
    status = h2vi_edge_list_to_rows(&c->edges, &plan, &rows, &c->summary.num_duplicates);
    if (status != H2V_OK) goto cleanup;
    c->summary.num_edges = rows.num_arcs;
    if (c->params->directed)
        c->csr = rows;
    else
        status = h2vi_mirror_create(&rows, c->num_threads, &c->mirror);

cleanup:
    free(new_gids);
    return status;
}

/* Vertices that are on neither side of an arc; those of `targets` are, unless NULL. */
static h2v_status count_isolated(const int64_t *offsets, int64_t num_vertices,
                                 const uint32_t *targets, int64_t *num_isolated)
{
    *num_isolated = 0;
    unsigned char *is_target = NULL;
    if (targets) {
        is_target = h2vi_alloc_n(num_vertices, 1);
        if (!is_target) return h2vi_fail_memory("counting isolated vertices");
        for (int64_t e = 0; e < offsets[num_vertices]; e++) is_target[targets[e]] = 1;
    }
    for (int64_t v = 0; v < num_vertices; v++)
        *num_isolated += offsets[v] == offsets[v + 1] && !(is_target && is_target[v]);
    free(is_target);
    return H2V_OK;
}

/* What was done, in a line, for whoever finds the file: nothing of when and where. */
static void describe(const conversion *c, char *text)
{
    const h2v_convert_summary *s = &c->summary;
    (void)snprintf(text, PROVENANCE_BYTES,
                   "halo2vec convert: %" PRId64 " lines; %" PRId64
                   " duplicates (%s); %" PRId64 " self loops (%s); %" PRId64
                   " isolated vertices; vertices in order of %s",
                   s->num_lines, s->num_duplicates,
                   c->params->weighted ? "weights added" : "kept once", s->num_self_loops,
                   c->params->keep_self_loops ? "kept" : "dropped", s->num_isolated,
                   c->params->sort_ids ? "their ids" : "first appearance");
}

/* Act three. */
static h2v_status write_graph(conversion *c, const char *path)
{
    char provenance[PROVENANCE_BYTES];
    const bool directed = c->params->directed;
    const int64_t n = c->ids.num_ids;
    const int64_t *offsets = directed ? c->csr.offsets : c->mirror.offsets;
    const h2v_status status = count_isolated(offsets, n, directed ? c->csr.targets : NULL,
                                             &c->summary.num_isolated);
    if (status != H2V_OK) return status;
    c->summary.num_vertices = n;
    c->summary.num_arcs = offsets[n];
    c->summary.ids_are_numbers = h2vi_ids_are_numbers(&c->ids);
    describe(c, provenance);
    return directed ? h2vi_graph_write(path, &c->csr, &c->ids, provenance)
                    : h2vi_graph_write_mirror(path, &c->mirror, &c->ids, provenance);
}

static void clear(conversion *c)
{
    h2vi_edge_list_clear(&c->edges);
    h2vi_id_table_destroy(&c->table);
    h2vi_ids_clear(&c->ids);
    h2vi_csr_clear(&c->csr);
    h2vi_mirror_clear(&c->mirror);
}

h2v_status h2v_convert(const h2v_convert_params *params, h2v_convert_summary *summary)
{
    const double start = h2vi_wall_seconds();
    h2vi_output output = {0};
    conversion c = {.params = params};
    *summary = (h2v_convert_summary){0};
    h2v_status status = check_params(params);
    if (status != H2V_OK) return status;
    c.num_threads = params->num_threads > 0 ? params->num_threads : count_allowed_cores();

    status = h2vi_output_begin(
        params->output, params->overwrite ? H2VI_OVERWRITE : H2VI_REFUSE_EXISTING, &output);
    for (int i = 0; status == H2V_OK && i < params->num_inputs; i++)
        status = h2vi_output_spare(&output, params->inputs[i]);
    if (status == H2V_OK) status = h2vi_output_spare(&output, params->vertices);
    if (status == H2V_OK) status = read_inputs(&c);
    if (status == H2V_OK) status = build_rows(&c);
    if (status == H2V_OK) status = write_graph(&c, output.temporary);
    clear(&c);

    const double written = h2vi_wall_seconds();
    if (status == H2V_OK) status = h2vi_output_commit(&output);
    h2vi_output_discard(&output);
    c.summary.seconds = written - start;
    c.summary.flush_seconds = h2vi_wall_seconds() - written;
    if (status == H2V_OK) *summary = c.summary;
    return status;
}
