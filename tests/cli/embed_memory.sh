# SPDX-License-Identifier: MIT
# ranks: 1 3
# --memory refuses before the work, names what would do, and changes nothing of the result
exec 2>&1
one=${HALO2VEC##* }
$one convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
ls >before
sizes() { sed -E 's/[0-9.]+ (GB|MB|kB|bytes)/X/g; s/(rank|--rounds|about) [0-9]+/\1 N/g; s/[0-9]+ ranks would/N ranks would/'; }
embed() {
    $HALO2VEC embed karate.h5 --threads 2 --quiet "$@" >out 2>&1
    echo "exit $?"
    sizes <out
}
embed -o rows.h5 --parts 3 --rounds 16 --walks 200 --memory 2M
embed -o rows.h5 --parts 3 --rounds 16 --walks 200 --memory 10K
embed -o rows.h5 --method fastrp --memory 10K
embed -o rows.h5 --memory 0
embed -o rows.h5 --memory much
# what is named does fit, and a tenth fewer rounds do not
$one embed karate.h5 --estimate --ranks 1 --threads 2 --parts 3 --rounds 16 --walks 200 \
    --memory 2M --json >estimate.json
rounds=$(grep -oE -- '--rounds [0-9]+' estimate.json | grep -oE '[0-9]+')
fits() {
    $one embed karate.h5 --estimate --ranks 1 --threads 2 --parts 3 --walks 200 --memory 2M \
        --rounds "$1" | grep -c 'memory: fits'
}
[ "$rounds" -gt 16 ] && fits "$rounds"
fits $((rounds * 9 / 10))
$one embed karate.h5 -o rows.h5 --threads 2 --quiet --parts 3 --rounds "$rounds" --walks 200 \
    --memory 2M && echo "fits: exit $?"
$HALO2VEC embed karate.h5 -o other.h5 --threads 2 --quiet --parts 3 --rounds "$rounds" --walks 200
cmp rows.h5 other.h5 && echo "same bytes"
# pairs that subsampling drops need no memory
$HALO2VEC embed karate.h5 -o rows.h5 --overwrite --threads 2 --quiet --parts 3 --rounds 1 \
    --walks 20 --subsample 1e-6 --memory 3M && echo "subsampled: exit $?"
# of both settings, and of FastRP, for which ranks are counted
$one embed karate.h5 --estimate --ranks 3 --rounds 40 --memory 10K | grep '^memory' | sizes
$one embed karate.h5 --estimate --ranks 1 --method fastrp --memory 35K | grep '^memory' >refused
sizes <refused
ranks=$(grep -oE '[0-9]+ ranks would' refused | grep -oE '[0-9]+')
for n in $((ranks - 1)) "$ranks"; do
    $one embed karate.h5 --estimate --ranks "$n" --method fastrp --memory 35K | grep -c 'memory: fits'
done
rm -f rows.h5 other.h5 out estimate.json refused
ls | diff before - | grep -v before
exit 0
