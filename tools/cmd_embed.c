/* SPDX-License-Identifier: MIT */

/* embed: the main job. */
#include "cli.h"
#include "commands.h"
#include "embed_options.h"
#include "embed_report.h"
#include "estimate_table.h"
#include "progress.h"
#include "side_output.h"

#include "halo2vec/embed.h"

#include <stdio.h>

static const cli_command command = {
    .name = "embed",
    .synopsis = "GRAPH -o OUTPUT [options]",
    .purpose = "Make a row of numbers for every vertex of a graph.",
    .notes =
        "The output holds /embeddings, one row for each vertex in the order of the\n"
        "graph, /ids and, of what is trained, /contexts. Its bytes depend on the graph,\n"
        "the options under Method, Walks, Training, FastRP and Parts, the files that\n"
        "these name, and the METIS library: not on ranks or threads; those of FastRP\n"
        "neither on parts. Only --groups auto looks at the number of ranks: it takes 1\n"
        "or a group for each of them, whatever sends fewer bytes of rows and has the\n"
        "rounds that quality needs; the output tells which.\n"
        "\n"
        "--method fastrp neither walks nor trains. Without --parts each rank has a run\n"
        "of vertices as they stand in the graph; parts save traffic, and cost a cut.\n"
        "--init fastrp takes its rows as a start for training, --init FILE those of\n"
        "another run or graph; vertices that FILE has not start from their neighbors.\n"
        "\n"
        "--walks-from FILE trains on each walk of FILE once an epoch: text with a walk a\n"
        "line, ids of the vertices between blanks, or HDF5 of this program's. Parts and\n"
        "rounds follow from the file, as they would from --walks and --walk-length.\n"
        "\n"
        "--estimate prints what it would cost on --ranks N, on however many ranks. Of\n"
        "training: an epoch, in one group and in N, and what auto would take; the graph\n"
        "is cut and one round walked; counts are those of this round, for every row\n"
        "that is needed, as if all changed. Walkers of node2vec that go to ask about\n"
        "arcs are not counted, nor METIS on rank 0, nor what makes the rows that\n"
        "training starts from. Of FastRP: the whole run, exactly, but for what reads\n"
        "properties.\n"
        "\n"
        "--memory only refuses, and changes nothing of the result. It goes by what\n"
        "--estimate tells as the peak of a rank: all arrays of this program, in whichever\n"
        "phase they are most. Not in it: MPI and HDF5 (30 to 60 MB a rank), METIS on rank\n"
        "0 (20 to 50 bytes an arc, before training), --property, --init FILE and --trace;\n"
        "of --walks-from only an equal share for each rank.\n"
        "\n"
        "--report tells, beside phases, parameters and ranks, what a pair cost:\n"
        "ns_per_pair is thread CPU inside walk, route and cells, and idle: threads times\n"
        "the wall clock of phase train, less cells; all ranks together, a pair.\n"
        "\n"
        "How a run ends, and its exit code, which is that of every rank:\n"
        "  done         0  the output is there, whole\n"
        "  failed       1  one line says why; also when another rank was silent for\n"
        "                  longer than --comm-timeout: then a rank names what it\n"
        "                  waited for\n"
        "  wrong usage  2  nothing was done\n"
        "  bad data     3  a file was read, and is damaged or does not fit\n"
        "  signal          SIGINT and SIGTERM end it as usual (130 and 143 in a shell)\n"
        "The output is there whole or not at all; only SIGKILL to all ranks leaves\n"
        "OUTPUT.tmp.PID. mpirun has codes of its own (not 0) for a rank that was killed\n"
        "or a host that was lost, and ends the other ranks.\n"
        "\n"
        "Examples:\n"
        "  halo2vec embed graph.h5 -o embedding.h5\n"
        "  mpirun -n 4 halo2vec embed graph.h5 -o embedding.h5 --method node2vec --q 4\n"
        "  halo2vec embed graph.h5 -o rows.h5 --method fastrp --iteration-weights 0,1,1\n"
        "  halo2vec embed graph.h5 --estimate --ranks 16",
    .min_arguments = 1,
    .max_arguments = 1,
};

/* Threads without a core, or without a part, only wait. */
static void warn_about_threads(const h2v_world *world, int asked_threads,
                               const h2v_embed_params *params)
{
    const int parts = params->parts;
    if (world->num_threads > world->allowed_cores)
        cli_warn(&command, "%d threads on %d allowed cores; with mpirun add --bind-to none",
                 world->num_threads, world->allowed_cores);
    if (params->method == H2V_METHOD_FASTRP) return; /* whose threads share parts */
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
            warn_about_threads(world, settings->num_threads, &report.params);
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
    const int num_ranks = settings->num_ranks > 0 ? settings->num_ranks : world->num_ranks;
    status = h2v_embed_estimate(world, &settings->params, settings->files.graph,
                                settings->files.partition, num_ranks,
                                settings->files.memory, &estimate);
    int code = cli_exit_code(&command, status);
    if (status == H2V_OK && cli_is_speaking()) {
        if (!settings->as_json) {
            estimate_print(&estimate, settings->files.graph, settings->files.memory);
        } else if (estimate_print_json(&estimate, settings->files.graph,
                                       settings->files.memory) != 0) {
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

int cmd_embed(int argc, const char **argv)
{
    embed_settings settings;
    switch (embed_options_read(&command, argc, argv, &settings)) {
    case CLI_DONE:
        return CLI_EXIT_DONE;
    case CLI_USAGE:
        return CLI_EXIT_USAGE;
    case CLI_RUN:
        break;
    }
    return settings.is_estimate ? estimate(&settings) : run(&settings);
}
