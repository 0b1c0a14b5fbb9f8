# SPDX-License-Identifier: MIT
# the bytes of the graph do not depend on the number of threads; Debian's packages, as they
# are, sorted, undirected, and weighted by a column made here
zcat "$DATASETS/debian-packages.edges.gz" |
    awk '!/^#/ { print $1, $2, 1 / (1 + NR % 1000) }' >weighted
sums() {
    for threads in 1 2 3 8; do
        $HALO2VEC convert "$@" -o graph.h5 --overwrite --threads $threads 2>/dev/null
        sha256sum <graph.h5
    done | sort | uniq -c | wc -l
}
sums "$DATASETS/debian-packages.edges.gz" --directed
sums "$DATASETS/debian-packages.edges.gz" --sort-ids
sums weighted --weighted
sums weighted weighted --weighted --directed
