/* SPDX-License-Identifier: MIT */

/* Blocks as they travel: every row that was rounded comes back as it was, updates and
 * padding too, whatever lay in the buffer. */
#include "alloc.h"
#include "block_wire.h"
#include "packed_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUM_HOMES = 3, HOME = 1, SPARE = 2, NUM_ROWS = 5, CAPACITY = 8 };

static void make_rows(const h2vi_block_wire *wire, h2vi_block_set *set)
{
    float *rows = set->rows[HOME];
    set->num_rows[HOME] = NUM_ROWS;
    for (int64_t i = 0; i < NUM_ROWS; i++) {
        float *row = rows + i * set->stride;
        for (int d = 0; d < wire->dim; d++) row[d] = (float)(i + 1) / (float)(d + 3) - 0.3F;
        h2vi_round_row(wire->precision, wire->dim, row, (uint32_t)i);
        if (set->has_updates) h2vi_block_updates(set, HOME)[i] = (float)(7000001 + i);
    }
}

static void check_round_trip(h2v_precision precision, int dim, bool has_updates)
{
    const int stride = (dim + 15) / 16 * 16;
    h2vi_block_set set;
    assert_int_equal(h2vi_block_set_init(NUM_HOMES, 0, NUM_HOMES, 0, CAPACITY, stride,
                                         has_updates, &set),
                     H2V_OK);
    const h2vi_block_wire wire = h2vi_block_wire_of(&set, precision, dim);
    assert_true(h2vi_block_wire_packs(&wire));
    assert_int_equal(wire.row_bytes,
                     h2vi_packed_bytes(wire.precision, dim) + (has_updates ? 4 : 0));
    make_rows(&wire, &set);

    const size_t num_bytes = (size_t)NUM_ROWS * (size_t)wire.row_bytes;
    const size_t num_floats = (size_t)NUM_ROWS * (size_t)(stride + has_updates);
    char *packed = h2vi_alloc(num_bytes + 1, 1);
    assert_non_null(packed);
    packed[num_bytes] = 77;
    memset(set.rows[SPARE], 0x55, (size_t)h2vi_block_set_bytes(&set) / NUM_HOMES);
    h2vi_block_pack(&wire, &set, HOME, set.rows[HOME], packed);
    assert_int_equal(packed[num_bytes], 77);
    h2vi_block_unpack(&wire, &set, HOME, packed, set.rows[SPARE]);
    assert_memory_equal(set.rows[HOME], set.rows[SPARE], num_floats * sizeof(float));
    assert_int_equal(((char *)set.rows[SPARE])[num_floats * sizeof(float)], 0x55);
    free(packed);
    h2vi_block_set_clear(&set);
}

static void blocks_come_back_as_they_were(void **state)
{
    (void)state;
    const h2v_precision precisions[] = {H2V_PRECISION_F16, H2V_PRECISION_BF16,
                                        H2V_PRECISION_INT8};
    const int dims[] = {1, 7, 16, 100};
    for (size_t p = 0; p < sizeof precisions / sizeof *precisions; p++)
        for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
            for (int has_updates = 0; has_updates < 2; has_updates++)
                check_round_trip(precisions[p], dims[d], has_updates);
}

static void only_floats_go_as_they_are(void **state)
{
    (void)state;
    const h2vi_block_set set = {.stride = 32, .has_updates = true};
    const h2vi_block_wire f32 = h2vi_block_wire_of(&set, H2V_PRECISION_F32, 20);
    assert_false(h2vi_block_wire_packs(&f32));
    assert_int_equal(f32.row_bytes, 33 * 4);
    const h2vi_block_wire int8 = h2vi_block_wire_of(&set, H2V_PRECISION_INT8, 20);
    assert_int_equal(int8.precision, H2V_PRECISION_F16);
    const h2vi_block_wire bf16 = h2vi_block_wire_of(&set, H2V_PRECISION_BF16, 20);
    assert_int_equal(bf16.precision, H2V_PRECISION_BF16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_back_as_they_were),
        cmocka_unit_test(only_floats_go_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
