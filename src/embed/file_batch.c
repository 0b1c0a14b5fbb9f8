/* SPDX-License-Identifier: MIT */

#include "file_batch.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Several ranks stay within one walk number, or a rank's share would be several runs. */
static int64_t end_of_batch(const h2v_graph *graph, int64_t num_walks, int64_t begin,
                            int64_t room)
{
    const int num_ranks = graph->world->num_ranks;
    if (num_ranks == 1) return least(begin + room, num_walks);
    const int64_t base = begin - begin % graph->num_vertices;
    int64_t end = begin;
    for (int r = 0; r < num_ranks; r++) {
        const int64_t end_of_slice = base + graph->first[r + 1];
        if (end_of_slice - end > room) return end + room;
        end = most(end, end_of_slice);
    }
    return end;
}

h2vi_file_batch h2vi_file_batch_at(const h2v_graph *graph, int64_t num_walks, int64_t begin,
                                   int64_t room, int64_t room_of_all)
{
    const h2v_world *world = graph->world;
    h2vi_file_batch batch = {.begin = begin, .end = num_walks, .first = begin};
    batch.end = least(end_of_batch(graph, num_walks, begin, room), begin + room_of_all);
    batch.num_walks = batch.end - begin;
    if (world->num_ranks == 1) return batch;
    const int64_t base = begin - begin % graph->num_vertices;
    batch.first = most(begin, least(batch.end, base + graph->first[world->rank]));
    batch.num_walks =
        most(0, least(batch.end, base + graph->first[world->rank + 1]) - batch.first);
    return batch;
}

void h2vi_file_batch_starts(const h2v_graph *graph, const h2vi_file_batch *batch,
                            h2vi_start *starts)
{
    const int64_t n = graph->num_vertices, first = graph->first[graph->world->rank];
    for (int64_t i = 0; i < batch->num_walks; i++)
        starts[i] = (h2vi_start){(uint32_t)((batch->first + i) % n - first),
                                 (uint32_t)((batch->first + i) / n)};
}

void h2vi_file_batch_measure(const h2v_world *world, h2vi_file_batch *batch)
{
#pragma omp parallel for schedule(static) num_threads(world->num_threads)
    for (int64_t i = 0; i < batch->num_walks; i++) {
        const h2vi_token *walk = batch->tokens + i * batch->walk_length;
        int length = 0;
        while (length < batch->walk_length && walk[length].slot != H2V_NO_SLOT) length++;
        batch->starts[i + 1] = length;
    }
    batch->starts[0] = 0;
    for (int64_t i = 0; i < batch->num_walks; i++) batch->starts[i + 1] += batch->starts[i];
}
