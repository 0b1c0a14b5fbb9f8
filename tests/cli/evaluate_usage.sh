# SPDX-License-Identifier: MIT
# ranks: 1 3
# Each wrong use: one line, exit code 2, nothing left behind.
try() {
    "$@"
    echo "$*: $?" | sed "s|$HALO2VEC|halo2vec|"
}
try $HALO2VEC evaluate
try $HALO2VEC evaluate nodes
try $HALO2VEC evaluate split
try $HALO2VEC evaluate split graph.h5
try $HALO2VEC evaluate split graph.h5 -o split --fraction 1.5
try $HALO2VEC evaluate split graph.h5 -o split --fraction half
try $HALO2VEC evaluate split graph.h5 -o split --sead 3
try $HALO2VEC evaluate links emb.h5
try $HALO2VEC evaluate links emb.h5 split --threads -1
ls
