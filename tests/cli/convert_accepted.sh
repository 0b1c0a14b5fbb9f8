# SPDX-License-Identifier: MIT
# every freedom of datasets/quirks is allowed, and comes to what its table says
show() {
    local name=$1
    shift
    "$@" >out 2>err
    echo "$name: exit $?"
    cat out
    grep -v 's to the disk' err
}
convert() {
    show "$*" $HALO2VEC convert "$DATASETS/quirks/$1" "${@:2}" -o graph.h5 --overwrite
    $HALO2VEC info --check graph.h5 | grep -E '^check.passed|^digest'
}
for name in beyond_64_bits byte_order_mark commas comments crlf duplicates extremes \
    late_string leading_zero loops one_vertex scripts tabs timestamps unended; do
    convert $name.edges
done
convert members.edges.gz
convert semicolons.edges --delimiter ';'
convert weights.edges --weighted
convert timestamps.edges --weighted --vertices "$DATASETS/quirks/vertices.txt"
convert loops.edges --keep-self-loops
convert loops.edges --keep-self-loops --directed
convert duplicates.edges --directed
convert late_string.edges --sort-ids
