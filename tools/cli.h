/* SPDX-License-Identifier: MIT */

/* A command's options as one table: parsing, checking, --help and the defaults it prints
 * all come from it. Parsing is done by popt, alike on every rank; rank 0 speaks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "halo2vec/status.h"

typedef enum cli_kind {
    CLI_FLAG,    /* bool: true if given */
    CLI_INT,     /* int: min..max; accepts suffixes K M G */
    CLI_INT64,   /* int64_t: the same */
    CLI_SEED,    /* uint64_t */
    CLI_NUMBER,  /* double: min..max, finite */
    CLI_NUMBERS, /* cli_numbers: 1 or more of them, "0,1,1" or "[0, 1, 1]" */
    CLI_TEXT,    /* const char * */
    CLI_CHOICE,  /* int: index into choices */
    CLI_CHAR     /* char: one byte, or \t */
} cli_kind;

typedef struct cli_numbers {
    double *values; /* room for max_count */
    int *count, max_count;
} cli_numbers;

typedef struct cli_option {
    const char *name;    /* long name without dashes; NULL in a group heading */
    const char *aliases; /* other spellings, separated by spaces; NULL if none */
    char letter;         /* short name, or 0 */
    cli_kind kind;
    void *target;               /* holds the default before, the value after */
    const char *unit;           /* how help names the value: "N", "FILE", ... */
    const char *help;           /* what it does; source of the default */
    double min, max;            /* inclusive, for numbers; min = max: any */
    const char *const *choices; /* NULL-ended */
    const char *zero; /* CLI_INT, CLI_NUMBER: a word that is stored as 0, whatever min is */
    const char
        *default_text; /* shown instead of the value, for "automatic"; "" shows none */
    unsigned uses;     /* a set of the command's own bits: what it is for; 0: for all */
} cli_option;

/* A group heading in help: name is NULL, help is the heading. The table ends with help
 * NULL. */
#define CLI_GROUP(heading)                                                                 \
    {                                                                                      \
        .help = (heading)                                                                  \
    }
#define CLI_END                                                                            \
    {                                                                                      \
        0                                                                                  \
    }

typedef struct cli_command {
    const char *name;     /* "embed" or "evaluate split" */
    const char *synopsis; /* "GRAPH -o OUTPUT [options]" */
    const char *purpose;  /* one line */
    const char *notes;    /* policy, formats, examples; printed after the options */
    int min_arguments, max_arguments; /* positional */
} cli_command;

typedef enum cli_outcome {
    CLI_RUN,  /* parsed: go on */
    CLI_DONE, /* --help was printed: exit 0 */
    CLI_USAGE /* wrong usage; one line was printed: exit 2 */
} cli_outcome;

/* Exit codes of the program. */
enum {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_DATA = 3,
    CLI_EXIT_STOPPED = 4
};

/* Whether this process speaks (rank 0). Set once by main. */
void cli_set_speaking(bool speaking);
bool cli_is_speaking(void);

/* Parse argv (without the command's own words). Positional arguments are borrowed from
 * argv: arguments[0 .. *num_arguments). `options` may be changed through its targets only.
 */
cli_outcome cli_parse(const cli_command *command, const cli_option *options, int argc,
                      const char **argv, const char **arguments, int *num_arguments);

/* Of the last cli_parse(), which had these options: the first one in the words that is for
 * something, but for nothing in the set `uses`; NULL if all are of use. */
const cli_option *cli_find_stray(const cli_option *options, unsigned uses);

/* One line on stderr, from rank 0: "halo2vec embed: ...". */
void cli_error(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cli_warn(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Report h2v_error_message(), or what the status means if there is none, and turn a status
 * into an exit code: ERR_ARGUMENT and ERR_EXISTS 2, ERR_DATA and ERR_LEAK 3, all else 1,
 * H2V_OK 0 (nothing printed). */
int cli_exit_code(const cli_command *command, h2v_status status);
