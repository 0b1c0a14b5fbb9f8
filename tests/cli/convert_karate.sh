# SPDX-License-Identifier: MIT
# ranks: 1 3
# the same graph from a file, from standard input, in two files and compressed: equal bytes
exec 2>&1
$HALO2VEC convert "$DATASETS/karate.edges" -o file.h5 2>&1 | grep -v "to the disk"
cat "$DATASETS/karate.edges" | $HALO2VEC convert - -o stdin.h5 --threads 3 2>/dev/null
head -n 40 "$DATASETS/karate.edges" >first
tail -n +41 "$DATASETS/karate.edges" | gzip >second.gz
$HALO2VEC convert first second.gz -o two.h5 --threads 2 2>/dev/null
cmp file.h5 stdin.h5 && cmp file.h5 two.h5 && echo equal
$HALO2VEC info --check file.h5 | grep -E '^(num_|directed|weighted|provenance|check.passed)'
ls
