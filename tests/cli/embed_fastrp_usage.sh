# SPDX-License-Identifier: MIT
# options of FastRP and of what training starts from that do not fit together, or have no use
exec 2>&1
refuse() {
    $HALO2VEC embed "$@"
    echo "exit $?"
}
$HALO2VEC convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC partition karate.h5 --parts 2 -o parts.h5 >/dev/null
ls >before

fastrp() {
    refuse karate.h5 -o output.h5 --method fastrp "$@"
}
fastrp --walks 5
fastrp --no-contexts
fastrp --dim 8 --trace trace.jsonl
fastrp --init fastrp
fastrp --rounds 5
fastrp --groups auto
fastrp --learning-rate 0.01
fastrp --init-length 1
fastrp --p 0.5
fastrp --partitioner hash
fastrp --partition parts.h5 --partitioner hash
fastrp --iteration-weights
fastrp --iteration-weights '[]'
fastrp --iteration-weights 1,2,x
fastrp --iteration-weights "$(seq -s , 65)"
fastrp --iteration-weights 1e7
fastrp --normalization-strength 11
fastrp --node-self-influence nan
fastrp --sparsity 0
fastrp --sparsity sqrt
fastrp --unit-rows some
fastrp --precision f16
fastrp --property-ratio 0.5
fastrp --property parts.h5
fastrp --property-ratio 1.5
fastrp --property parts.h5 --property-ratio 0.001
fastrp --property missing.npy --property-ratio 0.5
fastrp --property karate.h5 --property-ratio 0.5
fastrp --parts 35
refuse karate.h5 -o output.h5 --iteration-weights 1,1
refuse karate.h5 -o output.h5 --init noise --standardize
refuse karate.h5 -o output.h5 --init parts.h5 --precision bf16
refuse karate.h5 -o output.h5 --init-length 2
refuse karate.h5 -o output.h5 --init fastrp --init-length 0
refuse karate.h5 -o output.h5 --init missing.h5
refuse karate.h5 -o output.h5 --init parts.h5
refuse karate.h5 -o output.h5 --init fastrp --property-ratio 0.5
refuse karate.h5 --method fastrp --estimate --walks 5
refuse karate.h5 --method fastrp --estimate --no-contexts
refuse karate.h5 --method fastrp --estimate -o output.h5
refuse karate.h5 --method fastrp --estimate --ranks 35
refuse karate.h5 --method fastrp --estimate --property missing.npy --property-ratio 0.5
refuse karate.h5 --estimate --init missing.h5
refuse karate.h5 -o output.h5 --init fastrp --standardize
refuse karate.h5 -o output.h5 --method fastrp --iteration-weights 0,0
$HALO2VEC partition karate.h5 --parts 2 --method fastrp
echo "exit $?"

ls | diff before - | grep -v before
exit 0
