/* SPDX-License-Identifier: MIT */

/* embed: the main job. */
#include "cli.h"
#include "commands.h"
#include "embed_report.h"
#include "estimate_table.h"
#include "progress.h"
#include "side_output.h"
#include "training_options.h"

#include "halo2vec/embed.h"

#include <limits.h>
#include <stdio.h>

static const cli_command command = {
    .name = "embed",
    .synopsis = "GRAPH -o OUTPUT [options]",
    .purpose = "Walk over a graph, train, and write a row for every vertex.",
    .notes =
        "The output holds /embeddings and /contexts, one row for each vertex in the order "
        "of\n"
        "the graph, and /ids. Its bytes depend on the graph, the options under Walks, "
        "Training\n"
        "and Parts, and the METIS library: not on ranks or threads. Only --groups auto "
        "looks "
        "at\n"
        "the number of ranks: it takes 1 or a group for each of them, whatever sends fewer "
        "bytes\n"
        "of rows and has the rounds that quality needs; the output tells which.\n\n"
        "--estimate prints what an epoch would cost on --ranks N, in one group and in N, "
        "and "
        "what\n"
        "auto would take. The graph is cut and one round walked, on however many ranks; "
        "counts are\n"
        "those of this round, for every row that is needed, as if all changed. Walkers of "
        "node2vec\n"
        "that go to ask about arcs are not counted, nor METIS on rank 0, before "
        "training.\n\n"
        "How a run ends, and its exit code, which is that of every rank:\n"
        "  done         0  the output is there, whole\n"
        "  failed       1  one line says why; also when another rank was silent for longer "
        "than\n"
        "                  --comm-timeout: then a rank names what it waited for\n"
        "  wrong usage  2  nothing was done\n"
        "  bad data     3  a file was read, and is damaged or does not fit\n"
        "  signal          SIGINT and SIGTERM end it as usual (130 and 143 in a shell)\n"
        "The output is there whole or not at all; only SIGKILL to all ranks leaves "
        "OUTPUT.tmp.PID.\n"
        "mpirun has codes of its own (not 0) for a rank that was killed or a host that was "
        "lost,\n"
        "and ends the other ranks.\n\n"
        "Examples:\n"
        "  halo2vec embed graph.h5 -o embedding.h5\n"
        "  mpirun -n 4 halo2vec embed graph.h5 -o embedding.h5 --method node2vec --p 0.25 "
        "--q 4\n"
        "  halo2vec embed graph.h5 --estimate --ranks 16",
    .min_arguments = 1,
    .max_arguments = 1,
};

static const char *const combiner_names[] = {"saturating", "projection", "adasum",
                                             "sum",        "average",    0};
static const char *const precision_names[] = {"f32", "f16", "bf16", "int8", "auto", 0};
static const char *const progress_names[] = {"auto", "bar", "lines", "none", 0};

typedef struct embed_settings {
    h2v_embed_params params;
    h2v_embed_files files;
    const char *report;
    int method, partitioner, combiner, precision, progress, num_threads, comm_timeout;
    int groups, num_ranks;
    bool no_contexts, is_quiet, is_estimate, as_json;
} embed_settings;

enum { NOT_GIVEN = -1 }; /* an option whose presence matters */

/* Threads without a core, or without a part, only wait. */
static void warn_about_threads(const h2v_world *world, int asked_threads, int parts)
{
    if (world->num_threads > world->allowed_cores)
        cli_warn(&command, "%d threads on %d allowed cores; with mpirun add --bind-to none",
                 world->num_threads, world->allowed_cores);
    if (world->num_ranks > parts || (int64_t)world->num_ranks * asked_threads > parts)
        cli_warn(&command,
                 "%d ranks x %d threads for %d parts: those beyond the parts idle",
                 world->num_ranks, world->num_threads, parts);
}

static int run(const embed_settings *settings)
{
    h2v_world *world = NULL;
    h2v_embed_report report = {0};
    progress_display progress;
    h2v_comm_set_timeout(settings->comm_timeout);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, settings->num_threads, &world);
    if (status != H2V_OK) return cli_exit_code(&command, status);
    const side_output side = {.path = settings->report,
                              .others = {settings->files.output, settings->files.trace},
                              .overwrite = settings->files.overwrite};
    int code = side_output_check(&command, world, &side);
    if (code != CLI_EXIT_DONE) goto cleanup;
    progress_init(settings->is_quiet ? PROGRESS_NONE : (progress_style)settings->progress,
                  &progress);
    status = h2v_embed(world, &settings->params, &settings->files, progress_show, &progress,
                       &report);
    progress_end(&progress);
    code = cli_exit_code(&command, status);
    if (status == H2V_OK && cli_is_speaking()) {
        if (!settings->is_quiet) {
            warn_about_threads(world, settings->num_threads, report.params.parts);
            embed_report_print(&report, settings->files.output);
        }
        if (settings->report &&
            embed_report_write(&report, &settings->files, settings->report) != 0) {
            cli_error(&command, "cannot write the report '%s'", settings->report);
            code = CLI_EXIT_FAILED;
        }
    }
    status = h2v_agree(world, code == CLI_EXIT_DONE ? H2V_OK : H2V_ERR_IO);
    if (status != H2V_OK && code == CLI_EXIT_DONE) code = CLI_EXIT_FAILED;

cleanup:
    h2v_embed_report_clear(&report);
    h2v_world_destroy(&world);
    return code;
}

static int estimate(const embed_settings *settings)
{
    h2v_world *world = NULL;
    h2v_estimate estimate = {0};
    h2v_comm_set_timeout(settings->comm_timeout);
    h2v_status status = h2v_world_create(MPI_COMM_WORLD, settings->num_threads, &world);
    if (status != H2V_OK) return cli_exit_code(&command, status);
    const int num_ranks =
        settings->num_ranks == NOT_GIVEN ? world->num_ranks : settings->num_ranks;
    status = h2v_embed_estimate(world, &settings->params, settings->files.graph,
                                settings->files.partition, num_ranks, &estimate);
    int code = cli_exit_code(&command, status);
    if (status == H2V_OK && cli_is_speaking()) {
        if (!settings->as_json) {
            estimate_print(&estimate, settings->files.graph);
        } else if (estimate_print_json(&estimate, settings->files.graph) != 0) {
            cli_error(&command, "out of memory for the estimate's JSON");
            code = CLI_EXIT_FAILED;
        }
    }
    status = h2v_agree(world, code == CLI_EXIT_DONE ? H2V_OK : H2V_ERR_NOMEM);
    if (status != H2V_OK && code == CLI_EXIT_DONE) code = CLI_EXIT_FAILED;
    h2v_estimate_clear(&estimate);
    h2v_world_destroy(&world);
    return code;
}

/* What --estimate or one group has no use for, and what has no use without --estimate; then
 * one line says so. */
static bool has_stray_option(const embed_settings *settings)
{
    const bool is_one_group = settings->groups == NOT_GIVEN || settings->groups == 1;
    if (!settings->is_estimate && is_one_group &&
        (settings->combiner != NOT_GIVEN || settings->params.pool > 0)) {
        cli_error(&command, "--combiner and --pool belong to several --groups");
        return true;
    }
    const h2v_embed_files *files = &settings->files;
    if (!settings->is_estimate) {
        if (settings->num_ranks == NOT_GIVEN && !settings->as_json) return false;
        cli_error(&command, "--ranks and --json belong to --estimate");
        return true;
    }
    if (files->output || files->overwrite || files->trace || settings->report ||
        settings->no_contexts) {
        cli_error(&command, "--estimate writes no file: leave --output, --overwrite, "
                            "--no-contexts, --report and --trace out");
        return true;
    }
    if (settings->groups > 0) {
        cli_error(&command, "--estimate looks at one group and at one for each rank: leave "
                            "--groups out");
        return true;
    }
    return false;
}

int cmd_embed(int argc, const char **argv)
{
    embed_settings settings = {.params = h2v_embed_params_default(),
                               .partitioner = NOT_GIVEN,
                               .combiner = NOT_GIVEN,
                               .precision = H2V_PRECISION_AUTO,
                               .groups = NOT_GIVEN,
                               .num_ranks = NOT_GIVEN,
                               .comm_timeout = DEFAULT_COMM_TIMEOUT};
    h2v_embed_params *params = &settings.params;
    const cli_option options[] = {
        CLI_GROUP("Output"),
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &settings.files.output,
         .unit = "FILE",
         .help = "the embedding file to write"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &settings.files.overwrite,
         .help = "replace an existing output, report or trace"},
        {.name = "no-contexts",
         .kind = CLI_FLAG,
         .target = &settings.no_contexts,
         .help = "leave /contexts out; in-out scores need them"},
        {.name = "report",
         .kind = CLI_TEXT,
         .target = &settings.report,
         .unit = "FILE",
         .help = "write what the run cost as JSON"},
        {.name = "trace",
         .kind = CLI_TEXT,
         .target = &settings.files.trace,
         .unit = "FILE",
         .help = "write the cost of every cell and exchange, as JSON lines"},
        CLI_GROUP("Walks"),
        METHOD_OPTION(&settings.method),
        {.name = "walks",
         .aliases = "num-walks",
         .kind = CLI_INT,
         .target = &params->walks,
         .unit = "N",
         .min = 1,
         .max = 1000000,
         .help = "walks from each vertex (node2vec)"},
        WALK_LENGTH_OPTION(params),
        P_OPTION(params),
        Q_OPTION(params),
        CLI_GROUP("Training"),
        {.name = "dim",
         .aliases = "dimensions",
         .kind = CLI_INT,
         .target = &params->dim,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_DIM,
         .help = "length of a row (node2vec)"},
        {.name = "window",
         .aliases = "window-size",
         .kind = CLI_INT,
         .target = &params->window,
         .unit = "N",
         .min = 1,
         .max = 1000,
         .help = "largest distance of a pair; each is drawn from 1..N (node2vec)"},
        {.name = "negatives",
         .kind = CLI_INT,
         .target = &params->negatives,
         .unit = "N",
         .min = 1,
         .max = 1000,
         .help = "negatives a pair (word2vec)"},
        {.name = "epochs",
         .kind = CLI_INT,
         .target = &params->epochs,
         .unit = "N",
         .min = 1,
         .max = 10000,
         .help = "how often every vertex starts its walks"},
        {.name = "learning-rate",
         .kind = CLI_NUMBER,
         .target = &params->learning_rate,
         .unit = "X",
         .min = 1e-6,
         .max = 1,
         .help = "at the start; falls to a ten-thousandth (word2vec)"},
        {.name = "subsample",
         .kind = CLI_NUMBER,
         .target = &params->subsample,
         .unit = "X",
         .min = 0,
         .max = 1,
         .help = "drop visits of vertices above this share of all (word2vec); 0: never"},
        {.name = "seed",
         .kind = CLI_SEED,
         .target = &params->seed,
         .unit = "N",
         .help = "of everything that is drawn"},
        CLI_GROUP("Parts"),
        {.name = "parts",
         .kind = CLI_INT,
         .target = &params->parts,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .default_text = "by graph and training",
         .help = "parts that train side by side, one block each"},
        {.name = "rounds",
         .kind = CLI_INT,
         .target = &params->rounds,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_ROUNDS,
         .default_text =
             "16 to 128, by pairs per row and groups; more if a round's are many",
         .help =
             "rounds of walking and training, a multiple of epochs; more need less memory"},
        {.name = "groups",
         .kind = CLI_INT,
         .target = &settings.groups,
         .unit = "N|auto",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .zero = "auto",
         .default_text = "1",
         .help = "groups of parts, each with its own context rows during a round; auto: 1 "
                 "or a group a rank, what sends less"},
        {.name = "combiner",
         .kind = CLI_CHOICE,
         .target = &settings.combiner,
         .choices = combiner_names,
         .default_text = "saturating",
         .help = "how the changes of several groups become one"},
        {.name = "pool",
         .kind = CLI_INT,
         .target = &params->pool,
         .unit = "N",
         .min = 1,
         .max = INT_MAX,
         .default_text = "by pairs of a group and round",
         .help = "rows that a group's negatives of a round are drawn from"},
        {.name = "exchange-precision",
         .kind = CLI_CHOICE,
         .target = &settings.precision,
         .choices = precision_names,
         .help = "numbers of rows between groups and ranks; auto: f32, int8 with several "
                 "groups; blocks that rotate go as f16 where int8 is asked for"},
        PARTITIONER_OPTION(&settings.partitioner),
        {.name = "partition",
         .kind = CLI_TEXT,
         .target = &settings.files.partition,
         .unit = "FILE",
         .help = "use the parts that `halo2vec partition -o` stored"},
        CLI_GROUP("Estimate"),
        {.name = "estimate",
         .kind = CLI_FLAG,
         .target = &settings.is_estimate,
         .help = "say what it would cost, and train nothing; without -o"},
        {.name = "ranks",
         .kind = CLI_INT,
         .target = &settings.num_ranks,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .default_text = "those that run",
         .help = "ranks to estimate for"},
        {.name = "json",
         .kind = CLI_FLAG,
         .target = &settings.as_json,
         .help = "print the estimate as one JSON object"},
        CLI_GROUP("Run"),
        THREADS_OPTION(&settings.num_threads),
        COMM_TIMEOUT_OPTION(&settings.comm_timeout),
        {.name = "progress",
         .kind = CLI_CHOICE,
         .target = &settings.progress,
         .choices = progress_names,
         .help = "on stderr; auto: a bar on a terminal, else lines"},
        {.name = "quiet",
         .letter = 'q',
         .kind = CLI_FLAG,
         .target = &settings.is_quiet,
         .help = "errors only"},
        CLI_END,
    };
    const char *graph = NULL;
    int num_arguments = 0;
    switch (cli_parse(&command, options, argc, argv, &graph, &num_arguments)) {
    case CLI_DONE:
        return CLI_EXIT_DONE;
    case CLI_USAGE:
        return CLI_EXIT_USAGE;
    case CLI_RUN:
        break;
    }
    if (has_stray_option(&settings)) return CLI_EXIT_USAGE;
    if (!settings.files.output && !settings.is_estimate) {
        cli_error(&command, "name the output with -o FILE");
        return CLI_EXIT_USAGE;
    }
    settings.files.graph = graph;
    settings.files.with_contexts = !settings.no_contexts;
    params->method = (h2v_method)settings.method;
    if (settings.partitioner != NOT_GIVEN) {
        if (settings.files.partition) {
            cli_error(&command, "--partition %s has its parts; leave --partitioner out",
                      settings.files.partition);
            return CLI_EXIT_USAGE;
        }
        params->partitioner = (h2v_partitioner)settings.partitioner;
    }
    if (settings.combiner != NOT_GIVEN) params->combiner = (h2v_combiner)settings.combiner;
    params->exchange_precision = (h2v_precision)settings.precision;
    if (settings.groups != NOT_GIVEN) params->groups = settings.groups;
    if (has_stray_bias(&command, settings.method, params)) return CLI_EXIT_USAGE;
    return settings.is_estimate ? estimate(&settings) : run(&settings);
}
