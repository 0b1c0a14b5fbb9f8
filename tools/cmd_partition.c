/* SPDX-License-Identifier: MIT */

/* partition: cut a graph, say how well, and store the parts if asked. */
#include "cli.h"
#include "commands.h"
#include "side_output.h"
#include "training_options.h"

#include "halo2vec/embed.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const cli_command command = {
    .name = "partition",
    .synopsis = "GRAPH --parts N [options]",
    .purpose = "Cut a graph into parts, and say how well.",
    .notes = "Balance is the largest part over the mean: 1 is perfect. METIS and "
             "Fennel balance visits\n"
             "of trial walks, the work that training will find at each vertex; the walk "
             "options\n"
             "are those of embed.\n\n"
             "Examples:\n"
             "  halo2vec partition graph.h5 --parts 8\n"
             "  mpirun -n 2 halo2vec partition graph.h5 --parts 32 -o parts.h5",
    .min_arguments = 1,
    .max_arguments = 1,
};

/* FastRP does not walk; it takes parts by arcs. */
static const char *const walk_names[] = {"deepwalk", "node2vec", 0};

typedef struct partition_settings {
    const char *graph, *output;
    h2v_embed_params params;
    int method, partitioner, num_threads, comm_timeout;
    bool overwrite, as_json;
} partition_settings;

static void print_quality(const partition_settings *settings, int num_parts,
                          const h2v_partition_quality *quality)
{
    const double share =
        quality->num_edges > 0 ? (double)quality->edge_cut / (double)quality->num_edges : 0;
    if (!settings->as_json) {
        (void)printf("parts: %d\npartitioner: %s\nedge_cut: %lld of %lld "
                     "(%.4f)\nvertex_balance: %.4f\n"
                     "arc_balance: %.4f\nvisit_balance: %.4f\n",
                     num_parts, h2v_partitioner_name(quality->partitioner),
                     (long long)quality->edge_cut, (long long)quality->num_edges, share,
                     quality->vertex_balance, quality->arc_balance,
                     quality->weight_balance);
        return;
    }
    json_t *object = json_pack(
        "{s:i, s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "parts", num_parts, "partitioner",
        h2v_partitioner_name(quality->partitioner), "edge_cut",
        (json_int_t)quality->edge_cut, "num_edges", (json_int_t)quality->num_edges,
        "cut_share", share, "vertex_balance", quality->vertex_balance, "arc_balance",
        quality->arc_balance, "visit_balance", quality->weight_balance);
    char *text = object ? json_dumps(object, JSON_REAL_PRECISION(9)) : NULL;
    if (text) (void)printf("%s\n", text);
    free(text);
    json_decref(object);
}

static int run(const partition_settings *settings)
{
    h2v_world *world = NULL;
    h2v_graph *graph = NULL;
    h2v_partition partition = {0};
    h2v_partition_quality quality;
    int64_t *visits = NULL;
    h2v_comm_set_timeout(settings->comm_timeout);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, settings->num_threads, &world);
    if (status != H2V_OK) return cli_exit_code(&command, status);
    const side_output side = {.path = settings->output, .overwrite = settings->overwrite};
    const int refused = side_output_check(&command, world, &side);
    if (refused != CLI_EXIT_DONE) {
        h2v_world_destroy(&world);
        return refused;
    }
    status = h2v_graph_load(world, settings->graph, &graph);
    if (status != H2V_OK) goto cleanup;

    const int64_t num_owned = h2v_graph_num_owned(graph);
    visits = calloc((size_t)num_owned + 1, sizeof *visits);
    status = h2v_agree(world, visits ? H2V_OK : H2V_ERR_NOMEM);
    if (status == H2V_OK) status = h2v_embed_count_visits(graph, &settings->params, visits);
    if (status == H2V_OK)
        status = h2v_partition_create(graph, settings->params.parts,
                                      (h2v_partitioner)settings->partitioner,
                                      settings->params.seed, visits, &partition, &quality);
    if (status == H2V_OK && settings->output)
        status =
            h2v_partition_save(graph, &partition, settings->overwrite, settings->output);
    if (status == H2V_OK && cli_is_speaking())
        print_quality(settings, partition.num_parts, &quality);

cleanup : {
    const int code = cli_exit_code(&command, status);
    free(visits);
    h2v_partition_clear(&partition);
    h2v_graph_destroy(&graph);
    h2v_world_destroy(&world);
    return code;
}
}

int cmd_partition(int argc, const char **argv)
{
    partition_settings settings = {.params = h2v_embed_params_default(),
                                   .comm_timeout = DEFAULT_COMM_TIMEOUT};
    h2v_embed_params *params = &settings.params;
    const cli_option options[] = {
        CLI_GROUP("Parts"),
        {.name = "parts",
         .kind = CLI_INT,
         .target = &params->parts,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .default_text = "none: must be given",
         .help = "how many parts to make"},
        PARTITIONER_OPTION(&settings.partitioner),
        {.name = "seed",
         .kind = CLI_SEED,
         .target = &params->seed,
         .unit = "N",
         .help = "of walks and partitioner"},
        CLI_GROUP("Trial walks"),
        {.name = "method",
         .kind = CLI_CHOICE,
         .target = &settings.method,
         .choices = walk_names,
         .help = "DeepWalk (Perozzi 2014) or node2vec (Grover 2016)"},
        WALK_LENGTH_OPTION(params, 0),
        P_OPTION(params, 0),
        Q_OPTION(params, 0),
        CLI_GROUP("Output"),
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &settings.output,
         .unit = "FILE",
         .default_text = "none",
         .help = "store the parts, for `halo2vec embed --partition`"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &settings.overwrite,
         .help = "replace an existing output"},
        {.name = "json",
         .kind = CLI_FLAG,
         .target = &settings.as_json,
         .help = "print one JSON object instead of lines"},
        CLI_GROUP("Run"),
        THREADS_OPTION(&settings.num_threads),
        COMM_TIMEOUT_OPTION(&settings.comm_timeout),
        CLI_END,
    };
    int num_arguments = 0;
    switch (cli_parse(&command, options, argc, argv, &settings.graph, &num_arguments)) {
    case CLI_DONE:
        return CLI_EXIT_DONE;
    case CLI_USAGE:
        return CLI_EXIT_USAGE;
    case CLI_RUN:
        break;
    }
    if (params->parts == 0) {
        cli_error(&command, "say how many parts with --parts N");
        return CLI_EXIT_USAGE;
    }
    if (has_stray_bias(&command, settings.method, params)) return CLI_EXIT_USAGE;
    params->method = (h2v_method)settings.method;
    return run(&settings);
}
