/* SPDX-License-Identifier: MIT */

/* One table; what is of no use is refused with one line that says to what it belongs. */
#include "embed_options.h"

#include "training_options.h"

#include <limits.h>
#include <string.h>

static const char *const method_names[] = {"deepwalk", "node2vec", "fastrp", 0};
static const char *const combiner_names[] = {"saturating", "projection", "adasum",
                                             "sum",        "average",    0};
static const char *const precision_names[] = {"f32", "f16", "bf16", "int8", "auto", 0};
static const char *const unit_rows_names[] = {"none", "added", "iterated", 0};
static const char *const row_type_names[] = {"f32", "bf16", 0};
static const char *const progress_names[] = {"auto", "bar", "lines", "none", 0};

/* What an option is for. */
enum { FOR_TRAINING = 1, FOR_FASTRP = 2, FOR_WARM_START = 4, FOR_WALKING = 8 };

enum { NOT_GIVEN = -1 }; /* an option whose presence matters */

/* Values as they are typed. */
typedef struct embed_words {
    int method, partitioner, combiner, exchange_precision, unit_rows, row_type;
    int groups;
    const char *init;
    cli_numbers weights;
    bool no_contexts;
} embed_words;

/* ---- what goes together */

static unsigned uses_of(const embed_settings *settings)
{
    const h2v_embed_params *params = &settings->params;
    if (params->method == H2V_METHOD_FASTRP) return FOR_FASTRP;
    const unsigned walking = settings->files.walks ? 0 : FOR_WALKING;
    if (params->init != H2V_INIT_FASTRP) return FOR_TRAINING | walking;
    return FOR_TRAINING | FOR_FASTRP | FOR_WARM_START | walking;
}

static const char *what_uses(const cli_option *option, const embed_settings *settings)
{
    if (option->uses == FOR_WALKING && settings->files.walks)
        return "walking; --walks-from has walks already";
    if (option->uses == FOR_TRAINING || option->uses == FOR_WALKING)
        return "--method deepwalk and node2vec";
    if (option->uses == FOR_FASTRP) return "--method fastrp and --init fastrp";
    return "--init fastrp";
}

/* What the method has no use for. */
static bool has_stray_option(const cli_command *command, const cli_option *options,
                             const embed_settings *settings)
{
    const h2v_embed_params *params = &settings->params;
    if (settings->files.walks && params->method == H2V_METHOD_NODE2VEC) {
        cli_error(command, "--walks-from has walks already; leave --method out");
        return true;
    }
    if (!settings->files.walks && has_stray_bias(command, (int)params->method, params))
        return true;
    const cli_option *stray = cli_find_stray(options, uses_of(settings));
    if (stray)
        cli_error(command, "--%s belongs to %s", stray->name, what_uses(stray, settings));
    return stray != NULL;
}

/* What --estimate has no use for, and what has no use without it. */
static bool fits_the_estimate(const cli_command *command, const embed_settings *settings,
                              const embed_words *words)
{
    const h2v_embed_files *files = &settings->files;
    if (!settings->is_estimate) {
        if (settings->num_ranks == 0 && !settings->as_json) return true;
        cli_error(command, "--ranks and --json belong to --estimate");
        return false;
    }
    if (files->output || files->overwrite || files->trace || settings->report ||
        words->no_contexts) {
        cli_error(command, "--estimate writes no file: leave --output, --overwrite, "
                           "--no-contexts, --report and --trace out");
        return false;
    }
    if (files->property || files->init || files->walks) {
        cli_error(command, "--estimate reads the graph alone: leave --property out (its "
                           "--property-ratio tells enough), --init FILE and --walks-from");
        return false;
    }
    if (words->groups > 0) {
        cli_error(command, "--estimate looks at one group and at one for each rank: leave "
                           "--groups out");
        return false;
    }
    return true;
}

/* What there must be several groups or parts for. */
static bool fits_the_parts(const cli_command *command, const embed_settings *settings,
                           const embed_words *words)
{
    const h2v_embed_params *params = &settings->params;
    const bool is_one_group = words->groups == NOT_GIVEN || words->groups == 1;
    if (!settings->is_estimate && is_one_group &&
        (words->combiner != NOT_GIVEN || params->pool > 0)) {
        cli_error(command, "--combiner and --pool belong to several --groups");
        return false;
    }
    if (words->partitioner == NOT_GIVEN) return true;
    if (settings->files.partition) {
        cli_error(command, "--partition %s has its parts; leave --partitioner out",
                  settings->files.partition);
        return false;
    }
    if (params->method == H2V_METHOD_FASTRP && params->parts == 0) {
        cli_error(command, "--partitioner belongs to --parts, which FastRP need not have");
        return false;
    }
    return true;
}

static bool fits_together(const cli_command *command, const cli_option *options,
                          const embed_settings *settings, const embed_words *words)
{
    if (has_stray_option(command, options, settings) ||
        !fits_the_estimate(command, settings, words) ||
        !fits_the_parts(command, settings, words))
        return false;
    if (settings->files.output || settings->is_estimate) return true;
    cli_error(command, "name the output with -o FILE");
    return false;
}

/* ---- the table */

static void take_words(const embed_words *words, embed_settings *settings)
{
    h2v_embed_params *params = &settings->params;
    params->method = (h2v_method)words->method;
    if (words->partitioner != NOT_GIVEN)
        params->partitioner = (h2v_partitioner)words->partitioner;
    if (words->combiner != NOT_GIVEN) params->combiner = (h2v_combiner)words->combiner;
    params->exchange_precision = (h2v_precision)words->exchange_precision;
    if (words->groups != NOT_GIVEN) params->groups = words->groups;
    params->fastrp.unit_rows = (h2v_unit_rows)words->unit_rows;
    params->fastrp.row_type = (h2v_row_type)words->row_type;
    settings->files.with_contexts = !words->no_contexts;
    if (!words->init) return;
    if (strcmp(words->init, "noise") == 0) {
        params->init = H2V_INIT_NOISE;
    } else if (strcmp(words->init, "fastrp") == 0) {
        params->init = H2V_INIT_FASTRP;
    } else {
        params->init = H2V_INIT_FILE;
        settings->files.init = words->init;
    }
}

static cli_outcome read_table(const cli_command *command, int argc, const char **argv,
                              embed_settings *settings, embed_words *words)
{
    h2v_embed_params *params = &settings->params;
    h2v_fastrp_params *fastrp = &params->fastrp;
    h2v_embed_files *files = &settings->files;
    const cli_option options[] = {
        CLI_GROUP("Output"),
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &files->output,
         .unit = "FILE",
         .help = "the embedding file to write"},
        {.name = "overwrite",
         .kind = CLI_FLAG,
         .target = &files->overwrite,
         .help = "replace an existing output, report or trace"},
        {.name = "no-contexts",
         .kind = CLI_FLAG,
         .target = &words->no_contexts,
         .help = "leave /contexts out; in-out scores need them",
         .uses = FOR_TRAINING},
        {.name = "report",
         .kind = CLI_TEXT,
         .target = &settings->report,
         .unit = "FILE",
         .help = "write what the run cost as JSON"},
        {.name = "trace",
         .kind = CLI_TEXT,
         .target = &files->trace,
         .unit = "FILE",
         .help = "write the cost of every cell and exchange, as JSON lines",
         .uses = FOR_TRAINING},
        CLI_GROUP("Method"),
        {.name = "method",
         .kind = CLI_CHOICE,
         .target = &words->method,
         .choices = method_names,
         .help =
             "DeepWalk (Perozzi 2014) and node2vec (Grover 2016) walk and train; FastRP "
             "(Chen 2019) multiplies random rows by the graph's matrix"},
        {.name = "dim",
         .aliases = "dimensions embedding-dimension",
         .kind = CLI_INT,
         .target = &params->dim,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_DIM,
         .help = "length of a row (node2vec)"},
        SEED_OPTION(params),
        CLI_GROUP("Walks"),
        WALKS_OPTION(params, FOR_WALKING),
        WALK_LENGTH_OPTION(params, FOR_WALKING),
        P_OPTION(params, FOR_WALKING),
        Q_OPTION(params, FOR_WALKING),
        {.name = "walks-from",
         .kind = CLI_TEXT,
         .target = &files->walks,
         .unit = "FILE",
         .default_text = "none",
         .help = "train on the walks of a file instead, text or HDF5 as `halo2vec walk` "
                 "writes them",
         .uses = FOR_TRAINING},
        CLI_GROUP("Training"),
        {.name = "window",
         .aliases = "window-size",
         .kind = CLI_INT,
         .target = &params->window,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_WINDOW,
         .help = "largest distance of a pair; each is drawn from 1..N (node2vec)",
         .uses = FOR_TRAINING},
        {.name = "negatives",
         .kind = CLI_INT,
         .target = &params->negatives,
         .unit = "N",
         .min = 1,
         .max = 1000,
         .help = "negatives a pair (word2vec)",
         .uses = FOR_TRAINING},
        {.name = "epochs",
         .kind = CLI_INT,
         .target = &params->epochs,
         .unit = "N",
         .min = 1,
         .max = 10000,
         .help = "how often every vertex starts its walks",
         .uses = FOR_TRAINING},
        {.name = "learning-rate",
         .kind = CLI_NUMBER,
         .target = &params->learning_rate,
         .unit = "X",
         .min = 1e-6,
         .max = 1,
         .help = "at the start; falls to a ten-thousandth (word2vec)",
         .uses = FOR_TRAINING},
        {.name = "subsample",
         .kind = CLI_NUMBER,
         .target = &params->subsample,
         .unit = "X",
         .min = 0,
         .max = 1,
         .help = "drop visits of vertices above this share of all (word2vec); 0: never",
         .uses = FOR_TRAINING},
        {.name = "init",
         .kind = CLI_TEXT,
         .target = &words->init,
         .unit = "noise|fastrp|FILE",
         .default_text = "noise",
         .help =
             "rows that training starts from: small random numbers (word2vec), those of "
             "FastRP, or those of an embedding file, by the vertices' ids",
         .uses = FOR_TRAINING},
        {.name = "init-length",
         .kind = CLI_NUMBER,
         .target = &params->init_length,
         .unit = "X",
         .min = 1e-6,
         .max = 1e6,
         .help =
             "root mean square of the lengths of FastRP's rows, which are centered first",
         .uses = FOR_WARM_START},
        CLI_GROUP("FastRP, also of --init fastrp"),
        {.name = "iteration-weights",
         .kind = CLI_NUMBERS,
         .target = &words->weights,
         .unit = "W1,W2,...",
         .help = "weights of the powers of the transition matrix (Neo4j GDS)",
         .uses = FOR_FASTRP},
        {.name = "normalization-strength",
         .kind = CLI_NUMBER,
         .target = &fastrp->normalization_strength,
         .unit = "X",
         .min = -10,
         .max = 10,
         .help =
             "power of a vertex's degree by which its random row is scaled (Chen 2019's "
             "beta)",
         .uses = FOR_FASTRP},
        {.name = "node-self-influence",
         .kind = CLI_NUMBER,
         .target = &fastrp->node_self_influence,
         .unit = "X",
         .min = -1e6,
         .max = 1e6,
         .help = "weight of a vertex's own random row (GDS)",
         .uses = FOR_FASTRP},
        {.name = "sparsity",
         .kind = CLI_NUMBER,
         .target = &fastrp->sparsity,
         .unit = "S|sqrt-n",
         .min = 1,
         .max = 1e9,
         .zero = "sqrt-n",
         .help = "one in S numbers of a random row is not 0 (Li 2006); sqrt-n: the square "
                 "root of the number of vertices",
         .uses = FOR_FASTRP},
        {.name = "unit-rows",
         .kind = CLI_CHOICE,
         .target = &words->unit_rows,
         .choices = unit_rows_names,
         .help =
             "where rows get length 1: nowhere (the paper), where powers are added (its "
             "authors' program), or after each multiplication (GDS)",
         .uses = FOR_FASTRP},
        {.name = "precision",
         .kind = CLI_CHOICE,
         .target = &words->row_type,
         .choices = row_type_names,
         .help = "numbers of the rows that are multiplied; bf16 halves memory and traffic",
         .uses = FOR_FASTRP},
        {.name = "property",
         .kind = CLI_TEXT,
         .target = &files->property,
         .unit = "FILE",
         .help =
             "properties of the vertices, a row each in the order of the graph: .npy, or "
             "HDF5 as FILE:/dataset",
         .uses = FOR_FASTRP},
        {.name = "property-ratio",
         .kind = CLI_NUMBER,
         .target = &fastrp->property_ratio,
         .unit = "X",
         .min = 0,
         .max = 1,
         .help = "share of a row that properties fill (GDS)",
         .uses = FOR_FASTRP},
        {.name = "standardize",
         .kind = CLI_FLAG,
         .target = &fastrp->standardize,
         .help = "bring columns to mean 0 and deviation 1 at the end; not with --init",
         .uses = FOR_FASTRP},
        CLI_GROUP("Parts"),
        {.name = "parts",
         .kind = CLI_INT,
         .target = &params->parts,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .default_text = "by graph and training; FastRP: none",
         .help = "parts that train side by side, one block each; FastRP only moves their "
                 "vertices together"},
        {.name = "rounds",
         .kind = CLI_INT,
         .target = &params->rounds,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_ROUNDS,
         .default_text =
             "16 to 128, by pairs per row and groups; more if a round's are many",
         .help =
             "rounds of walking and training, a multiple of epochs; more need less memory",
         .uses = FOR_TRAINING},
        {.name = "groups",
         .kind = CLI_INT,
         .target = &words->groups,
         .unit = "N|auto",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .zero = "auto",
         .default_text = "1",
         .help = "groups of parts, each with its own context rows during a round; auto: 1 "
                 "or a group a rank, what sends less",
         .uses = FOR_TRAINING},
        {.name = "combiner",
         .kind = CLI_CHOICE,
         .target = &words->combiner,
         .choices = combiner_names,
         .default_text = "saturating",
         .help = "how the changes of several groups become one",
         .uses = FOR_TRAINING},
        {.name = "pool",
         .kind = CLI_INT,
         .target = &params->pool,
         .unit = "N",
         .min = 1,
         .max = INT_MAX,
         .default_text = "by pairs of a group and round",
         .help = "rows that a group's negatives of a round are drawn from",
         .uses = FOR_TRAINING},
        {.name = "exchange-precision",
         .kind = CLI_CHOICE,
         .target = &words->exchange_precision,
         .choices = precision_names,
         .help = "numbers of rows between groups and ranks; auto: f32, int8 with several "
                 "groups; blocks that rotate go as f16 where int8 is asked for",
         .uses = FOR_TRAINING},
        PARTITIONER_OPTION(&words->partitioner),
        {.name = "partition",
         .kind = CLI_TEXT,
         .target = &files->partition,
         .unit = "FILE",
         .help = "use the parts that `halo2vec partition -o` stored"},
        CLI_GROUP("Estimate"),
        {.name = "estimate",
         .kind = CLI_FLAG,
         .target = &settings->is_estimate,
         .help = "say what it would cost, and train nothing; without -o"},
        {.name = "ranks",
         .kind = CLI_INT,
         .target = &settings->num_ranks,
         .unit = "N",
         .min = 1,
         .max = H2V_MAX_PARTS,
         .default_text = "those that run",
         .help = "ranks to estimate for"},
        {.name = "json",
         .kind = CLI_FLAG,
         .target = &settings->as_json,
         .help = "print the estimate as one JSON object"},
        CLI_GROUP("Run"),
        THREADS_OPTION(&settings->num_threads),
        {.name = "memory",
         .kind = CLI_INT64,
         .target = &files->memory,
         .unit = "SIZE",
         .min = 1,
         .max = 9e18,
         .default_text = "no limit",
         .help =
             "bytes that each rank may take, such as 8G: ends before training if more is "
             "needed, and names the --rounds, or ranks, that would do; changes no choice, "
             "not that of --groups auto either"},
        COMM_TIMEOUT_OPTION(&settings->comm_timeout),
        {.name = "progress",
         .kind = CLI_CHOICE,
         .target = &settings->progress,
         .choices = progress_names,
         .help = "on stderr; auto: a bar on a terminal, else lines"},
        QUIET_OPTION(&settings->is_quiet),
        CLI_END,
    };
    int num_arguments = 0;
    const cli_outcome outcome =
        cli_parse(command, options, argc, argv, &files->graph, &num_arguments);
    if (outcome != CLI_RUN) return outcome;
    take_words(words, settings);
    return fits_together(command, options, settings, words) ? CLI_RUN : CLI_USAGE;
}

cli_outcome embed_options_read(const cli_command *command, int argc, const char **argv,
                               embed_settings *settings)
{
    *settings = (embed_settings){.params = h2v_embed_params_default(),
                                 .comm_timeout = DEFAULT_COMM_TIMEOUT};
    h2v_fastrp_params *fastrp = &settings->params.fastrp;
    embed_words words = {.method = (int)settings->params.method,
                         .partitioner = NOT_GIVEN,
                         .combiner = NOT_GIVEN,
                         .exchange_precision = (int)settings->params.exchange_precision,
                         .unit_rows = (int)fastrp->unit_rows,
                         .row_type = (int)fastrp->row_type,
                         .groups = NOT_GIVEN,
                         .weights = {.values = fastrp->weights,
                                     .count = &fastrp->num_weights,
                                     .max_count = H2V_MAX_POWERS}};
    return read_table(command, argc, argv, settings, &words);
}
