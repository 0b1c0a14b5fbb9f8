/* SPDX-License-Identifier: MIT */

/* The main job as a whole: the file's bytes are those that one rank with one thread writes,
 * whatever the number of ranks and threads, and they depend on what they should. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "embedding_hdf5.h"
#include "sgns.h"
#include "whole_copy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOGETHER "together.h5"
#define ALONE "alone.h5"
#define OTHER "other.h5"

static const struct variant {
    const char *name, *graph;
    h2v_method method;
    double subsample;
    int epochs; /* 0: one */
    int parts;
    h2v_partitioner partitioner;
    int groups; /* 0: one */
    h2v_combiner combiner;
    int pool;
    h2v_precision precision;
} variants[] = {
    {.name = "deepwalk", .graph = "plain.h5", .parts = 5},
    {.name = "node2vec", .graph = "plain.h5", .method = H2V_METHOD_NODE2VEC, .parts = 5},
    {.name = "weighted deepwalk", .graph = "weighted.h5", .parts = 4},
    {.name = "weighted node2vec",
     .graph = "weighted.h5",
     .method = H2V_METHOD_NODE2VEC,
     .parts = 7,
     .partitioner = H2V_PARTITIONER_HASH},
    {.name = "directed deepwalk", .graph = "directed.h5", .epochs = 2, .parts = 3},
    {.name = "directed node2vec",
     .graph = "directed.h5",
     .method = H2V_METHOD_NODE2VEC,
     .parts = 6,
     .partitioner = H2V_PARTITIONER_HASH},
    {.name = "subsample", .graph = "plain.h5", .subsample = 0.005, .parts = 5},
    {.name = "two epochs", .graph = "plain.h5", .epochs = 2, .parts = 2},
    {.name = "a part for each vertex",
     .graph = "plain.h5",
     .parts = EMBED_VERTICES,
     .partitioner = H2V_PARTITIONER_HASH},
    {.name = "karate, chosen parts", .graph = "karate.h5"},
    {.name = "karate node2vec",
     .graph = "karate.h5",
     .method = H2V_METHOD_NODE2VEC,
     .subsample = 0.01,
     .parts = 3},
    /* Blocks that are rounded as they pass. */
    {.name = "f16 blocks", .graph = "plain.h5", .parts = 5, .precision = H2V_PRECISION_F16},
    /* Groups of one part, and groups that two ranks or more share. */
    {.name = "a group for each part",
     .graph = "plain.h5",
     .parts = 5,
     .groups = 5,
     .combiner = H2V_COMBINER_SATURATING,
     .precision = H2V_PRECISION_INT8},
    {.name = "two groups, f16",
     .graph = "plain.h5",
     .parts = 8,
     .groups = 2,
     .combiner = H2V_COMBINER_PROJECTION,
     .pool = 8,
     .precision = H2V_PRECISION_F16},
    {.name = "three groups, node2vec, int8",
     .graph = "weighted.h5",
     .method = H2V_METHOD_NODE2VEC,
     .parts = 6,
     .groups = 3,
     .combiner = H2V_COMBINER_ADASUM,
     .pool = 1,
     .precision = H2V_PRECISION_INT8},
    {.name = "three groups, directed, bf16",
     .graph = "directed.h5",
     .parts = 9,
     .partitioner = H2V_PARTITIONER_HASH,
     .groups = 3,
     .combiner = H2V_COMBINER_SUM,
     .precision = H2V_PRECISION_BF16},
    {.name = "two groups, two epochs",
     .graph = "plain.h5",
     .subsample = 0.01,
     .epochs = 2,
     .parts = 6,
     .groups = 2,
     .combiner = H2V_COMBINER_AVERAGE,
     .pool = 20},
    {.name = "karate, chosen parts of groups",
     .graph = "karate.h5",
     .groups = 3,
     .precision = H2V_PRECISION_AUTO},
};

static h2v_embed_params params_of(const struct variant *variant)
{
    h2v_embed_params params = embed_small_params();
    params.method = variant->method;
    if (params.method == H2V_METHOD_NODE2VEC) {
        params.p = 0.25;
        params.q = 4;
    }
    params.subsample = variant->subsample;
    params.epochs = variant->epochs > 0 ? variant->epochs : 1;
    params.parts = variant->parts;
    params.partitioner = variant->partitioner;
    params.groups = variant->groups > 0 ? variant->groups : 1;
    params.combiner = variant->combiner;
    params.pool = variant->pool;
    params.exchange_precision = variant->precision;
    return params;
}

/* On 1, 2 and 3 threads a rank; on one rank also on 4. On 2 walkers are handed over, as
 * they are where the graph is large. */
static void the_bytes_are_those_of_one_rank(const struct variant *variant)
{
    const h2v_embed_params params = params_of(variant);
    const h2v_embed_files files = embed_files_of(variant->graph, TOGETHER);
    for (int num_threads = 1; num_threads <= 4; num_threads++) {
        h2v_world *world = NULL;
        h2vi_whole_copy_allow(num_threads == 2 ? 0 : -1);
        CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, num_threads, &world), H2V_OK);
        const int is_used = num_threads < 4 || world->num_ranks == 1;
        if (num_threads == 1)
            CHECK_EQ(embed_alone(world, &params, variant->graph, ALONE), H2V_OK);
        if (is_used) CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
        if (is_used && world->rank == 0) {
            const bool same = embed_same_bytes(TOGETHER, ALONE);
            CHECK(same);
            if (!same)
                (void)fprintf(stderr, "%s, %d threads\n", variant->name, num_threads);
        }
        MPI_Barrier(world->comm);
        h2v_world_destroy(&world);
    }
}

/* ---- what the bytes depend on */

/* Collective in that the others wait: `params` give other rows than ALONE has. */
static void check_differs(const h2v_world *world, const h2v_embed_params *params)
{
    CHECK_EQ(embed_alone(world, params, "plain.h5", OTHER), H2V_OK);
    if (world->rank == 0) CHECK(embed_other_rows(OTHER, ALONE));
}

static void every_parameter_counts(const h2v_world *world)
{
    h2v_embed_params params = embed_small_params();
    CHECK_EQ(embed_alone(world, &params, "plain.h5", ALONE), H2V_OK);
    params.seed++;
    check_differs(world, &params);
    params = embed_small_params();
    params.rounds++;
    check_differs(world, &params);
    params = embed_small_params();
    params.negatives++;
    check_differs(world, &params);
    params = embed_small_params();
    params.learning_rate /= 2;
    check_differs(world, &params);
}

static h2v_embed_params params_of_groups(void)
{
    h2v_embed_params params = embed_small_params();
    params.parts = 6;
    params.groups = 3;
    params.pool = 4;
    params.combiner = H2V_COMBINER_SATURATING;
    params.exchange_precision = H2V_PRECISION_F32;
    return params;
}

static void every_parameter_of_groups_counts(const h2v_world *world)
{
    h2v_embed_params params = params_of_groups();
    CHECK_EQ(embed_alone(world, &params, "plain.h5", ALONE), H2V_OK);
    for (params.groups = 1; params.groups <= 6; params.groups++)
        if (params.groups != 3 && 6 % params.groups == 0) check_differs(world, &params);
    params = params_of_groups();
    params.pool = EMBED_VERTICES;
    check_differs(world, &params);
    params = params_of_groups();
    params.rounds++;
    check_differs(world, &params);
    params = params_of_groups();
    for (int c = H2V_COMBINER_PROJECTION; c <= H2V_COMBINER_AVERAGE; c++) {
        params.combiner = (h2v_combiner)c;
        check_differs(world, &params);
    }
    params = params_of_groups();
    for (int p = H2V_PRECISION_F16; p <= H2V_PRECISION_INT8; p++) {
        params.exchange_precision = (h2v_precision)p;
        check_differs(world, &params);
    }
}

/* Rank 0 reads; collective only in that the others wait. */
static void contexts_may_be_left_out(const h2v_world *world)
{
    const h2v_embed_params params = embed_small_params();
    h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    CHECK_EQ(embed_alone(world, &params, "plain.h5", ALONE), H2V_OK);
    files.with_contexts = false;
    CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
    if (world->rank == 0) {
        h2vi_embedding with, without;
        CHECK_EQ(h2vi_embedding_read(ALONE, &with), H2V_OK);
        CHECK_EQ(h2vi_embedding_read(TOGETHER, &without), H2V_OK);
        CHECK(with.contexts != NULL && without.contexts == NULL);
        CHECK(memcmp(with.vectors, without.vectors,
                     (size_t)(with.num_vertices * with.dim) * sizeof(float)) == 0);
        h2vi_embedding_clear(&with);
        h2vi_embedding_clear(&without);
    }
    MPI_Barrier(world->comm);
}

/* Rows of vertices that were trained moved from where they began; all are finite. */
static void rows_are_trained(const h2v_world *world)
{
    const h2v_embed_params params = embed_small_params();
    const h2v_embed_files files = embed_files_of("directed.h5", TOGETHER);
    CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
    if (world->rank == 0) {
        h2vi_embedding found;
        CHECK_EQ(h2vi_embedding_read(TOGETHER, &found), H2V_OK);
        for (int64_t v = 0; v < EMBED_VERTICES; v++) {
            double norm = 0;
            for (int64_t d = 0; d < found.dim; d++) {
                CHECK(isfinite(found.vectors[v * found.dim + d]));
                norm += fabs((double)found.contexts[v * found.dim + d]);
            }
            CHECK(isfinite(norm) && norm > 0); /* all were drawn as negatives at least */
        }
        h2vi_embedding_clear(&found);
    }
    MPI_Barrier(world->comm);
}

/* Whether two embeddings have the same rows. Rank 0. */
static bool same_rows(const char *path, const char *other_path)
{
    h2vi_embedding one, other;
    CHECK_EQ(h2vi_embedding_read(path, &one), H2V_OK);
    CHECK_EQ(h2vi_embedding_read(other_path, &other), H2V_OK);
    const size_t num_bytes = (size_t)(one.num_vertices * one.dim) * sizeof(float);
    const bool same = one.num_vertices == other.num_vertices && one.dim == other.dim &&
                      memcmp(one.vectors, other.vectors, num_bytes) == 0 &&
                      memcmp(one.contexts, other.contexts, num_bytes) == 0;
    h2vi_embedding_clear(&one);
    h2vi_embedding_clear(&other);
    return same;
}

/* A partition that was stored gives the rows that embedding's own gives. */
static void a_stored_partition_is_used(const h2v_world *world)
{
    h2v_embed_params params = embed_small_params();
    h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_graph *graph = NULL;
    h2v_partition partition = {0};
    h2v_partition_quality quality;
    CHECK_EQ(embed_alone(world, &params, "plain.h5", ALONE), H2V_OK);
    CHECK_EQ(h2v_graph_load(world, "plain.h5", &graph), H2V_OK);
    int64_t *visits = h2vi_alloc_n(h2v_graph_num_owned(graph), sizeof *visits);
    CHECK_EQ(h2v_embed_count_visits(graph, &params, visits), H2V_OK);
    CHECK_EQ(h2v_partition_create(graph, 5, H2V_PARTITIONER_METIS, params.seed, visits,
                                  &partition, &quality),
             H2V_OK);
    CHECK_EQ(h2v_partition_save(graph, &partition, true, "parts.h5"), H2V_OK);
    files.partition = "parts.h5";
    for (params.parts = 0; params.parts <= 5; params.parts += 5) {
        CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
        if (world->rank == 0) CHECK(same_rows(TOGETHER, ALONE));
        MPI_Barrier(world->comm);
    }
    params.parts = 4;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--parts 4: 'parts.h5' has 5 parts");
    params.parts = 0;
    files.graph = "weighted.h5";
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_DATA, "parts.h5");
    free(visits);
    h2v_partition_clear(&partition);
    h2v_graph_destroy(&graph);
}

/* ---- report and progress */

/* Whether a group has parts on several ranks: then its blocks travel. */
static bool ranks_share_groups(int num_ranks, const h2v_embed_params *params)
{
    const int per_group = params->parts / params->groups;
    bool is_shared = false;
    for (int r = 1; r < num_ranks; r++) {
        const int first = h2v_partition_first_part(params->parts, num_ranks, r);
        is_shared = is_shared || first % per_group != 0;
    }
    return is_shared;
}

/* What is sent is received, as bytes and as rows; rows travel where they must. */
static void check_traffic(const h2v_embed_report *report, bool are_handed_over)
{
    const bool is_alone = report->num_ranks == 1, has_groups = report->params.groups > 1;
    for (int phase = 0; phase < H2V_NUM_PHASES; phase++) {
        int64_t bytes_sent = 0, bytes_received = 0, rows_sent = 0, rows_received = 0;
        for (int r = 0; r < report->num_ranks; r++) {
            const h2v_rank_report *rank = &report->ranks[r];
            bytes_sent += rank->bytes_sent[phase];
            bytes_received += rank->bytes_received[phase];
            rows_sent += rank->rows_sent[phase];
            rows_received += rank->rows_received[phase];
        }
        CHECK_EQ(bytes_sent, bytes_received);
        CHECK_EQ(rows_sent, rows_received);
        if (is_alone) CHECK_EQ(bytes_sent, 0);
        if (phase == H2V_PHASE_WALK) CHECK_EQ(bytes_sent > 0, !is_alone && are_handed_over);
        if (phase == H2V_PHASE_PULL || phase == H2V_PHASE_PUSH)
            CHECK_EQ(rows_sent > 0, !is_alone && has_groups);
        if (phase == H2V_PHASE_TRAIN)
            CHECK_EQ(rows_sent > 0, ranks_share_groups(report->num_ranks, &report->params));
        /* Of the rows of this test none is packed into less than 20 bytes. */
        CHECK(bytes_sent >= rows_sent * 20);
    }
}

static void the_report_adds_up(const h2v_world *world, int num_parts, int num_groups,
                               bool are_handed_over)
{
    h2v_embed_params params = embed_small_params();
    params.epochs = 2;
    params.parts = num_parts;
    params.groups = num_groups;
    const h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_embed_report report;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.num_vertices, EMBED_VERTICES);
    CHECK_EQ(report.num_ranks, world->num_ranks);
    CHECK_EQ(report.num_threads, world->num_threads);
    CHECK_EQ(report.params.groups, num_groups);
    CHECK_EQ(report.params.pool > 0, num_groups > 1);
    CHECK(report.params.exchange_precision != H2V_PRECISION_AUTO);
    CHECK(report.seconds > 0 && strlen(report.kernel) > 0);
    h2v_rank_report sum = {0};
    for (int r = 0; r < report.num_ranks; r++) {
        const h2v_rank_report *rank = &report.ranks[r];
        sum.num_owned += rank->num_owned;
        sum.num_arcs += rank->num_arcs;
        sum.num_steps += rank->num_steps;
        sum.num_pairs += rank->num_pairs;
        CHECK(rank->peak_bytes > rank->row_bytes + rank->graph_bytes);
        CHECK(rank->num_owned == 0 || rank->cell_seconds > 0);
    }
    CHECK_EQ(sum.num_owned, EMBED_VERTICES);
    CHECK_EQ(sum.num_arcs, report.num_arcs);
    /* No walk of this graph ends early: each start is walked once an epoch. */
    CHECK_EQ(sum.num_steps, EMBED_VERTICES * 2 * params.walks * (params.walk_length - 1));
    CHECK(sum.num_pairs > sum.num_steps && sum.num_pairs < sum.num_steps * 8);
    check_traffic(&report, are_handed_over);
    h2v_embed_report_clear(&report);
}

typedef struct listener {
    int num_calls, num_faults;
    double share;
} listener;

static void listen(void *context, const h2v_progress *progress)
{
    listener *this = context;
    this->num_calls++;
    this->num_faults +=
        !(progress->share > this->share && progress->share <= 1) ||
        progress->phase != H2V_PHASE_TRAIN || progress->round < 1 ||
        progress->round > progress->rounds || progress->rounds != 4 ||
        !(progress->learning_rate > 0 && progress->learning_rate < 0.0250001) ||
        progress->train_seconds > progress->seconds;
    this->share = progress->share;
}

/* With one thread a rank, the main thread sees every cell of its rank. */
static void progress_is_told_on_rank_0(int num_groups)
{
    h2v_embed_params params = embed_small_params();
    params.groups = num_groups;
    const h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_world *world = NULL;
    h2v_embed_report report;
    listener this = {0};
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    CHECK_EQ(h2v_embed(world, &params, &files, listen, &this, &report), H2V_OK);
    const int num_parts = h2v_partition_first_part(params.parts, world->num_ranks, 1);
    CHECK_EQ(this.num_calls,
             world->rank == 0 ? params.rounds * params.parts / num_groups * num_parts : 0);
    CHECK_EQ(this.num_faults, 0);
    if (world->rank == 0) CHECK(this.share == 1);
    h2v_embed_report_clear(&report);
    h2v_world_destroy(&world);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed");
    if (world->rank == 0) embed_write_graphs(H2V_DATASETS "/karate.edges");
    MPI_Barrier(world->comm);

    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        the_bytes_are_those_of_one_rank(&variants[i]);
    every_parameter_counts(world);
    every_parameter_of_groups_counts(world);
    contexts_may_be_left_out(world);
    rows_are_trained(world);
    a_stored_partition_is_used(world);
    the_report_adds_up(world, 5, 1, false);
    h2vi_whole_copy_allow(0);
    the_report_adds_up(world, 6, 3, true);
    h2vi_whole_copy_allow(-1);
    progress_is_told_on_rank_0(1);
    progress_is_told_on_rank_0(5);

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
