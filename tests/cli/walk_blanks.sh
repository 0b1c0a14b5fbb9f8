# SPDX-License-Identifier: MIT
# ids with blanks of Unicode, at which Python's str.split() splits; others are good as any
walk() {
    $HALO2VEC convert - --delimiter , --overwrite -o graph.h5 >log 2>&1 || cat log
    $HALO2VEC walk graph.h5 -o - --walks 1 -q --walk-length 2 --threads 1
    echo "exit $?"
} 2>&1
for blank in '\x1c' '\xc2\x85' '\xe1\x9a\x80' '\xe2\x80\x8a' '\xe2\x80\xaf' '\xe2\x81\x9f' \
    '\xe3\x80\x80'; do
    printf "a,b${blank}c\n" | walk | LC_ALL=C tr -c 'a-z0-9\n' . | cut -c 1-64
done
printf 'ä,\xe2\x80\x8b\n‰,\xe1\x9a\x81\n\xe2\x81\x80,\xe3\x80\x81\n' | walk | od -An -tx1
