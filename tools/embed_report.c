/* SPDX-License-Identifier: MIT */

/* Sums and maxima over the ranks for people; every rank's own numbers in the JSON. */
#include "embed_report.h"

#include <stdio.h>
#include <stdlib.h>

static double phase_wall(const h2v_embed_report *report, int phase)
{
    double slowest = 0;
    for (int r = 0; r < report->num_ranks; r++)
        if (report->ranks[r].wall_seconds[phase] > slowest)
            slowest = report->ranks[r].wall_seconds[phase];
    return slowest;
}

static double phase_cpu(const h2v_embed_report *report, int phase)
{
    double sum = 0;
    for (int r = 0; r < report->num_ranks; r++) sum += report->ranks[r].cpu_seconds[phase];
    return sum;
}

static int64_t sum_of_pairs(const h2v_embed_report *report)
{
    int64_t sum = 0;
    for (int r = 0; r < report->num_ranks; r++) sum += report->ranks[r].num_pairs;
    return sum;
}

/* CPU of threads that were at work, and what they might have worked between the first cell
 * of a rotation and its last block, summed over ranks; see embed_report.h. */
typedef struct pair_costs {
    double walk, route, cells, idle; /* ns a pair */
} pair_costs;

static pair_costs costs_of_pair(const h2v_embed_report *report)
{
    const int64_t num_pairs = sum_of_pairs(report);
    const double unit = num_pairs > 0 ? 1e9 / (double)num_pairs : 0;
    pair_costs sum = {0};
    for (int r = 0; r < report->num_ranks; r++) {
        const h2v_rank_report *rank = &report->ranks[r];
        const double idle =
            report->num_threads * rank->wall_seconds[H2V_PHASE_TRAIN] - rank->cell_seconds;
        sum.walk += unit * rank->walk_seconds;
        sum.route += unit * rank->route_seconds;
        sum.cells += unit * rank->cell_seconds;
        sum.idle += unit * (idle > 0 ? idle : 0);
    }
    return sum;
}

static int64_t largest_peak(const h2v_embed_report *report)
{
    int64_t largest = 0;
    for (int r = 0; r < report->num_ranks; r++)
        if (report->ranks[r].peak_bytes > largest) largest = report->ranks[r].peak_bytes;
    return largest;
}

/* Mean over the ranks, in MB, of what one of them sent in phases [first, last]. */
static double megabytes_sent(const h2v_embed_report *report, h2v_phase first,
                             h2v_phase last)
{
    int64_t sum = 0;
    for (int r = 0; r < report->num_ranks; r++)
        for (int phase = (int)first; phase <= (int)last; phase++)
            sum += report->ranks[r].bytes_sent[phase];
    return (double)sum / 1e6 / report->num_ranks;
}

/* Rows by phase only where groups pull and push them. */
static void print_traffic(const h2v_embed_report *report)
{
    (void)fprintf(stderr,
                  "sent %.1f MB a rank in the rounds: walks %.1f, routing %.1f, rows %.1f",
                  megabytes_sent(report, H2V_PHASE_WALK, H2V_PHASE_PUSH),
                  megabytes_sent(report, H2V_PHASE_WALK, H2V_PHASE_WALK),
                  megabytes_sent(report, H2V_PHASE_ROUTE, H2V_PHASE_ROUTE),
                  megabytes_sent(report, H2V_PHASE_PULL, H2V_PHASE_PUSH));
    if (report->params.groups > 1)
        (void)fprintf(stderr, " (pull %.1f, train %.1f, push %.1f)",
                      megabytes_sent(report, H2V_PHASE_PULL, H2V_PHASE_PULL),
                      megabytes_sent(report, H2V_PHASE_TRAIN, H2V_PHASE_TRAIN),
                      megabytes_sent(report, H2V_PHASE_PUSH, H2V_PHASE_PUSH));
    (void)fputc('\n', stderr);
}

void embed_report_print_cut(int num_parts, const h2v_partition_quality *cut, FILE *to)
{
    const double share =
        cut->num_edges > 0 ? (double)cut->edge_cut / (double)cut->num_edges : 0;
    (void)fprintf(to, "%d parts", num_parts);
    if (num_parts > 1) (void)fprintf(to, " by %s", h2v_partitioner_name(cut->partitioner));
    (void)fprintf(to, " (%.1f %% of the edges cut, balance %.2f)", 100 * share,
                  cut->weight_balance);
}

static void print_size(const h2v_embed_report *report)
{
    (void)fprintf(stderr, "%lld vertices, %lld arcs; ", (long long)report->num_vertices,
                  (long long)report->num_arcs);
    if (report->params.parts > 0) {
        embed_report_print_cut(report->params.parts, &report->partition, stderr);
        (void)fprintf(stderr, ", ");
    }
    if (report->params.method != H2V_METHOD_FASTRP)
        (void)fprintf(stderr, "%d rounds; ", report->params.rounds);
    (void)fprintf(stderr, "%d ranks x %d threads, %s kernel\n", report->num_ranks,
                  report->num_threads, report->kernel);
}

/* Where training started, if that is a file. */
static void print_init(const h2v_embed_report *report)
{
    const h2v_init_report *init = &report->init;
    if (init->num_matched + init->num_from_neighbors + init->num_noise > 0)
        (void)fprintf(
            stderr,
            "started from %lld rows by id, %lld by their neighbors, %lld of noise\n",
            (long long)init->num_matched, (long long)init->num_from_neighbors,
            (long long)init->num_noise);
}

static void print_phases(const h2v_embed_report *report)
{
    for (int phase = 0; phase < H2V_NUM_PHASES; phase++)
        if (phase_wall(report, phase) > 0) /* one group neither pulls nor pushes */
            (void)fprintf(stderr, "%s%s %.2f s", phase > 0 ? ", " : "",
                          h2v_phase_name((h2v_phase)phase), phase_wall(report, phase));
    (void)fputc('\n', stderr);
}

static void print_pairs(const h2v_embed_report *report)
{
    const int64_t num_pairs = sum_of_pairs(report);
    const double cpu = phase_cpu(report, H2V_PHASE_WALK) +
                       phase_cpu(report, H2V_PHASE_ROUTE) +
                       phase_cpu(report, H2V_PHASE_TRAIN);
    const pair_costs costs = costs_of_pair(report);
    (void)fprintf(stderr,
                  "%.1f million pairs, %.2f million per CPU second (ns a pair: walk %.1f, "
                  "route %.1f, cells %.1f, idle %.1f); ",
                  (double)num_pairs / 1e6, cpu > 0 ? (double)num_pairs / 1e6 / cpu : 0.0,
                  costs.walk, costs.route, costs.cells, costs.idle);
}

/* An arc counts once in each power. */
static void print_arcs(const h2v_embed_report *report)
{
    const int num_powers = report->params.fastrp.num_weights;
    const double millions = (double)report->num_arcs * num_powers / 1e6;
    const double wall = phase_wall(report, H2V_PHASE_MULTIPLY);
    double cpu = 0;
    for (int r = 0; r < report->num_ranks; r++) cpu += report->ranks[r].multiply_seconds;
    (void)fprintf(stderr, "%d powers, %.1f million arcs per second, %.1f per CPU second; ",
                  num_powers, wall > 0 ? millions / wall : 0.0,
                  cpu > 0 ? millions / cpu : 0.0);
}

void embed_report_print(const h2v_embed_report *report, const char *output)
{
    const bool is_fastrp = report->params.method == H2V_METHOD_FASTRP;
    if (*report->because)
        (void)fprintf(stderr, "groups: %d, because %s\n", report->params.groups,
                      report->because);
    print_size(report);
    print_init(report);
    print_phases(report);
    if (report->num_ranks > 1 && is_fastrp)
        (void)fprintf(stderr, "sent %.1f MB a rank for rows\n",
                      megabytes_sent(report, H2V_PHASE_INIT, H2V_PHASE_MULTIPLY));
    else if (report->num_ranks > 1)
        print_traffic(report);
    if (is_fastrp)
        print_arcs(report);
    else
        print_pairs(report);
    (void)fprintf(stderr, "at most %.0f MiB a rank; %.2f s in all: %s\n",
                  (double)largest_peak(report) / 1048576.0, report->seconds, output);
}

/* NULL if memory is out. */
json_t *embed_report_parameters(const h2v_embed_params *params)
{
    char *text = NULL;
    const h2v_status status = h2v_embed_params_json(params, &text);
    json_t *object = status == H2V_OK ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return object;
}

static json_t *phases(const h2v_embed_report *report)
{
    json_t *object = json_object();
    for (int phase = 0; phase < H2V_NUM_PHASES; phase++)
        (void)json_object_set_new(object, h2v_phase_name((h2v_phase)phase),
                                  json_pack("{s:f, s:f}", "wall_seconds",
                                            phase_wall(report, phase), "cpu_seconds",
                                            phase_cpu(report, phase)));
    return object;
}

json_t *embed_report_partition(const h2v_partition_quality *cut)
{
    return json_pack("{s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:I}", "partitioner",
                     h2v_partitioner_name(cut->partitioner), "edge_cut",
                     (json_int_t)cut->edge_cut, "num_edges", (json_int_t)cut->num_edges,
                     "vertex_balance", cut->vertex_balance, "arc_balance", cut->arc_balance,
                     "visit_balance", cut->weight_balance, "seconds", cut->seconds,
                     "gathered_bytes", (json_int_t)cut->gathered_bytes);
}

/* One number for each phase. */
static json_t *by_phase(const int64_t numbers[H2V_NUM_PHASES])
{
    json_t *object = json_object();
    for (int phase = 0; phase < H2V_NUM_PHASES; phase++)
        (void)json_object_set_new(object, h2v_phase_name((h2v_phase)phase),
                                  json_integer(numbers[phase]));
    return object;
}

json_t *embed_report_rank(const h2v_rank_report *rank)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:I, s:I, s:I, "
        "s:I, s:I}",
        "num_owned", (json_int_t)rank->num_owned, "num_arcs", (json_int_t)rank->num_arcs,
        "num_ghosts", (json_int_t)rank->num_ghosts, "num_steps",
        (json_int_t)rank->num_steps, "num_pairs", (json_int_t)rank->num_pairs,
        "walk_seconds", rank->walk_seconds, "route_seconds", rank->route_seconds,
        "cell_seconds", rank->cell_seconds, "multiply_seconds", rank->multiply_seconds,
        "bytes_sent", by_phase(rank->bytes_sent), "bytes_received",
        by_phase(rank->bytes_received), "rows_sent", by_phase(rank->rows_sent),
        "rows_received", by_phase(rank->rows_received), "row_bytes",
        (json_int_t)rank->row_bytes, "graph_bytes", (json_int_t)rank->graph_bytes,
        "index_bytes", (json_int_t)rank->index_bytes, "round_bytes",
        (json_int_t)rank->round_bytes, "peak_bytes", (json_int_t)rank->peak_bytes);
}

/* What there is only for some parameters. */
static void add_some(const h2v_embed_report *report, json_t *object)
{
    const h2v_embed_params *params = &report->params;
    const h2v_init_report *init = &report->init;
    if (*report->because)
        (void)json_object_set_new(object, "groups_because", json_string(report->because));
    if (params->method == H2V_METHOD_FASTRP) {
        (void)json_object_set_new(object, "parts", json_integer(params->parts));
        return;
    }
    const pair_costs costs = costs_of_pair(report);
    (void)json_object_set_new(object, "ns_per_pair",
                              json_pack("{s:f, s:f, s:f, s:f}", "walk", costs.walk, "route",
                                        costs.route, "cells", costs.cells, "idle",
                                        costs.idle));
    if (params->init == H2V_INIT_FILE)
        (void)json_object_set_new(object, "init",
                                  json_pack("{s:I, s:I, s:I}", "matched",
                                            (json_int_t)init->num_matched, "from_neighbors",
                                            (json_int_t)init->num_from_neighbors, "noise",
                                            (json_int_t)init->num_noise));
}

int embed_report_write(const h2v_embed_report *report, const h2v_embed_files *files,
                       const char *path)
{
    json_t *ranks = json_array();
    for (int r = 0; r < report->num_ranks; r++)
        (void)json_array_append_new(ranks, embed_report_rank(&report->ranks[r]));
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:I, s:I, s:I, s:i, s:i, s:s, s:f, s:o, s:o, s:o}", "graph",
        files->graph, "output", files->output, "parameters",
        embed_report_parameters(&report->params), "num_vertices",
        (json_int_t)report->num_vertices, "num_arcs", (json_int_t)report->num_arcs,
        "num_pairs", (json_int_t)sum_of_pairs(report), "num_ranks", report->num_ranks,
        "num_threads", report->num_threads, "kernel", report->kernel, "seconds",
        report->seconds, "partition", embed_report_partition(&report->partition), "phases",
        phases(report), "ranks", ranks);
    if (object) add_some(report, object);
    const int outcome =
        object ? json_dump_file(object, path, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : -1;
    json_decref(object);
    return outcome;
}
