/* SPDX-License-Identifier: MIT */

/* Walking in rounds of handing over: all threads advance what this rank has; what leaves is
 * sorted by destination and exchanged; until nothing is on its way. Then the visits that
 * were noted away from home go there. Where and when a walker is advanced changes nothing,
 * since its steps are functions of itself, and its tokens have their place. Where all
 * vertices are here, the first advance is the last, and nothing is handed over. */
#include "walk_engine.h"

#include "alloc.h"
#include "clock.h"
#include "fail.h"
#include "walk_worker.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { WALKS_PER_TASK = 1024 };

typedef struct walk_crew {
    h2vi_walk_worker *workers; /* one a thread */
    int num_workers;
    h2vi_exchange walkers, visits;
    double serial_seconds; /* CPU time of the main thread, packing and unpacking */
    void *parcel;          /* items grouped by destination */
    int64_t parcel_bytes;
} walk_crew;

static void crew_clear(walk_crew *crew)
{
    for (int t = 0; crew->workers && t < crew->num_workers; t++)
        h2vi_walk_worker_clear(&crew->workers[t]);
    free(crew->workers);
    free(crew->parcel);
    h2vi_exchange_clear(&crew->walkers);
    h2vi_exchange_clear(&crew->visits);
}

static h2v_status crew_init(const h2vi_walk_engine *engine, const h2vi_walk_run *run,
                            walk_crew *crew)
{
    const h2v_world *world = engine->graph->world;
    *crew = (walk_crew){.num_workers = world->num_threads};
    crew->workers = h2vi_alloc_n(crew->num_workers, sizeof *crew->workers);
    if (!crew->workers) return h2vi_fail_memory("walkers");
    h2v_status status = H2V_OK;
    for (int t = 0; status == H2V_OK && t < crew->num_workers; t++)
        status = h2vi_walk_worker_init(engine, run, &crew->workers[t]);
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, sizeof(h2vi_walker), &crew->walkers);
    if (status == H2V_OK)
        status = h2vi_exchange_init(world, sizeof(h2vi_visit), &crew->visits);
    crew->walkers.what = "walkers";
    crew->visits.what = "visits";
    return status;
}

/* Local. Advance walkers (NULL: the starts) on all threads. */
static void advance_all(walk_crew *crew, int64_t count, const h2vi_walker *walkers)
{
    const int64_t num_tasks = (count + WALKS_PER_TASK - 1) / WALKS_PER_TASK;
#pragma omp parallel for schedule(dynamic) num_threads(crew->num_workers) if (num_tasks > 1)
    for (int64_t task = 0; task < num_tasks; task++) {
        h2vi_walk_worker *worker = &crew->workers[omp_get_thread_num()];
        const int64_t begin = task * WALKS_PER_TASK;
        const int64_t end = begin + WALKS_PER_TASK < count ? begin + WALKS_PER_TASK : count;
        const double start = h2vi_thread_seconds();
        if (walkers)
            h2vi_walk_resume(worker, end - begin, walkers + begin);
        else
            h2vi_walk_start(worker, begin, end);
        worker->seconds += h2vi_thread_seconds() - start;
    }
}

static h2v_status crew_status(const walk_crew *crew)
{
    for (int t = 0; t < crew->num_workers; t++)
        if (crew->workers[t].status != H2V_OK)
            return h2vi_fail_memory("walkers on their way to other ranks");
    return H2V_OK;
}

/* Local. Room for `count` items to send. */
static h2v_status make_parcel(walk_crew *crew, int64_t count, size_t size)
{
    const int64_t num_bytes = count * (int64_t)size;
    if (crew->parcel && num_bytes <= crew->parcel_bytes) return H2V_OK;
    free(crew->parcel);
    crew->parcel_bytes = num_bytes + num_bytes / 4;
    crew->parcel = h2vi_alloc_raw_n(crew->parcel_bytes, 1);
    if (crew->parcel) return H2V_OK;
    crew->parcel_bytes = 0;
    return h2vi_fail_memory("walkers on their way to other ranks");
}

/* Local. Group all leavers by the rank they go to; the workers' lists are empty after. */
static h2v_status pack_walkers(const h2v_graph *graph, walk_crew *crew)
{
    const double start = h2vi_thread_seconds();
    int64_t *counts = crew->walkers.send_counts;
    int64_t total = 0;
    memset(counts, 0, (size_t)graph->world->num_ranks * sizeof *counts);
    for (int t = 0; t < crew->num_workers; t++) {
        const h2vi_walk_worker *worker = &crew->workers[t];
        total += worker->num_leavers;
        for (int64_t i = 0; i < worker->num_leavers; i++)
            counts[h2vi_graph_owner(graph, h2vi_walker_destination(&worker->leavers[i]))]++;
    }
    h2v_status status = make_parcel(crew, total, sizeof(h2vi_walker));
    int64_t *next = h2vi_alloc_n(graph->world->num_ranks + 1, sizeof *next);
    if (status == H2V_OK && !next) status = h2vi_fail_memory("walkers by rank");
    if (status == H2V_OK) {
        h2vi_walker *parcel = crew->parcel;
        for (int r = 0; r < graph->world->num_ranks; r++) next[r + 1] = next[r] + counts[r];
        for (int t = 0; t < crew->num_workers; t++) {
            h2vi_walk_worker *worker = &crew->workers[t];
            for (int64_t i = 0; i < worker->num_leavers; i++) {
                const h2vi_walker *walker = &worker->leavers[i];
                parcel[next[h2vi_graph_owner(graph, h2vi_walker_destination(walker))]++] =
                    *walker;
            }
            worker->num_leavers = 0;
        }
    }
    free(next);
    crew->serial_seconds += h2vi_thread_seconds() - start;
    return status;
}

/* Local. The same for visits, whose destination is the walk's home. */
static h2v_status pack_visits(const h2v_world *world, walk_crew *crew)
{
    int64_t *counts = crew->visits.send_counts;
    int64_t total = 0;
    memset(counts, 0, (size_t)world->num_ranks * sizeof *counts);
    for (int t = 0; t < crew->num_workers; t++) {
        const h2vi_walk_worker *worker = &crew->workers[t];
        total += worker->num_visits;
        for (int64_t i = 0; i < worker->num_visits; i++)
            counts[worker->visits[i].home_rank]++;
    }
    h2v_status status = make_parcel(crew, total, sizeof(h2vi_visit));
    int64_t *next = h2vi_alloc_n(world->num_ranks + 1, sizeof *next);
    if (status == H2V_OK && !next) status = h2vi_fail_memory("visits by rank");
    if (status == H2V_OK) {
        h2vi_visit *parcel = crew->parcel;
        for (int r = 0; r < world->num_ranks; r++) next[r + 1] = next[r] + counts[r];
        for (int t = 0; t < crew->num_workers; t++)
            for (int64_t i = 0; i < crew->workers[t].num_visits; i++)
                parcel[next[crew->workers[t].visits[i].home_rank]++] =
                    crew->workers[t].visits[i];
    }
    free(next);
    return status;
}

/* What the crew has spent so far becomes the engine's. */
static void settle(h2vi_walk_engine *engine, walk_crew *crew)
{
    h2vi_walk_engine_add_serial(engine, crew->serial_seconds);
    crew->serial_seconds = 0;
    for (int t = 0; crew->workers && t < crew->num_workers; t++) {
        engine->seconds += crew->workers[t].seconds;
        engine->num_steps += crew->workers[t].num_steps;
        crew->workers[t].seconds = 0;
        crew->workers[t].num_steps = 0;
    }
}

static void tell(h2vi_walk_engine *engine, walk_crew *crew, const h2vi_exchange *exchange)
{
    settle(engine, crew);
    if (engine->on_exchange) engine->on_exchange(engine->context, exchange);
}

/* Collective. */
static h2v_status bring_visits_home(h2vi_walk_engine *engine, const h2vi_walk_run *run,
                                    walk_crew *crew)
{
    double start = h2vi_thread_seconds();
    const h2v_status packed = pack_visits(engine->graph->world, crew);
    crew->serial_seconds += h2vi_thread_seconds() - start;
    const h2v_status status = h2vi_exchange_run(&crew->visits, packed, crew->parcel);
    if (status != H2V_OK) return status;
    tell(engine, crew, &crew->visits);
    start = h2vi_thread_seconds();
    const h2vi_visit *visits = crew->visits.received;
    for (int64_t i = 0; i < crew->visits.num_received; i++)
        run->tokens[(int64_t)visits[i].home_index * engine->params.walk_length +
                    visits[i].position] = visits[i].token;
    crew->serial_seconds += h2vi_thread_seconds() - start;
    return H2V_OK;
}

static int64_t crew_bytes(const walk_crew *crew)
{
    int64_t num_bytes = crew->parcel_bytes +
                        crew->walkers.capacity * (int64_t)crew->walkers.item_bytes +
                        crew->visits.capacity * (int64_t)crew->visits.item_bytes;
    for (int t = 0; crew->workers && t < crew->num_workers; t++)
        num_bytes += crew->workers[t].leaver_capacity * (int64_t)sizeof(h2vi_walker) +
                     crew->workers[t].visit_capacity * (int64_t)sizeof(h2vi_visit);
    return num_bytes;
}

/* Collective. After the starts: until no walker is on its way. */
static h2v_status hand_over(h2vi_walk_engine *engine, const h2vi_walk_run *run,
                            walk_crew *crew)
{
    for (;;) {
        h2v_status status = crew_status(crew);
        if (status == H2V_OK) status = pack_walkers(engine->graph, crew);
        status = h2vi_exchange_run(&crew->walkers, status, crew->parcel);
        if (status != H2V_OK) return status;
        tell(engine, crew, &crew->walkers);
        if (crew->walkers.num_moved == 0) break;
        advance_all(crew, crew->walkers.num_received, crew->walkers.received);
    }
    return run->tokens ? bring_visits_home(engine, run, crew) : H2V_OK;
}

/* Collective. Walk, `run` being of the graph on which the walkers walk. */
static h2v_status walk(h2vi_walk_engine *engine, const h2vi_walk_run *run)
{
    walk_crew crew;
    h2v_status status = h2v_agree(engine->shared->world, crew_init(engine, run, &crew));
    if (status == H2V_OK) {
        advance_all(&crew, run->num_walks, NULL);
        if (engine->graph->world->num_ranks > 1) status = hand_over(engine, run, &crew);
    }
    settle(engine, &crew);
    engine->bytes_sent += crew.walkers.bytes_sent + crew.visits.bytes_sent;
    engine->bytes_received += crew.walkers.bytes_received + crew.visits.bytes_received;
    const int64_t num_bytes = crew_bytes(&crew);
    if (num_bytes > engine->buffer_bytes) engine->buffer_bytes = num_bytes;
    crew_clear(&crew);
    return status;
}

/* Collective. On copies: visits of all vertices, counted here, go to their owners. */
static h2v_status walk_and_send_visits(h2vi_walk_engine *engine, const h2vi_walk_run *run)
{
    const h2v_graph *shared = engine->shared;
    const int num_ranks = shared->world->num_ranks;
    h2vi_walk_run here = *run;
    h2vi_exchange exchange;
    h2v_status status = h2vi_exchange_init(shared->world, sizeof *here.visits, &exchange);
    exchange.what = "visits";
    here.visits = h2vi_alloc_n(shared->num_vertices, sizeof *here.visits);
    if (status == H2V_OK && !here.visits) status = h2vi_fail_memory("visits");
    status = h2v_agree(shared->world, status);
    if (status == H2V_OK) status = walk(engine, &here);
    if (status == H2V_OK) {
        for (int r = 0; r < num_ranks; r++)
            exchange.send_counts[r] = shared->first[r + 1] - shared->first[r];
        status = h2vi_exchange_run(&exchange, H2V_OK, here.visits);
    }
    if (status == H2V_OK) {
        const int64_t *received = exchange.received;
        const int64_t num_owned = shared->num_owned;
        for (int r = 0; r < num_ranks; r++)
            for (int64_t v = 0; v < num_owned; v++)
                run->visits[v] += received[r * num_owned + v];
    }
    engine->bytes_sent += exchange.bytes_sent;
    engine->bytes_received += exchange.bytes_received;
    h2vi_exchange_clear(&exchange);
    free(here.visits);
    return status;
}

h2v_status h2vi_walk(h2vi_walk_engine *engine, const h2vi_walk_run *run)
{
    return engine->copy && run->visits ? walk_and_send_visits(engine, run)
                                       : walk(engine, run);
}

h2v_status h2vi_walk_count_visits(h2vi_walk_engine *engine, int num_walks, int64_t *visits)
{
    const h2v_graph *graph = engine->shared;
    const int64_t num_owned = graph->num_owned;
    memset(visits, 0, (size_t)num_owned * sizeof *visits);
    h2vi_start *starts = h2vi_alloc_n(num_owned, sizeof *starts);
    h2v_status status =
        h2v_agree(graph->world, starts ? H2V_OK : h2vi_fail_memory("trial walks"));
    for (int walk = 0; status == H2V_OK && walk < num_walks; walk++) {
        for (int64_t v = 0; v < num_owned; v++)
            starts[v] = (h2vi_start){(uint32_t)v, (uint32_t)walk};
        status = h2vi_walk(engine, &(h2vi_walk_run){.purpose = H2VI_FOR_TRIAL_WALK,
                                                    .num_walks = num_owned,
                                                    .starts = starts,
                                                    .visits = visits});
    }
    free(starts);
    return status;
}
