/* SPDX-License-Identifier: MIT */

/* A column for each setting; numbers of ranks as mean and largest. */
#include "estimate_table.h"

#include "embed_report.h"

#include <stdio.h>
#include <stdlib.h>

/* A number of one rank. */
typedef int64_t of_rank(const h2v_rank_report *rank);

static int64_t held_rows(const h2v_rank_report *rank)
{
    return rank->row_bytes;
}

static int64_t held_graph(const h2v_rank_report *rank)
{
    return rank->graph_bytes;
}

static int64_t held_round(const h2v_rank_report *rank)
{
    return rank->round_bytes;
}

static int64_t held(const h2v_rank_report *rank)
{
    return rank->row_bytes + rank->graph_bytes + rank->round_bytes;
}

static int64_t held_at_most(const h2v_rank_report *rank)
{
    return rank->peak_bytes;
}

static int64_t rows_in_blocks(const h2v_rank_report *rank)
{
    return rank->rows_sent[H2V_PHASE_TRAIN];
}

static int64_t rows_pulled(const h2v_rank_report *rank)
{
    return rank->rows_sent[H2V_PHASE_PULL];
}

static int64_t rows_pushed(const h2v_rank_report *rank)
{
    return rank->rows_sent[H2V_PHASE_PUSH];
}

static int64_t row_traffic(const h2v_rank_report *rank)
{
    return rank->bytes_sent[H2V_PHASE_PULL] + rank->bytes_sent[H2V_PHASE_TRAIN] +
           rank->bytes_sent[H2V_PHASE_PUSH];
}

static int64_t walk_traffic(const h2v_rank_report *rank)
{
    return rank->bytes_sent[H2V_PHASE_WALK] + rank->bytes_sent[H2V_PHASE_ROUTE];
}

static int64_t num_owned(const h2v_rank_report *rank)
{
    return rank->num_owned;
}

static int64_t num_arcs(const h2v_rank_report *rank)
{
    return rank->num_arcs;
}

static int64_t num_ghosts(const h2v_rank_report *rank)
{
    return rank->num_ghosts;
}

static int64_t held_graph_alone(const h2v_rank_report *rank)
{
    return rank->graph_bytes - rank->index_bytes;
}

static int64_t held_index(const h2v_rank_report *rank)
{
    return rank->index_bytes;
}

static int64_t rows_of_powers(const h2v_rank_report *rank)
{
    return rank->rows_sent[H2V_PHASE_MULTIPLY];
}

static int64_t power_traffic(const h2v_rank_report *rank)
{
    return rank->bytes_sent[H2V_PHASE_MULTIPLY];
}

static bool is_fastrp(const h2v_estimate *estimate)
{
    return estimate->settings[0].params.method == H2V_METHOD_FASTRP;
}

static int num_settings(const h2v_estimate *estimate)
{
    return estimate->num_ranks > 1 && !is_fastrp(estimate) ? H2V_NUM_SETTINGS : 1;
}

/* Three digits that tell, or all before the point. */
static void print_number(double value)
{
    const int digits = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
    (void)printf("%12.*f", digits, value);
}

static void print_name(const char *name)
{
    (void)printf("%-30s", name);
}

/* One line: mean and largest of the ranks, in `unit`. */
static void print_line(const h2v_estimate *estimate, const char *name, of_rank *number,
                       double unit)
{
    print_name(name);
    for (int s = 0; s < num_settings(estimate); s++) {
        double sum = 0, largest = 0;
        for (int r = 0; r < estimate->num_ranks; r++) {
            const double value = (double)number(&estimate->settings[s].ranks[r]) / unit;
            sum += value;
            if (value > largest) largest = value;
        }
        print_number(sum / estimate->num_ranks);
        print_number(largest);
    }
    (void)printf("\n");
}

static void print_parameters(const h2v_estimate *estimate)
{
    static const char *const precisions[] = {"f32", "f16", "bf16", "int8"};
    const h2v_setting_estimate *settings = estimate->settings;
    print_name("groups");
    for (int s = 0; s < num_settings(estimate); s++)
        (void)printf("%24d", settings[s].params.groups);
    (void)printf("\n");
    print_name("rounds");
    for (int s = 0; s < num_settings(estimate); s++)
        (void)printf("%24d", settings[s].params.rounds);
    (void)printf("\n");
    print_name("  enough for quality");
    for (int s = 0; s < num_settings(estimate); s++)
        (void)printf("%9s (%4d needed)",
                     settings[s].params.rounds >= settings[s].rounds_needed ? "yes" : "no",
                     settings[s].rounds_needed);
    (void)printf("\n");
    print_name("pool of negatives, rows");
    for (int s = 0; s < num_settings(estimate); s++)
        if (settings[s].params.pool > 0)
            (void)printf("%24d", settings[s].params.pool);
        else
            (void)printf("%24s", "all");
    (void)printf("\n");
    print_name("exchange precision");
    for (int s = 0; s < num_settings(estimate); s++)
        (void)printf("%24s", precisions[settings[s].params.exchange_precision]);
    (void)printf("\n");
}

/* What parts and rounds are chosen by. */
static void print_reasons(const h2v_estimate *estimate)
{
    for (int s = 0; s < num_settings(estimate); s++) {
        const h2v_setting_estimate *setting = &estimate->settings[s];
        if (num_settings(estimate) > 1) (void)printf("groups %d, ", setting->params.groups);
        (void)printf("parts %d: %s\n", setting->params.parts, setting->why_parts);
        if (num_settings(estimate) > 1) (void)printf("groups %d, ", setting->params.groups);
        (void)printf("rounds %d: %s\n", setting->params.rounds, setting->why_rounds);
    }
}

static void print_head(const h2v_estimate *estimate, const char *graph)
{
    const int parts = estimate->settings[0].params.parts;
    (void)printf("%s on %d ranks x %d threads: %lld vertices, %lld arcs", graph,
                 estimate->num_ranks, estimate->num_threads,
                 (long long)estimate->num_vertices, (long long)estimate->num_arcs);
    if (parts > 0) {
        (void)printf("; ");
        embed_report_print_cut(parts, &estimate->partition, stdout);
    }
    (void)printf("\n");
}

static void print_columns(const h2v_estimate *estimate, const char *name)
{
    print_name(name);
    for (int s = 0; s < num_settings(estimate); s++)
        (void)printf("%12s%12s", "mean", "largest");
    (void)printf("\n");
}

static void print_fastrp(const h2v_estimate *estimate)
{
    const double mebi = 1048576, mega = 1e6;
    print_columns(estimate, "a rank has, thousands");
    print_line(estimate, "  vertices", num_owned, 1e3);
    print_line(estimate, "  arcs", num_arcs, 1e3);
    print_line(estimate, "  ghosts", num_ghosts, 1e3);
    print_columns(estimate, "a rank holds, MiB");
    print_line(estimate, "  rows", held_rows, mebi);
    print_line(estimate, "  graph", held_graph_alone, mebi);
    print_line(estimate, "  index", held_index, mebi);
    print_line(estimate, "  together", held, mebi);
    print_line(estimate, "  at the peak", held_at_most, mebi);
    print_columns(estimate, "a rank sends in the run");
    print_line(estimate, "  thousand rows", rows_of_powers, 1e3);
    print_line(estimate, "  MB", power_traffic, mega);
}

/* A line for each setting: "fits", or the refusal, which begins a sentence. */
static void print_fit(const h2v_estimate *estimate, int64_t memory)
{
    for (int s = 0; memory > 0 && s < num_settings(estimate); s++) {
        const h2v_setting_estimate *setting = &estimate->settings[s];
        (void)printf("memory");
        if (num_settings(estimate) > 1) (void)printf(", groups %d", setting->params.groups);
        (void)printf(": %s\n", *setting->refusal ? setting->refusal : "fits");
    }
}

void estimate_print(const h2v_estimate *estimate, const char *graph, int64_t memory)
{
    const h2v_setting_estimate *settings = estimate->settings;
    const double mebi = 1048576, mega = 1e6;
    print_head(estimate, graph);
    if (is_fastrp(estimate)) {
        print_fastrp(estimate);
        print_fit(estimate, memory);
        return;
    }
    print_parameters(estimate);
    print_reasons(estimate);
    print_columns(estimate, "a rank holds, MiB");
    print_line(estimate, "  rows", held_rows, mebi);
    print_line(estimate, "  graph", held_graph, mebi);
    print_line(estimate, "  one round", held_round, mebi);
    print_line(estimate, "  together", held, mebi);
    print_line(estimate, "  at the peak", held_at_most, mebi);
    print_columns(estimate, "a rank sends in an epoch");
    print_line(estimate, "  thousand rows in blocks", rows_in_blocks, 1e3);
    print_line(estimate, "  thousand rows pulled", rows_pulled, 1e3);
    print_line(estimate, "  thousand rows pushed", rows_pushed, 1e3);
    print_line(estimate, "  rows, MB", row_traffic, mega);
    print_line(estimate, "  walks and routing, MB", walk_traffic, mega);
    print_fit(estimate, memory);
    (void)printf("--groups auto takes %d, because %s\n",
                 settings[estimate->choice].params.groups, estimate->because);
}

/* NULL if memory is out. */
static json_t *setting_json(const h2v_estimate *estimate, int s, int64_t memory)
{
    const h2v_setting_estimate *setting = &estimate->settings[s];
    json_t *ranks = json_array();
    for (int r = 0; r < estimate->num_ranks; r++)
        (void)json_array_append_new(ranks, embed_report_rank(&setting->ranks[r]));
    json_t *object = json_pack("{s:o, s:o}", "parameters",
                               embed_report_parameters(&setting->params), "ranks", ranks);
    if (object && memory > 0) {
        (void)json_object_set_new(object, "fits", json_boolean(!*setting->refusal));
        (void)json_object_set_new(object, "refusal", json_string(setting->refusal));
    }
    if (object && !is_fastrp(estimate)) {
        const bool is_enough = setting->params.rounds >= setting->rounds_needed;
        (void)json_object_set_new(object, "why",
                                  json_pack("{s:s, s:s}", "parts", setting->why_parts,
                                            "rounds", setting->why_rounds));
        (void)json_object_set_new(object, "rounds_needed",
                                  json_integer(setting->rounds_needed));
        (void)json_object_set_new(object, "has_enough_rounds", json_boolean(is_enough));
    }
    return object;
}

int estimate_print_json(const h2v_estimate *estimate, const char *graph, int64_t memory)
{
    json_t *settings = json_array();
    for (int s = 0; s < num_settings(estimate); s++)
        (void)json_array_append_new(settings, setting_json(estimate, s, memory));
    json_t *object = json_pack(
        "{s:s, s:i, s:i, s:I, s:I, s:o, s:o}", "graph", graph, "num_ranks",
        estimate->num_ranks, "num_threads", estimate->num_threads, "num_vertices",
        (json_int_t)estimate->num_vertices, "num_arcs", (json_int_t)estimate->num_arcs,
        "partition", embed_report_partition(&estimate->partition), "settings", settings);
    if (object && is_fastrp(estimate)) {
        (void)json_object_set_new(object, "parts",
                                  json_integer(estimate->settings[0].params.parts));
    } else if (object) {
        const h2v_embed_params *choice = &estimate->settings[estimate->choice].params;
        (void)json_object_set_new(object, "groups", json_integer(choice->groups));
        (void)json_object_set_new(object, "because", json_string(estimate->because));
    }
    char *text = object ? json_dumps(object, JSON_REAL_PRECISION(9)) : NULL;
    if (text) (void)printf("%s\n", text);
    const int outcome = text ? 0 : -1;
    free(text);
    json_decref(object);
    return outcome;
}
