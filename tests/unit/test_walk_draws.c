/* SPDX-License-Identifier: MIT */

/* Walks are what their draws say, number by number: compared with walkers that go alone, a
 * step at a time, in both orders; of any length, with dead ends, loops and vertices without
 * arcs; subsampled, and counted; by every instruction set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "dense_graphs.h"
#include "graph_rows.h"
#include "walk_engine.h"

enum { N = 47, WALKS = 20, MAX_LENGTH = 18, EPOCH = 3 };

static const uint64_t seed = 0x123456789abcdef;
static h2v_world *world;

/* Loops at multiples of 7; 5 has no arc. */
static bool is_arc(uint32_t u, uint32_t v)
{
    if (u == 5 || v == 5) return false;
    return u == v ? u % 7 == 0 : (u * 5 + v * 3) % 4 == 0;
}

/* The same, and from multiples of 8 there is no way on. */
static bool is_one_way(uint32_t u, uint32_t v)
{
    return u % 8 != 0 && is_arc(u, v);
}

/* All have arcs to those that an edge set looks for in its first third: there a row's
 * buckets overflow. */
static bool is_crowded(uint32_t u, uint32_t v)
{
    const uint32_t third = UINT32_MAX / 3;
    return u != v && (h2vi_edge_set_hash(u) < third || h2vi_edge_set_hash(v) < third);
}

static uint32_t keep_of(uint32_t vertex)
{
    static const uint32_t keeps[] = {UINT32_MAX, 0x7fffffff, 0};
    return keeps[vertex % 3];
}

typedef struct lone_walker {
    const h2vi_csr *csr;
    double p, q;
    uint32_t walk, start;
    h2v_slot current, previous;
} lone_walker;

static const uint32_t *word_of(const lone_walker *w, uint32_t step, h2vi_words *words)
{
    *words = h2vi_random(seed, H2VI_FOR_WALK, EPOCH, w->walk, w->start, step);
    return words->w;
}

static uint32_t degree_of(const lone_walker *w)
{
    return (uint32_t)(w->csr->offsets[w->current + 1] - w->csr->offsets[w->current]);
}

static h2v_slot target_of(const lone_walker *w, uint32_t word)
{
    return w->csr->targets[w->csr->offsets[w->current] + h2vi_below(word, degree_of(w))];
}

/* Whether an attempt goes somewhere, and where. */
static bool attempt(const lone_walker *w, const uint32_t *words, h2v_slot *next)
{
    const double back = 1 / w->p, out = 1 / w->q;
    const double envelope = out > 1 ? out : 1;
    const double folded = back > envelope ? back - envelope : 0;
    const double area = (double)degree_of(w) * envelope + folded;
    *next = target_of(w, words[0]);
    if (w->previous == H2V_NO_SLOT || degree_of(w) == 1) return true;
    if ((double)words[2] * 0x1p-32 * area < folded) {
        *next = w->previous;
        return h2vi_csr_has_arc(w->csr, w->current, w->previous);
    }
    double bias = out;
    if (*next == w->previous)
        bias = folded > 0 ? envelope : back;
    else if (h2vi_csr_has_arc(w->csr, *next, w->previous))
        bias = 1;
    return words[1] < (uint64_t)(bias / envelope * 4294967296.0);
}

static bool step(lone_walker *w, uint32_t position)
{
    if (degree_of(w) == 0) return false;
    h2vi_words words;
    h2v_slot next = 0;
    if (w->p == 1 && w->q == 1) {
        next = target_of(w, word_of(w, position / 4, &words)[position % 4]);
    } else {
        uint32_t refused = 0;
        while (!attempt(w, word_of(w, position | refused << 15, &words), &next)) refused++;
    }
    w->previous = w->current;
    w->current = next;
    return true;
}

static h2vi_token token_of(const lone_walker *w, uint32_t position)
{
    const uint32_t word =
        h2vi_random(seed, H2VI_FOR_SUBSAMPLE, EPOCH, w->walk, w->start, position).w[0];
    const bool is_kept = word <= keep_of(w->current);
    return (h2vi_token){w->current, is_kept ? 7 * w->current + 1 : H2V_NO_SLOT};
}

typedef struct many_walks {
    h2vi_start starts[N * WALKS];
    h2vi_token tokens[N * WALKS * MAX_LENGTH];
    int64_t visits[N];
} many_walks;

static void walk_alone(const h2vi_csr *csr, const h2vi_walk_params *params,
                       many_walks *walks)
{
    memset(walks->tokens, 0xff, sizeof walks->tokens);
    memset(walks->visits, 0, sizeof walks->visits);
    for (uint32_t i = 0; i < N * WALKS; i++) {
        const h2vi_start start = {i % N, i / N};
        lone_walker w = {csr,          params->p,    params->q,  start.walk,
                         start.vertex, start.vertex, H2V_NO_SLOT};
        h2vi_token *tokens = walks->tokens + i * (uint32_t)params->walk_length;
        walks->starts[i] = start;
        for (uint32_t position = 0;; position++) {
            tokens[position] = token_of(&w, position);
            walks->visits[w.current]++;
            if ((int)position + 1 == params->walk_length || !step(&w, position)) break;
        }
    }
}

static void walk_together(h2vi_walk_engine *engine, const h2vi_start *starts,
                          many_walks *walks)
{
    memset(walks, 0x55, sizeof *walks);
    memset(walks->visits, 0, sizeof walks->visits);
    const h2vi_walk_run run = {.purpose = H2VI_FOR_WALK,
                               .epoch = EPOCH,
                               .num_walks = N * WALKS,
                               .starts = starts,
                               .tokens = walks->tokens,
                               .visits = engine->keep ? walks->visits : NULL};
    assert_int_equal(h2vi_walk(engine, &run), H2V_OK);
}

/* By every instruction set, in caches or not, whatever is known of ways on. */
static void assert_walks(h2vi_walk_engine *engine, const many_walks *expected)
{
    static many_walks found;
    const size_t num_tokens = (size_t)N * WALKS * (size_t)engine->params.walk_length;
    const bool is_closed = engine->is_closed;
    for (int isa = 0; isa < H2VI_NUM_ISAS; isa++)
        for (int kind = 0; kind < 4; kind++) {
            if (!h2vi_isa_is_here((h2vi_isa)isa)) continue;
            engine->isa = (h2vi_isa)isa;
            engine->is_far = kind % 2 == 1;
            engine->is_closed = is_closed && kind < 2;
            walk_together(engine, expected->starts, &found);
            assert_memory_equal(expected->tokens, found.tokens,
                                num_tokens * sizeof *found.tokens);
            if (engine->keep)
                assert_memory_equal(expected->visits, found.visits, sizeof found.visits);
        }
    engine->is_closed = is_closed;
}

/* With what subsampling and counting ask, and without. */
static void assert_same(const dense_graph *dense, const h2vi_walk_params *params)
{
    static many_walks expected;
    walk_alone(&dense->csr, params, &expected);
    int64_t first[] = {0, N};
    uint32_t gids[N], contexts[N], keep[N];
    for (uint32_t v = 0; v < N; v++) {
        gids[v] = v;
        contexts[v] = 7 * v + 1;
        keep[v] = keep_of(v);
    }
    const h2v_graph graph = {.world = world,
                             .num_vertices = N,
                             .num_arcs = dense->csr.num_arcs,
                             .directed = dense->csr.directed,
                             .first = first,
                             .num_owned = N,
                             .offsets = dense->csr.offsets,
                             .targets = dense->csr.targets,
                             .gids = gids};
    h2vi_walk_engine engine;
    assert_int_equal(h2vi_walk_engine_init(&graph, params, contexts, keep, &engine),
                     H2V_OK);
    assert_walks(&engine, &expected);
    engine.keep = NULL;
    for (int i = 0; i < N * WALKS * params->walk_length; i++)
        if (expected.tokens[i].slot != H2V_NO_SLOT)
            expected.tokens[i].context_slot = contexts[expected.tokens[i].slot];
    assert_walks(&engine, &expected);
    h2vi_walk_engine_clear(&engine);
}

static const double biases[][2] = {{1, 1}, {0.25, 4}, {4, 0.25}, {2, 0.5}, {0.5, 1}};
enum { NUM_BIASES = sizeof biases / sizeof *biases };

static void walks_are_what_their_draws_say(void **state)
{
    (void)state;
    for (int is_directed = 0; is_directed < 2; is_directed++) {
        dense_graph dense =
            dense_make(N, is_directed, false, is_directed ? is_one_way : is_arc);
        for (int i = 0; i < NUM_BIASES; i++)
            for (int length = 1; length <= MAX_LENGTH; length++)
                assert_same(&dense,
                            &(h2vi_walk_params){length, biases[i][0], biases[i][1], seed});
        dense_clear(&dense);
    }
}

static void full_buckets_are_searched(void **state)
{
    (void)state;
    for (int is_directed = 0; is_directed < 2; is_directed++) {
        dense_graph dense = dense_make(N, is_directed, false, is_crowded);
        for (int i = 1; i < NUM_BIASES; i++)
            assert_same(&dense,
                        &(h2vi_walk_params){MAX_LENGTH, biases[i][0], biases[i][1], seed});
        dense_clear(&dense);
    }
}

/* Weighted ones by themselves: others ask whether they go where weights send them. */
static void instruction_sets_walk_the_same(void **state)
{
    (void)state;
    static many_walks expected;
    dense_graph dense = dense_make(N, false, true, is_arc);
    int64_t first[] = {0, N};
    uint32_t gids[N];
    for (uint32_t v = 0; v < N; v++) gids[v] = v;
    for (int64_t e = 0; e < dense.csr.num_arcs; e++)
        dense.csr.weights[e] = (float)(1 + e * e % 11);
    const h2v_graph graph = {.world = world,
                             .num_vertices = N,
                             .num_arcs = dense.csr.num_arcs,
                             .first = first,
                             .num_owned = N,
                             .offsets = dense.csr.offsets,
                             .targets = dense.csr.targets,
                             .weights = dense.csr.weights,
                             .gids = gids};
    h2vi_start starts[N * WALKS];
    for (uint32_t i = 0; i < N * WALKS; i++) starts[i] = (h2vi_start){i % N, i / N};
    for (int i = 0; i < NUM_BIASES * MAX_LENGTH; i++) {
        const double *bias = biases[i % NUM_BIASES];
        h2vi_walk_engine engine;
        const h2vi_walk_params params = {1 + i / NUM_BIASES, bias[0], bias[1], seed};
        assert_int_equal(h2vi_walk_engine_init(&graph, &params, gids, NULL, &engine),
                         H2V_OK);
        engine.isa = H2VI_SCALAR;
        walk_together(&engine, starts, &expected);
        memcpy(expected.starts, starts, sizeof starts);
        assert_walks(&engine, &expected);
        h2vi_walk_engine_clear(&engine);
    }
    dense_clear(&dense);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(walks_are_what_their_draws_say),
                                       cmocka_unit_test(full_buckets_are_searched),
                                       cmocka_unit_test(instruction_sets_walk_the_same)};
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (h2v_world_create(MPI_COMM_SELF, 1, &world) != H2V_OK) return 1;
    const int num_failed = cmocka_run_group_tests(tests, NULL, NULL);
    h2v_world_destroy(&world);
    MPI_Finalize();
    return num_failed;
}
