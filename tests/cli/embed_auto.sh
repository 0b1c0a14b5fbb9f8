# SPDX-License-Identifier: MIT
# ranks: 3
# --groups auto: the file tells what was taken, and how to make it again
exec 2>&1
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
embed="$HALO2VEC embed karate.h5 --threads 1 --dim 16 --walk-length 10"
number() {
    sed -E 's/[0-9]+\.[0-9]+ MB/X MB/g'
}
again() { # the file of --groups auto, made with the numbers that it tells
    local numbers
    numbers=$(${HALO2VEC##* } info "$1" |
        sed -En 's/^parameters\.(groups|parts|rounds): /--\1 /p')
    $embed --quiet -o again.h5 --overwrite $numbers
    cmp "$1" again.h5 && echo "the same bytes with" $numbers
}
auto() { # OUTPUT OPTIONS...
    $embed --groups auto -o "$@" 2>&1 | grep '^groups:' | number
    again "$1"
}
auto many.h5 --rounds 32 --report many.json
auto few.h5 --rounds 20
auto seven.h5 --rounds 20 --parts 7
$embed --groups auto --rounds 20 -o quiet.h5 --quiet
python3 -c 'import json; print(json.load(open("many.json"))["groups_because"])' | number
HALO2VEC=${HALO2VEC##* } embed="${HALO2VEC##* } embed karate.h5 --threads 1 --dim 16 --walk-length 10"
auto alone.h5 --rounds 32
