/* SPDX-License-Identifier: MIT */

/* Items arrive in rank order, each rank's in the order it sent them; whoever fails, all
 * return that failure and stay in step. The small numbers of collect.h, too. */
#include "alloc.h"
#include "check.h"
#include "collect.h"
#include "exchange.h"
#include "fail.h"

#include <stdlib.h>

enum { MAX_RANKS = 64 };

/* Of an odd size, and with all that can be mixed up. */
typedef struct item {
    int32_t from, to, index, check;
    char last;
} item;

static item make_item(int from, int to, int64_t index)
{
    return (item){from, to, (int32_t)index, from * 1000 + to * 10, (char)(index % 100)};
}

/* How many items go from one rank to another in a call; many pairs have none. */
typedef int64_t count_rule(int from, int to);

static int64_t nothing(int from, int to)
{
    (void)from;
    (void)to;
    return 0;
}

static int64_t uneven(int from, int to)
{
    return (from * 3 + to * 5) % 4 * 100 + (from == to ? 7 : 0);
}

static int64_t only_to_the_last(int from, int to)
{
    return from < to && to > 0 ? 1 : 0;
}

static int64_t many_from_the_first(int from, int to)
{
    return from == 0 ? 50000 + to : 0;
}

/* Fill send_counts and make the items. */
static item *make_items(h2vi_exchange *exchange, count_rule *count)
{
    const h2v_world *world = exchange->world;
    int64_t total = 0, at = 0;
    for (int to = 0; to < world->num_ranks; to++) {
        exchange->send_counts[to] = count(world->rank, to);
        total += exchange->send_counts[to];
    }
    if (total == 0) return NULL; /* an exchange must do without */
    item *items = calloc((size_t)total, sizeof *items);
    for (int to = 0; to < world->num_ranks; to++)
        for (int64_t i = 0; i < exchange->send_counts[to]; i++)
            items[at++] = make_item(world->rank, to, i);
    return items;
}

static void check_received(const h2vi_exchange *exchange, count_rule *count)
{
    const h2v_world *world = exchange->world;
    const item *received = exchange->received;
    int64_t at = 0, num_wrong = 0;
    for (int from = 0; from < world->num_ranks; from++) {
        const int64_t num_items = count(from, world->rank);
        CHECK_EQ(exchange->recv_counts[from], num_items);
        for (int64_t i = 0; i < num_items && at < exchange->num_received; i++, at++) {
            const item expected = make_item(from, world->rank, i), found = received[at];
            num_wrong += found.from != expected.from || found.to != expected.to ||
                         found.index != expected.index || found.check != expected.check ||
                         found.last != expected.last;
        }
    }
    CHECK_EQ(num_wrong, 0);
    CHECK_EQ(at, exchange->num_received);
}

static void exchange_by(h2vi_exchange *exchange, count_rule *count)
{
    const int num_ranks = exchange->world->num_ranks, rank = exchange->world->rank;
    const int64_t sent_before = exchange->bytes_sent, got_before = exchange->bytes_received;
    item *items = make_items(exchange, count);
    CHECK_STATUS(h2vi_exchange_run(exchange, H2V_OK, items), H2V_OK, "");
    check_received(exchange, count);
    int64_t num_moved = 0, num_sent = 0, num_got = 0;
    for (int from = 0; from < num_ranks; from++) {
        for (int to = 0; to < num_ranks; to++) num_moved += count(from, to);
        if (from != rank) num_sent += count(rank, from);
        if (from != rank) num_got += count(from, rank);
    }
    CHECK_EQ(exchange->num_moved, num_moved);
    CHECK_EQ(exchange->bytes_sent - sent_before, num_sent * (int64_t)sizeof(item));
    CHECK_EQ(exchange->bytes_received - got_before, num_got * (int64_t)sizeof(item));
    free(items);
}

/* One exchange for all calls: it grows, and is not disturbed by what it held before. */
static void items_arrive_in_rank_order(const h2v_world *world)
{
    h2vi_exchange exchange;
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &exchange), H2V_OK);
    exchange_by(&exchange, nothing);
    exchange_by(&exchange, uneven);
    exchange_by(&exchange, only_to_the_last);
    exchange_by(&exchange, many_from_the_first);
    exchange_by(&exchange, nothing);
    exchange_by(&exchange, uneven);
    h2vi_exchange_clear(&exchange);
    CHECK(exchange.received == NULL);
    h2vi_exchange_clear(&exchange);
}

/* One is begun and not ended while another runs, and fails, and runs. */
static void exchanges_may_overlap(const h2v_world *world)
{
    h2vi_exchange slow, fast;
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &slow), H2V_OK);
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &fast), H2V_OK);
    item *items = make_items(&slow, many_from_the_first);
    CHECK_STATUS(h2vi_exchange_begin(&slow, H2V_OK, items), H2V_OK, "");
    exchange_by(&fast, uneven);
    const h2v_status mine =
        world->rank == 0 ? h2v_fail(H2V_ERR_DATA, "Rank 0 found no vertex") : H2V_OK;
    CHECK_STATUS(h2vi_exchange_begin(&fast, mine, NULL), H2V_ERR_DATA, "found no vertex");
    exchange_by(&fast, uneven);
    h2vi_exchange_end(&slow);
    check_received(&slow, many_from_the_first);
    free(items);
    h2vi_exchange_clear(&slow);
    h2vi_exchange_clear(&fast);
}

/* What arrives goes to memory of the caller, who may change his mind from call to call. */
static void items_arrive_where_they_are_wanted(const h2v_world *world)
{
    h2vi_exchange exchange;
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &exchange), H2V_OK);
    exchange_by(&exchange, many_from_the_first);
    item *into[2];
    for (int i = 0; i < 2; i++) into[i] = calloc(60000, sizeof *into[i]);
    for (int i = 0; i < 2; i++) {
        exchange.into = into[i];
        exchange_by(&exchange, many_from_the_first);
        CHECK(exchange.received == into[i]);
        exchange_by(&exchange, nothing);
        exchange_by(&exchange, uneven);
        CHECK(exchange.received == into[i]);
    }
    exchange.into = NULL;
    exchange_by(&exchange, many_from_the_first);
    CHECK(exchange.received != into[0] && exchange.received != into[1]);
    exchange.into = into[0];
    exchange_by(&exchange, uneven);
    h2vi_exchange_clear(&exchange);
    for (int i = 0; i < 2; i++) free(into[i]); /* still the caller's */
}

static bool all_have_come(const h2vi_exchange *exchange)
{
    for (int64_t i = 0; i < exchange->num_requests; i++)
        if (exchange->requests[i] != MPI_REQUEST_NULL) return false;
    return true;
}

/* Messages too long to be sent ahead move while their ranks poke, and only then end. */
static void poking_lets_messages_move(const h2v_world *world)
{
    h2vi_exchange exchange;
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &exchange), H2V_OK);
    h2vi_exchange_poke(&exchange); /* nothing was begun */
    for (int i = 0; i < 2; i++) {
        item *items = make_items(&exchange, many_from_the_first);
        CHECK_STATUS(h2vi_exchange_begin(&exchange, H2V_OK, items), H2V_OK, "");
        h2vi_exchange_poke(&exchange);
        while (i == 0 && !all_have_come(&exchange)) h2vi_exchange_poke(&exchange);
        h2vi_exchange_poke(&exchange);
        h2vi_exchange_end(&exchange);
        h2vi_exchange_poke(&exchange);
        check_received(&exchange, many_from_the_first);
        free(items);
    }
    h2vi_exchange_clear(&exchange);
}

static void a_failing_rank_fails_on_all(const h2v_world *world)
{
    h2vi_exchange exchange;
    CHECK_EQ(h2vi_exchange_init(world, sizeof(item), &exchange), H2V_OK);
    for (int bad = 0; bad < world->num_ranks; bad++) {
        item *items = make_items(&exchange, uneven);
        h2v_status mine = H2V_OK;
        if (world->rank == bad)
            mine = h2v_fail(H2V_ERR_DATA, "Rank %d found no vertex", bad);
        CHECK_STATUS(h2vi_exchange_run(&exchange, mine, world->rank == bad ? NULL : items),
                     H2V_ERR_DATA, "found no vertex");
        CHECK_EQ(h2v_error_rank(), bad);
        free(items);
        exchange_by(&exchange, uneven);
    }
    h2vi_exchange_clear(&exchange);
}

static void a_rank_out_of_memory_fails_on_all(const h2v_world *world, int bad)
{
    if (!h2vi_alloc_can_fail()) return;
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = 0;
    for (int k = 0; status != H2V_OK && k < 100; k++) {
        h2vi_exchange exchange;
        if (world->rank == bad) h2vi_alloc_fail_after(k);
        status = h2v_agree(world, h2vi_exchange_init(world, sizeof(item), &exchange));
        if (status == H2V_OK) {
            item *items = make_items(&exchange, uneven);
            status = h2vi_exchange_run(&exchange, H2V_OK, items);
            h2vi_alloc_fail_after(-1);
            if (status == H2V_OK) check_received(&exchange, uneven);
            exchange_by(&exchange, many_from_the_first);
            free(items);
        }
        h2vi_alloc_fail_after(-1);
        h2vi_exchange_clear(&exchange);
        if (status != H2V_OK) CHECK_STATUS(status, H2V_ERR_NOMEM, "Out of memory for");
        num_failures += status != H2V_OK;
    }
    CHECK_EQ(status, H2V_OK);
    CHECK_EQ(num_failures, 4); /* both counts, messages, what arrives */
}

static void numbers_are_collected(const h2v_world *world)
{
    const int64_t rank = world->rank, num_ranks = world->num_ranks;
    int64_t sums[2] = {rank + 1, -rank}, before[2] = {-7, -7};
    h2vi_sum_before(world, 2, sums, before);
    CHECK_EQ(before[0], rank * (rank + 1) / 2);
    CHECK_EQ(before[1], -rank * (rank - 1) / 2);
    h2vi_sum(world, 2, sums);
    CHECK_EQ(sums[0], num_ranks * (num_ranks + 1) / 2);
    CHECK_EQ(sums[1], -num_ranks * (num_ranks - 1) / 2);

    item mine = make_item(world->rank, 3, 5), all[MAX_RANKS];
    h2vi_gather_all(world, sizeof mine, &mine, all);
    for (int r = 0; r < world->num_ranks; r++) {
        CHECK_EQ(all[r].from, r);
        CHECK_EQ(all[r].last, 5);
    }
    h2vi_share(world, sizeof mine, &mine);
    CHECK_EQ(mine.from, 0);
}

int main(int argc, char **argv)
{
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    h2v_world *world = NULL;
    CHECK_EQ(h2v_world_create(MPI_COMM_WORLD, 1, &world), H2V_OK);
    items_arrive_in_rank_order(world);
    exchanges_may_overlap(world);
    items_arrive_where_they_are_wanted(world);
    poking_lets_messages_move(world);
    a_failing_rank_fails_on_all(world);
    a_rank_out_of_memory_fails_on_all(world, 0);
    a_rank_out_of_memory_fails_on_all(world, world->num_ranks - 1);
    numbers_are_collected(world);
    h2v_world_destroy(&world);
    const int outcome = check_report();
    MPI_Finalize();
    return outcome;
}
