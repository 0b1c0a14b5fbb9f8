# SPDX-License-Identifier: MIT
# A result that cannot be written is a failure.
$HALO2VEC --help >/dev/full
