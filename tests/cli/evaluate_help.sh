# SPDX-License-Identifier: MIT
# ranks: 1 3
$HALO2VEC evaluate --help
$HALO2VEC help evaluate | sed -n 1p
$HALO2VEC evaluate split --help | sed -n 1p
$HALO2VEC help evaluate links | sed -n 1p
