#!/bin/bash
# SPDX-License-Identifier: MIT
# fastrp.sh PROGRAM DATASETS: rows of FastRP, made by two ranks, against what numpy and scipy
# make of the same graph and parameters. Exit code 77 if a Python package is missing.
set -eu
program=$1 datasets=$2
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Arcs by chance, some twice as likely as others, and weights of several magnitudes.
awk 'BEGIN {
    for (u = 0; u < 400; u++)
        for (v = 0; v < 400; v++) {
            x = (x * 16807 + u + 7 * v + 1) % 2147483647
            if (u != v && x % (40 + u % 40) == 0) print u, v, (x % 1000 + 1) / 64
        }
}' >random.edges
"$program" convert "$datasets/karate.edges" -o karate.h5 2>/dev/null
"$program" convert random.edges -o random.h5 --weighted 2>/dev/null
"$program" convert random.edges -o directed.h5 --weighted --directed 2>/dev/null
/usr/bin/python3 -c '
import numpy
rows = numpy.arange(1200).reshape(400, 3) * 31 % 17 - 8
numpy.save("random.npy", rows.astype("f4"))
' 2>/dev/null || exit 77

# compare NAME WORD...: embed NAME.h5, with such words, and recompute it.
compare() {
    local name=$1 property=()
    shift
    case " $* " in *" --property "*) property=(--property "$name.npy") ;; esac
    "$here/../support/mpirun.sh" 2 "$program" embed "$name.h5" --method fastrp --quiet --dim 20 \
        --seed 6 --overwrite -o rows.h5 "$@"
    /usr/bin/python3 "$here/compare_with_scipy.py" "$name.h5" rows.h5 "${property[@]}" \
        --tolerance "$tolerance" >answer 2>&1 || {
        local code=$?
        [ $code = 77 ] || echo "embed $name.h5 $*: $(cat answer)"
        exit $code
    }
}
tolerance=1e-5
compare karate
compare karate --standardize --partitioner hash --parts 5
compare random --unit-rows none --iteration-weights 1,0.5,-2 --normalization-strength 0.3
compare random --property random.npy --property-ratio 0.4
compare directed --unit-rows iterated --iteration-weights 1,1 --node-self-influence 0.5 \
    --normalization-strength 0.5 --sparsity sqrt-n
tolerance=0.05
compare random --precision bf16
tolerance=1e-9
if (compare karate) >/dev/null; then
    echo "numbers of floats are within 1e-9 of those of doubles"
    exit 1
fi
