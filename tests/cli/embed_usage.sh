# SPDX-License-Identifier: MIT
# words, files and partitions that do not fit together: one line and its exit code
exec 2>&1
refuse() {
    $HALO2VEC embed "$@"
    echo "exit $?"
}
$HALO2VEC convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
printf '1 2\n2 3\n' | $HALO2VEC convert - -o path.h5 2>/dev/null
$HALO2VEC partition karate.h5 --parts 2 -o parts.h5 >/dev/null
head -c 600 karate.h5 >truncated.h5
ln -s path.h5 link.h5
ls >before

refuse -o output.h5
refuse karate.h5
refuse karate.h5 path.h5 -o output.h5
refuse truncated.h5 -o output.h5
refuse parts.h5 -o output.h5
refuse karate.h5 -o output.h5 --learning-rate nan
refuse karate.h5 -o output.h5 --q 2
refuse karate.h5 -o output.h5 --pool 9
refuse karate.h5 -o output.h5 --groups 1 --combiner saturating
refuse karate.h5 -o output.h5 --report output.h5
refuse karate.h5 -o output.h5 --report ./output.h5
refuse karate.h5 -o "$PWD/output.h5" --trace output.h5
refuse karate.h5 -o output.h5 --report one.json --trace ./one.json
refuse karate.h5 -o path.h5 --report link.h5 --overwrite
refuse karate.h5 -o output.h5 --partition missing.h5
refuse karate.h5 -o output.h5 --partition karate.h5
refuse karate.h5 -o output.h5 --partition parts.h5 --parts 3
refuse path.h5 -o output.h5 --partition parts.h5
refuse karate.h5 -o output.h5 --learning-rate 1 --negatives 100

ls | diff before - | grep -v before
exit 0
