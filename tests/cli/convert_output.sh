# SPDX-License-Identifier: MIT
# ranks: 1 3
# outputs that exist or cannot be made fail first; --overwrite replaces
exec 2>&1
convert() {
    $HALO2VEC convert "$@" 2>&1 | grep -v 'to the disk'
    echo "exit ${PIPESTATUS[0]}"
}
printf '1 2\n' >edges
printf '1 2\n2 three\n' >other
printf 'x\n' >broken
echo precious >graph.h5
convert edges -o graph.h5
cat graph.h5
convert edges -o graph.h5 --overwrite
convert broken -o graph.h5 --overwrite
$HALO2VEC info graph.h5 | grep num_vertices
convert other -o graph.h5 --overwrite
convert edges -o no/such/directory/graph.h5
mkdir directory
convert edges -o directory --overwrite
convert missing -o new.h5
convert edges directory -o new.h5
convert edges missing -o new.h5
ls
