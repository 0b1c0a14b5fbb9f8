/* SPDX-License-Identifier: MIT */

/* FastRP as a whole job: the file's bytes are those that one rank with one thread writes
 * without parts, whatever the number of ranks, threads and parts and whoever cuts them. */
#include "alloc.h"
#include "check.h"
#include "embed_files.h"
#include "embedding_hdf5.h"
#include "npy_files.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOGETHER "together.h5"
#define ALONE "alone.h5"
#define OTHER "other.h5"
#define PROPERTIES "properties.npy"

enum { NUM_PROPERTIES = 3 };

static const struct variant {
    const char *name, *graph;
    h2v_row_type row_type;
    h2v_unit_rows unit_rows;
    double property_ratio;
    bool standardize;
} variants[] = {
    {.name = "plain", .graph = "plain.h5"},
    {.name = "bf16", .graph = "plain.h5", .row_type = H2V_ROWS_BF16},
    {.name = "weighted", .graph = "weighted.h5", .unit_rows = H2V_UNIT_ROWS_ADDED},
    {.name = "weighted, bf16, as GDS",
     .graph = "weighted.h5",
     .row_type = H2V_ROWS_BF16,
     .unit_rows = H2V_UNIT_ROWS_ITERATED},
    {.name = "directed",
     .graph = "directed.h5",
     .unit_rows = H2V_UNIT_ROWS_ADDED,
     .standardize = true},
    {.name = "karate, bf16",
     .graph = "karate.h5",
     .row_type = H2V_ROWS_BF16,
     .unit_rows = H2V_UNIT_ROWS_ADDED},
    {.name = "properties",
     .graph = "plain.h5",
     .unit_rows = H2V_UNIT_ROWS_ITERATED,
     .property_ratio = 0.3},
    {.name = "properties alone, bf16",
     .graph = "directed.h5",
     .row_type = H2V_ROWS_BF16,
     .property_ratio = 1,
     .standardize = true},
};

static h2v_embed_params fastrp_params(void)
{
    h2v_embed_params params = h2v_embed_params_default();
    params.method = H2V_METHOD_FASTRP;
    params.dim = 20;
    params.seed = 7;
    params.fastrp = (h2v_fastrp_params){.num_weights = 4,
                                        .weights = {0, 0, 1, 6.67},
                                        .normalization_strength = -0.64,
                                        .sparsity = 3,
                                        .node_self_influence = 0.5,
                                        .unit_rows = H2V_UNIT_ROWS_ADDED};
    return params;
}

static h2v_embed_params params_of(const struct variant *variant)
{
    h2v_embed_params params = fastrp_params();
    params.fastrp.row_type = variant->row_type;
    params.fastrp.unit_rows = variant->unit_rows;
    params.fastrp.property_ratio = variant->property_ratio;
    params.fastrp.standardize = variant->standardize;
    return params;
}

static h2v_embed_files files_of(const char *graph, const h2v_embed_params *params,
                                const char *output)
{
    h2v_embed_files files = embed_files_of(graph, output);
    if (params->fastrp.property_ratio > 0) files.property = PROPERTIES;
    return files;
}

/* Collective in that the others wait. */
static void check_same_bytes(const h2v_world *world, const char *name, int parts)
{
    if (world->rank == 0) {
        const bool same = embed_same_bytes(TOGETHER, ALONE);
        CHECK(same);
        if (!same)
            (void)fprintf(stderr, "%s, %d threads, %d parts\n", name, world->num_threads,
                          parts);
    }
    MPI_Barrier(world->comm);
}

static const struct cut {
    int num_threads, parts;
    h2v_partitioner partitioner;
} cuts[] = {{1, 0, H2V_PARTITIONER_METIS}, {1, 3, H2V_PARTITIONER_METIS},
            {2, 0, H2V_PARTITIONER_METIS}, {2, 8, H2V_PARTITIONER_METIS},
            {2, 8, H2V_PARTITIONER_HASH},  {3, 0, H2V_PARTITIONER_METIS},
            {3, 1, H2V_PARTITIONER_METIS}};

static void the_bytes_depend_on_nobody(const struct variant *variant)
{
    h2v_embed_params params = params_of(variant);
    const h2v_embed_files files = files_of(variant->graph, &params, TOGETHER);
    h2v_world *world = NULL;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        if (!world)
            CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, cuts[i].num_threads, &world), H2V_OK);
        if (i == 0) CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
        params.parts = cuts[i].parts;
        params.partitioner = cuts[i].partitioner;
        CHECK_STATUS(embed_quietly(world, &params, &files), H2V_OK, "");
        check_same_bytes(world, variant->name, params.parts);
        if (i + 1 == sizeof cuts / sizeof *cuts ||
            cuts[i + 1].num_threads != cuts[i].num_threads)
            h2v_world_destroy(&world);
    }
}

static void a_stored_partition_is_used(const h2v_world *world)
{
    h2v_embed_params params = fastrp_params();
    h2v_embed_files files = embed_files_of("weighted.h5", TOGETHER);
    h2v_graph *graph = NULL;
    h2v_partition partition = {0};
    h2v_partition_quality quality;
    CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
    CHECK_EQ(h2v_graph_load(world, "weighted.h5", &graph), H2V_OK);
    int64_t *ones = h2vi_alloc_n(h2v_graph_num_owned(graph), sizeof *ones);
    for (int64_t v = 0; v < h2v_graph_num_owned(graph); v++) ones[v] = 1;
    CHECK_EQ(h2v_partition_create(graph, 6, H2V_PARTITIONER_METIS, 3, ones, &partition,
                                  &quality),
             H2V_OK);
    CHECK_EQ(h2v_partition_save(graph, &partition, true, "parts.h5"), H2V_OK);
    files.partition = "parts.h5";
    CHECK_EQ(embed_quietly(world, &params, &files), H2V_OK);
    check_same_bytes(world, "a partition file", 6);
    params.parts = 5;
    CHECK_STATUS(embed_quietly(world, &params, &files), H2V_ERR_ARGUMENT,
                 "--parts 5: 'parts.h5' has 6 parts");
    free(ones);
    h2v_partition_clear(&partition);
    h2v_graph_destroy(&graph);
}

/* ---- what the rows are */

/* An entry of the random row of a vertex, by the rule that project.h states: 1, -1 or 0. */
static float drawn_sign(uint64_t seed, uint32_t gid, int column, double sparsity)
{
    const h2vi_words words =
        h2vi_random(seed, H2VI_FOR_PROJECTION, 0, 0, gid, (uint32_t)column / 4);
    const uint32_t limit = (uint32_t)(4294967296.0 / (2 * sparsity) + 0.5);
    const uint32_t word = words.w[column % 4];
    return word < limit ? 1 : word >= 0 - limit ? -1.0F : 0;
}

/* Of N_0 alone every row can be told from the vertex's place in the file. */
static void rows_are_in_the_order_of_the_file(const h2v_world *world)
{
    h2v_embed_params params = fastrp_params();
    const h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    params.fastrp = (h2v_fastrp_params){
        .num_weights = 1, .node_self_influence = 2, .unit_rows = H2V_UNIT_ROWS_NONE};
    params.parts = 5;
    h2v_embed_report report;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK(report.params.fastrp.sparsity == sqrt(EMBED_VERTICES));
    h2v_embed_report_clear(&report);
    if (world->rank == 0) {
        h2vi_embedding found;
        const float value = (float)sqrt(sqrt(EMBED_VERTICES)) * 2;
        CHECK_EQ(h2vi_embedding_read(TOGETHER, &found), H2V_OK);
        CHECK(found.num_vertices == EMBED_VERTICES && found.dim == params.dim);
        CHECK(found.contexts == NULL);
        for (int64_t i = 0; i < found.num_vertices * found.dim; i++) {
            const int column = (int)(i % found.dim);
            const float sign = drawn_sign(params.seed, (uint32_t)(i / found.dim), column,
                                          sqrt(EMBED_VERTICES));
            CHECK(found.vectors[i] == value * sign);
        }
        h2vi_embedding_clear(&found);
    }
    MPI_Barrier(world->comm);
}

/* Collective in that the others wait. */
static void check_differs(const h2v_world *world, const h2v_embed_params *params)
{
    const h2v_embed_files files = files_of("plain.h5", params, OTHER);
    CHECK_EQ(embed_alone_with(world, params, &files, OTHER), H2V_OK);
    if (world->rank == 0) CHECK(embed_other_rows(OTHER, ALONE));
}

static void every_parameter_counts(const h2v_world *world)
{
    h2v_embed_params params = fastrp_params();
    const h2v_embed_files files = embed_files_of("plain.h5", ALONE);
    CHECK_EQ(embed_alone_with(world, &params, &files, ALONE), H2V_OK);
    params.seed++;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.weights[0] = 1;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.num_weights--;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.normalization_strength = -0.5;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.node_self_influence = 0;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.sparsity = 0;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.unit_rows = H2V_UNIT_ROWS_NONE;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.row_type = H2V_ROWS_BF16;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.property_ratio = 0.5;
    check_differs(world, &params);
    params = fastrp_params();
    params.fastrp.standardize = true;
    check_differs(world, &params);
}

/* What properties gave is a part of what the file says of itself. */
static void the_file_tells_its_properties(const h2v_world *world)
{
    h2v_embed_params params = fastrp_params();
    params.fastrp.property_ratio = 0.3;
    h2v_embed_files files = files_of("plain.h5", &params, TOGETHER);
    h2v_embed_report report, other;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.params.read.property_columns, NUM_PROPERTIES);
    params.parts = 4;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &other), H2V_OK);
    CHECK(report.params.read.property_digest == other.params.read.property_digest);
    h2v_embed_report_clear(&other);
    files.property = "other_" PROPERTIES;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &other), H2V_OK);
    CHECK(report.params.read.property_digest != other.params.read.property_digest);
    h2v_embed_report_clear(&other);
    h2v_embed_report_clear(&report);
}

/* ---- what it reports */

static void check_traffic(const h2v_embed_report *report, int num_pulls, int64_t row_bytes)
{
    int64_t sums[4] = {0};
    const h2v_phase phase = H2V_PHASE_MULTIPLY;
    for (int r = 0; r < report->num_ranks; r++) {
        const h2v_rank_report *rank = &report->ranks[r];
        CHECK_EQ(rank->rows_received[phase], rank->num_ghosts * num_pulls);
        CHECK(rank->bytes_received[phase] >= rank->rows_received[phase] * row_bytes);
        sums[0] += rank->bytes_sent[phase];
        sums[1] += rank->bytes_received[phase];
        sums[2] += rank->rows_sent[phase];
        sums[3] += rank->rows_received[phase];
    }
    CHECK_EQ(sums[0], sums[1]);
    CHECK_EQ(sums[2], sums[3]);
    CHECK_EQ(sums[2] > 0, report->num_ranks > 1);
}

static void the_report_adds_up(const h2v_world *world, int parts, double property_ratio)
{
    h2v_embed_params params = fastrp_params();
    params.parts = parts;
    params.fastrp.property_ratio = property_ratio;
    params.fastrp.row_type = H2V_ROWS_BF16;
    const h2v_embed_files files = files_of("plain.h5", &params, TOGETHER);
    h2v_embed_report report;
    CHECK_EQ(h2v_embed(world, &params, &files, NULL, NULL, &report), H2V_OK);
    CHECK_EQ(report.num_vertices, EMBED_VERTICES);
    CHECK_EQ(report.params.parts, parts);
    CHECK_EQ(report.params.groups, 1);
    CHECK_EQ(report.partition.num_edges > 0, parts > 0);
    h2v_rank_report sum = {0};
    for (int r = 0; r < report.num_ranks; r++) {
        const h2v_rank_report *rank = &report.ranks[r];
        sum.num_owned += rank->num_owned;
        sum.num_arcs += rank->num_arcs;
        sum.num_pairs += rank->num_pairs + rank->num_steps + rank->round_bytes;
        CHECK(rank->multiply_seconds > 0);
        CHECK(rank->wall_seconds[H2V_PHASE_MULTIPLY] > 0);
        CHECK(rank->graph_bytes > rank->index_bytes);
        CHECK(rank->row_bytes >= rank->num_owned * 32 * 8);
        CHECK_EQ(rank->wall_seconds[H2V_PHASE_TRIAL] > 0, false);
        CHECK_EQ(rank->wall_seconds[H2V_PHASE_INIT] > 0, property_ratio > 0);
    }
    CHECK_EQ(sum.num_owned, EMBED_VERTICES);
    CHECK_EQ(sum.num_arcs, report.num_arcs);
    CHECK_EQ(sum.num_pairs, 0);
    check_traffic(&report, property_ratio > 0 ? 4 : 3, 32 * 2);
    h2v_embed_report_clear(&report);
}

typedef struct listener {
    int num_calls, num_faults;
} listener;

static void listen(void *context, const h2v_progress *progress)
{
    listener *this = context;
    this->num_calls++;
    this->num_faults += progress->phase != H2V_PHASE_MULTIPLY ||
                        progress->round != this->num_calls || progress->rounds != 4 ||
                        progress->share != this->num_calls / 4.0 ||
                        progress->train_seconds > progress->seconds;
}

static void progress_is_told_on_rank_0(const h2v_world *world)
{
    const h2v_embed_params params = fastrp_params();
    const h2v_embed_files files = embed_files_of("plain.h5", TOGETHER);
    h2v_embed_report report;
    listener this = {0};
    CHECK_EQ(h2v_embed(world, &params, &files, listen, &this, &report), H2V_OK);
    CHECK_EQ(this.num_calls, world->rank == 0 ? 4 : 0);
    CHECK_EQ(this.num_faults, 0);
    h2v_embed_report_clear(&report);
}

/* ---- together */

/* Rank 0. */
static void write_properties(void)
{
    float rows[EMBED_VERTICES * NUM_PROPERTIES];
    for (int i = 0; i < EMBED_VERTICES * NUM_PROPERTIES; i++)
        rows[i] = (float)(i * 7 % 11) - 3;
    CHECK_EQ(npy_write_floats(PROPERTIES, EMBED_VERTICES, NUM_PROPERTIES, rows), 0);
    rows[5] += 1;
    CHECK_EQ(npy_write_floats("other_" PROPERTIES, EMBED_VERTICES, NUM_PROPERTIES, rows),
             0);
}

int main(int argc, char **argv)
{
    int level = 0;
    h2v_world *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 2, &world), H2V_OK);
    embed_enter_directory(world, "test_embed_fastrp");
    if (world->rank == 0) {
        embed_write_graphs(H2V_DATASETS "/karate.edges");
        write_properties();
    }
    MPI_Barrier(world->comm);

    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        the_bytes_depend_on_nobody(&variants[i]);
    a_stored_partition_is_used(world);
    rows_are_in_the_order_of_the_file(world);
    every_parameter_counts(world);
    the_file_tells_its_properties(world);
    the_report_adds_up(world, 0, 0);
    the_report_adds_up(world, 8, 0);
    the_report_adds_up(world, 0, 0.5);
    progress_is_told_on_rank_0(world);

    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
