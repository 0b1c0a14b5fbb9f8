# SPDX-License-Identifier: MIT
# ranks: 1 3
# wrong usage: one line and exit code 2
exec 2>&1
printf '1 2\n' >edges
usage() {
    $HALO2VEC convert "$@" </dev/null
    echo "exit $?"
}
usage
usage edges
usage edges -o graph.h5 --threads 0
usage edges -o graph.h5 --delimiter xy
usage edges -o graph.h5 --colour red
usage - - -o graph.h5
usage - --vertices - -o graph.h5
ls
