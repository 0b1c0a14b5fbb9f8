/* SPDX-License-Identifier: MIT */

/* Unusual graphs, from their edge lists on: every vertex gets a finite row under its own
 * id, in the order of the graph. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "embedding_hdf5.h"
#include "graph_hdf5.h"
#include "halo2vec/convert.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EDGES "edges"
#define VERTICES "vertices"
#define GRAPH "graph.h5"
#define OUTPUT "output.h5"

/* ---- edge lists, each written by a rule */

static void two_components(FILE *edges, FILE *vertices)
{
    (void)vertices;
    (void)fputs("1 2\n2 3\n3 1\n11 12\n12 13\n13 11\n", edges);
}

static void isolated_but_two(FILE *edges, FILE *vertices)
{
    for (int v = 0; v < 300; v++) (void)fprintf(vertices, "%d\n", v);
    (void)fputs("77 233\n", edges);
}

static void star(FILE *edges, FILE *vertices)
{
    (void)vertices;
    for (int v = 1; v <= 100000; v++) (void)fprintf(edges, "0 %d\n", v);
}

static void cycle(FILE *edges, FILE *vertices)
{
    (void)vertices;
    for (int v = 0; v < 100; v++) (void)fprintf(edges, "%d %d\n", v, (v + 1) % 100);
}

static void one_edge(FILE *edges, FILE *vertices)
{
    (void)vertices;
    (void)fputs("-5 5000000000\n", edges);
}

static void scripts(FILE *edges, FILE *vertices)
{
    (void)vertices;
    (void)fputs("alpha \xCE\xB2\xCE\xAE\xCF\x84\xCE\xB1\n"                    /* Greek */
                "\xCE\xB2\xCE\xAE\xCF\x84\xCE\xB1 \xE4\xB8\xAD\xE6\x96\x87\n" /* Han */
                "\xE4\xB8\xAD\xE6\x96\x87 \xD8\xB9\xD8\xB1\xD8\xA8\n"         /* Arabic */
                "\xD8\xB9\xD8\xB1\xD8\xA8 1\n",
                edges);
}

static void long_id(FILE *edges, FILE *vertices)
{
    (void)vertices;
    for (int i = 0; i < 10000; i++) (void)fputc('a' + i % 26, edges);
    (void)fputs(" b\nb c\n", edges);
}

static const struct graph_case {
    const char *name;
    void (*write)(FILE *edges, FILE *vertices);
    bool directed;
    int64_t num_vertices;
    int parts, walks, walk_length;
    h2v_method method;
} cases[] = {
    {"two components", two_components, false, 6, 2, 5, 10, H2V_METHOD_DEEPWALK},
    {"a part for each vertex", two_components, false, 6, 6, 5, 10, H2V_METHOD_DEEPWALK},
    {"isolated but two", isolated_but_two, false, 300, 4, 5, 10, H2V_METHOD_DEEPWALK},
    {"isolated but two, node2vec", isolated_but_two, false, 300, 7, 5, 10,
     H2V_METHOD_NODE2VEC},
    {"star", star, false, 100001, 0, 1, 5, H2V_METHOD_DEEPWALK},
    {"directed cycle", cycle, true, 100, 3, 5, 10, H2V_METHOD_DEEPWALK},
    {"directed cycle, node2vec", cycle, true, 100, 3, 5, 10, H2V_METHOD_NODE2VEC},
    {"an edge, ranks without", one_edge, false, 2, 2, 5, 10, H2V_METHOD_DEEPWALK},
    {"an arc, walks of one step", one_edge, true, 2, 1, 5, 10, H2V_METHOD_DEEPWALK},
    {"ids in four scripts", scripts, false, 5, 2, 5, 10, H2V_METHOD_DEEPWALK},
    {"an id of 10,000 characters", long_id, false, 3, 0, 5, 10, H2V_METHOD_DEEPWALK},
};

/* Rank 0: edge list to graph file. */
static void make_graph(const struct graph_case *this)
{
    FILE *edges = fopen(EDGES, "w"), *vertices = fopen(VERTICES, "w");
    this->write(edges, vertices);
    (void)fclose(edges);
    (void)fclose(vertices);
    const char *const inputs[] = {EDGES};
    h2v_convert_params params = h2v_convert_params_default();
    h2v_convert_summary summary;
    params.num_inputs = 1;
    params.inputs = inputs;
    params.vertices = VERTICES;
    params.output = GRAPH;
    params.directed = this->directed;
    params.overwrite = true;
    CHECK_EQ(h2v_convert(&params, &summary), H2V_OK);
    CHECK_EQ(summary.num_vertices, this->num_vertices);
}

static bool same_ids(const h2vi_ids *a, const h2vi_ids *b)
{
    if (a->num_ids != b->num_ids || (a->numbers != NULL) != (b->numbers != NULL))
        return false;
    const size_t n = (size_t)a->num_ids;
    if (a->numbers) return memcmp(a->numbers, b->numbers, n * sizeof *a->numbers) == 0;
    return memcmp(a->starts, b->starts, (n + 1) * sizeof *a->starts) == 0 &&
           memcmp(a->text, b->text, (size_t)a->starts[n]) == 0;
}

static void check_output(const struct graph_case *this, int dim)
{
    h2vi_ids of_graph, of_rows;
    h2vi_embedding found;
    CHECK_EQ(h2vi_graph_read_ids(GRAPH, &of_graph), H2V_OK);
    CHECK_EQ(h2vi_embedding_read_ids(OUTPUT, &of_rows), H2V_OK);
    CHECK(same_ids(&of_graph, &of_rows));
    CHECK_EQ(of_rows.num_ids, this->num_vertices);
    CHECK_EQ(h2vi_embedding_read(OUTPUT, &found), H2V_OK);
    CHECK_EQ(found.num_vertices, this->num_vertices);
    CHECK_EQ(found.dim, dim);
    int64_t num_bad = 0, num_zero_rows = 0;
    for (int64_t v = 0; v < found.num_vertices; v++) {
        double norm = 0;
        for (int64_t d = 0; d < dim; d++) {
            const float value = found.vectors[v * dim + d];
            norm += (double)value * value;
            num_bad += !isfinite(value) || !isfinite(found.contexts[v * dim + d]);
        }
        num_zero_rows += norm == 0;
    }
    CHECK_EQ(num_bad, 0);
    CHECK_EQ(num_zero_rows, 0);
    h2vi_ids_clear(&of_graph);
    h2vi_ids_clear(&of_rows);
    h2vi_embedding_clear(&found);
}

static void every_vertex_gets_a_row(const h2v_world *world, const struct graph_case *this)
{
    const int failures = check_num_failures;
    h2v_embed_params params = h2v_embed_params_default();
    const h2v_embed_files files = embed_files_of(GRAPH, OUTPUT);
    params.method = this->method;
    if (this->method == H2V_METHOD_NODE2VEC) params.p = params.q = 2;
    params.dim = 8;
    params.walks = this->walks;
    params.walk_length = this->walk_length;
    params.parts = this->parts;
    if (world->rank == 0) make_graph(this);
    MPI_Barrier(world->comm);
    CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
    if (world->rank == 0) check_output(this, params.dim);
    MPI_Barrier(world->comm);
    if (check_num_failures > failures) (void)fprintf(stderr, "graph: %s\n", this->name);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed_accepted");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        every_vertex_gets_a_row(world, &cases[i]);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
