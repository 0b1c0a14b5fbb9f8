# SPDX-License-Identifier: MIT
# ranks: 1 3
# walks as HDF5: by the output's ending, the same bytes on any number of ranks and threads
exec 2>&1
program=${HALO2VEC##* }
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$HALO2VEC walk karate.h5 -o walks.h5 --walks 3 --walk-length 20 -q
$program walk karate.h5 -o one.hdf5 --walks 3 --walk-length 20 -q --threads 1
cmp walks.h5 one.hdf5 && echo "same bytes"
$program info --check walks.h5 | grep -v version
printf '%s\n' 'a b;c' 'c;d e' | $program convert - --delimiter ';' -o blanks.h5 2>/dev/null
$HALO2VEC walk blanks.h5 -o blanks.txt
echo "exit $?"
$HALO2VEC walk blanks.h5 -o blanks.walks --format hdf5 -q --walk-length 2
echo "exit $?"
$program info blanks.walks | grep datasets
ls
