# SPDX-License-Identifier: MIT
# an id may have 65,535 bytes and not one more; a line, 262,144
exec 2>&1
id() {
    head -c "$1" /dev/zero | tr '\0' "$2"
}
convert() {
    $HALO2VEC convert edges -o graph.h5 --overwrite 2>&1 | grep -v 'to the disk'
    echo "exit ${PIPESTATUS[0]}"
}
(id 10000 a; echo " b"; echo "b c") >edges
convert
(id 65535 a; echo -n " "; id 65535 b; echo) >edges
convert
$HALO2VEC info --check graph.h5 | grep check.passed
(echo "1 2"; id 65536 a; echo " b") >edges
convert
(echo "1 2"; echo -n "2 3 "; id 262000 x; echo) >edges
convert
(echo "1 2"; echo -n "2 3 "; id 262144 x; echo) >edges
convert
(echo "1 2"; echo -n "2 3 "; id 9000000 x; echo) >edges
convert
(echo "1 2"; echo "2 3"; id 9000000 x) | gzip >edges
convert
