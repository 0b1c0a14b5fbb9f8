/* SPDX-License-Identifier: MIT */

/* A graph file must come back as it was written, with equal bytes each time, and a broken
 * or foreign file must be refused with one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "graph_hdf5.h"

static const char PATH[] = "test_graph.h5";
static const char OTHER[] = "test_graph_other.h5";

static int64_t offsets[] = {0, 1, 3, 4, 4};
static uint32_t targets[] = {1, 0, 2, 1};
static float weights[] = {1.5F, 1.5F, 2.5F, 2.5F};
static int64_t numbers[] = {7, -9, INT64_MAX, INT64_MIN};
static int64_t starts[] = {0, 2, 8, 9, 13};
static char text[] = "a\0"
                     "\xd0\x96\xe7\x94\xa8\0"
                     "\0"
                     "x y";

static const h2vi_csr csr = {.num_vertices = 4,
                             .num_arcs = 4,
                             .offsets = offsets,
                             .targets = targets,
                             .weights = weights};
static const h2vi_ids number_ids = {.num_ids = 4, .numbers = numbers};
static const h2vi_ids string_ids = {.num_ids = 4, .text = text, .starts = starts};

static void assert_says(const char *fragment)
{
    if (!strstr(h2v_error_message(), fragment))
        fail_msg("'%s' does not say '%s'", h2v_error_message(), fragment);
}

static void write_example(const char *path, const h2vi_ids *ids)
{
    assert_int_equal(h2vi_graph_write(path, &csr, ids, "a test"), H2V_OK);
}

static void a_graph_comes_back(const h2vi_ids *ids)
{
    write_example(PATH, ids);
    h2vi_csr found;
    h2vi_ids found_ids;
    h2v_digest digest;
    assert_int_equal(h2vi_graph_read(PATH, &found, &found_ids, &digest), H2V_OK);
    assert_int_equal(found.num_vertices, 4);
    assert_int_equal(found.num_arcs, 4);
    assert_false(found.directed);
    assert_memory_equal(found.offsets, offsets, sizeof offsets);
    assert_memory_equal(found.targets, targets, sizeof targets);
    assert_memory_equal(found.weights, weights, sizeof weights);
    assert_int_equal(found_ids.num_ids, 4);
    if (h2vi_ids_are_numbers(ids))
        assert_memory_equal(found_ids.numbers, numbers, sizeof numbers);
    else {
        assert_memory_equal(found_ids.starts, starts, sizeof starts);
        assert_memory_equal(found_ids.text, text, sizeof text);
    }
    const h2v_digest expected = h2vi_csr_digest(&csr, ids);
    assert_true(digest.low == expected.low && digest.high == expected.high);
    h2vi_csr_clear(&found);
    h2vi_ids_clear(&found_ids);
}

static void graphs_come_back(void **state)
{
    (void)state;
    a_graph_comes_back(&number_ids);
    a_graph_comes_back(&string_ids);
}

static void the_header_tells_the_sizes(void **state)
{
    (void)state;
    write_example(PATH, &string_ids);
    h2vi_graph_header header;
    assert_int_equal(h2vi_graph_read_header(PATH, &header), H2V_OK);
    assert_int_equal(header.num_vertices, 4);
    assert_int_equal(header.num_arcs, 4);
    assert_int_equal(header.num_edges, 2);
    assert_true(header.weighted);
    assert_false(header.directed);
}

static void a_graph_without_arcs_comes_back(void **state)
{
    (void)state;
    int64_t none[] = {0, 0}, one[] = {5};
    uint32_t nobody[1];
    const h2vi_csr lonely = {
        .num_vertices = 1, .directed = true, .offsets = none, .targets = nobody};
    const h2vi_ids ids = {.num_ids = 1, .numbers = one};
    assert_int_equal(h2vi_graph_write(PATH, &lonely, &ids, "a test"), H2V_OK);
    h2vi_csr found;
    h2vi_ids found_ids;
    assert_int_equal(h2vi_graph_read(PATH, &found, &found_ids, NULL), H2V_OK);
    assert_int_equal(found.num_arcs, 0);
    assert_true(found.directed);
    assert_null(found.weights);
    assert_int_equal(found_ids.numbers[0], 5);
    h2vi_csr_clear(&found);
    h2vi_ids_clear(&found_ids);
}

static char *read_whole(const char *path, long *num_bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *num_bytes = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)*num_bytes);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)*num_bytes, file), *num_bytes);
    (void)fclose(file);
    return bytes;
}

static void write_whole(const char *path, long num_bytes, const char *bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, (size_t)num_bytes, file), num_bytes);
    assert_int_equal(fclose(file), 0);
}

static void assert_equal_files(void)
{
    long num_bytes = 0, num_other = 0;
    char *bytes = read_whole(PATH, &num_bytes);
    char *other = read_whole(OTHER, &num_other);
    assert_int_equal(num_bytes, num_other);
    assert_memory_equal(bytes, other, (size_t)num_bytes);
    free(bytes);
    free(other);
    (void)remove(OTHER);
}

static void equal_graphs_are_equal_bytes(void **state)
{
    (void)state;
    write_example(PATH, &string_ids);
    (void)sleep(1); /* a time stamp would show */
    write_example(OTHER, &string_ids);
    assert_equal_files();
}

enum { MANY = 1800 };

/* Every vertex is joined to all, or to all above it; the weight tells the edge. */
static h2vi_csr join_all(bool both, bool weighted)
{
    const int64_t num_arcs = (int64_t)MANY * (MANY - 1) / (both ? 1 : 2);
    h2vi_csr all = {.num_vertices = MANY};
    all.offsets = h2vi_alloc(MANY + 1, sizeof *all.offsets);
    all.targets = h2vi_alloc_n(num_arcs, sizeof *all.targets);
    if (weighted) all.weights = h2vi_alloc_n(num_arcs, sizeof *all.weights);
    assert_true(all.offsets && all.targets && (!weighted || all.weights));
    for (uint32_t u = 0; u < MANY; u++) {
        for (uint32_t v = both ? 0 : u; v < MANY; v++) {
            if (u == v) continue;
            if (weighted)
                all.weights[all.num_arcs] =
                    (float)(u < v ? u * MANY + v : v * MANY + u) / 4;
            all.targets[all.num_arcs++] = v;
        }
        all.offsets[u + 1] = all.num_arcs;
    }
    return all;
}

/* More arcs than one stripe has: the file is that of both directions written at once. */
static void a_mirrored_graph_is_the_same_file(void **state)
{
    (void)state;
    int64_t ids[MANY];
    for (int64_t v = 0; v < MANY; v++) ids[v] = v * v;
    const h2vi_ids many_ids = {.num_ids = MANY, .numbers = ids};
    for (int weighted = 0; weighted < 2; weighted++) {
        h2vi_csr both = join_all(true, weighted), rows = join_all(false, weighted);
        h2vi_mirror mirror;
        assert_int_equal(h2vi_graph_write(PATH, &both, &many_ids, "a test"), H2V_OK);
        assert_int_equal(h2vi_mirror_create(&rows, 2, &mirror), H2V_OK);
        assert_int_equal(h2vi_graph_write_mirror(OTHER, &mirror, &many_ids, "a test"),
                         H2V_OK);
        assert_equal_files();
        h2vi_csr_clear(&both);
        h2vi_mirror_clear(&mirror);
    }
}

static void assert_refused(h2v_status expected, const char *fragment)
{
    h2vi_csr found;
    h2vi_ids ids;
    assert_int_equal(h2vi_graph_read(PATH, &found, &ids, NULL), expected);
    assert_says(fragment);
    assert_null(found.offsets);
    assert_null(ids.numbers);
}

static void files_that_are_no_graphs_are_refused(void **state)
{
    (void)state;
    (void)remove(PATH);
    assert_refused(H2V_ERR_IO, "No such file");
    write_whole(PATH, 0, "");
    assert_refused(H2V_ERR_DATA, "not an HDF5 file");
    write_whole(PATH, 7, "1 2\n3 4");
    assert_refused(H2V_ERR_DATA, "not an HDF5 file");
}

/* Cut the file at many places: it must be refused at each. */
static void a_truncated_file_is_refused(void **state)
{
    (void)state;
    write_example(PATH, &string_ids);
    long num_bytes = 0;
    char *bytes = read_whole(PATH, &num_bytes);
    for (long length = 1; length < num_bytes; length += 97) {
        write_whole(PATH, length, bytes);
        assert_refused(H2V_ERR_DATA, "'test_graph.h5' is");
    }
    free(bytes);
}

/* Overwrite the first place where `old` stands in the file. */
static void damage(size_t num_bytes, const void *old, const void *new)
{
    long length = 0;
    char *bytes = read_whole(PATH, &length);
    long at = 0;
    while (at + (long)num_bytes <= length && memcmp(bytes + at, old, num_bytes) != 0) at++;
    assert_true(at + (long)num_bytes <= length);
    memcpy(bytes + at, new, num_bytes);
    write_whole(PATH, length, bytes);
    free(bytes);
}

static void damaged_rows_are_refused(void **state)
{
    (void)state;
    const int64_t descending[] = {0, 3, 1, 4, 4}, beyond[] = {0, 1, 3, 4, 400};
    const uint32_t no_vertex[] = {1, 0, 4, 1};
    write_example(PATH, &number_ids);
    damage(sizeof offsets, offsets, descending);
    assert_refused(H2V_ERR_DATA, "offsets are not ascending");
    write_example(PATH, &number_ids);
    damage(sizeof offsets, offsets, beyond);
    assert_refused(H2V_ERR_DATA, "offsets are not ascending");
    write_example(PATH, &number_ids);
    damage(sizeof targets, targets, no_vertex);
    assert_refused(H2V_ERR_DATA, "a target is not a vertex");
    write_example(PATH, &number_ids);
    damage(14, "halo2vec-graph", "halo2vec-grape");
    assert_refused(H2V_ERR_DATA, "is a halo2vec-grape file, not a halo2vec-graph file");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!h2vi_alloc_can_fail()) skip();
    write_example(PATH, &string_ids);
    h2v_status status = H2V_ERR_NOMEM;
    int num_failures = -1;
    for (int k = 0; status != H2V_OK; k++, num_failures++) {
        h2vi_csr found;
        h2vi_ids ids;
        h2vi_alloc_fail_after(k);
        status = h2vi_graph_read(PATH, &found, &ids, NULL);
        h2vi_alloc_fail_after(-1);
        if (status != H2V_OK) assert_int_equal(status, H2V_ERR_NOMEM);
        h2vi_csr_clear(&found);
        h2vi_ids_clear(&ids);
    }
    assert_true(num_failures > 4);
}

static int clean_up(void **state)
{
    (void)state;
    (void)remove(PATH);
    (void)remove(OTHER);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_come_back),
        cmocka_unit_test(the_header_tells_the_sizes),
        cmocka_unit_test(a_graph_without_arcs_comes_back),
        cmocka_unit_test(equal_graphs_are_equal_bytes),
        cmocka_unit_test(a_mirrored_graph_is_the_same_file),
        cmocka_unit_test(files_that_are_no_graphs_are_refused),
        cmocka_unit_test(a_truncated_file_is_refused),
        cmocka_unit_test(damaged_rows_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
