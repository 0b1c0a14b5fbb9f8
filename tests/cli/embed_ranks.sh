# SPDX-License-Identifier: MIT
# ranks: 3
# more ranks than parts: one warning, and the rows are those of one rank
numbers() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/[0-9]+ MiB/N MiB/; s/(avx2|avx512|scalar) kernel/X kernel/'; }
program=${HALO2VEC##* }
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC embed karate.h5 -o three.h5 --threads 1 --rounds 16 2>err
echo "exit $?"
numbers <err
$program embed karate.h5 -o one.h5 --threads 2 --rounds 16 --quiet
cmp one.h5 three.h5 && echo "same bytes"
