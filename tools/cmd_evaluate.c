/* SPDX-License-Identifier: MIT */

/* evaluate split, evaluate links: flags in, table or JSON out. */
#include "cli.h"
#include "commands.h"

#include "halo2vec/evaluate.h"
#include "halo2vec/world.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const cli_command evaluate_command = {.name = "evaluate"};

static const cli_command split_command = {
    .name = "evaluate split",
    .synopsis = "GRAPH -o DIRECTORY [options]",
    .purpose = "Hold out edges of a graph file and draw negatives, for link prediction.",
    .notes =
        "The directory gets train.h5, a graph file with every vertex and the edges that\n"
        "remain, and pairs.h5: the held-out edges (positives), as many pairs without an "
        "edge\n"
        "in the whole graph with both ends uniform (negatives_uniform), and as many with "
        "both\n"
        "ends in proportion to their degree (negatives_degree), which are harder to tell "
        "from\n"
        "edges. The seed fixes all of them.\n\n"
        "Unless --allow-disconnect is given, a component stays connected (directed "
        "graphs:\n"
        "weakly), so that no vertex loses its last edge. If that leaves too few edges to "
        "hold\n"
        "out, the command says how many it could. Self loops are never held out.\n\n"
        "  halo2vec evaluate split graph.h5 --fraction 0.2 --seed 7 -o split\n"
        "  halo2vec embed split/train.h5 -o emb.h5\n"
        "  halo2vec evaluate links emb.h5 split",
    .min_arguments = 1,
    .max_arguments = 1,
};

static const cli_command links_command = {
    .name = "evaluate links",
    .synopsis = "EMBEDDING SPLIT [options]",
    .purpose = "Score the held-out edges of a split: ROC-AUC and average precision.",
    .notes =
        "Scorers: in-out (in_u . out_v + in_v . out_u; directed: in_u . out_v), dot\n"
        "(in_u . in_v), cosine, and logistic: logistic regression (LIBLINEAR, C = 1) on "
        "the\n"
        "products in_u * in_v of up to 20,000 training edges and as many pairs without a\n"
        "training edge. It knows no more than the embedding: a held-out edge may by chance "
        "be\n"
        "among these pairs.\n\n"
        "An embedding of any graph but the split's train.h5 is refused (exit code 3), "
        "since it\n"
        "may have seen what it is asked about.\n\n"
        "--scores writes an HDF5 file with /labels and one dataset of scores for each "
        "scorer\n"
        "and kind of negatives, such as /in-out_uniform, to recompute the metrics from.",
    .min_arguments = 2,
    .max_arguments = 2,
};

static void report_split(const h2v_split_params *params, const h2v_split_summary *summary)
{
    (void)fprintf(stderr,
                  "%s: %" PRId64 " vertices, %" PRId64 " edges: %" PRId64 " to train on, "
                  "%" PRId64 " held out, %" PRId64 " negatives of each kind\n",
                  params->output, summary->num_vertices, summary->num_edges,
                  summary->num_train_edges, summary->num_positives, summary->num_positives);
}

static int run_split(int argc, const char **argv)
{
    h2v_split_params params = {.fraction = 0.2, .seed = 1};
    const cli_option options[] = {
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &params.output,
         .unit = "DIRECTORY",
         .help = "where train.h5 and pairs.h5 go; required"},
        {.name = "fraction",
         .kind = CLI_NUMBER,
         .target = &params.fraction,
         .unit = "F",
         .help = "share of the edges to hold out, above 0 and below 1"},
        {.name = "seed",
         .kind = CLI_SEED,
         .target = &params.seed,
         .unit = "N",
         .help = "of the choice of edges and negatives"},
        {.name = "allow-disconnect",
         .kind = CLI_FLAG,
         .target = &params.allow_disconnect,
         .help = "hold out any edge, even if that cuts a component"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &params.overwrite,
         .help = "replace an earlier split"},
        CLI_END,
    };
    int num_arguments = 0;
    const cli_outcome outcome =
        cli_parse(&split_command, options, argc, argv, &params.graph, &num_arguments);
    if (outcome != CLI_RUN) return outcome == CLI_DONE ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
    if (!params.output) {
        cli_error(&split_command, "-o is missing; usage: halo2vec %s %s",
                  split_command.name, split_command.synopsis);
        return CLI_EXIT_USAGE;
    }
    h2v_split_summary summary;
    const h2v_status status = h2v_evaluate_split(&params, &summary);
    if (status == H2V_OK) report_split(&params, &summary);
    return cli_exit_code(&split_command, status);
}

static void print_table(const h2v_links_result *result)
{
    const char *leak = result->is_leaky ? "  LEAK" : "";
    (void)printf("scorer    negatives  ROC-AUC  average precision%s\n", leak);
    for (int scorer = 0; scorer < H2V_NUM_SCORERS; scorer++) {
        for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++) {
            (void)printf("%-9s %-9s", h2v_scorer_name((h2v_scorer)scorer),
                         h2v_negatives_name((h2v_negatives)kind));
            if (result->is_available[scorer])
                (void)printf("  %7.4f  %17.4f%s\n", result->roc_auc[scorer][kind],
                             result->average_precision[scorer][kind], leak);
            else
                (void)printf("  %7s  %17s%s\n", "-", "-", leak);
        }
    }
}

/* {"uniform": {"roc_auc": x, "average_precision": y}, "degree": {...}}, or null. */
static json_t *describe_scorer(const h2v_links_result *result, int scorer)
{
    if (!result->is_available[scorer]) return json_null();
    json_t *all = json_object();
    for (int kind = 0; kind < H2V_NUM_NEGATIVES; kind++)
        (void)json_object_set_new(
            all, h2v_negatives_name((h2v_negatives)kind),
            json_pack("{s:f, s:f}", "roc_auc", result->roc_auc[scorer][kind],
                      "average_precision", result->average_precision[scorer][kind]));
    return all;
}

static int print_json(const h2v_links_result *result)
{
    json_t *scores = json_object();
    for (int scorer = 0; scorer < H2V_NUM_SCORERS; scorer++)
        (void)json_object_set_new(scores, h2v_scorer_name((h2v_scorer)scorer),
                                  describe_scorer(result, scorer));
    json_t *all = json_pack("{s:I, s:b, s:o, s:f}", "num_positives",
                            (json_int_t)result->num_positives, "leak", result->is_leaky,
                            "scores", scores, "seconds", result->seconds);
    char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    json_decref(all);
    if (!text) {
        cli_error(&links_command, "out of memory for the result");
        return CLI_EXIT_FAILED;
    }
    (void)printf("%s\n", text);
    free(text);
    return CLI_EXIT_DONE;
}

/* As many threads as the host allows, if 0 are asked for. This rank works alone. */
static h2v_status choose_threads(int *num_threads)
{
    h2v_world *world = NULL;
    const h2v_status status = h2v_world_create(MPI_COMM_SELF, *num_threads, &world);
    if (status == H2V_OK) *num_threads = world->num_threads;
    h2v_world_destroy(&world);
    return status;
}

static int run_links(int argc, const char **argv)
{
    h2v_links_params params = {.seed = 1};
    bool as_json = false;
    const cli_option options[] = {
        {.name = "json",
         .kind = CLI_FLAG,
         .target = &as_json,
         .help = "print one JSON object instead of a table"},
        {.name = "allow-leak",
         .kind = CLI_FLAG,
         .target = &params.allow_leak,
         .help = "score an embedding of another graph, and say so in every line"},
        {.name = "scores",
         .kind = CLI_TEXT,
         .target = &params.scores,
         .unit = "FILE",
         .help = "write every score and label"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &params.overwrite,
         .help = "replace an existing file of scores"},
        {.name = "seed",
         .kind = CLI_SEED,
         .target = &params.seed,
         .unit = "N",
         .help = "of the sample that the logistic regression learns from"},
        {.name = "threads",
         .aliases = "workers",
         .kind = CLI_INT,
         .target = &params.num_threads,
         .unit = "N",
         .min = 0,
         .max = 4096,
         .help = "no result depends on it",
         .default_text = "all allowed cores"},
        CLI_END,
    };
    const char *arguments[2] = {NULL, NULL};
    int num_arguments = 0;
    const cli_outcome outcome =
        cli_parse(&links_command, options, argc, argv, arguments, &num_arguments);
    if (outcome != CLI_RUN) return outcome == CLI_DONE ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
    params.embedding = arguments[0];
    params.split = arguments[1];

    h2v_links_result result;
    h2v_status status = choose_threads(&params.num_threads);
    if (status == H2V_OK) status = h2v_evaluate_links(&params, &result);
    if (status != H2V_OK) return cli_exit_code(&links_command, status);
    if (result.is_leaky)
        cli_warn(
            &links_command,
            "'%s' was not trained on '%s/train.h5': it may have seen the held-out edges",
            params.embedding, params.split);
    if (as_json) return print_json(&result);
    print_table(&result);
    return CLI_EXIT_DONE;
}

static int print_overview(void)
{
    (void)printf("Usage: halo2vec evaluate split GRAPH -o DIRECTORY [options]\n"
                 "       halo2vec evaluate links EMBEDDING SPLIT [options]\n\n"
                 "  split  %s\n  links  %s\n\n"
                 "Each has its own --help.\n",
                 split_command.purpose, links_command.purpose);
    return CLI_EXIT_DONE;
}

int cmd_evaluate(int argc, const char **argv)
{
    const char *word = argc > 0 ? argv[0] : "";
    if (strcmp(word, "split") == 0) return run_split(argc - 1, argv + 1);
    if (strcmp(word, "links") == 0) return run_links(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return print_overview();
    if (argc == 0)
        cli_error(&evaluate_command,
                  "usage: halo2vec evaluate split|links ...; see halo2vec "
                  "evaluate --help");
    else
        cli_error(&evaluate_command,
                  "unknown word '%s'; usage: halo2vec evaluate split|links ...", word);
    return CLI_EXIT_USAGE;
}
