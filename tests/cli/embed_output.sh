# SPDX-License-Identifier: MIT
# what embed says when all is well: nothing on standard output, a summary on standard error
numbers() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/[0-9]+ MiB/N MiB/; s/(avx2|avx512|scalar) kernel/X kernel/'; }
embed() {
    $HALO2VEC embed karate.h5 -o out.h5 "$@" 2>err
    echo "exit $?"
    tr '\r' '\n' <err | grep -v -e 'allowed cores' -e '  round ' -e '^$' | numbers
}
$HALO2VEC convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
embed --threads 1 --rounds 16
embed --threads 1 --rounds 16
embed --threads 1 --rounds 16 --overwrite --quiet
embed --threads 3 --rounds 20 --overwrite
embed --threads 1 --rounds 16 --overwrite --walks 1000 --progress bar
tr '\r' '\n' <err | grep -c '^\[#*\.*\] .* % *round .* Mpairs/s *rate .* spent, .* left' |
    sed 's/^[1-9].*/bars: some/'
embed --threads 1 --rounds 16 --overwrite --walks 1000 --progress none
grep -c '  round ' err
exit 0
