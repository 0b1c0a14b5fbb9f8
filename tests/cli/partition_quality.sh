# SPDX-License-Identifier: MIT
# ranks: 1 3
# two triangles and a bridge: the best cut is the bridge; visits are measured, hence vary
exec 2>&1
printf '%s\n' '1 2' '2 3' '3 1' '11 12' '12 13' '13 11' '1 11' |
    ${HALO2VEC##* } convert - -o triangles.h5 2>/dev/null
partition() {
    $HALO2VEC partition triangles.h5 "$@" | sed -E 's/(visit_balance.*) 1\.[01][0-9]*/\1 1.x/'
    echo "exit ${PIPESTATUS[0]}"
}
partition --parts 1
partition --parts 2 --json
partition --parts 2 --partitioner fennel
partition --parts 2 -o parts.h5
${HALO2VEC##* } info --check parts.h5 | grep -E '^(format|num_vertices|parts|check)'
ls
