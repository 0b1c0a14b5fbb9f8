# SPDX-License-Identifier: MIT
# ranks: 2
# a rank that is silent: the other says what it waited for, and all end without a file; a rank
# that is told to end removes what there is
program=${HALO2VEC##* }
$program convert "$DATASETS/karate.edges" -o karate.h5 2>/dev/null

# rank_id RANK: the process of this rank, once training is under way here.
rank_id() {
    local directory
    for directory in /proc/[0-9]*; do
        if [ "$(readlink "$directory/cwd")" = "$PWD" ] &&
            [ "$(cat "$directory/comm")" = halo2vec ] &&
            tr '\0' '\n' <"$directory/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "${directory#/proc/}"
        fi
    done 2>/dev/null
}

# lose RANK SIGNAL: embed, and send this signal to this rank.
lose() {
    echo "rank $1 gets SIG$2:"
    $HALO2VEC embed karate.h5 -o out.h5 --parts 8 --epochs 10000 --rounds 1000000 --threads 1 \
        --comm-timeout 2 --progress none 2>err &
    until ls out.h5.tmp.* >/dev/null 2>&1; do sleep .1; done
    sleep 1
    kill -s "$2" "$(rank_id "$1")" || kill $!
    wait $!
    echo "exit $?"
    grep 'giving up' err | sed -E 's/\(host [^)]+\)/(host H)/; s/for .+ in .+;/for SOMETHING;/'
    ls
}
lose 1 STOP
lose 0 STOP
lose 0 TERM
