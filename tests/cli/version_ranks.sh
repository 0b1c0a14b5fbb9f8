# SPDX-License-Identifier: MIT
# ranks: 1 3
$HALO2VEC --version | sed "s/ v*[0-9.]*$/ VERSION/"
