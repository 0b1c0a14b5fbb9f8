/* SPDX-License-Identifier: MIT */

/* walk: the walks that embed trains on, for other programs. */
#include "cli.h"
#include "commands.h"
#include "training_options.h"

#include "halo2vec/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const cli_command command = {
    .name = "walk",
    .synopsis = "GRAPH -o WALKS [options]",
    .purpose = "Write random walks over a graph, for other programs.",
    .notes =
        "These are the walks that embed trains on in its first epoch, if seed and options\n"
        "are the same. In the output stand the first walks of all vertices, in the order\n"
        "of the graph, then the second ones, and so on: walk W of vertex V, both counted\n"
        "from 0, is walk W x vertices + V. A walk ends early where no arc leaves.\n"
        "\n"
        "Text has a walk a line: ids of the vertices, one space between them, as gensim's\n"
        "LineSentence and DeepWalk read it. Ids that hold blanks are refused.\n"
        "HDF5 has /walks, all walks end to end, in numbers of vertices counted from 0 in\n"
        "the order of the graph; /offsets, where each walk begins, and where the last one\n"
        "ends; and /ids. Its attributes tell method, parameters, seed, and the digest of\n"
        "the graph.\n"
        "\n"
        "The bytes depend on the graph and the options under Walks alone, not on ranks or\n"
        "threads; memory does not depend on the number of walks. The output is there\n"
        "whole or not at all, but for standard output.\n"
        "\n"
        "Examples:\n"
        "  halo2vec walk graph.h5 -o walks.txt\n"
        "  halo2vec walk graph.h5 -o - --walks 1 | gzip > walks.txt.gz\n"
        "  mpirun -n 4 halo2vec walk graph.h5 -o walks.h5 --method node2vec --q 0.5",
    .min_arguments = 1,
    .max_arguments = 1,
};

/* FastRP does not walk. */
static const char *const walk_names[] = {"deepwalk", "node2vec", 0};
static const char *const format_names[] = {"text", "hdf5", 0}; /* as h2v_walk_format */

enum { BY_NAME = -1 };

typedef struct walk_settings {
    h2v_walk_files files;
    h2v_embed_params params;
    int method, format, num_threads, comm_timeout;
    bool is_quiet;
} walk_settings;

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), length_of_end = strlen(end);
    return length > length_of_end && strcmp(text + length - length_of_end, end) == 0;
}

static int print_text(void *context, int64_t num_bytes, const char *text)
{
    (void)context;
    return fwrite(text, 1, (size_t)num_bytes, stdout) == (size_t)num_bytes ? 0 : 1;
}

/* Words to where the walks go; false, and one line, if they do not fit together. */
static bool take_output(walk_settings *settings)
{
    h2v_walk_files *files = &settings->files;
    if (!files->output) {
        cli_error(&command, "name the output with -o FILE, or - for standard output");
        return false;
    }
    const bool is_stdout = strcmp(files->output, "-") == 0;
    const bool looks_like_hdf5 =
        ends_with(files->output, ".h5") || ends_with(files->output, ".hdf5");
    files->format = looks_like_hdf5 ? H2V_WALKS_HDF5 : H2V_WALKS_TEXT;
    if (settings->format != BY_NAME) files->format = (h2v_walk_format)settings->format;
    if (!is_stdout) return true;
    if (files->format == H2V_WALKS_HDF5) {
        cli_error(&command, "HDF5 cannot go to standard output; name a file with -o");
        return false;
    }
    files->output = NULL;
    files->sink = print_text;
    return true;
}

static void print_summary(const walk_settings *settings, const h2v_walk_summary *summary)
{
    const double mean = summary->num_walks > 0
                            ? (double)summary->num_visits / (double)summary->num_walks
                            : 0;
    (void)fprintf(stderr,
                  "%s: walks: %" PRId64 " (%d from each of %" PRId64
                  " vertices), visits: %" PRId64 " (%.1f a walk)\n"
                  "time: %.2f s and %.2f s to the disk\n",
                  settings->files.output ? settings->files.output : "standard output",
                  summary->num_walks, settings->params.walks, summary->num_vertices,
                  summary->num_visits, mean, summary->seconds, summary->flush_seconds);
}

static int run(const walk_settings *settings)
{
    h2v_world *world = NULL;
    h2v_walk_summary summary;
    h2v_comm_set_timeout(settings->comm_timeout);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, settings->num_threads, &world);
    if (status != H2V_OK) return cli_exit_code(&command, status);
    status = h2v_walk(world, &settings->params, &settings->files, &summary);
    if (status == H2V_OK && cli_is_speaking() && !settings->is_quiet)
        print_summary(settings, &summary);
    h2v_world_destroy(&world);
    return cli_exit_code(&command, status);
}

static cli_outcome parse(int argc, const char **argv, walk_settings *settings)
{
    h2v_embed_params *params = &settings->params;
    const cli_option options[] = {
        CLI_GROUP("Output"),
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &settings->files.output,
         .unit = "FILE",
         .help = "the file to write; -: text on standard output"},
        {.name = "format",
         .kind = CLI_CHOICE,
         .target = &settings->format,
         .choices = format_names,
         .default_text = "hdf5 if FILE ends in .h5 or .hdf5, else text",
         .help = "how walks are written"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &settings->files.overwrite,
         .help = "replace an existing output"},
        CLI_GROUP("Walks"),
        {.name = "method",
         .kind = CLI_CHOICE,
         .target = &settings->method,
         .choices = walk_names,
         .help = "DeepWalk (Perozzi 2014) or node2vec (Grover 2016)"},
        WALKS_OPTION(params, 0),
        WALK_LENGTH_OPTION(params, 0),
        P_OPTION(params, 0),
        Q_OPTION(params, 0),
        SEED_OPTION(params),
        CLI_GROUP("Run"),
        THREADS_OPTION(&settings->num_threads),
        COMM_TIMEOUT_OPTION(&settings->comm_timeout),
        QUIET_OPTION(&settings->is_quiet),
        CLI_END,
    };
    int num_arguments = 0;
    const cli_outcome outcome =
        cli_parse(&command, options, argc, argv, &settings->files.graph, &num_arguments);
    if (outcome != CLI_RUN) return outcome;
    if (has_stray_bias(&command, settings->method, params)) return CLI_USAGE;
    params->method = (h2v_method)settings->method;
    return take_output(settings) ? CLI_RUN : CLI_USAGE;
}

int cmd_walk(int argc, const char **argv)
{
    walk_settings settings = {.params = h2v_embed_params_default(),
                              .format = BY_NAME,
                              .comm_timeout = DEFAULT_COMM_TIMEOUT};
    switch (parse(argc, argv, &settings)) {
    case CLI_DONE:
        return CLI_EXIT_DONE;
    case CLI_USAGE:
        return CLI_EXIT_USAGE;
    case CLI_RUN:
        break;
    }
    return run(&settings);
}
