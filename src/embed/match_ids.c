/* SPDX-License-Identifier: MIT */

/* Rank 0 puts the embedding's ids into a table, where they get the numbers of their rows,
 * and finds the graph's ids there. The rows travel to all ranks in the order of gids, a
 * piece at a time, and each rank keeps what is its own. */
#include "match_ids.h"

#include "agree.h"
#include "alloc.h"
#include "collect.h"
#include "embedding_hdf5.h"
#include "fail.h"
#include "graph_hdf5.h"
#include "id_table.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, PIECE = 1 << 20 };

/* Some ids of a file, as the table takes them. */
static h2v_status make_tokens(const char *path, const h2vi_ids *ids, int64_t first,
                              int64_t count, h2vi_token *tokens)
{
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = first + i;
        if (h2vi_ids_are_numbers(ids)) {
            tokens[i] = (h2vi_token){.number = ids->numbers[at]};
            continue;
        }
        const int64_t length = ids->starts[at + 1] - ids->starts[at] - 1;
        if (length > H2V_MAX_ID_BYTES)
            return h2v_fail(H2V_ERR_DATA, "'%s' has an id of %lld bytes; at most %d", path,
                            (long long)length, H2V_MAX_ID_BYTES);
        tokens[i] =
            (h2vi_token){.text = ids->text + ids->starts[at], .length = (uint32_t)length};
    }
    return H2V_OK;
}

static int64_t batch_length(int64_t first, int64_t count)
{
    return count - first < BATCH ? count - first : BATCH;
}

h2v_status h2vi_fill_id_table(const char *path, const h2vi_ids *ids, h2vi_id_table *table)
{
    h2vi_token tokens[BATCH];
    uint32_t found[BATCH];
    h2v_status status =
        h2vi_ids_are_numbers(ids) ? H2V_OK : h2vi_id_table_turn_to_strings(table);
    for (int64_t first = 0; status == H2V_OK && first < ids->num_ids; first += BATCH) {
        const int64_t count = batch_length(first, ids->num_ids);
        status = make_tokens(path, ids, first, count, tokens);
        if (status != H2V_OK) return status;
        h2vi_id_table_find(table, count, tokens, found); /* fills in the hashes */
        for (int64_t i = 0; status == H2V_OK && i < count; i++) {
            const int64_t own = first + i;
            uint32_t row = 0;
            status = h2vi_id_table_insert(table, &tokens[i], &row);
            if (status == H2V_OK && row != own)
                status =
                    h2v_fail(H2V_ERR_DATA, "'%s' has the same id in rows %lld and %lld",
                             path, (long long)row, (long long)own);
        }
    }
    return status;
}

/* The row of every vertex; shape [num_ids]. */
static h2v_status find_rows(const char *path, const h2vi_ids *ids,
                            const h2vi_id_table *table, uint32_t *rows)
{
    h2vi_token tokens[BATCH];
    h2v_status status = H2V_OK;
    for (int64_t first = 0; status == H2V_OK && first < ids->num_ids; first += BATCH) {
        const int64_t count = batch_length(first, ids->num_ids);
        status = make_tokens(path, ids, first, count, tokens);
        if (status == H2V_OK) h2vi_id_table_find(table, count, tokens, rows + first);
    }
    return status;
}

static h2v_status check_count(const char *path, const h2vi_ids *ids, int64_t expected)
{
    if (ids->num_ids == expected) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA, "'%s' has %lld ids for %lld vertices", path,
                    (long long)ids->num_ids, (long long)expected);
}

static h2v_status check_kind(const char *path, const h2vi_id_table *table,
                             const char *graph_path, const h2vi_ids *ids)
{
    const bool are_numbers = h2vi_id_table_holds_numbers(table);
    if (are_numbers == h2vi_ids_are_numbers(ids)) return H2V_OK;
    return h2v_fail(H2V_ERR_DATA,
                    "Ids are %s in '%s' and %s in '%s'; they can only be matched if both "
                    "are of one kind",
                    are_numbers ? "numbers" : "strings", path,
                    are_numbers ? "strings" : "numbers", graph_path);
}

static h2v_status read_table(const char *path, int64_t num_rows, h2vi_id_table *table)
{
    h2vi_ids ids;
    h2v_status status = h2vi_embedding_read_ids(path, &ids);
    if (status == H2V_OK) status = check_count(path, &ids, num_rows);
    if (status == H2V_OK) status = h2vi_fill_id_table(path, &ids, table);
    h2vi_ids_clear(&ids);
    return status;
}

/* Local (rank 0). The row of every vertex of the graph, by gid; shape [num_vertices]. */
static h2v_status match(const char *path, int64_t num_rows, const char *graph_path,
                        int64_t num_vertices, uint32_t *rows)
{
    h2vi_id_table *table = NULL;
    h2vi_ids ids = {0};
    h2v_status status = h2vi_id_table_create(&table);
    if (status == H2V_OK) status = read_table(path, num_rows, table);
    if (status == H2V_OK) status = h2vi_graph_read_ids(graph_path, &ids);
    if (status == H2V_OK) status = check_count(graph_path, &ids, num_vertices);
    if (status == H2V_OK) status = check_kind(path, table, graph_path, &ids);
    if (status == H2V_OK) status = find_rows(graph_path, &ids, table, rows);
    h2vi_ids_clear(&ids);
    h2vi_id_table_destroy(&table);
    return status;
}

/* Collective. Rank 0 has the rows of all gids, the others room for a piece. `picks`: the
 * owned vertices by gid; in the end those that have a row, by row. */
static int64_t share_rows(const h2v_graph *graph, uint32_t *rows, h2vi_pick *picks)
{
    const h2v_world *world = graph->world;
    int64_t at = 0, num_picks = 0;
    for (int64_t first = 0; first < graph->num_vertices; first += PIECE) {
        const int64_t rest = graph->num_vertices - first;
        const int64_t count = rest < PIECE ? rest : PIECE;
        uint32_t *piece = world->rank == 0 ? rows + first : rows;
        h2vi_share(world, (size_t)count * sizeof *piece, piece);
        for (; at < graph->num_owned && picks[at].row - first < count; at++) {
            const h2vi_pick pick = {.row = piece[picks[at].row - first],
                                    .vertex = picks[at].vertex};
            if (pick.row != H2V_NO_SLOT) picks[num_picks++] = pick;
        }
    }
    h2vi_picks_sort(num_picks, picks);
    return num_picks;
}

h2v_status h2vi_match_ids(const char *path, int64_t num_rows, const char *graph_path,
                          const h2v_graph *graph, h2vi_pick *picks, int64_t *num_picks)
{
    const h2v_world *world = graph->world;
    const int64_t num_vertices = graph->num_vertices;
    const int64_t piece = num_vertices < PIECE ? num_vertices : PIECE;
    uint32_t *rows = h2vi_alloc_n(world->rank == 0 ? num_vertices : piece, sizeof *rows);
    *num_picks = 0;
    h2v_status status = rows ? H2V_OK : h2vi_fail_memory("rows of matched vertices");
    if (status == H2V_OK && world->rank == 0)
        status = match(path, num_rows, graph_path, num_vertices, rows);
    status = h2vi_agree_patiently(world, status, "rank 0 to match ids");
    if (status == H2V_OK) {
        for (int64_t v = 0; v < graph->num_owned; v++)
            picks[v] = (h2vi_pick){.row = graph->gids[v], .vertex = (uint32_t)v};
        h2vi_picks_sort(graph->num_owned, picks);
        *num_picks = share_rows(graph, rows, picks);
    }
    free(rows);
    return status;
}
