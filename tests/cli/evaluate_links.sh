# SPDX-License-Identifier: MIT
# ranks: 1 3
# Score an embedding of the training graph; refuse one of the whole graph, unless told to go
# on: then every line of the result says so. The metrics themselves are tested elsewhere.
embed() { $HALO2VEC embed "$@" --dim 8 --walks 4 --threads 1 2>/dev/null; }
links() { $HALO2VEC evaluate links "$@"; echo "exit code $?"; }
hide_numbers() { sed -E 's/[0-9]\.[0-9]+/X/g'; }
$HALO2VEC convert $DATASETS/karate.edges -o karate.h5 2>/dev/null
$HALO2VEC evaluate split karate.h5 -o split 2>/dev/null
embed split/train.h5 -o honest.h5
embed split/train.h5 -o no_contexts.h5 --no-contexts
embed karate.h5 -o leaky.h5
links honest.h5 split | hide_numbers
links honest.h5 split --threads 1 >one
links honest.h5 split --threads 2 >two
cmp one two && echo "equal"
links no_contexts.h5 split | grep in-out
links leaky.h5 split --scores scores.h5
links leaky.h5 split --allow-leak | hide_numbers
links leaky.h5 split --allow-leak --json 2>/dev/null | grep leak
links honest.h5 split --json --scores scores.h5 | grep leak
links honest.h5 split --scores scores.h5
$HALO2VEC info scores.h5 --check | grep -e format -e leak -e check
ls
