/* SPDX-License-Identifier: MIT */

/* convert: edge lists to a graph file. The policy on what edge lists leave open stands in
 * the help, and what came of it in the summary; both on purpose say the same words. */
#include "cli.h"
#include "commands.h"

#include "halo2vec/convert.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

enum { MAX_THREADS = 1024 };

static const cli_command command = {
    .name = "convert",
    .synopsis = "EDGES... -o GRAPH [options]",
    .purpose = "Make a graph file of edge lists.",
    .notes =
        "Edge lists are text, one edge a line: source, target, and perhaps a weight, "
        "between\n"
        "blanks or commas, or what --delimiter says. Lines that are empty or begin with # "
        "or\n"
        "% are skipped; lines may end in CR LF; columns that are not needed are ignored.\n"
        "gzip is recognized by its first bytes; several files are one list; - is standard\n"
        "input.\n"
        "\n"
        "Ids are numbers if all are decimal 64-bit integers without leading zeros; if one "
        "is\n"
        "not, all are UTF-8 strings, up to 65,535 bytes each.\n"
        "Vertices stand in order of first appearance, those of --vertices last, unless\n"
        "--sort-ids. Every vertex that is named gets its row, with edges or without.\n"
        "Duplicates: an edge listed again is kept once; with --weighted the weights add "
        "up.\n"
        "Unless --directed, u v and v u are the same edge.\n"
        "Self loops are dropped and counted, unless --keep-self-loops; the vertex stays.\n"
        "Weights are finite and above zero.\n"
        "The graph file is the same, byte for byte, whatever the number of threads.\n"
        "\n"
        "Examples:\n"
        "  halo2vec convert datasets/karate.edges -o karate.h5\n"
        "  zcat datasets/debian-packages.edges.gz | halo2vec convert - --directed -o "
        "deb.h5\n",
    .min_arguments = 1,
    .max_arguments = INT_MAX,
};

static void print_summary(const h2v_convert_params *params, const h2v_convert_summary *s)
{
    (void)fprintf(stderr,
                  "%s: vertices: %" PRId64 " (ids are %s), edges: %" PRId64
                  " (%s), arcs: %" PRId64 "\n",
                  params->output, s->num_vertices,
                  s->ids_are_numbers ? "numbers" : "strings", s->num_edges,
                  params->directed ? "directed" : "undirected", s->num_arcs);
    (void)fprintf(stderr,
                  "duplicates: %" PRId64 " (%s), self loops: %" PRId64
                  " (%s), isolated vertices: %" PRId64 "\n",
                  s->num_duplicates, params->weighted ? "weights added" : "kept once",
                  s->num_self_loops, params->keep_self_loops ? "kept" : "dropped",
                  s->num_isolated);
    (void)fprintf(
        stderr, "lines: %" PRId64 ", text: %.1f MB, time: %.2f s and %.2f s to the disk\n",
        s->num_lines, 1e-6 * (double)s->num_text_bytes, s->seconds, s->flush_seconds);
}

static cli_outcome parse(int argc, const char **argv, h2v_convert_params *params,
                         const char **inputs)
{
    const cli_option options[] = {
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &params->output,
         .unit = "FILE",
         .help = "the graph file to make"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &params->overwrite,
         .help = "replace the output if it exists"},
        CLI_GROUP("What the text says"),
        {.name = "directed",
         .kind = CLI_FLAG,
         .target = &params->directed,
         .help = "edges lead from the first column to the second"},
        {.name = "weighted",
         .kind = CLI_FLAG,
         .target = &params->weighted,
         .help = "the third column is a weight"},
        {.name = "delimiter",
         .kind = CLI_CHAR,
         .target = &params->delimiter,
         .unit = "C",
         .help =
             "what stands between columns, such as ';' or '\\t'; ids may then hold spaces",
         .default_text = "blanks, or a comma"},
        {.name = "vertices",
         .kind = CLI_TEXT,
         .target = &params->vertices,
         .unit = "FILE",
         .help = "ids of vertices, one a line, that exist even without an edge"},
        CLI_GROUP("What becomes of it"),
        {.name = "keep-self-loops",
         .kind = CLI_FLAG,
         .target = &params->keep_self_loops,
         .help = "keep edges u u, as one arc each"},
        {.name = "sort-ids",
         .kind = CLI_FLAG,
         .target = &params->sort_ids,
         .help = "vertices in order of their ids: numbers by value, strings by bytes"},
        {.name = "threads",
         .kind = CLI_INT,
         .target = &params->num_threads,
         .unit = "N",
         .help = "threads; the result does not depend on it",
         .min = 1,
         .max = MAX_THREADS,
         .default_text = "allowed cores"},
        CLI_END,
    };
    return cli_parse(&command, options, argc, argv, inputs, &params->num_inputs);
}

static int convert(const h2v_convert_params *params)
{
    if (!params->output) {
        cli_error(&command, "no output; name a file with -o");
        return CLI_EXIT_USAGE;
    }
    h2v_convert_summary summary;
    const h2v_status status = h2v_convert(params, &summary);
    if (status == H2V_OK) print_summary(params, &summary);
    return cli_exit_code(&command, status);
}

int cmd_convert(int argc, const char **argv)
{
    h2v_convert_params params = h2v_convert_params_default();
    params.num_threads = 0;
    const char **inputs = calloc((size_t)argc + 1, sizeof *inputs);
    if (!inputs) {
        cli_error(&command, "out of memory for the arguments");
        return CLI_EXIT_FAILED;
    }
    params.inputs = inputs;
    const cli_outcome outcome = parse(argc, argv, &params, inputs);
    const int code = outcome == CLI_RUN    ? convert(&params)
                     : outcome == CLI_DONE ? CLI_EXIT_DONE
                                           : CLI_EXIT_USAGE;
    free(inputs);
    return code;
}
