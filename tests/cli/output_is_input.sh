# SPDX-License-Identifier: MIT
# ranks: 1 3
# An output that is also an input is refused before anything is read, however it is spelled
exec 2>&1
program=${HALO2VEC##* }
cp "$DATASETS/karate.edges" karate.edges
$program convert karate.edges -o karate.h5 2>/dev/null
$program walk karate.h5 -o walks.h5 --walks 1 -q
ln -s karate.h5 link.h5
sha256sum karate.edges karate.h5 walks.h5 >before
say() { "$@" || echo "exit $?"; }
say $program convert karate.edges -o ./karate.edges --overwrite
say $HALO2VEC walk karate.h5 -o link.h5 --overwrite
say $HALO2VEC embed karate.h5 -o karate.h5 --overwrite -q --dim 4
say $HALO2VEC embed karate.h5 --walks-from walks.h5 -o walks.h5 --overwrite -q --dim 4
sha256sum --check --quiet before && ls
