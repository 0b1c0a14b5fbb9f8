/* SPDX-License-Identifier: MIT */

/* info: what is in a file of ours, as lines or as JSON. The lines are made of the JSON,
 * keys of nested objects joined by dots, so that both say the same. */
#include "cli.h"
#include "commands.h"

#include "halo2vec/info.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const cli_command command = {
    .name = "info",
    .synopsis = "FILE [options]",
    .purpose = "Say what is in a graph, partition, walks, embedding, pairs or scores file.",
    .notes = "Lines of \"key: value\", or JSON, on standard output.",
    .min_arguments = 1,
    .max_arguments = 1,
};

enum { KEY_BYTES = 512 };

/* A shape, "34 x 16", or a list of numbers. */
static void print_array(const json_t *array)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(array, index, item)
    {
        if (json_is_integer(item))
            (void)printf("%s %" JSON_INTEGER_FORMAT, index > 0 ? " x" : "",
                         json_integer_value(item));
        else
            (void)printf("%s %g", index > 0 ? "," : "", json_number_value(item));
    }
}

static void print_value(const char *key, const json_t *value)
{
    (void)printf("%s:", key);
    if (json_is_string(value)) (void)printf(" %s", json_string_value(value));
    if (json_is_array(value)) print_array(value);
    if (!json_is_string(value) && !json_is_array(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        (void)printf(" %s", text ? text : "?");
        free(text);
    }
    (void)printf("\n");
}

static void print_lines(const char *prefix, json_t *object)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value)
    {
        char key[KEY_BYTES];
        (void)snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", name);
        if (json_is_object(value))
            print_lines(key, value);
        else
            print_value(key, value);
    }
}

static int print(const char *text, bool as_json)
{
    if (as_json) {
        (void)printf("%s\n", text);
        return CLI_EXIT_DONE;
    }
    json_t *object = json_loads(text, 0, NULL);
    if (!object) {
        cli_error(&command, "out of memory for the description");
        return CLI_EXIT_FAILED;
    }
    print_lines("", object);
    json_decref(object);
    return CLI_EXIT_DONE;
}

int cmd_info(int argc, const char **argv)
{
    bool as_json = false, is_checked = false;
    const cli_option options[] = {
        {.name = "json",
         .kind = CLI_FLAG,
         .target = &as_json,
         .help = "print one JSON object instead of lines"},
        {.name = "check",
         .kind = CLI_FLAG,
         .target = &is_checked,
         .help = "read everything, check that it is valid, and add what was found"},
        CLI_END,
    };
    const char *path = NULL;
    int num_arguments = 0;
    const cli_outcome outcome =
        cli_parse(&command, options, argc, argv, &path, &num_arguments);
    if (outcome != CLI_RUN) return outcome == CLI_DONE ? CLI_EXIT_DONE : CLI_EXIT_USAGE;

    char *json = NULL;
    const h2v_status status =
        h2v_info(path, is_checked ? H2V_INFO_CHECK : H2V_INFO_HEADER, &json);
    const int code =
        status == H2V_OK ? print(json, as_json) : cli_exit_code(&command, status);
    free(json);
    return code;
}
