# SPDX-License-Identifier: MIT
# Files that are missing or no HDF5: one line each, its exit code, nothing left behind.
try() {
    "$@"
    echo "exit code $?"
}
: >empty.h5
echo "1 2" >text.h5
mkdir existing
for graph in missing.h5 empty.h5 text.h5; do
    try $HALO2VEC evaluate split $graph -o split
    try $HALO2VEC evaluate split $graph -o split --overwrite
done
try $HALO2VEC evaluate split text.h5 -o existing
try $HALO2VEC evaluate split text.h5 -o . --overwrite
try $HALO2VEC evaluate split text.h5 -o no/such/directory
try $HALO2VEC evaluate links text.h5 missing --scores scores.h5
try $HALO2VEC evaluate links text.h5 existing --scores empty.h5
ls
