/* SPDX-License-Identifier: MIT */

/* What FastRP does where nobody says what. */
#include "halo2vec/fastrp.h"

h2v_fastrp_params h2v_fastrp_params_default(void)
{
    return (h2v_fastrp_params){.num_weights = 4,
                               .weights = {0, 0, 1, 6.67},
                               .normalization_strength = -0.64,
                               .node_self_influence = 0,
                               .sparsity = 3,
                               .unit_rows = H2V_UNIT_ROWS_ADDED,
                               .row_type = H2V_ROWS_F32,
                               .property_ratio = 0,
                               .standardize = false};
}
