/* SPDX-License-Identifier: MIT */

/* See embed_files.h. What cannot be made ends the test at once. */
#include "embed_files.h"

#include "dense_graphs.h"
#include "embedding_hdf5.h"
#include "graph_hdf5.h"
#include "halo2vec/convert.h"
#include "random.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "embed_files: %s: %s\n", what, h2v_error_message());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static bool by_chance(uint32_t u, uint32_t v, uint32_t one_in)
{
    return h2vi_random(4, H2VI_FOR_GENERATOR, 0, u, v, 0).w[0] < UINT32_MAX / one_in;
}

/* A ring with chords. */
static bool ring_rule(uint32_t u, uint32_t v)
{
    const uint32_t apart = u > v ? u - v : v - u;
    if (apart == 1 || apart == EMBED_VERTICES - 1) return true;
    return u != v && by_chance(u, v, 20);
}

static bool directed_rule(uint32_t u, uint32_t v)
{
    return u != v && u < 50 && v < 55 && by_chance(u, v, 12);
}

static void write_graph(const char *path, bool directed, bool weighted)
{
    dense_graph graph = dense_make(EMBED_VERTICES, directed, weighted,
                                   directed ? directed_rule : ring_rule);
    must(h2vi_graph_write(path, &graph.csr, &graph.ids, "a test") == H2V_OK, path);
    dense_clear(&graph);
}

void embed_write_graphs(const char *karate_edges)
{
    h2v_convert_params params = h2v_convert_params_default();
    h2v_convert_summary summary;
    params.num_inputs = 1;
    params.inputs = &karate_edges;
    params.output = "karate.h5";
    params.overwrite = true;
    must(h2v_convert(&params, &summary) == H2V_OK, karate_edges);
    write_graph("plain.h5", false, false);
    write_graph("weighted.h5", false, true);
    write_graph("directed.h5", true, false);
}

h2v_embed_params embed_small_params(void)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.dim = 20;
    params.walks = 3;
    params.walk_length = 12;
    params.window = 4;
    params.parts = 5;
    params.rounds = 4;
    params.seed = 7;
    return params;
}

h2v_embed_files embed_files_of(const char *graph, const char *output)
{
    return (h2v_embed_files){
        .graph = graph, .output = output, .with_contexts = true, .overwrite = true};
}

h2v_status embed_quietly(const h2v_world *world, const h2v_embed_params *params,
                         const h2v_embed_files *files)
{
    h2v_embed_report report;
    const h2v_status status = h2v_embed(world, params, files, NULL, NULL, &report);
    h2v_embed_report_clear(&report);
    return status;
}

h2v_status embed_alone_with(const h2v_world *world, const h2v_embed_params *params,
                            const h2v_embed_files *files, const char *output)
{
    h2v_status status = H2V_OK;
    if (world->rank == 0) {
        h2v_world *single = NULL;
        h2v_embed_files its_files = *files;
        its_files.output = output;
        must(h2v_world_create(MPI_COMM_SELF, 1, &single) == H2V_OK, "one rank");
        status = embed_quietly(single, params, &its_files);
        h2v_world_destroy(&single);
    }
    return h2v_agree(world, status);
}

h2v_status embed_alone(const h2v_world *world, const h2v_embed_params *params,
                       const char *graph, const char *output)
{
    const h2v_embed_files files = embed_files_of(graph, output);
    return embed_alone_with(world, params, &files, output);
}

static char *read_file(const char *path, size_t *num_bytes)
{
    FILE *file = fopen(path, "rb");
    *num_bytes = 0;
    if (!file) return NULL;
    (void)fseek(file, 0, SEEK_END);
    const long length = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)length + 1);
    if (bytes) *num_bytes = fread(bytes, 1, (size_t)length, file);
    (void)fclose(file);
    return bytes;
}

bool embed_same_bytes(const char *path, const char *other)
{
    size_t num_bytes = 0, num_other = 0;
    char *a = read_file(path, &num_bytes), *b = read_file(other, &num_other);
    const bool same =
        num_bytes > 0 && num_bytes == num_other && memcmp(a, b, num_bytes) == 0;
    free(a);
    free(b);
    return same;
}

bool embed_other_rows(const char *path, const char *other)
{
    h2vi_embedding a = {0}, b = {0};
    const bool are_there = h2vi_embedding_read(path, &a) == H2V_OK &&
                           h2vi_embedding_read(other, &b) == H2V_OK &&
                           a.num_vertices == b.num_vertices && a.dim == b.dim;
    const bool differ =
        are_there &&
        memcmp(a.vectors, b.vectors, (size_t)(a.num_vertices * a.dim) * sizeof(float)) != 0;
    h2vi_embedding_clear(&a);
    h2vi_embedding_clear(&b);
    return differ;
}

int embed_count_files(void)
{
    int count = 0;
    DIR *directory = opendir(".");
    must(directory != NULL, "the working directory");
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += entry->d_name[0] != '.';
    (void)closedir(directory);
    return count;
}

/* What a run that was cut off left behind. */
static void empty_directory(void)
{
    DIR *directory = opendir(".");
    must(directory != NULL, "the working directory");
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (entry->d_name[0] != '.') (void)unlink(entry->d_name);
    (void)closedir(directory);
}

void embed_enter_directory(const h2v_world *world, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s_%d", name, world->num_ranks);
    if (world->rank == 0) (void)mkdir(path, 0777);
    MPI_Barrier(world->comm);
    must(chdir(path) == 0, path);
    if (world->rank == 0) empty_directory();
    MPI_Barrier(world->comm);
}
