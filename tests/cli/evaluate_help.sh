# SPDX-License-Identifier: MIT
# ranks: 1 3
$HALO2VEC evaluate --help
$HALO2VEC help evaluate | head -1
$HALO2VEC evaluate split --help | head -1
$HALO2VEC help evaluate links | head -1
