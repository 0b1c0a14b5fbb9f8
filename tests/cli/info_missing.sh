# SPDX-License-Identifier: MIT
# ranks: 1 3
: >empty.h5
echo "1 2" >text.h5
for file in missing.h5 empty.h5 text.h5 .; do
    $HALO2VEC info $file
    echo "exit code $?"
done
$HALO2VEC info
echo "exit code $?"
$HALO2VEC info one.h5 two.h5
echo "exit code $?"
