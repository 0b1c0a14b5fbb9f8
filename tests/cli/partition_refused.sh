# SPDX-License-Identifier: MIT
# ranks: 1 3
# what partition cannot do it refuses with one line and its exit code, and leaves nothing behind
exec 2>&1
refuse() {
    $HALO2VEC partition "$@"
    echo "exit $?"
}
${HALO2VEC##* } convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null
head -c 5000 karate.h5 >truncated.h5
echo precious >existing.h5
ls >before
refuse truncated.h5 --parts 2
refuse karate.h5
refuse karate.h5 --parts 35
refuse karate.h5 --part 2
refuse karate.h5 --parts 2 -o existing.h5
refuse karate.h5 --parts 2 -o no/such/directory/parts.h5
ls | diff before - | grep -v before
cat existing.h5
exit 0
