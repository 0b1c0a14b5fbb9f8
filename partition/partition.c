/* SPDX-License-Identifier: MIT */

/* Choosing parts and measuring them. Trivial cases never reach METIS. Measures count in the
 * order of parts, by integers, so they are equal on any number of ranks. */
#include "halo2vec/partition.h"

#include "agree.h"
#include "alloc.h"
#include "clock.h"
#include "collect.h"
#include "exchange.h"
#include "fail.h"
#include "gather.h"
#include "metis_parts.h"
#include "random.h"
#include "slot_map.h"
#include "stream_parts.h"

#include <stdlib.h>

/* Of the edges that parts by chance cut: where Fennel cuts more, METIS's cut is no better
 * (BlogCatalog, R-MAT: .71 to .91, METIS within .01 of it); where it cuts less, METIS's is
 * (web graphs, citations, packages: .05 to .47, METIS .7 of it and down to a tenth). */
static const double MOST_WITH_COMMUNITIES = 2.0 / 3;
/* So many arcs are a matter of a second or two to METIS, of whatever graph. */
static const int64_t FEW_ARCS = 1 << 20;

int h2v_partition_first_part(int num_parts, int num_ranks, int rank)
{
    return (int)(((int64_t)num_parts * rank + num_ranks - 1) / num_ranks);
}

const char *h2v_partitioner_name(h2v_partitioner partitioner)
{
    static const char *const names[] = {"auto", "metis", "fennel", "hash", "file"};
    return names[partitioner];
}

void h2v_partition_clear(h2v_partition *partition)
{
    free(partition->parts);
    *partition = (h2v_partition){0};
}

static void assign_by_hash(const h2v_graph *graph, uint64_t seed, h2v_partition *partition)
{
    for (int64_t v = 0; v < partition->num_owned; v++) {
        const h2vi_words random =
            h2vi_random(seed, H2VI_FOR_HASH_PART, 0, 0, graph->gids[v], 0);
        partition->parts[v] =
            (int32_t)h2vi_below(random.w[0], (uint32_t)partition->num_parts);
    }
}

/* Collective. A vertex heavier than a part fills one alone, whoever cuts; at its true
 * weight METIS would give other parts nothing, and to Fennel the work of others would look
 * like nothing. So work counts up to that of the mean part, which is the mean of works that
 * count so. */
static int64_t find_most_work(const h2v_graph *graph, const int64_t *weights, int num_parts)
{
    enum { MAX_PASSES = 64 };
    int64_t most = INT64_MAX;
    for (int pass = 0; pass < MAX_PASSES; pass++) {
        int64_t sum = 0;
        for (int64_t v = 0; v < graph->num_owned; v++)
            sum += weights[v] < most ? weights[v] : most;
        h2vi_sum(graph->world, 1, &sum);
        if (sum / num_parts >= most) break;
        most = sum / num_parts;
    }
    return most;
}

/* Collective. Rank 0 cuts; every rank gets the parts of its slice. */
static h2v_status assign_by_metis(const h2v_graph *graph, uint64_t seed,
                                  const int64_t *weights, h2v_partition *partition,
                                  int64_t *gathered_bytes)
{
    const h2v_world *world = graph->world;
    h2vi_whole_graph whole = {0};
    h2vi_exchange exchange = {0};
    int32_t *parts = NULL;
    h2v_status status =
        h2v_agree(world, h2vi_exchange_init(world, sizeof *parts, &exchange));
    if (status != H2V_OK) goto cleanup;
    exchange.what = "parts of vertices";
    status = h2vi_gather_whole(graph, weights, &whole);
    if (status != H2V_OK) goto cleanup;

    const int64_t most_work = find_most_work(graph, weights, partition->num_parts);
    if (world->rank == 0) {
        parts = h2vi_alloc_n(graph->num_vertices, sizeof *parts);
        status = parts ? h2vi_metis_partition(&whole, partition->num_parts, most_work, seed,
                                              parts, gathered_bytes)
                       : h2vi_fail_memory("parts");
        for (int r = 0; r < world->num_ranks; r++)
            exchange.send_counts[r] = graph->first[r + 1] - graph->first[r];
    }
    status = h2vi_agree_patiently(world, status, "rank 0's METIS");
    if (status == H2V_OK) status = h2vi_exchange_run(&exchange, H2V_OK, parts);
    if (status != H2V_OK) goto cleanup;
    const int32_t *received = exchange.received;
    for (int64_t v = 0; v < partition->num_owned; v++) partition->parts[v] = received[v];

cleanup:
    h2vi_whole_graph_clear(&whole);
    h2vi_exchange_clear(&exchange);
    free(parts);
    return status;
}

/* Collective. */
static h2v_status assign_by_fennel(const h2v_graph *graph, const int64_t *weights,
                                   h2v_partition *partition)
{
    uint32_t *part_of = NULL;
    const int num_parts = partition->num_parts;
    const h2v_status status = h2vi_stream_partition(
        graph, num_parts, weights, find_most_work(graph, weights, num_parts), &part_of);
    const int64_t first = graph->first[graph->world->rank];
    for (int64_t v = 0; status == H2V_OK && v < partition->num_owned; v++)
        partition->parts[v] = (int32_t)part_of[first + v];
    free(part_of);
    return status;
}

/* Whether a measured cut by Fennel shows communities. */
static bool has_communities(const h2v_partition_quality *quality, int num_parts)
{
    const double by_chance = (double)quality->num_edges * (1 - 1.0 / num_parts);
    return (double)quality->edge_cut <= MOST_WITH_COMMUNITIES * by_chance;
}

/* Collective. Fennel's cut, if it is to be kept: see h2v_partition_create(). `is_kept` out.
 */
static h2v_status try_fennel(const h2v_graph *graph, const int64_t *weights,
                             h2v_partition *partition, bool *is_kept)
{
    const int64_t both_ways = graph->directed ? 2 * graph->num_arcs : graph->num_arcs;
    h2v_partition_quality quality;
    *is_kept = false;
    if (graph->num_arcs <= FEW_ARCS) return H2V_OK;
    h2v_status status = assign_by_fennel(graph, weights, partition);
    if (status == H2V_OK)
        status = h2v_partition_measure(graph, partition, weights, &quality);
    if (status == H2V_OK)
        *is_kept = !has_communities(&quality, partition->num_parts) ||
                   !h2vi_metis_counts_to(graph->num_vertices, both_ways);
    return status;
}

/* Collective. `made` out: what made them, and what it took. */
static h2v_status assign(const h2v_graph *graph, h2v_partitioner partitioner, uint64_t seed,
                         const int64_t *weights, h2v_partition *partition,
                         h2v_partition_quality *made)
{
    made->partitioner = partitioner;
    if (partitioner == H2V_PARTITIONER_AUTO) {
        bool is_kept = false;
        const h2v_status status = try_fennel(graph, weights, partition, &is_kept);
        made->partitioner = is_kept ? H2V_PARTITIONER_FENNEL : H2V_PARTITIONER_METIS;
        if (status != H2V_OK || is_kept) return status;
    }
    if (made->partitioner == H2V_PARTITIONER_METIS)
        return assign_by_metis(graph, seed, weights, partition, &made->gathered_bytes);
    if (made->partitioner == H2V_PARTITIONER_FENNEL)
        return assign_by_fennel(graph, weights, partition);
    assign_by_hash(graph, seed, partition);
    return H2V_OK;
}

h2v_status h2v_partition_create(const h2v_graph *graph, int num_parts,
                                h2v_partitioner partitioner, uint64_t seed,
                                const int64_t *weights, h2v_partition *partition,
                                h2v_partition_quality *quality)
{
    const h2v_world *world = graph->world;
    *partition = (h2v_partition){.num_parts = num_parts, .num_owned = graph->num_owned};
    h2v_partition_quality made = {.partitioner = partitioner};
    if (num_parts < 1 || num_parts > graph->num_vertices)
        return h2v_fail(
            H2V_ERR_ARGUMENT,
            "--parts %d: the graph has %lld vertices; 1 to that many parts can be "
            "made",
            num_parts, (long long)graph->num_vertices);
    if (partitioner == H2V_PARTITIONER_FILE)
        return h2v_fail(H2V_ERR_ARGUMENT, "Parts of a file are loaded, not made");

    partition->parts = h2vi_alloc_n(graph->num_owned, sizeof *partition->parts);
    h2v_status status =
        h2v_agree(world, partition->parts ? H2V_OK : h2vi_fail_memory("parts"));
    const double start = h2vi_wall_seconds();
    if (status == H2V_OK && num_parts > 1)
        status = assign(graph, partitioner, seed, weights, partition, &made);
    made.seconds = h2vi_wall_seconds() - start;
    if (status == H2V_OK)
        status = h2v_partition_measure(graph, partition, weights, quality);
    if (status != H2V_OK) {
        h2v_partition_clear(partition);
        return status;
    }
    quality->partitioner = made.partitioner;
    quality->seconds = made.seconds;
    quality->gathered_bytes = made.gathered_bytes;
    return H2V_OK;
}

/* Largest over mean. */
static double balance(const int64_t *sums, int num_parts)
{
    double total = 0, largest = 0;
    for (int p = 0; p < num_parts; p++) {
        total += (double)sums[p];
        if ((double)sums[p] > largest) largest = (double)sums[p];
    }
    return total > 0 ? largest * num_parts / total : 1;
}

/* Count the cut arcs of this rank, once for the pair if undirected, and all the edges. */
static void count_cut(const h2v_graph *graph, const h2v_partition *partition,
                      const uint32_t *part_of, int64_t counts[2])
{
    for (int64_t v = 0; v < graph->num_owned; v++) {
        for (int64_t e = graph->offsets[v]; e < graph->offsets[v + 1]; e++) {
            const uint32_t target = graph->targets[e];
            if (!graph->directed && target < graph->gids[v]) continue;
            counts[0] += part_of[target] != (uint32_t)partition->parts[v];
            counts[1]++;
        }
    }
}

h2v_status h2v_partition_measure(const h2v_graph *graph, const h2v_partition *partition,
                                 const int64_t *weights, h2v_partition_quality *quality)
{
    const h2v_world *world = graph->world;
    const int num_parts = partition->num_parts;
    *quality = (h2v_partition_quality){.partitioner = H2V_PARTITIONER_FILE};
    uint32_t *part_of = NULL;
    int64_t *sums = h2vi_alloc_n((int64_t)3 * num_parts, sizeof *sums);
    h2v_status status = h2v_agree(world, sums ? H2V_OK : h2vi_fail_memory("part sizes"));
    if (status != H2V_OK) goto cleanup;
    status = h2vi_slot_map_create(graph, (const uint32_t *)partition->parts, &part_of);
    if (status != H2V_OK) goto cleanup;

    for (int64_t v = 0; v < graph->num_owned; v++) {
        const int32_t part = partition->parts[v];
        sums[part]++;
        sums[num_parts + part] += graph->offsets[v + 1] - graph->offsets[v];
        sums[2 * num_parts + part] += weights[v];
    }
    int64_t counts[2] = {0, 0};
    count_cut(graph, partition, part_of, counts);
    h2vi_sum(world, 3 * num_parts, sums);
    h2vi_sum(world, 2, counts);
    quality->edge_cut = counts[0];
    quality->num_edges = counts[1];
    quality->vertex_balance = balance(sums, num_parts);
    quality->arc_balance = balance(sums + num_parts, num_parts);
    quality->weight_balance = balance(sums + 2 * (size_t)num_parts, num_parts);

cleanup:
    free(part_of);
    free(sums);
    return status;
}
