# SPDX-License-Identifier: MIT
# ranks: 1 3
# every defect of datasets/quirks is refused with one line, and leaves nothing behind
exec 2>&1
cp "$DATASETS"/quirks/* .
refuse() {
    $HALO2VEC convert "$@" -o graph.h5
    echo "exit $?"
}
for name in empty empty_column latin1 lone_returns nul one_column only_comments surrogate; do
    refuse $name.edges
done
refuse truncated.edges.gz
for name in infinite missing nan negative sum word zero; do
    refuse weight_$name.edges --weighted
done
ls | grep h5
exit 0
