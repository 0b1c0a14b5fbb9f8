# SPDX-License-Identifier: MIT
# ranks: 1 3
# parts that partition stored are used, and the embedding tells where they came from
exec 2>&1
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC partition karate.h5 --parts 3 --seed 5 --walk-length 20 -o parts.h5 >/dev/null
embed="$HALO2VEC embed karate.h5 --quiet --seed 5 --walk-length 20 --threads 1"
partitioner() {
    $HALO2VEC info "$1" | grep partitioner
}
$embed --parts 3 -o own.h5
$embed --partition parts.h5 -o stored.h5
partitioner own.h5
partitioner stored.h5
$embed --parts 3 --partition parts.h5 -o both.h5
cmp stored.h5 both.h5 && echo "same bytes"
$embed --partition parts.h5 --seed 6 -o other.h5
cmp -s stored.h5 other.h5 || echo "another seed: other bytes"
$embed --partition parts.h5 --partitioner metis -o refused.h5
echo "exit $?"
