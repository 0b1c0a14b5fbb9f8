#!/bin/bash
# SPDX-License-Identifier: MIT
# karate.sh PROGRAM JUDGE DATASETS: from the edge list to rows that tell the club's two
# factions apart. Of 34 members at least 31 must be right (32 or 33 were, in 20 runs of ten
# seeds); with every second label exchanged the judge must say no. Silent if all is well.
set -eu
program=$1 judge=$2 datasets=$3
mpirun=$(realpath "$(dirname "$0")/../support/mpirun.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$program" convert "$datasets/karate.edges" -o karate.h5 2>/dev/null
awk '/^#/ { print; next } { print $1, NR % 2 ? "instructor" : "officers" }' \
    "$datasets/karate.labels" >wrong.labels
embed() {
    "$mpirun" 2 "$program" embed karate.h5 --quiet --dim 16 --walks 20 --walk-length 40 \
        --window 5 "$@"
}
embed --parts 1 --seed 1 -o one.h5
embed --parts 4 --seed 2 -o four.h5
embed --parts 4 --seed 3 --method node2vec --p 0.5 --q 2 -o biased.h5
for rows in one four biased; do
    "$judge" $rows.h5 "$datasets/karate.labels" 31
done
if "$judge" one.h5 wrong.labels 31 2>/dev/null; then
    echo "the judge calls wrong labels right"
    exit 1
fi
