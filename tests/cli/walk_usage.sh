# SPDX-License-Identifier: MIT
# ranks: 1 3
# what walk cannot do it refuses with one line and its exit code, and leaves nothing behind
exec 2>&1
refuse() {
    $HALO2VEC walk "$@"
    echo "exit $?"
}
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
head -c 600 karate.h5 >truncated.h5
echo precious >existing.txt
ls >before

refuse -o walks.txt
refuse karate.h5
refuse missing.h5 -o walks.txt
refuse truncated.h5 -o walks.txt
refuse existing.txt -o walks.txt
refuse karate.h5 -o existing.txt
refuse karate.h5 -o no/such/directory/walks.txt
refuse karate.h5 -o - --format hdf5
refuse karate.h5 -o walks.txt --format json
refuse karate.h5 -o walks.txt --method fastrp
refuse karate.h5 -o walks.txt --q 2
refuse karate.h5 -o walks.txt --walk-length 1
refuse karate.h5 -o walks.txt --walks 0
refuse karate.h5 -o walks.txt --epochs 2
${HALO2VEC##* } walk karate.h5 -o - -q >/dev/full
echo "exit $?"

ls | diff before - | grep -v before
cat existing.txt
exit 0
