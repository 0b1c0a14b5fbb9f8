# SPDX-License-Identifier: MIT
# ranks: 1 3
# Split the karate club; the same seed gives the same bytes, on any number of ranks; the
# fraction that is told as the largest works when given back.
split() { $HALO2VEC evaluate split karate.h5 "$@"; echo "exit code $?"; }
$HALO2VEC convert $DATASETS/karate.edges -o karate.h5 2>/dev/null
split --fraction 0.2 --seed 7 -o one
split --fraction 0.2 --seed 7 -o one
split --fraction 0.2 --seed 7 -o two
cmp one/train.h5 two/train.h5 && cmp one/pairs.h5 two/pairs.h5 && echo "same bytes"
split --fraction 0.2 --seed 8 -o two --overwrite
cmp -s one/pairs.h5 two/pairs.h5 || echo "other bytes"
split --fraction 0.9 -o three
split --fraction 0.5769 -o three
split --fraction 0.9 -o four --allow-disconnect
$HALO2VEC info one/train.h5 --check | grep -v -e digest -e provenance -e file_bytes
$HALO2VEC info three/pairs.h5 --check | grep -v -e digest -e file_bytes
ls
