# SPDX-License-Identifier: MIT
# ranks: 1 3
# train on walks of a file; options of walking are refused with it
exec 2>&1
program=${HALO2VEC##* }
try() {
    $HALO2VEC embed karate.h5 -o output.h5 --walks-from "$@"
    echo "exit $?"
}
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
$program walk karate.h5 -o walks.txt --walk-length 20 -q
$program walk karate.h5 -o walks.h5 --walk-length 20 -q
echo "1 2 3 no-such-vertex" >unknown.txt
ls >before
try unknown.txt
try missing.txt
try karate.h5
try walks.txt --walks 3
try walks.txt --walk-length 3
try walks.txt --p 2
try walks.txt --method node2vec
try walks.txt --method fastrp
try walks.txt --groups auto
$HALO2VEC embed karate.h5 --estimate --walks-from walks.txt
echo "exit $?"
ls | diff before - | grep -v before

try walks.txt -q --parts 4
mv output.h5 one.h5
try walks.h5 -q --parts 4
cmp one.h5 output.h5 && echo "same bytes"
$program info output.h5 | grep -E 'parameters.(walk|p:|q:)'

# too long: a walk of many visits, an id
{
    echo '1 2 3'
    yes '1 2 3 4' | head -n 10000 | tr '\n' ' '
} >long.txt
try long.txt --overwrite
{
    echo '1 2 3'
    head -c 70000 /dev/zero | tr '\0' 7
    echo ' 1 2'
} >long.txt
try long.txt --overwrite
