# SPDX-License-Identifier: MIT
# ranks: 1 3
# walks as text: a file and standard output are one; walk 0 of every vertex comes first
exec 2>&1
$HALO2VEC walk --help | sed -n '1,3p'
printf '%s\n' '1 2' '2 3' '3 4' '4 5' | ${HALO2VEC##* } convert - --directed -o path.h5 2>/dev/null
$HALO2VEC walk path.h5 -o walks.txt --walks 2 2>&1 | sed -E 's/[0-9.]+ s/N s/g'
cat walks.txt
$HALO2VEC walk path.h5 -o - --num-walks 2 --quiet | cmp - walks.txt && echo "same text"
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC walk karate.h5 -o karate.txt --walk-length 40 --seed 5 -q --threads 2
$HALO2VEC walk karate.h5 -o biased.h5 --format text --walk-length 40 --random-seed 5 -q \
    --method node2vec --p 0.5 --q 2
wc -lw <karate.txt | tr -s ' '
wc -lw <biased.h5 | tr -s ' '
sha256sum karate.txt biased.h5 | cut -c 1-16
