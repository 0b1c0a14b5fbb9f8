# SPDX-License-Identifier: MIT
# ranks: 1 3
# unusual graphs are embedded in silence; tests/ranks/test_embed_accepted.c looks at the rows
exec 2>&1
accept() {
    local name=$1
    shift
    ${HALO2VEC##* } convert $name -o $name.h5 ${convert_options:-} 2>/dev/null
    $HALO2VEC embed $name.h5 -o $name.out.h5 --quiet --walks 2 --walk-length 10 --dim 8 "$@"
    echo "$name: exit $?"
}
printf '%s\n' '1 2' '2 3' '3 1' '11 12' '12 13' '13 11' >two_components
accept two_components --parts 6
seq 1 500 >vertices
printf '77 333\n' >isolated_but_two
convert_options='--vertices vertices' accept isolated_but_two --parts 4
printf '1 2\n' >ranks_without_arc
convert_options=--directed accept ranks_without_arc --parts 2
awk 'BEGIN { for (i = 1; i <= 100000; i++) print 0, i }' >star
accept star --walks 1 --walk-length 5
awk 'BEGIN { for (i = 0; i < 100; i++) print i, (i + 1) % 100 }' >directed_cycle
convert_options=--directed accept directed_cycle --method node2vec --p 0.5 --q 2
cp "$DATASETS/quirks/scripts.edges" scripts
accept scripts
{ printf '%10000s' '' | tr ' ' x; echo ' b'; echo 'b c'; } >long_id
accept long_id
ls *.out.h5
