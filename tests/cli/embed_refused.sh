# SPDX-License-Identifier: MIT
# ranks: 1 3
# what embed cannot do it refuses with one line and its exit code, and leaves nothing behind
exec 2>&1
make() {
    ${HALO2VEC##* } convert "$@" 2>/dev/null
}
refuse() {
    $HALO2VEC embed "$@"
    echo "exit $?"
}
make "$DATASETS/karate.edges" -o karate.h5
make "$DATASETS/quirks/one_vertex.edges" -o one_vertex.h5
printf '1 1\n2 2\n3 3\n' | make - -o no_edges.h5
head -c -1 karate.h5 >truncated.h5
LC_ALL=C sed 's/halo2vec-graph/anothers-graph/' karate.h5 >foreign.h5
echo precious >existing.h5
mkdir directory
ls >before

for graph in missing truncated foreign one_vertex no_edges; do
    refuse $graph.h5 -o output.h5
done
refuse karate.h5 -o existing.h5
refuse karate.h5 -o no/such/directory/output.h5
refuse karate.h5 -o directory --overwrite
refuse karate.h5 -o output.h5 --dims 3
refuse karate.h5 -o output.h5 --dim 0
refuse karate.h5 -o output.h5 --parts 35

ls | diff before - | grep -v before
cat existing.h5
exit 0
