/* SPDX-License-Identifier: MIT */

/* Parsing happens in two passes: popt splits the words into options and values, then every
 * value is checked and stored. So --help, wherever it stands, prints the untouched
 * defaults, and a value is judged by one strict rule: the whole word counts, and it must be
 * in range. */
#include "cli.h"

#include "cli_help.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <popt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024, HELP_VALUE = INT_MAX };

/* popt owns the words that it hands out; they live as long as the program, since commands
 * keep pointers to them. */
typedef struct parse {
    struct parse *previous;
    poptContext context;
    struct poptOption *table;
    char **names; /* of the table */
    int num_names;
    int num_values;
    int *which;    /* index of the option of value i */
    char **values; /* its text; NULL for a flag */
} parse;

static parse *last_parse = NULL;
static bool is_speaking = true;

void cli_set_speaking(bool speaking)
{
    is_speaking = speaking;
}

bool cli_is_speaking(void)
{
    return is_speaking;
}

/* One line, whatever the words in it hold. */
static void say(const cli_command *command, const char *kind, char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    if (is_speaking)
        (void)fprintf(stderr, "halo2vec %s: %s%s\n", command->name, kind, message);
}

void cli_error(const cli_command *command, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    say(command, "", message);
}

void cli_warn(const cli_command *command, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    say(command, "warning: ", message);
}

int cli_exit_code(const cli_command *command, h2v_status status)
{
    if (status == H2V_OK) return CLI_EXIT_DONE;
    const char *message =
        *h2v_error_message() ? h2v_error_message() : h2v_status_text(status);
    if (h2v_error_rank() > 0)
        cli_error(command, "%s (rank %d)", message, h2v_error_rank());
    else
        cli_error(command, "%s", message);

    switch (status) {
    case H2V_ERR_ARGUMENT:
    case H2V_ERR_EXISTS:
        return CLI_EXIT_USAGE;
    case H2V_ERR_DATA:
    case H2V_ERR_LEAK:
        return CLI_EXIT_DATA;
    default:
        return CLI_EXIT_FAILED;
    }
}

static bool has_range(const cli_option *option)
{
    return option->min < option->max;
}

/* "--dim 0 is not in 1..4096"; where a limit is huge, only the one that was passed is news.
 */
static bool is_in_range(const cli_command *command, const cli_option *option,
                        const char *text, double value, double min, double max)
{
    if (value >= min && value <= max) return true;
    if (max < INT_MAX)
        cli_error(command, "--%s %s is not in %.15g..%.15g", option->name, text, min, max);
    else if (value < min)
        cli_error(command, "--%s %s is below %.15g", option->name, text, min);
    else
        cli_error(command, "--%s %s is above %.15g", option->name, text, max);
    return false;
}

/* A whole number and its suffix, without overflow. */
static bool read_int(const char *text, int64_t *value)
{
    if (!strchr("-0123456789", *text) || !*text) return false;
    char *end = NULL;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno || end == text) return false;

    int64_t unit = 1;
    if (*end == 'K') unit = 1000;
    if (*end == 'M') unit = 1000000;
    if (*end == 'G') unit = 1000000000;
    if (unit > 1) end++;
    return !*end && !__builtin_mul_overflow((int64_t)number, unit, value);
}

static bool store_int(const cli_command *command, const cli_option *option,
                      const char *text)
{
    int64_t value = 0;
    if (option->zero && strcmp(text, option->zero) == 0) {
        *(int *)option->target = 0;
        return true;
    }
    if (!read_int(text, &value)) {
        cli_error(command, "--%s '%s' is not a whole number%s%s", option->name, text,
                  option->zero ? ", nor " : "", option->zero ? option->zero : "");
        return false;
    }
    if (has_range(option) &&
        !is_in_range(command, option, text, (double)value, option->min, option->max))
        return false;
    if (option->kind == CLI_INT &&
        !is_in_range(command, option, text, (double)value, INT_MIN, INT_MAX))
        return false;
    if (option->kind == CLI_INT64)
        *(int64_t *)option->target = value;
    else
        *(int *)option->target = (int)value;
    return true;
}

static bool store_seed(const cli_command *command, const cli_option *option,
                       const char *text)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || errno || *end) {
        cli_error(command, "--%s '%s' is not a whole number in 0..%" PRIu64, option->name,
                  text, UINT64_MAX);
        return false;
    }
    *(uint64_t *)option->target = value;
    return true;
}

/* A finite number at the start of a word; NULL if there is none, else what follows. */
static const char *read_number(const char *text, double *value)
{
    char *end = NULL;
    *value = strtod(text, &end);
    const size_t length = (size_t)(end - text);
    return length > 0 && strspn(text, "+-.0123456789eE") >= length && isfinite(*value)
               ? end
               : NULL;
}

static bool store_number(const cli_command *command, const cli_option *option,
                         const char *text)
{
    double value = 0;
    if (option->zero && strcmp(text, option->zero) == 0) {
        *(double *)option->target = 0;
        return true;
    }
    const char *end = read_number(text, &value);
    if (!end || *end) {
        cli_error(command, "--%s '%s' is not a finite number%s%s", option->name, text,
                  option->zero ? ", nor " : "", option->zero ? option->zero : "");
        return false;
    }
    if (has_range(option) &&
        !is_in_range(command, option, text, value, option->min, option->max))
        return false;
    *(double *)option->target = value;
    return true;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Numbers between commas, with or without brackets around; -1 if it is none such. More than
 * there is room for are counted, not stored. */
static int read_numbers(const char *text, const cli_numbers *numbers)
{
    text = skip_blanks(text);
    const bool has_bracket = *text == '[';
    if (has_bracket) text = skip_blanks(text + 1);
    for (int count = 0;; text = skip_blanks(text + 1)) {
        double value = 0;
        text = read_number(text, &value);
        if (!text) return -1;
        if (count < numbers->max_count) numbers->values[count] = value;
        count++;
        text = skip_blanks(text);
        if (*text == ',') continue;
        if (has_bracket && *text == ']')
            text = skip_blanks(text + 1);
        else if (has_bracket)
            return -1;
        return *text ? -1 : count;
    }
}

static bool store_numbers(const cli_command *command, const cli_option *option,
                          const char *text)
{
    const cli_numbers *numbers = option->target;
    const int count = read_numbers(text, numbers);
    if (count < 0) {
        cli_error(command, "--%s '%s' is not a list of finite numbers like 0,1,0.5",
                  option->name, text);
        return false;
    }
    if (count > numbers->max_count) {
        cli_error(command, "--%s has %d numbers, not 1..%d", option->name, count,
                  numbers->max_count);
        return false;
    }
    *numbers->count = count;
    return true;
}

static bool store_choice(const cli_command *command, const cli_option *option,
                         const char *text)
{
    char list[MESSAGE_BYTES / 2] = "";
    size_t length = 0;
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *(int *)option->target = i;
            return true;
        }
        const int more =
            snprintf(list + length, sizeof list - length, " %s", option->choices[i]);
        length += more > 0 && length + (size_t)more < sizeof list ? (size_t)more : 0;
    }
    cli_error(command, "--%s '%s' is not one of%s", option->name, text, list);
    return false;
}

static bool store_char(const cli_command *command, const cli_option *option,
                       const char *text)
{
    const bool is_tab = strcmp(text, "\\t") == 0;
    if (strlen(text) != 1 && !is_tab) {
        cli_error(command, "--%s '%s' is not one byte, nor \\t", option->name, text);
        return false;
    }
    *(char *)option->target = is_tab ? '\t' : *text;
    return true;
}

static bool store_text(const cli_command *command, const cli_option *option,
                       const char *text)
{
    if (!*text) {
        cli_error(command, "--%s needs a value, not an empty word", option->name);
        return false;
    }
    *(const char **)option->target = text;
    return true;
}

static bool store(const cli_command *command, const cli_option *option, const char *value)
{
    const char *text = value ? value : ""; /* a flag has none */
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->target = true;
        return true;
    case CLI_INT:
    case CLI_INT64:
        return store_int(command, option, text);
    case CLI_SEED:
        return store_seed(command, option, text);
    case CLI_NUMBER:
        return store_number(command, option, text);
    case CLI_NUMBERS:
        return store_numbers(command, option, text);
    case CLI_TEXT:
        return store_text(command, option, text);
    case CLI_CHOICE:
        return store_choice(command, option, text);
    case CLI_CHAR:
        return store_char(command, option, text);
    }
    return false;
}

static void release_parses(void)
{
    while (last_parse) {
        parse *this = last_parse;
        last_parse = this->previous;
        for (int i = 0; i < this->num_values; i++) free(this->values[i]);
        for (int i = 0; i < this->num_names; i++) free(this->names[i]);
        if (this->context) (void)poptFreeContext(this->context);
        free(this->table);
        free(this->names);
        free(this->which);
        free(this->values);
        free(this);
    }
}

static int count_spellings(const cli_option *options)
{
    int num_spellings = 0;
    for (const cli_option *option = options; option->help; option++) {
        if (option->name) num_spellings++;
        for (const char *c = option->aliases; c && *c; c++)
            if (c == option->aliases || c[-1] == ' ') num_spellings++;
    }
    return num_spellings;
}

static void add_spelling(parse *this, const char *name, size_t length, char letter,
                         const cli_option *option, int value)
{
    char *copy = strndup(name, length);
    if (!copy) return;
    this->names[this->num_names] = copy;
    this->table[this->num_names] = (struct poptOption){
        .longName = copy,
        .shortName = letter,
        .argInfo = !option || option->kind == CLI_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
        .val = value,
    };
    this->num_names++;
}

/* popt's table: every spelling of option i is value i + 1. The zeroed last entry ends it.
 */
static void fill_table(parse *this, const cli_option *options)
{
    for (int i = 0; options[i].help; i++) {
        const cli_option *option = &options[i];
        if (!option->name) continue;
        add_spelling(this, option->name, strlen(option->name), option->letter, option,
                     i + 1);
        for (const char *alias = option->aliases; alias && *alias;) {
            const size_t word = strcspn(alias, " ");
            add_spelling(this, alias, word, 0, option, i + 1);
            alias += word + strspn(alias + word, " ");
        }
    }
    add_spelling(this, "help", 4, 'h', NULL, HELP_VALUE);
}

static parse *parse_new(const cli_option *options, int argc, const char **argv)
{
    parse *this = calloc(1, sizeof *this);
    if (!this) return NULL;
    if (!last_parse) (void)atexit(release_parses);
    this->previous = last_parse;
    last_parse = this;

    const size_t num_spellings = (size_t)count_spellings(options) + 1;
    this->table = calloc(num_spellings + 1, sizeof *this->table);
    this->names = calloc(num_spellings, sizeof *this->names);
    this->which = calloc((size_t)argc + 1, sizeof *this->which);
    this->values = calloc((size_t)argc + 1, sizeof *this->values);
    if (!this->table || !this->names || !this->which || !this->values) return NULL;
    fill_table(this, options);
    if ((size_t)this->num_names < num_spellings) return NULL;
    this->context = poptGetContext(NULL, argc, argv, this->table, POPT_CONTEXT_KEEP_FIRST);
    return this->context ? this : NULL;
}

/* Several letters may share a dash ("-ab"): then there are more values than words. */
static bool keep_value(parse *this, int argc, int value)
{
    if (this->num_values > argc) return false;
    this->which[this->num_values] = value - 1;
    this->values[this->num_values] = poptGetOptArg(this->context);
    this->num_values++;
    return true;
}

static void refuse_option(const cli_command *command, const parse *this, int error)
{
    const char *word = poptBadOption(this->context, POPT_BADOPTION_NOALIAS);
    const int length = (int)strcspn(word, "=");
    if (error == POPT_ERROR_NOARG)
        cli_error(command, "%.*s needs a value", length, word);
    else if (error == POPT_ERROR_BADOPT)
        cli_error(command, "unknown option %.*s; see halo2vec %s --help", length, word,
                  command->name);
    else
        cli_error(command, "%.*s takes no value", length, word);
}

static cli_outcome take_arguments(const cli_command *command, const parse *this,
                                  const char **arguments, int *num_arguments)
{
    const char **words = poptGetArgs(this->context);
    int count = 0;
    for (; words && words[count]; count++) {
        if (count >= command->max_arguments) {
            cli_error(command, "unexpected argument '%s'; usage: halo2vec %s %s",
                      words[count], command->name, command->synopsis);
            return CLI_USAGE;
        }
        arguments[count] = words[count];
    }
    if (count < command->min_arguments) {
        cli_error(command, "an argument is missing; usage: halo2vec %s %s", command->name,
                  command->synopsis);
        return CLI_USAGE;
    }
    *num_arguments = count;
    return CLI_RUN;
}

cli_outcome cli_parse(const cli_command *command, const cli_option *options, int argc,
                      const char **argv, const char **arguments, int *num_arguments)
{
    *num_arguments = 0;
    parse *this = parse_new(options, argc, argv);
    if (!this) {
        cli_error(command, "out of memory for the command line");
        return CLI_USAGE;
    }

    int value = 0;
    while ((value = poptGetNextOpt(this->context)) > 0) {
        if (value == HELP_VALUE) {
            if (is_speaking) cli_print_help(command, options);
            return CLI_DONE;
        }
        if (!keep_value(this, argc, value)) {
            cli_error(command, "too many options in one word");
            return CLI_USAGE;
        }
    }
    if (value < -1) {
        refuse_option(command, this, value);
        return CLI_USAGE;
    }
    for (int i = 0; i < this->num_values; i++)
        if (!store(command, &options[this->which[i]], this->values[i])) return CLI_USAGE;
    return take_arguments(command, this, arguments, num_arguments);
}

const cli_option *cli_find_stray(const cli_option *options, unsigned uses)
{
    for (int i = 0; last_parse && i < last_parse->num_values; i++) {
        const cli_option *option = &options[last_parse->which[i]];
        if (option->uses != 0 && (option->uses & uses) == 0) return option;
    }
    return NULL;
}
