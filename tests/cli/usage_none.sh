# SPDX-License-Identifier: MIT
# ranks: 1 3
$HALO2VEC
