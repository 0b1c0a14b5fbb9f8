/* SPDX-License-Identifier: MIT */

/* Help in two columns, wrapped by words: what to type on the left, what it does on the
 * right, followed by its choices, its default and its other spellings. */
#include "cli_help.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { LEFT_COLUMNS = 30, ALL_COLUMNS = 92, LINE_BYTES = 1024 };

/* A line that grows by pieces and never overflows. */
typedef struct line {
    char text[LINE_BYTES];
    size_t length;
} line;

static void add(line *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(line *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof to->text - to->length;
    const int wanted = vsnprintf(to->text + to->length, room, format, arguments);
    va_end(arguments);
    if (wanted > 0) to->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

/* Print words from column `left` on, the first one at the current column `at`. */
static void print_wrapped(const char *text, size_t left, size_t at)
{
    size_t gap = 0; /* between words */
    while (*text) {
        const size_t word = strcspn(text, " ");
        if (at + gap + word > ALL_COLUMNS && at > left) {
            (void)printf("\n%*s", (int)left, "");
            at = left;
            gap = 0;
        }
        (void)printf("%*s%.*s", (int)gap, "", (int)word, text);
        at += gap + word;
        text += word + strspn(text + word, " ");
        gap = 1;
    }
    (void)printf("\n");
}

static void add_numbers(line *to, const cli_numbers *numbers)
{
    for (int i = 0; i < *numbers->count; i++)
        add(to, "%s%g", i > 0 ? "," : "", numbers->values[i]);
}

static void add_default(line *to, const cli_option *option)
{
    if (option->default_text) {
        add(to, "%s", option->default_text);
        return;
    }
    switch (option->kind) {
    case CLI_FLAG:
        break;
    case CLI_INT:
        add(to, "%d", *(const int *)option->target);
        break;
    case CLI_INT64:
        add(to, "%" PRId64, *(const int64_t *)option->target);
        break;
    case CLI_SEED:
        add(to, "%" PRIu64, *(const uint64_t *)option->target);
        break;
    case CLI_NUMBER:
        if (option->zero && *(const double *)option->target == 0)
            add(to, "%s", option->zero);
        else
            add(to, "%g", *(const double *)option->target);
        break;
    case CLI_NUMBERS:
        add_numbers(to, option->target);
        break;
    case CLI_TEXT:
        if (*(const char *const *)option->target)
            add(to, "%s", *(const char *const *)option->target);
        break;
    case CLI_CHOICE:
        add(to, "%s", option->choices[*(const int *)option->target]);
        break;
    case CLI_CHAR:
        if (*(const char *)option->target) add(to, "%c", *(const char *)option->target);
        break;
    }
}

/* "--a --b" of the table's "a b". */
static void add_aliases(line *to, const char *aliases)
{
    while (*aliases) {
        const size_t word = strcspn(aliases, " ");
        add(to, " --%.*s", (int)word, aliases);
        aliases += word + strspn(aliases + word, " ");
    }
}

static void print_option(const cli_option *option)
{
    line left = {0};
    add(&left, "  ");
    if (option->letter) add(&left, "-%c, ", option->letter);
    add(&left, "--%s", option->name);
    if (option->kind != CLI_FLAG) add(&left, " %s", option->unit ? option->unit : "VALUE");
    (void)printf("%s", left.text);
    size_t at = left.length;
    if (at + 2 > LEFT_COLUMNS) {
        (void)printf("\n");
        at = 0;
    }
    (void)printf("%*s", (int)(LEFT_COLUMNS - at), "");

    line right = {0}, value = {0};
    add(&right, "%s", option->help);
    if (option->kind == CLI_CHOICE) {
        add(&right, "; one of");
        for (const char *const *choice = option->choices; *choice; choice++)
            add(&right, " %s", *choice);
    }
    add_default(&value, option);
    if (value.length > 0) add(&right, " [%s]", value.text);
    if (option->aliases) {
        add(&right, " (also");
        add_aliases(&right, option->aliases);
        add(&right, ")");
    }
    print_wrapped(right.text, LEFT_COLUMNS, LEFT_COLUMNS);
}

void cli_print_help(const cli_command *command, const cli_option *options)
{
    (void)printf("Usage: halo2vec %s %s\n\n", command->name, command->synopsis);
    print_wrapped(command->purpose, 0, 0);
    for (const cli_option *option = options; option->help; option++) {
        if (!option->name) {
            (void)printf("\n%s:\n", option->help);
            continue;
        }
        print_option(option);
    }
    (void)printf("\nHelp:\n  -h, --help %*sthis page\n", LEFT_COLUMNS - 13, "");
    if (command->notes) (void)printf("\n%s\n", command->notes);
    (void)printf(
        "\nDefaults stand in [ ]. Whole numbers may end in K, M or G (10^3, 10^6, 10^9).\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad data.\n");
}
