/* SPDX-License-Identifier: MIT */

/* Estimates say what happens: the numbers do not depend on the ranks that count them, and a
 * run of one round on as many ranks as they are for finds them true. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "graph_rows.h"
#include "halo2vec/estimate.h"
#include "npy_files.h"
#include "whole_copy.h"

#include <stdlib.h>

#define OUTPUT "output.h5"
#define OTHER "other.h5"

/* Walks and negatives that do not touch every row. */
static h2v_embed_params params_of_one_round(void)
{
    h2v_embed_params params = embed_small_params();
    params.walks = 1;
    params.walk_length = 6;
    params.parts = 0;
    params.rounds = 1;
    params.pool = 6;
    params.groups = 0;
    return params;
}

static void estimate_of(const h2v_world *world, const h2v_embed_params *params,
                        const char *graph, int num_ranks, h2v_estimate *estimate)
{
    CHECK_EQ(h2v_embed_estimate(world, params, graph, NULL, num_ranks, 0, estimate),
             H2V_OK);
    CHECK_EQ(estimate->num_ranks, num_ranks);
}

/* ---- whoever counts */

static bool same_setting(const h2v_setting_estimate *one, const h2v_setting_estimate *other,
                         int num_ranks)
{
    const size_t num_bytes = (size_t)num_ranks * sizeof *one->ranks;
    return one->params.parts == other->params.parts &&
           one->params.groups == other->params.groups &&
           one->params.rounds == other->params.rounds &&
           one->params.pool == other->params.pool &&
           memcmp(one->ranks, other->ranks, num_bytes) == 0;
}

/* What rank 0 finds alone is what all find together. */
static void ranks_do_not_count(const h2v_world *world)
{
    static const char *const graphs[] = {"plain.h5", "weighted.h5", "directed.h5",
                                         "karate.h5"};
    for (int i = 0; i < 4 * 3; i++) {
        const int num_ranks = 1 + i % 3 * 2;
        h2v_embed_params params = params_of_one_round();
        params.method = i % 2 ? H2V_METHOD_NODE2VEC : H2V_METHOD_DEEPWALK;
        params.q = i % 2 ? 0.5 : 1;
        params.subsample = i % 5 ? 0 : 0.02;
        params.rounds = i % 5;
        h2v_estimate together, alone;
        estimate_of(world, &params, graphs[i / 3], num_ranks, &together);
        if (world->rank == 0) {
            h2v_world *single = NULL;
            CHECK_EQ(h2v_world_create(MPI_COMM_SELF, world->num_threads, &single), H2V_OK);
            estimate_of(single, &params, graphs[i / 3], num_ranks, &alone);
            for (int s = 0; s < (num_ranks > 1 ? H2V_NUM_SETTINGS : 1); s++)
                CHECK(same_setting(&together.settings[s], &alone.settings[s], num_ranks));
            CHECK_EQ(together.choice, alone.choice);
            CHECK(strcmp(together.because, alone.because) == 0);
            h2v_estimate_clear(&alone);
            h2v_world_destroy(&single);
        }
        h2v_estimate_clear(&together);
        MPI_Barrier(world->comm);
    }
}

/* ---- what happens then */

static void check_phase(const h2v_rank_report *found, const h2v_rank_report *foretold,
                        h2v_phase phase)
{
    CHECK_EQ(foretold->bytes_sent[phase], found->bytes_sent[phase]);
    CHECK_EQ(foretold->bytes_received[phase], found->bytes_received[phase]);
    CHECK_EQ(foretold->rows_sent[phase], found->rows_sent[phase]);
    CHECK_EQ(foretold->rows_received[phase], found->rows_received[phase]);
}

/* Rows that changed are at most those that are needed. */
static void compare(const h2v_rank_report *found, const h2v_rank_report *foretold)
{
    CHECK_EQ(foretold->num_owned, found->num_owned);
    CHECK_EQ(foretold->num_arcs, found->num_arcs);
    CHECK_EQ(foretold->num_pairs, found->num_pairs);
    CHECK_EQ(foretold->row_bytes, found->row_bytes);
    CHECK_EQ(foretold->graph_bytes, found->graph_bytes);
    CHECK(foretold->round_bytes > found->round_bytes * 9 / 10);
    CHECK(foretold->round_bytes < found->round_bytes * 11 / 10);
    check_phase(found, foretold, H2V_PHASE_WALK);
    check_phase(found, foretold, H2V_PHASE_ROUTE);
    check_phase(found, foretold, H2V_PHASE_PULL);
    check_phase(found, foretold, H2V_PHASE_TRAIN);
    CHECK(foretold->rows_sent[H2V_PHASE_PUSH] >= found->rows_sent[H2V_PHASE_PUSH]);
    CHECK(foretold->bytes_received[H2V_PHASE_PUSH] >=
          found->bytes_received[H2V_PHASE_PUSH]);
}

static void estimates_come_true(const h2v_world *world, const h2v_embed_params *params,
                                const char *graph)
{
    const h2v_embed_files files = embed_files_of(graph, OUTPUT);
    const int num_settings = world->num_ranks > 1 ? H2V_NUM_SETTINGS : 1;
    h2v_estimate estimate;
    estimate_of(world, params, graph, world->num_ranks, &estimate);
    for (int s = 0; s < num_settings; s++) {
        h2v_embed_report report;
        CHECK_EQ(
            h2v_embed(world, &estimate.settings[s].params, &files, NULL, NULL, &report),
            H2V_OK);
        for (int r = 0; r < world->num_ranks; r++)
            compare(&report.ranks[r], &estimate.settings[s].ranks[r]);
        CHECK_EQ(report.because[0], 0); /* nothing was chosen */
        h2v_embed_report_clear(&report);
    }
    h2v_estimate_clear(&estimate);
}

static void one_round_is_as_estimated(const h2v_world *world)
{
    h2v_embed_params params = params_of_one_round();
    estimates_come_true(world, &params, "plain.h5");
    h2vi_whole_copy_allow(0);
    estimates_come_true(world, &params, "karate.h5");
    params.exchange_precision = H2V_PRECISION_BF16;
    params.subsample = 0.02;
    params.parts = 4 * world->num_ranks;
    estimates_come_true(world, &params, "directed.h5");
    params.walks = 30;
    estimates_come_true(world, &params, "weighted.h5");
    h2vi_whole_copy_allow(-1);
    estimates_come_true(world, &params, "directed.h5");
}

/* Of one epoch, rounds being alike but for what is drawn. */
static void an_epoch_is_its_rounds(const h2v_world *world)
{
    h2v_embed_params params = params_of_one_round();
    h2v_estimate one, two;
    params.rounds = 6;
    params.epochs = 2;
    params.walks = 3;
    estimate_of(world, &params, "plain.h5", 3, &one);
    params.rounds = 12;
    params.epochs = 4;
    estimate_of(world, &params, "plain.h5", 3, &two);
    for (int s = 0; s < H2V_NUM_SETTINGS; s++)
        for (int r = 0; r < 3; r++)
            CHECK(memcmp(&one.settings[s].ranks[r], &two.settings[s].ranks[r],
                         sizeof *one.settings[s].ranks) == 0);
    h2v_estimate_clear(&one);
    h2v_estimate_clear(&two);
}

/* ---- FastRP */

static h2v_embed_params params_of_fastrp(int parts, h2v_row_type row_type,
                                         bool has_properties)
{
    h2v_embed_params params = embed_small_params();
    params.method = H2V_METHOD_FASTRP;
    params.parts = parts;
    params.fastrp.row_type = row_type;
    params.fastrp.property_ratio = has_properties ? 0.4 : 0;
    return params;
}

static const struct fastrp_case {
    const char *graph;
    int parts;
    h2v_row_type row_type;
    bool has_properties;
} fastrp_cases[] = {
    {"plain.h5", 0, H2V_ROWS_F32, false},    {"weighted.h5", 0, H2V_ROWS_BF16, false},
    {"directed.h5", 0, H2V_ROWS_F32, true},  {"karate.h5", 7, H2V_ROWS_F32, false},
    {"weighted.h5", 9, H2V_ROWS_BF16, true}, {"directed.h5", 2, H2V_ROWS_F32, false}};

enum { NUM_FASTRP_CASES = sizeof fastrp_cases / sizeof *fastrp_cases };

static h2v_embed_params params_of_case(const struct fastrp_case *this)
{
    return params_of_fastrp(this->parts, this->row_type, this->has_properties);
}

/* What one rank foretells for some is what all find together. */
static void fastrp_is_foretold_alike(const h2v_world *world)
{
    for (int i = 0; i < NUM_FASTRP_CASES * 3; i++) {
        const struct fastrp_case *this = &fastrp_cases[i % NUM_FASTRP_CASES];
        const h2v_embed_params params = params_of_case(this);
        const int num_ranks = i / NUM_FASTRP_CASES * 5 + 1;
        h2v_estimate together, alone;
        estimate_of(world, &params, this->graph, num_ranks, &together);
        CHECK_EQ(together.choice, H2V_SETTING_ROTATION);
        CHECK(together.settings[H2V_SETTING_GROUPS].ranks == NULL);
        if (world->rank == 0) {
            h2v_world *single = NULL;
            CHECK_EQ(h2v_world_create(MPI_COMM_SELF, world->num_threads, &single), H2V_OK);
            estimate_of(single, &params, this->graph, num_ranks, &alone);
            CHECK(same_setting(&together.settings[0], &alone.settings[0], num_ranks));
            h2v_estimate_clear(&alone);
            h2v_world_destroy(&single);
        }
        h2v_estimate_clear(&together);
        MPI_Barrier(world->comm);
    }
}

static void compare_fastrp(const h2v_rank_report *found, const h2v_rank_report *foretold)
{
    CHECK_EQ(foretold->num_owned, found->num_owned);
    CHECK_EQ(foretold->num_arcs, found->num_arcs);
    CHECK_EQ(foretold->num_ghosts, found->num_ghosts);
    CHECK_EQ(foretold->row_bytes, found->row_bytes);
    CHECK_EQ(foretold->graph_bytes, found->graph_bytes);
    CHECK_EQ(foretold->index_bytes, found->index_bytes);
    check_phase(found, foretold, H2V_PHASE_MULTIPLY);
}

static void fastrp_comes_true(const h2v_world *world)
{
    for (int i = 0; i < NUM_FASTRP_CASES; i++) {
        const struct fastrp_case *this = &fastrp_cases[i];
        const h2v_embed_params params = params_of_case(this);
        h2v_embed_files files = embed_files_of(this->graph, OUTPUT);
        h2v_estimate estimate;
        h2v_embed_report report;
        if (this->has_properties) files.property = "properties.npy";
        estimate_of(world, &params, this->graph, world->num_ranks, &estimate);
        CHECK_STATUS(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK, "");
        for (int r = 0; r < report.num_ranks; r++)
            compare_fastrp(&report.ranks[r], &estimate.settings[0].ranks[r]);
        CHECK_EQ(estimate.partition.edge_cut, report.partition.edge_cut);
        h2v_embed_report_clear(&report);
        h2v_estimate_clear(&estimate);
    }
}

/* Slices for any number of ranks begin where graph_rows.h says, also where a vertex meets
 * the cost exactly. */
static void slices_begin_where_loading_cuts(const h2v_world *world, const char *path)
{
    const h2v_embed_params params = params_of_fastrp(0, H2V_ROWS_F32, false);
    h2v_world *single = NULL;
    h2v_graph *graph = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_SELF, 1, &single), H2V_OK);
    CHECK_EQ(h2v_graph_load(single, path, &graph), H2V_OK);
    for (int num_ranks = 1; num_ranks <= 24; num_ranks++) {
        h2v_estimate estimate;
        estimate_of(world, &params, path, num_ranks, &estimate);
        int64_t end = 0;
        for (int r = 0; r < num_ranks; r++) {
            const int64_t begin = end,
                          cost = h2vi_slice_cost(graph->num_vertices, graph->num_arcs,
                                                 num_ranks, r + 1);
            while (end < graph->num_vertices && graph->offsets[end] + end < cost) end++;
            CHECK_EQ(estimate.settings[0].ranks[r].num_owned, end - begin);
        }
        h2v_estimate_clear(&estimate);
    }
    h2v_graph_destroy(&graph);
    h2v_world_destroy(&single);
}

/* ---- auto */

/* Groups 0 gives the bytes of the setting that the estimate takes. */
static h2v_setting automatic_is(const h2v_world *world, const h2v_embed_params *params,
                                const char *graph)
{
    h2v_embed_files files = embed_files_of(graph, OUTPUT);
    h2v_estimate estimate;
    h2v_embed_report report;
    estimate_of(world, params, graph, world->num_ranks, &estimate);
    const h2v_setting choice = estimate.choice;
    CHECK_EQ(h2v_embed(world, params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.params.groups, estimate.settings[choice].params.groups);
    CHECK(strcmp(report.because, estimate.because) == 0);
    h2v_embed_report_clear(&report);
    files.output = OTHER;
    CHECK_EQ(embed_quietly(world, &estimate.settings[choice].params, &files), H2V_OK);
    if (world->rank == 0) CHECK(embed_same_bytes(OUTPUT, OTHER));
    MPI_Barrier(world->comm);
    h2v_estimate_clear(&estimate);
    return choice;
}

static void groups_may_be_chosen(const h2v_world *world)
{
    const bool is_alone = world->num_ranks == 1;
    h2v_embed_params params = params_of_one_round();
    params.walks = 40;
    params.rounds = 100; /* few rows a round */
    CHECK_EQ(automatic_is(world, &params, "plain.h5"),
             is_alone ? H2V_SETTING_ROTATION : H2V_SETTING_GROUPS);
    params.rounds = 4; /* enough for neither */
    CHECK_EQ(automatic_is(world, &params, "plain.h5"), H2V_SETTING_ROTATION);
    params.rounds = 16; /* enough for one group */
    CHECK_EQ(automatic_is(world, &params, "karate.h5"), H2V_SETTING_ROTATION);
}

/* Parts that make no equal groups are one group. */
static void groups_may_be_impossible(const h2v_world *world)
{
    const h2v_embed_files files = embed_files_of("plain.h5", OUTPUT);
    h2v_embed_params params = params_of_one_round();
    h2v_embed_report report;
    h2v_estimate estimate;
    params.parts = 7;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.params.groups, 1);
    CHECK(strstr(report.because, world->num_ranks == 1 ? "one rank sends nothing"
                                                       : "7 parts do not make") != NULL);
    h2v_embed_report_clear(&report);
    CHECK_STATUS(h2v_embed_estimate(world, &params, "plain.h5", NULL, 3, 0, &estimate),
                 H2V_ERR_ARGUMENT, "7 parts do not make a group of equal size");
    params.parts = 0;
    CHECK_STATUS(h2v_embed_estimate(world, &params, "plain.h5", NULL, EMBED_VERTICES + 1, 0,
                                    &estimate),
                 H2V_ERR_ARGUMENT, "--ranks 61 is more than the graph's 60 vertices");
    CHECK_STATUS(h2v_embed_estimate(world, &params, "plain.h5", NULL, 0, 0, &estimate),
                 H2V_ERR_ARGUMENT, "--ranks 0 is not in 1..4096");
    CHECK_STATUS(h2v_embed_estimate(world, &params, "missing.h5", NULL, 2, 0, &estimate),
                 H2V_ERR_IO, "missing.h5");
}

/* ---- memory */

/* Embed with so much of it: whether all ranks may. */
static bool may_embed(const h2v_world *world, const h2v_embed_params *params,
                      const char *graph, int64_t memory)
{
    h2v_embed_files files = embed_files_of(graph, OUTPUT);
    h2v_embed_report report;
    files.memory = memory;
    const h2v_status status = h2v_embed(world, params, &files, NULL, NULL, &report);
    if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_ARGUMENT, "--memory is");
    h2v_embed_report_clear(&report);
    return status == H2V_OK;
}

static int64_t largest_peak(const h2v_setting_estimate *setting, int num_ranks)
{
    int64_t largest = 0;
    for (int r = 0; r < num_ranks; r++)
        if (setting->ranks[r].peak_bytes > largest) largest = setting->ranks[r].peak_bytes;
    return largest;
}

/* A byte decides, and it is that of the estimate; but of one group that was counted as
 * several, whose largest cell is then not known. */
static void memory_is_as_estimated(const h2v_world *world, const h2v_embed_params *params,
                                   const char *graph)
{
    h2v_estimate estimate, refused;
    estimate_of(world, params, graph, world->num_ranks, &estimate);
    const bool has_groups = world->num_ranks > 1 && params->method != H2V_METHOD_FASTRP;
    for (int s = 0; s < (has_groups ? H2V_NUM_SETTINGS : 1); s++) {
        const h2v_embed_params *chosen = &estimate.settings[s].params;
        const int64_t peak = largest_peak(&estimate.settings[s], world->num_ranks);
        const int64_t doubt = has_groups && s == H2V_SETTING_ROTATION ? peak / 10 : 0;
        CHECK(may_embed(world, chosen, graph, peak + doubt));
        CHECK(!may_embed(world, chosen, graph, peak - doubt - 1));
        CHECK_EQ(estimate.settings[s].refusal[0], 0);
        CHECK_EQ(h2v_embed_estimate(world, params, graph, NULL, world->num_ranks, peak - 1,
                                    &refused),
                 H2V_OK);
        CHECK(strstr(refused.settings[s].refusal, "--memory is") != NULL);
        h2v_estimate_clear(&refused);
    }
    h2v_estimate_clear(&estimate);
}

/* Of several groups on a rank, and of one that is on several. */
static void memory_changes_no_byte(const h2v_world *world)
{
    const int all_groups[] = {1, 2, 4};
    h2v_embed_params params = params_of_one_round();
    params.parts = 8;
    params.rounds = 4;
    for (int i = 0; i < 4; i++) {
        h2v_embed_files files = embed_files_of("weighted.h5", OUTPUT);
        params.groups = all_groups[i % 3];
        params.init = i == 3 ? H2V_INIT_FASTRP : H2V_INIT_NOISE;
        CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
        files.output = OTHER;
        files.memory = (int64_t)1 << 40;
        CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
        if (world->rank == 0) CHECK(embed_same_bytes(OUTPUT, OTHER));
        MPI_Barrier(world->comm);
    }
}

/* One rank cannot look whether there is enough. */
static void looking_may_fail(const h2v_world *world, const h2v_embed_params *params)
{
    const int failing = world->num_ranks - 1;
    h2v_status status = H2V_ERR_NOMEM;
    int64_t count = 0;
    for (; status == H2V_ERR_NOMEM && count < 2000; count += count < 100 ? 3 : 11) {
        h2v_embed_files files = embed_files_of("plain.h5", OUTPUT);
        files.memory = 1000; /* refused at last */
        if (world->rank == failing) h2vi_alloc_fail_after(count);
        status = embed_quietly(world, params, &files);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_ERR_NOMEM) CHECK_EQ(h2v_error_rank(), failing);
    }
    CHECK_EQ(status, H2V_ERR_ARGUMENT);
}

/* One rank runs out of memory at its allocations in turn, the later ones by fives. */
static void memory_may_be_out(const h2v_world *world, const h2v_embed_params *params,
                              int64_t least)
{
    const int failing = world->num_ranks - 1;
    h2v_status status = H2V_ERR_NOMEM;
    int64_t count = 0;
    for (; status == H2V_ERR_NOMEM && count < 1000; count += count < 60 ? 1 : 5) {
        h2v_estimate estimate;
        if (world->rank == failing) h2vi_alloc_fail_after(count);
        status = h2v_embed_estimate(world, params, "plain.h5", NULL, 2, 0, &estimate);
        h2vi_alloc_fail_after(-1);
        if (status == H2V_ERR_NOMEM) CHECK_EQ(h2v_error_rank(), failing);
        h2v_estimate_clear(&estimate);
    }
    CHECK_EQ(status, H2V_OK);
    CHECK(count > least);
}

static void write_properties(void)
{
    float rows[EMBED_VERTICES * 2];
    for (int i = 0; i < EMBED_VERTICES * 2; i++) rows[i] = (float)(i % 5);
    CHECK_EQ(npy_write_floats("properties.npy", EMBED_VERTICES, 2, rows), 0);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_estimate");
    if (world->rank == 0) {
        embed_write_graphs(H2V_DATASETS "/karate.edges");
        write_properties();
    }
    MPI_Barrier(world->comm);

    ranks_do_not_count(world);
    one_round_is_as_estimated(world);
    an_epoch_is_its_rounds(world);
    groups_may_be_chosen(world);
    groups_may_be_impossible(world);
    fastrp_is_foretold_alike(world);
    fastrp_comes_true(world);
    slices_begin_where_loading_cuts(world, "plain.h5");
    slices_begin_where_loading_cuts(world, "directed.h5");
    const h2v_embed_params fastrp = params_of_fastrp(0, H2V_ROWS_BF16, false);
    h2v_embed_params small = params_of_one_round();
    memory_is_as_estimated(world, &small, "plain.h5");
    memory_is_as_estimated(world, &fastrp, "weighted.h5");
    memory_changes_no_byte(world);
    if (h2vi_alloc_can_fail()) {
        looking_may_fail(world, &small);
        looking_may_fail(world, &fastrp);
        const h2v_embed_params trained = params_of_one_round();
        const h2v_embed_params slices = params_of_fastrp(0, H2V_ROWS_F32, false);
        const h2v_embed_params parts = params_of_fastrp(5, H2V_ROWS_F32, false);
        memory_may_be_out(world, &trained, 60);
        memory_may_be_out(world, &slices, 15);
        memory_may_be_out(world, &parts, 20);
    }

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
