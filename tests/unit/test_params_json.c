/* SPDX-License-Identifier: MIT */

/* The parameters as JSON are an interface: the keys, their order, and what the values say.
 */
#include "params_json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text_of(const h2v_embed_params *params)
{
    char *text = NULL;
    assert_int_equal(h2v_embed_params_json(params, &text), H2V_OK);
    return text;
}

static void assert_keys(const h2v_embed_params *params, const char *const *keys)
{
    char *text = text_of(params);
    assert_null(strpbrk(text, " \n"));
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    size_t i = 0;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        assert_string_equal(json_object_iter_key(at), keys[i++]);
    assert_null(keys[i]);
    json_decref(object);
    free(text);
}

static void keys_are_sorted_and_complete(void **state)
{
    (void)state;
    static const char *const keys[] = {"dim",         "epochs",    "exchange_precision",
                                       "groups",      "init",      "learning_rate",
                                       "method",      "negatives", "p",
                                       "partitioner", "parts",     "q",
                                       "rounds",      "seed",      "subsample",
                                       "walk_length", "walks",     "window",
                                       NULL};
    const h2v_embed_params params = h2v_embed_params_default();
    assert_keys(&params, keys);
}

static void fastrp_has_keys_of_its_own(void **state)
{
    (void)state;
    static const char *const keys[] = {"dim",
                                       "iteration_weights",
                                       "method",
                                       "node_self_influence",
                                       "normalization_strength",
                                       "precision",
                                       "property_ratio",
                                       "seed",
                                       "sparsity",
                                       "standardize",
                                       "unit_rows",
                                       NULL};
    static const char *const more[] = {"dim",
                                       "iteration_weights",
                                       "method",
                                       "node_self_influence",
                                       "normalization_strength",
                                       "precision",
                                       "property_columns",
                                       "property_digest",
                                       "property_ratio",
                                       "seed",
                                       "sparsity",
                                       "standardize",
                                       "unit_rows",
                                       NULL};
    h2v_embed_params params = h2v_embed_params_default();
    params.method = H2V_METHOD_FASTRP;
    assert_keys(&params, keys);
    params.fastrp.property_ratio = 0.5;
    params.read.property_columns = 2;
    assert_keys(&params, more);
}

/* Rows that training starts from are a part of what defines the result. */
static void training_tells_where_it_starts(void **state)
{
    (void)state;
    static const char *const keys[] = {"dim",
                                       "epochs",
                                       "exchange_precision",
                                       "groups",
                                       "init",
                                       "init_length",
                                       "iteration_weights",
                                       "learning_rate",
                                       "method",
                                       "negatives",
                                       "node_self_influence",
                                       "normalization_strength",
                                       "p",
                                       "partitioner",
                                       "parts",
                                       "precision",
                                       "property_ratio",
                                       "q",
                                       "rounds",
                                       "seed",
                                       "sparsity",
                                       "standardize",
                                       "subsample",
                                       "unit_rows",
                                       "walk_length",
                                       "walks",
                                       "window",
                                       NULL};
    h2v_embed_params params = h2v_embed_params_default();
    params.init = H2V_INIT_FASTRP;
    assert_keys(&params, keys);
    params.init = H2V_INIT_FILE;
    params.read.init_digest = 0xab;
    char *text = text_of(&params);
    assert_non_null(
        strstr(text, "\"init\":\"file\",\"init_digest\":\"00000000000000ab\","));
    free(text);
}

static void values_of_fastrp_come_back(void **state)
{
    (void)state;
    h2v_embed_params params = {.method = H2V_METHOD_FASTRP,
                               .dim = 7,
                               .seed = 5,
                               .fastrp = {.num_weights = 3,
                                          .weights = {0, -0.25, 1e5},
                                          .normalization_strength = -0.5,
                                          .node_self_influence = 2,
                                          .sparsity = 6.5,
                                          .unit_rows = H2V_UNIT_ROWS_ITERATED,
                                          .row_type = H2V_ROWS_BF16,
                                          .property_ratio = 0.5,
                                          .standardize = true},
                               .read = {.property_columns = 3, .property_digest = 255}};
    char *text = text_of(&params);
    assert_string_equal(
        text, "{\"dim\":7,\"iteration_weights\":[0.0,-0.25,100000.0],\"method\":"
              "\"fastrp\",\"node_self_influence\":2.0,\"normalization_strength\":-0.5,"
              "\"precision\":\"bf16\",\"property_columns\":3,\"property_digest\":"
              "\"00000000000000ff\",\"property_ratio\":0.5,\"seed\":5,\"sparsity\":6.5,"
              "\"standardize\":true,\"unit_rows\":\"iterated\"}");
    free(text);
}

static void values_come_back(void **state)
{
    (void)state;
    const h2v_embed_params params = {.method = H2V_METHOD_NODE2VEC,
                                     .dim = 7,
                                     .walks = 11,
                                     .walk_length = 13,
                                     .window = 3,
                                     .negatives = 17,
                                     .epochs = 2,
                                     .learning_rate = 0.1 + 0.2,
                                     .p = 0.25,
                                     .q = 4,
                                     .subsample = 1.0 / 3,
                                     .seed = INT64_MAX,
                                     .parts = 5,
                                     .rounds = 18,
                                     .partitioner = H2V_PARTITIONER_HASH,
                                     .groups = 1};
    char *text = text_of(&params);
    json_t *object = json_loads(text, 0, NULL);
    const char *method = NULL, *partitioner = NULL;
    int dim, walks, walk_length, window, negatives, epochs, parts, rounds;
    double rate, p, q, subsample;
    json_int_t seed;
    assert_int_equal(
        json_unpack(
            object,
            "{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, "
            "s:I}",
            "method", &method, "partitioner", &partitioner, "dim", &dim, "walks", &walks,
            "walk_length", &walk_length, "window", &window, "negatives", &negatives,
            "epochs", &epochs, "parts", &parts, "rounds", &rounds, "learning_rate", &rate,
            "p", &p, "q", &q, "subsample", &subsample, "seed", &seed),
        0);
    assert_string_equal(method, "node2vec");
    assert_string_equal(partitioner, "hash");
    assert_true(dim == 7 && walks == 11 && walk_length == 13 && window == 3);
    assert_true(negatives == 17 && epochs == 2 && parts == 5 && rounds == 18);
    assert_true(rate == params.learning_rate && subsample == params.subsample);
    assert_true(p == 0.25 && q == 4 && seed == INT64_MAX);
    json_decref(object);
    free(text);
}

static void parts_of_a_file_have_no_maker(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    params.partitioner = H2V_PARTITIONER_FILE;
    char *text = text_of(&params);
    assert_non_null(strstr(text, "\"partitioner\":\"file\""));
    free(text);
}

/* DeepWalk knows neither p nor q: files of equal rows must not differ in them. */
static void deepwalk_has_no_bias(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    char *plain = text_of(&params);
    params.p = 0.25;
    params.q = 4;
    char *biased = text_of(&params);
    assert_string_equal(plain, biased);
    assert_non_null(strstr(plain, "\"method\":\"deepwalk\""));
    free(plain);
    free(biased);
}

static void the_largest_seed_comes_back(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    params.seed = UINT64_MAX;
    char *text = text_of(&params);
    assert_non_null(strstr(text, "\"seed\":\"18446744073709551615\""));
    free(text);
}

/* One group has nothing to agree on: files of equal rows must not differ in how. */
static void several_groups_tell_how_they_agree(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    char *plain = text_of(&params);
    params.combiner = H2V_COMBINER_ADASUM;
    params.pool = 1000;
    char *same = text_of(&params);
    assert_string_equal(plain, same);
    params.groups = 4;
    params.exchange_precision = H2V_PRECISION_INT8;
    char *several = text_of(&params);
    assert_non_null(strstr(several, "\"combiner\":\"adasum\""));
    assert_non_null(strstr(several, "\"exchange_precision\":\"int8\""));
    assert_non_null(strstr(several, "\"groups\":4"));
    assert_non_null(strstr(several, "\"pool\":1000"));
    free(plain);
    free(same);
    free(several);
}

/* ---- memory */

static int allocations_left; /* before the one that fails */

static void *allocate(size_t size)
{
    return allocations_left-- == 0 ? NULL : malloc(size);
}

/* The text is part of a file: it is whole or not there. */
static void assert_whole_or_not_there(const h2v_embed_params *params)
{
    char *whole = text_of(params), *text = NULL;
    int num_refused = -1;
    h2v_status status = H2V_ERR_NOMEM;
    json_set_alloc_funcs(allocate, free);
    while (status == H2V_ERR_NOMEM) {
        allocations_left = ++num_refused;
        status = h2v_embed_params_json(params, &text);
        assert_int_equal(text != NULL, status == H2V_OK);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(status, H2V_OK);
    assert_string_equal(text, whole);
    assert_true(num_refused > 20); /* a key and a value each */
    free(whole);
    free(text);
}

static void without_memory_there_is_no_text(void **state)
{
    (void)state;
    h2v_embed_params params = h2v_embed_params_default();
    params.groups = 4;
    assert_whole_or_not_there(&params);
    params.init = H2V_INIT_FILE;
    assert_whole_or_not_there(&params);
    params.init = H2V_INIT_FASTRP;
    params.read.property_columns = 1;
    assert_whole_or_not_there(&params);
    params.method = H2V_METHOD_FASTRP;
    assert_whole_or_not_there(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_sorted_and_complete),
        cmocka_unit_test(fastrp_has_keys_of_its_own),
        cmocka_unit_test(training_tells_where_it_starts),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(values_of_fastrp_come_back),
        cmocka_unit_test(parts_of_a_file_have_no_maker),
        cmocka_unit_test(deepwalk_has_no_bias),
        cmocka_unit_test(the_largest_seed_comes_back),
        cmocka_unit_test(several_groups_tell_how_they_agree),
        cmocka_unit_test(without_memory_there_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
