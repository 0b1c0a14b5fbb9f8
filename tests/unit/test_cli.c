/* SPDX-License-Identifier: MIT */

/* The option table: what is accepted, what is refused with which words, and what --help
 * says. Both streams are caught in files. */
#include "cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail.h"

enum { CAUGHT_BYTES = 8192 };

enum { MOST_WEIGHTS = 4, FOR_A = 1, FOR_B = 2 };

typedef struct values {
    int dim, method, groups;
    int64_t walks;
    uint64_t seed;
    double rate, sparsity;
    double weights[MOST_WEIGHTS];
    int num_weights;
    const char *output;
    bool weighted;
    char delimiter;
} values;

static const cli_command command = {
    .name = "embed",
    .synopsis = "GRAPH -o OUTPUT [options]",
    .purpose = "Train.",
    .notes = "A note.",
    .min_arguments = 1,
    .max_arguments = 2,
};

static const char *const methods[] = {"deepwalk", "node2vec", NULL};
static values now;
static char caught[CAUGHT_BYTES];
static const char *arguments[2];
static int num_arguments;

/* Run `act` with a stream turned into a file, and keep what it wrote in `caught`. */
static void catch_stream(FILE *stream, void (*act)(void *), void *context)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    (void)fflush(stream);
    const int saved = dup(fileno(stream));
    assert_true(saved >= 0 && dup2(fileno(file), fileno(stream)) >= 0);
    act(context);
    (void)fflush(stream);
    assert_true(dup2(saved, fileno(stream)) >= 0);
    (void)close(saved);
    rewind(file);
    const size_t length = fread(caught, 1, sizeof caught - 1, file);
    caught[length] = '\0';
    (void)fclose(file);
}

typedef struct job {
    int argc;
    const char **argv;
    cli_outcome outcome;
    const char *strays[4]; /* names, for each set of uses */
} job;

static job last_job;

static void parse_job(void *context)
{
    job *this = context;
    now = (values){.dim = 128,
                   .groups = 1,
                   .walks = 10,
                   .seed = 1,
                   .rate = 0.025,
                   .weights = {0, 0.5},
                   .num_weights = 2};
    cli_numbers weights = {now.weights, &now.num_weights, MOST_WEIGHTS};
    const cli_option options[] = {
        CLI_GROUP("Training"),
        {.name = "dim",
         .aliases = "dimensions size",
         .kind = CLI_INT,
         .target = &now.dim,
         .unit = "N",
         .help = "numbers in a row",
         .min = 1,
         .max = 4096},
        {.name = "groups",
         .kind = CLI_INT,
         .target = &now.groups,
         .unit = "N|auto",
         .help = "groups",
         .min = 1,
         .max = 64,
         .zero = "auto",
         .uses = FOR_A},
        {.name = "walks",
         .kind = CLI_INT64,
         .target = &now.walks,
         .unit = "N",
         .help = "walks",
         .min = 1,
         .max = 1e15},
        {.name = "seed",
         .kind = CLI_SEED,
         .target = &now.seed,
         .unit = "N",
         .help = "seed"},
        {.name = "rate",
         .kind = CLI_NUMBER,
         .target = &now.rate,
         .unit = "X",
         .help = "rate",
         .min = 0,
         .max = 1},
        {.name = "sparsity",
         .kind = CLI_NUMBER,
         .target = &now.sparsity,
         .unit = "S|root",
         .help = "sparsity",
         .min = 1,
         .max = 9,
         .zero = "root",
         .uses = FOR_A | FOR_B},
        {.name = "weights",
         .kind = CLI_NUMBERS,
         .target = &weights,
         .unit = "W1,W2,...",
         .help = "weights",
         .uses = FOR_B},
        {.name = "method",
         .kind = CLI_CHOICE,
         .target = &now.method,
         .unit = "NAME",
         .help = "kind of walk",
         .choices = methods},
        CLI_GROUP("Files"),
        {.name = "output",
         .letter = 'o',
         .kind = CLI_TEXT,
         .target = &now.output,
         .unit = "FILE",
         .help = "embedding"},
        {.name = "weighted", .kind = CLI_FLAG, .target = &now.weighted, .help = "weights"},
        {.name = "delimiter",
         .kind = CLI_CHAR,
         .target = &now.delimiter,
         .unit = "C",
         .help = "between columns",
         .default_text = "any space"},
        CLI_END,
    };
    this->outcome =
        cli_parse(&command, options, this->argc, this->argv, arguments, &num_arguments);
    for (unsigned uses = 0; this->outcome == CLI_RUN && uses < 4; uses++) {
        const cli_option *stray = cli_find_stray(options, uses);
        this->strays[uses] = stray ? stray->name : "none";
    }
}

/* Parse words separated by spaces, or by '_' those that hold some; standard error is in
 * `caught` afterwards. */
static cli_outcome parse_on(FILE *stream, const char *line)
{
    static char words[512];
    static const char *argv[32];
    assert_true(strlen(line) < sizeof words);
    (void)snprintf(words, sizeof words, "%s", line);
    job this = {.argv = argv};
    for (char *word = words; *word;) {
        argv[this.argc++] = word;
        word += strcspn(word, " ");
        if (*word) *word++ = '\0';
    }
    for (size_t i = 0; i < sizeof words; i++)
        if (words[i] == '_') words[i] = ' ';
    argv[this.argc] = NULL;
    catch_stream(stream, parse_job, &this);
    last_job = this;
    return this.outcome;
}

static void assert_accepted(const char *line)
{
    const cli_outcome outcome = parse_on(stderr, line);
    if (outcome != CLI_RUN) print_error("%s: %s", line, caught);
    assert_int_equal(outcome, CLI_RUN);
    assert_string_equal(caught, "");
}

static void assert_refused(const char *line, const char *expected)
{
    assert_int_equal(parse_on(stderr, line), CLI_USAGE);
    assert_string_equal(caught, expected);
}

static void values_are_stored(void **state)
{
    (void)state;
    assert_accepted("g --dim 7 --walks=3K --seed 18446744073709551615 --rate 1e-3 -o out "
                    "--weighted --method node2vec --delimiter ,");
    assert_int_equal(now.dim, 7);
    assert_int_equal(now.walks, 3000);
    assert_true(now.seed == UINT64_MAX);
    assert_true(now.rate == 1e-3);
    assert_string_equal(now.output, "out");
    assert_true(now.weighted);
    assert_int_equal(now.method, 1);
    assert_int_equal(now.delimiter, ',');
    assert_int_equal(num_arguments, 1);
    assert_string_equal(arguments[0], "g");
}

static void defaults_stay(void **state)
{
    (void)state;
    assert_accepted("g");
    assert_int_equal(now.dim, 128);
    assert_null(now.output);
    assert_false(now.weighted);
}

static void spellings(void **state)
{
    (void)state;
    assert_accepted("--dimensions 9 g --delimiter \\t h");
    assert_int_equal(now.dim, 9);
    assert_int_equal(now.delimiter, '\t');
    assert_int_equal(num_arguments, 2);
    assert_accepted("g --size=9 --dim 10 -ofile");
    assert_int_equal(now.dim, 10); /* the last one counts */
    assert_string_equal(now.output, "file");
    assert_accepted("--weighted -- --dim");
    assert_string_equal(arguments[0], "--dim");
    assert_accepted("- --walks 2M");
    assert_string_equal(arguments[0], "-");
    assert_int_equal(now.walks, 2000000);
    assert_accepted("g --output -x");
    assert_string_equal(now.output, "-x");
}

static void a_word_may_stand_for_zero(void **state)
{
    (void)state;
    assert_accepted("g --groups 3");
    assert_int_equal(now.groups, 3);
    assert_accepted("g --groups auto");
    assert_int_equal(now.groups, 0);
    assert_refused("g --groups 0", "halo2vec embed: --groups 0 is not in 1..64\n");
    assert_refused("g --groups aut",
                   "halo2vec embed: --groups 'aut' is not a whole number, nor auto\n");
    assert_refused("g --walks auto",
                   "halo2vec embed: --walks 'auto' is not a whole number\n");
}

static void a_word_may_stand_for_zero_of_numbers(void **state)
{
    (void)state;
    assert_accepted("g --sparsity 2.5");
    assert_true(now.sparsity == 2.5);
    assert_accepted("g --sparsity root");
    assert_true(now.sparsity == 0);
    assert_refused("g --sparsity 0", "halo2vec embed: --sparsity 0 is not in 1..9\n");
    assert_refused("g --sparsity roo",
                   "halo2vec embed: --sparsity 'roo' is not a finite number, nor root\n");
    assert_refused("g --rate root",
                   "halo2vec embed: --rate 'root' is not a finite number\n");
}

static void assert_weights(const char *line, int count, double w0, double w1, double w2)
{
    assert_accepted(line);
    assert_int_equal(now.num_weights, count);
    assert_true(now.weights[0] == w0);
    if (count > 1) assert_true(now.weights[1] == w1);
    if (count > 2) assert_true(now.weights[2] == w2);
}

static void lists_are_read(void **state)
{
    (void)state;
    assert_weights("g", 2, 0, 0.5, 0);
    assert_weights("g --weights 7", 1, 7, 0, 0);
    assert_weights("g --weights 1,-2.5,3e2", 3, 1, -2.5, 300);
    assert_weights("g --weights [0,1,1]", 3, 0, 1, 1);
    assert_weights("g --weights _[_0.0,_1_,1_]_", 3, 0, 1, 1);
    assert_weights("g --weights 0,_1", 2, 0, 1, 0);
    assert_weights("g --weights 1,2,3,4", 4, 1, 2, 3);
    assert_refused("g --weights 1,2,3,4,5",
                   "halo2vec embed: --weights has 5 numbers, not 1..4\n");
    const char *const none[] = {
        "[]", ",",   "1,",      ",1",  "1,,2",  "1_2",     "[1", "1]",  "[1]]", "[1],2",
        "x",  "1,x", "[1,nan]", "inf", "1e999", "0x1p3,1", "[",  "1;2", "_",    "1,2x"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        char line[64], expected[128];
        (void)snprintf(line, sizeof line, "g --weights %s", none[i]);
        (void)snprintf(
            expected, sizeof expected,
            "halo2vec embed: --weights '%s' is not a list of finite numbers like "
            "0,1,0.5\n",
            none[i]);
        for (char *c = expected; *c; c++)
            if (*c == '_') *c = ' ';
        assert_refused(line, expected);
    }
}

static void assert_strays(const char *line, const char *of_none, const char *of_a,
                          const char *of_b, const char *of_both)
{
    assert_accepted(line);
    const char *const expected[] = {of_none, of_a, of_b, of_both};
    for (int uses = 0; uses < 4; uses++)
        assert_string_equal(last_job.strays[uses], expected[uses]);
}

/* The first in the order of the words. */
static void options_without_use_are_found(void **state)
{
    (void)state;
    assert_strays("g", "none", "none", "none", "none");
    assert_strays("g --dim 5 --weighted", "none", "none", "none", "none");
    assert_strays("g --groups auto", "groups", "none", "groups", "none");
    assert_strays("g --weights 1 --dim 3 --groups=2", "weights", "weights", "groups",
                  "none");
    assert_strays("g --sparsity 2", "sparsity", "none", "none", "none");
}

static void numbers_are_strict(void **state)
{
    (void)state;
    assert_refused("g --dim 0", "halo2vec embed: --dim 0 is not in 1..4096\n");
    assert_refused("g --dim 5000", "halo2vec embed: --dim 5000 is not in 1..4096\n");
    assert_refused("g --dim 99999999999",
                   "halo2vec embed: --dim 99999999999 is not in 1..4096\n");
    assert_refused("g --walks 0", "halo2vec embed: --walks 0 is below 1\n");
    assert_refused("g --walks 9000000G",
                   "halo2vec embed: --walks 9000000G is above 1e+15\n");
    const char *const no_ints[] = {
        "5x",         "1.5", "+5", "0x10", "1e3",
        "5k",         "K",   "-",  "1KK",  "99999999999999999999",
        "9999999999G"};
    for (size_t i = 0; i < sizeof no_ints / sizeof no_ints[0]; i++) {
        char line[64], expected[128];
        (void)snprintf(line, sizeof line, "g --walks %s", no_ints[i]);
        (void)snprintf(expected, sizeof expected,
                       "halo2vec embed: --walks '%s' is not a whole number\n", no_ints[i]);
        assert_refused(line, expected);
    }
    const char *const no_numbers[] = {"nan", "inf", "1e999", "0x1p3", "1,5", "x", "1e"};
    for (size_t i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++) {
        char line[64], expected[128];
        (void)snprintf(line, sizeof line, "g --rate %s", no_numbers[i]);
        (void)snprintf(expected, sizeof expected,
                       "halo2vec embed: --rate '%s' is not a finite number\n",
                       no_numbers[i]);
        assert_refused(line, expected);
    }
    assert_refused("g --rate -0.1", "halo2vec embed: --rate -0.1 is not in 0..1\n");
    assert_refused("g --seed -1", "halo2vec embed: --seed '-1' is not a whole number in "
                                  "0..18446744073709551615\n");
}

static void words_are_strict(void **state)
{
    (void)state;
    assert_refused("g --di 5", "halo2vec embed: unknown option --di; see halo2vec embed "
                               "--help\n"); /* abbreviations never work */
    assert_refused("g --foo=5",
                   "halo2vec embed: unknown option --foo; see halo2vec embed --help\n");
    assert_refused("g -w",
                   "halo2vec embed: unknown option -w; see halo2vec embed --help\n");
    assert_refused("g --method foo",
                   "halo2vec embed: --method 'foo' is not one of deepwalk node2vec\n");
    assert_refused("g --method node",
                   "halo2vec embed: --method 'node' is not one of deepwalk node2vec\n");
    assert_refused("g --delimiter ab",
                   "halo2vec embed: --delimiter 'ab' is not one byte, nor \\t\n");
    assert_refused("g --output=",
                   "halo2vec embed: --output needs a value, not an empty word\n");
    assert_refused("g --dim", "halo2vec embed: --dim needs a value\n");
    assert_refused("g -o", "halo2vec embed: -o needs a value\n");
    assert_refused("g --weighted=1", "halo2vec embed: --weighted takes no value\n");
}

static void arguments_are_counted(void **state)
{
    (void)state;
    assert_refused("",
                   "halo2vec embed: an argument is missing; usage: halo2vec embed GRAPH "
                   "-o OUTPUT [options]\n");
    assert_refused("a b c",
                   "halo2vec embed: unexpected argument 'c'; usage: halo2vec embed "
                   "GRAPH -o OUTPUT [options]\n");
}

static void an_error_is_one_line(void **state)
{
    (void)state;
    assert_refused("g --method a\nb\x1b[1m",
                   "halo2vec embed: --method 'a?b?[1m' is not one of deepwalk node2vec\n");
}

static void help_shows_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse_on(stdout, "g --dim 7 --help --rate 0.5"), CLI_DONE);
    assert_non_null(strstr(caught, "Usage: halo2vec embed GRAPH -o OUTPUT [options]\n"));
    assert_non_null(strstr(caught, "\nTraining:\n"));
    assert_non_null(strstr(caught, "--dim N "));
    assert_non_null(strstr(caught, "numbers in a row [128] (also --dimensions --size)\n"));
    assert_non_null(strstr(caught, "one of deepwalk node2vec [deepwalk]\n"));
    assert_non_null(strstr(caught, "  -o, --output FILE"));
    assert_non_null(strstr(caught, "rate [0.025]\n"));
    assert_non_null(strstr(caught, "sparsity [root]\n"));
    assert_non_null(strstr(caught, "weights [0,0.5]\n"));
    assert_non_null(strstr(caught, "between columns [any space]\n"));
    assert_non_null(strstr(caught, "\nA note.\n"));
    for (const char *line = caught; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 92);
}

static void silence_job(void *context)
{
    (void)context;
    cli_set_speaking(false);
    cli_error(&command, "not heard");
    cli_set_speaking(true);
    cli_warn(&command, "number %d", 5);
}

static void only_one_rank_speaks(void **state)
{
    (void)state;
    catch_stream(stderr, silence_job, NULL);
    assert_string_equal(caught, "halo2vec embed: warning: number 5\n");
}

static void exit_code_job(void *context)
{
    int *codes = context;
    const h2v_status statuses[] = {H2V_OK,           H2V_ERR_NOMEM,    H2V_ERR_IO,
                                   H2V_ERR_ARGUMENT, H2V_ERR_EXISTS,   H2V_ERR_DATA,
                                   H2V_ERR_LEAK,     H2V_ERR_PARTITION};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        codes[i] = cli_exit_code(&command, h2v_fail(statuses[i], "Status %zu", i));
    const char message[H2VI_MESSAGE_BYTES] = "Elsewhere"; /* as it travels between ranks */
    h2vi_adopt_message(message, 3);
    (void)cli_exit_code(&command, H2V_ERR_DATA);
    (void)cli_exit_code(&command, h2v_fail(H2V_ERR_NOMEM, "%s", ""));
}

static void statuses_become_exit_codes(void **state)
{
    (void)state;
    int codes[8];
    catch_stream(stderr, exit_code_job, codes);
    const int expected[] = {0, 1, 1, 2, 2, 3, 3, 1};
    assert_memory_equal(codes, expected, sizeof expected);
    assert_null(strstr(caught, "Status 0"));
    assert_non_null(strstr(caught, "halo2vec embed: Status 5\n"));
    assert_non_null(strstr(caught, "halo2vec embed: Elsewhere (rank 3)\n"));
    assert_non_null(strstr(caught, h2v_status_text(H2V_ERR_NOMEM)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_stored),
        cmocka_unit_test(defaults_stay),
        cmocka_unit_test(spellings),
        cmocka_unit_test(a_word_may_stand_for_zero),
        cmocka_unit_test(a_word_may_stand_for_zero_of_numbers),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(options_without_use_are_found),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(words_are_strict),
        cmocka_unit_test(arguments_are_counted),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(help_shows_the_defaults),
        cmocka_unit_test(only_one_rank_speaks),
        cmocka_unit_test(statuses_become_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
