# SPDX-License-Identifier: MIT
# ranks: 1 3
# help of an unknown command, and with a word too many
$HALO2VEC help nothing
echo "exit $?"
$HALO2VEC help embed x y
echo "exit $?"
